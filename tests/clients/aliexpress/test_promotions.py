"""What is promoted: hot products, promos, codes."""

import pytest

from tests.clients.aliexpress.fakes import (
    connected,
    payload,
)
from tests.clients.aliexpress.test_client import LAMP, PLAN, SHADE, search_answer

pytestmark = pytest.mark.anyio


async def test_hot_products_and_promo_products() -> None:
    body = search_answer(3, total=9_000)
    body["resp_result"]["result"]["is_finished"] = "true"
    client, sender = connected(search_answer(3), body)

    hot = await client.search_hot_products(PLAN, page=1)
    promo = await client.get_featured_products("Autumn Home & Garden ", page=1)

    assert (hot.is_last, promo.is_last) == (False, True)
    assert sender.operations == ["hotproduct.query", "featuredpromo.products.get"]
    assert sender.forms[1]["promotion_name"] == "Autumn Home & Garden "


async def test_categories_promos_and_matches() -> None:
    client, sender = connected(
        payload("category.get"), payload("featuredpromo.get"), search_answer(1)
    )

    categories = await client.get_categories()
    promos = await client.get_featured_promos()
    matches = await client.match_products(product_id=LAMP, page=1)

    assert (len(categories), len(promos), len(matches.products)) == (2, 1, 1)
    assert sender.operations[2] == "product.smartmatch"
    assert sender.forms[2]["device_id"] == "server"


async def test_promotion_codes() -> None:
    client, sender = connected(payload("promotion.info.get"))

    found = await client.get_promotions([LAMP, SHADE], ship_to_country="DE", currency="EUR")

    assert [len(product.promotions) for product in found] == [1]
    assert sender.forms[0]["product_id"] == f"{LAMP},{SHADE}"
    with pytest.raises(ValueError, match="at most 10"):
        await client.get_promotions([LAMP] * 11)
