"""The catalogue: keeping, changing and missing."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from db import deleted_products, prices, product_rows, products, statements
from domain.catalog import PageArgs, PublisherFields
from domain.exceptions import InvalidInput
from domain.products import Mode, ProductRef, ProductState, SourceProduct
from tests.database import count_statements
from tests.db.records import (
    HOUR,
    NOW,
    OURS,
    SANDBOX,
    THEIRS,
    full_product,
    keep,
    product,
    ref,
    usd,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def test_newer_answer_tells_what_changed_and_keeps_what_the_publisher_said() -> None:
    await keep([product(price=usd("5"))])
    mine = PublisherFields(selling_price=usd("9.99"), notes="good one")
    await products.change(OURS, [(ref(1), mine)])

    newer = product(price=usd("6"), at=NOW + HOUR, brand="Lux")
    kept = (await keep([newer], now=NOW + HOUR))[ref(1)]

    assert kept.changed == ("brand", "price")
    assert (kept.product.selling_price, kept.product.notes) == (usd("9.99"), "good one")
    assert (kept.product.imported_at, kept.product.synced_at) == (NOW, NOW + HOUR)
    assert (await products.by_refs(OURS, [ref(1)]))[ref(1)] == kept.product


async def test_what_is_not_stored_stays_so_when_only_stored_products_are_kept() -> None:
    await keep([product(1, price=usd("5"))])
    found = [product(1, price=usd("6")), product(2)]

    kept = await products.keep(OURS, found, now=NOW, history_for=("aliexpress",), only_stored=True)

    assert [(key, entry.changed) for key, entry in kept.items()] == [(ref(1), ("price",))]
    assert list(await products.by_refs(OURS, [ref(1), ref(2)])) == [ref(1)]


async def test_older_answer_changes_nothing() -> None:
    await keep([product(price=usd("5"))])

    kept = await keep([product(price=usd("4"), at=NOW - HOUR)], now=NOW + HOUR, history=True)

    assert kept[ref(1)].product.source.offer.price == usd("5")
    assert (kept[ref(1)].changed, kept[ref(1)].product.synced_at) == ((), NOW)
    history = await prices.price_history(OURS, [ref(1)], PageArgs(5), since=None)
    assert history[ref(1)].rows == ()


async def test_last_of_duplicates_counts() -> None:
    await keep([product(title="first"), product(title="last")])

    assert (await products.by_refs(OURS, [ref(1)]))[ref(1)].source.title == "last"


@pytest.mark.parametrize(
    ("_case", "poison"),
    [
        ("too dear", product(7, price=usd("1e16"))),
        ("too fine", product(7, price=usd("0.000000001"))),
        ("not a number", product(7, price=usd("NaN"))),
        ("too many orders", product(7, orders_last_30_days=2**63)),
        ("too long a number", product(7, parent_id=2**70)),
        ("odd id", replace(product(7), ref=ProductRef("aliexpress", "1\x00"))),
    ],
)
async def test_one_poisonous_product_does_not_lose_the_others(
    _case: str, poison: SourceProduct, caplog: pytest.LogCaptureFixture
) -> None:
    batch = [product(n, title=f"Secret title {n}") for n in range(5)]

    kept = await keep([*batch, poison])

    assert set(kept) == {p.ref for p in batch}
    assert "cannot be stored" in caplog.text
    assert "Secret title" not in caplog.text


async def test_what_the_database_alone_refuses_is_split_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = product_rows.source_row

    def broken(source: SourceProduct) -> dict[str, Any]:
        row = real(source)
        return row | {"url": None} if source.ref == ref(3) else row

    monkeypatch.setattr(product_rows, "source_row", broken)

    kept = await keep([product(n) for n in range(8)])

    assert set(kept) == {ref(n) for n in range(8) if n != 3}
    assert len(await products.by_refs(OURS, [ref(n) for n in range(8)])) == 7


async def test_250_products_are_a_handful_of_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [product(n, price=usd("1")) for n in range(250)]
    sent = count_statements(monkeypatch)

    await keep(batch, history=True)
    await keep(batch, history=True)

    assert 4 <= len(sent) <= 13


async def test_modes_and_workspaces_never_mix() -> None:
    await keep([product(title="live")])
    await keep([product(title="sandbox")], workspace=SANDBOX)
    await keep([product(title="theirs")], workspace=THEIRS)

    live = (await products.by_refs(OURS, [ref(1)]))[ref(1)]
    sandbox = (await products.by_refs(SANDBOX, [ref(1)]))[ref(1)]

    assert (live.source.title, live.mode) == ("live", Mode.LIVE)
    assert (sandbox.source.title, sandbox.mode) == ("sandbox", Mode.SANDBOX)
    assert await deleted_products.delete(THEIRS, [ref(1)], now=NOW)
    assert len(await products.by_refs(OURS, [ref(1)])) == 1


async def test_missing_product_is_unavailable_then_gone_then_back() -> None:
    await keep([product(brand="Lux")])

    seen = []
    for hours in (1, 2, 3, 4):
        missed = await products.mark_missing(OURS, [ref(1), ref(2)], now=NOW + hours * HOUR)
        seen.append((missed[ref(1)].state, missed[ref(1)].state_since))
    back = (await keep([product(at=NOW + 5 * HOUR)], now=NOW + 5 * HOUR))[ref(1)].product

    assert seen == [
        (ProductState.UNAVAILABLE, NOW + HOUR),
        (ProductState.UNAVAILABLE, NOW + HOUR),
        (ProductState.GONE, NOW + 3 * HOUR),
        (ProductState.GONE, NOW + 3 * HOUR),
    ]
    assert (back.state, back.times_missing) == (ProductState.ACTIVE, 0)
    assert back.state_since == NOW + 5 * HOUR


async def test_missing_product_keeps_its_data() -> None:
    await keep([full_product()])

    missed = await products.mark_missing(OURS, [ref(1)], now=NOW + HOUR)

    assert missed[ref(1)].source == full_product()


async def test_late_miss_does_not_touch_what_was_seen_after_it() -> None:
    await keep([product()])

    missed = await products.mark_missing(OURS, [ref(1)], now=NOW - HOUR)

    assert missed[ref(1)].state is ProductState.ACTIVE


async def test_publisher_changes_only_what_is_given() -> None:
    await keep([product()])
    both = PublisherFields(selling_price=usd("9.99"), notes="a")
    await products.change(OURS, [(ref(1), both)])

    await products.change(OURS, [(ref(1), PublisherFields())])
    await products.change(OURS, [(ref(1), PublisherFields(notes=None))])

    changed = (await products.by_refs(OURS, [ref(1)]))[ref(1)]
    assert (changed.selling_price, changed.notes) == (usd("9.99"), None)
    assert await products.change(OURS, [(ref(2), PublisherFields(notes="b"))]) == {}


async def test_selling_price_that_cannot_be_exact_is_refused() -> None:
    with pytest.raises(InvalidInput, match="16 digits"):
        await products.change(OURS, [(ref(1), PublisherFields(selling_price=usd("1e16")))])


async def test_many_imports_at_once_end_as_one_row_each() -> None:
    batch = [product(n, price=usd("5")) for n in range(20)]

    kept = await asyncio.gather(*(keep(batch, history=True) for _ in range(50)))

    ids = {item.product.id for one in kept for item in one.values()}
    assert len(ids) == 20
    assert len(await products.by_refs(OURS, [p.ref for p in batch])) == 20
    [seen] = await statements.rows("SELECT count(*) AS total FROM price_observations")
    assert seen["total"] == 20


async def test_changes_beside_imports_are_not_lost() -> None:
    await keep([product()])

    await asyncio.gather(
        *(keep([product(at=NOW + n * HOUR)]) for n in range(10)),
        products.change(OURS, [(ref(1), PublisherFields(notes="kept"))]),
        *(keep([product(at=NOW + n * HOUR)]) for n in range(10)),
    )

    assert (await products.by_refs(OURS, [ref(1)]))[ref(1)].notes == "kept"
