"""Rows survive being remembered, and only final ones are."""

import json
from datetime import UTC, datetime

import pytest

from db.exceptions import DatabaseUnavailable
from domain.exceptions import (
    AffiliateGraphError,
    AnswerInvalid,
    CallCapReached,
    ClockSkewed,
    IdempotencyConflict,
    InvalidURL,
    MarketplaceNotConnected,
    MarketplaceUnavailable,
    NotFound,
    NotInProgram,
    ProductNotFound,
    QuotaExhausted,
    RequestRefused,
    Throttled,
)
from domain.links import LinkKey
from domain.products import ProductRef
from resolvers.rows import Row, from_json, to_json
from schema.errors import UserError

LAMP = ProductRef("amazon", "B000000001", "www.amazon.de")
MIDNIGHT = datetime(2026, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "row",
    [
        Row(),
        Row(ref=LAMP),
        Row(ref=ProductRef("aliexpress", "1005001")),
        Row(ref=LAMP, changed=("price", "discountPercent")),
        Row(ref=LAMP, link=LinkKey(LAMP, "lamps-21", "süb 🔑")),
    ],
)
def test_a_row_survives_being_remembered(row: Row) -> None:
    stored = json.loads(json.dumps(to_json(row)))

    assert from_json(stored) == row


@pytest.mark.parametrize(
    "error",
    [
        InvalidURL("No address.", path=("input", "products", "3", "url")),
        Throttled("Too fast.", retry_at=MIDNIGHT, upstream_code="ApiCallLimit"),
        NotFound("Gone."),
    ],
)
def test_an_error_is_shown_the_same_when_it_is_remembered(error: AffiliateGraphError) -> None:
    stored = json.loads(json.dumps(to_json(Row(ref=LAMP, error=error))))

    again = from_json(stored)

    assert again.ref == LAMP
    assert again.error is not None
    assert UserError.of(again.error) == UserError.of(error)


@pytest.mark.parametrize(
    ("error", "is_final"),
    [
        (None, True),
        (InvalidURL("No address."), True),
        (NotFound("Nothing."), True),
        (ProductNotFound("Not shown."), True),
        (NotInProgram("Earns nothing."), True),
        (MarketplaceNotConnected("No key."), True),
        (RequestRefused("No."), True),
        (IdempotencyConflict("Taken."), True),
        (Throttled("Too fast."), False),
        (QuotaExhausted("Used up."), False),
        (CallCapReached("The cap."), False),
        (MarketplaceUnavailable("No answer."), False),
        (ClockSkewed("The clock is off."), False),
        (AnswerInvalid("Cut off."), False),
        (DatabaseUnavailable("Locked.", retryable=True), False),
        (DatabaseUnavailable("Full.", retryable=False), False),
    ],
)
def test_what_passes_by_itself_is_not_final(
    error: AffiliateGraphError | None, is_final: bool
) -> None:
    assert Row(error=error).is_final is is_final
