"""The history of prices."""

from dataclasses import replace

import pytest

from db import products
from domain.products import Availability
from tests.db.records import (
    HOUR,
    NOW,
    OURS,
    keep,
    product,
    ref,
    usd,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def observed(**asked: object) -> list[str]:
    defaults: dict[str, object] = {"first": 10, "after": None, "since": None}
    pages = await products.price_history(OURS, [ref(1)], **(defaults | asked))  # type: ignore[arg-type]
    return [f"{seen.price.text} {seen.observed_at:%H}" for _, seen in pages[ref(1)].rows]


async def test_prices_are_observed_when_new_changed_or_old() -> None:
    minute = HOUR / 60
    out = replace(product(price=usd("6"), at=NOW + 3 * minute))
    out = replace(out, offer=replace(out.offer, availability=Availability.OUT_OF_STOCK))

    for seen in (
        product(price=usd("5")),
        product(price=usd("5"), at=NOW + minute),
        product(price=usd("6"), at=NOW + 2 * minute),
        out,
        replace(out, offer=replace(out.offer, observed_at=NOW + HOUR)),
        replace(out, offer=replace(out.offer, observed_at=NOW + 2 * HOUR)),
        replace(product(price=None, at=NOW + 3 * HOUR)),
    ):
        await keep([seen], history=True)

    assert await observed() == ["6.00 14", "6.00 12", "6.00 12", "5.00 12"]


async def test_prices_are_kept_only_where_they_may_be() -> None:
    await keep([product(price=usd("5"))])
    await keep([product(price=usd("6"), at=NOW + HOUR)])

    assert await observed() == []

    await keep([product(price=usd("6"), at=NOW + 2 * HOUR)], history=True)

    assert await observed() == ["6.00 14"]


async def test_histories_of_many_products_come_page_by_page() -> None:
    for hour in range(5):
        both = [product(n, price=usd(f"{n}.{hour}"), at=NOW + hour * HOUR) for n in (1, 2)]
        await keep(both, history=True)

    asked = [ref(1), ref(2), ref(3)]
    pages = await products.price_history(OURS, asked, first=2, after=None, since=None)
    after = pages[ref(1)].rows[-1][0]
    rest = await observed(after=after)

    assert [seen.price.text for _, seen in pages[ref(2)].rows] == ["2.40", "2.30"]
    assert [page.has_next for page in pages.values()] == [True, True, False]
    assert rest == ["1.20 14", "1.10 13", "1.00 12"]
    assert await observed(since=NOW + 3 * HOUR) == ["1.40 16", "1.30 15"]
