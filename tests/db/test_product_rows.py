"""A product in its columns is the product that was kept."""

from decimal import Decimal

import orjson
import pytest

from db import products
from db.product_rows import source_product, source_row
from domain.money import Money
from tests.db.records import (
    OURS,
    full_product,
    keep,
    product,
    ref,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def test_reads_back_all_that_was_kept() -> None:
    told = full_product()

    kept = await keep([told])

    stored = (await products.by_refs(OURS, [told.ref]))[told.ref]
    assert stored.source == told
    assert kept[told.ref].product == stored
    assert kept[told.ref].changed == ()


@pytest.mark.parametrize(
    "amount",
    ["19.90", "0", "0.00000001", "12345678901234.5678", "9999999999999999.99999999", "-3.50"],
)
async def test_amounts_are_exact(amount: str) -> None:
    money = Money(Decimal(amount), "USD")

    await keep([product(price=money, list_price=money)])

    offer = (await products.by_refs(OURS, [ref(1)]))[ref(1)].source.offer
    assert (offer.price, offer.list_price) == (money, money)


async def test_unstorable_characters_are_dropped_and_are_no_change_later() -> None:
    odd = product(title="La\x00mp\ud800", features=("a\x00b",))

    await keep([odd])
    kept = (await keep([odd]))[ref(1)]

    assert (kept.product.source.title, kept.product.source.features) == ("Lamp", ("ab",))
    assert kept.changed == ()


def test_a_stored_field_of_another_release_and_an_absent_one_do_no_harm() -> None:
    row = source_row(full_product()) | {
        "marketplace": "aliexpress",
        "external_id": "1",
        "locale": "",
    }
    details = orjson.loads(row["details"])
    del details["brand"]
    details["lost_in_a_later_release"] = details["offer"]["lost_too"] = {"a": 1}

    read = source_product(row | {"details": orjson.dumps(details).decode()})

    assert read.brand is None
    assert read.offer == full_product().offer
