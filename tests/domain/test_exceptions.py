"""Every expected failure has a code that callers know."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from db.exceptions import DatabaseUnavailable
from domain import exceptions
from domain.exceptions import (
    AffiliateGraphError,
    AnswerInvalid,
    ClockSkewed,
    MarketplaceError,
    MarketplaceUnavailable,
    QuotaExhausted,
    Throttled,
)
from schema.enums import ErrorCode


def every_kind(kind: type[AffiliateGraphError]) -> Iterator[type[AffiliateGraphError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every_kind(child)


OURS = sorted(
    {
        kind
        for kind in every_kind(AffiliateGraphError)
        if kind.__module__.partition(".")[0] in ("domain", "clients", "db", "resolvers", "web")
    },
    key=lambda kind: kind.__qualname__,
)


@pytest.mark.parametrize("kind", OURS)
def test_its_code_is_one_that_callers_know(kind: type[AffiliateGraphError]) -> None:
    assert ErrorCode(kind.code).name == kind.code


@pytest.mark.parametrize("code", ErrorCode)
def test_each_code_belongs_to_some_failure(code: ErrorCode) -> None:
    assert code.value in {kind.code for kind in OURS}


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in OURS
        if kind.__module__ == "domain.exceptions"
        and kind not in (AffiliateGraphError, MarketplaceError)  # never raised themselves
    ],
)
def test_the_drawn_tree_and_the_classes_agree(kind: type[AffiliateGraphError]) -> None:
    drawn = (exceptions.__doc__ or "").splitlines()

    [line] = [line for line in drawn if kind.__name__ in line.split()]

    assert kind.code in line.split()


def test_a_failure_shows_its_code_alone_when_it_knows_no_more() -> None:
    assert exceptions.NotFound("Nothing here.").extensions == {"code": "NOT_FOUND"}


def test_a_failure_shows_when_to_try_again_in_utc() -> None:
    noon_in_beijing = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=8)))

    failure = Throttled("Too fast.", retry_at=noon_in_beijing, upstream_code="ApiCallLimit")

    assert failure.extensions == {
        "code": "THROTTLED",
        "retryAt": "2026-05-01T04:00:00Z",
        "upstreamCode": "ApiCallLimit",
    }


def test_a_failure_is_its_message() -> None:
    failure = exceptions.ShortLink("Open it yourself.", path=("by", "url"))

    assert str(failure) == failure.message == "Open it yourself."
    assert failure.path == ("by", "url")


@pytest.mark.parametrize(
    ("kind", "can_help"),
    [
        (Throttled, True),
        (MarketplaceUnavailable, True),
        (AnswerInvalid, True),
        (ClockSkewed, False),
        (QuotaExhausted, False),
        (exceptions.CredentialsRejected, False),
        (exceptions.RequestRefused, False),
    ],
)
def test_only_some_failures_are_worth_another_try(
    kind: type[MarketplaceError], can_help: bool
) -> None:
    assert kind("No.").retryable is can_help


def test_a_marketplace_failure_keeps_how_long_to_wait() -> None:
    failure = Throttled("Too fast.", retry_after=2.5)

    assert failure.retry_after == 2.5
    assert failure.retry_at is None


def test_the_storage_has_a_code_too() -> None:
    failure = DatabaseUnavailable("Locked.", retryable=True)

    assert failure.extensions == {"code": "DATABASE_UNAVAILABLE"}


@pytest.mark.parametrize("moment", [None, datetime(2026, 5, 1, tzinfo=UTC)])
def test_extensions_are_made_anew_each_time(moment: datetime | None) -> None:
    failure = Throttled("Too fast.", retry_at=moment)

    failure.extensions["code"] = "OTHER"

    assert failure.extensions["code"] == "THROTTLED"
