"""The client's methods: what is sent, signed how, and what is made of the answers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from clients.base import MarketplaceClient
from domain.exceptions import (
    AnswerInvalid,
    InvalidInput,
    MarketplaceError,
    NotInProgram,
    PendingApproval,
    ProductNotFound,
    TrackingIDRejected,
)
from domain.links import LinkKey
from domain.products import ProductRef, SourceProduct, VariantList
from domain.search import ProductSearch, SearchPlan
from tests.clients.aliexpress.fakes import (
    account,
    business,
    connected,
    payload,
)

pytestmark = pytest.mark.anyio

LAMP, SHADE, BULB = "1005009000000011", "1005009000000022", "1005009000000033"
US_SHADE = "3256808813685270"
STAND_IN = "http://127.0.0.1:9000/sync"
NOTHING: dict[str, Any] = business(405)


def link_key(product_id: str, *, sub_id: str = "", tracking_id: str = "reading_nook") -> LinkKey:
    return LinkKey(ProductRef("aliexpress", product_id), tracking_id, sub_id)


def links_answer(*entries: Mapping[str, str], tracking_id: str | None = None) -> dict[str, Any]:
    result: dict[str, Any] = {"promotion_links": {"promotion_link": list(entries)}}
    if tracking_id is not None:
        result["tracking_id"] = tracking_id
    return {"resp_result": {"resp_code": 200, "result": result}}


def search_answer(count: int, *, total: int | None = None) -> dict[str, Any]:
    products = [{"product_id": 1005009000000000 + number} for number in range(count)]
    result = {"products": {"product": products}, "total_record_count": total}
    return {"resp_result": {"resp_code": 200, "result": result}}


def entry(product_id: str, link: str) -> dict[str, str]:
    return {
        "source_value": f"https://www.aliexpress.com/item/{product_id}.html",
        "promotion_link": link,
    }


PLAN = SearchPlan(parameters={"keywords": "лампа", "target_currency": "EUR"}, post_filters=())


async def test_client_keeps_the_protocol() -> None:
    client, _ = connected()

    kept: MarketplaceClient = client

    assert kept is client


async def test_products_are_matched_by_id() -> None:
    client, sender = connected(payload("productdetail.get"))

    found = await client.get_products([SHADE, LAMP, BULB])

    assert sender.forms[0]["product_ids"] == f"{SHADE},{LAMP},{BULB}"
    assert sender.forms[0]["target_currency"] == "USD"
    assert list(found) == [SHADE, LAMP, BULB]
    assert isinstance(found[LAMP], SourceProduct)
    assert isinstance(found[SHADE], SourceProduct)
    assert isinstance(found[BULB], ProductNotFound)


async def test_ids_are_folded_before_asking() -> None:
    client, sender = connected(payload("productdetail.get"))

    found = await client.get_products([US_SHADE, "no id"])

    shade = found[US_SHADE]
    assert sender.forms[0]["product_ids"] == SHADE
    assert isinstance(shade, SourceProduct)
    assert shade.ref.external_id == SHADE
    assert isinstance(found["no id"], ProductNotFound)


async def test_no_products_found() -> None:
    client, _ = connected(NOTHING)

    found = await client.get_products([LAMP, SHADE])

    assert [type(value) for value in found.values()] == [ProductNotFound, ProductNotFound]


@pytest.mark.parametrize(
    "result", [{"current_record_count": 2}, {"current_record_count": "1", "products": {}}]
)
async def test_rows_that_are_counted_and_not_sent_are_no_answer(result: object) -> None:
    client, _ = connected({"resp_result": {"resp_code": 200, "result": result}})

    with pytest.raises(AnswerInvalid):
        await client.get_products([LAMP, SHADE])


async def test_nothing_is_sent_for_nothing() -> None:
    client, sender = connected()

    assert await client.get_products([]) == {}
    assert await client.generate_links([]) == {}
    assert isinstance((await client.get_products(["x"]))["x"], ProductNotFound)
    assert sender.operations == []


async def test_first_of_duplicate_rows_counts() -> None:
    body = search_answer(0)
    body["resp_result"]["result"]["products"] = [
        {"product_id": LAMP, "product_title": "first"},
        {"product_id": LAMP, "product_title": "second"},
    ]
    client, _ = connected(body)

    found = (await client.get_products([LAMP]))[LAMP]

    assert isinstance(found, SourceProduct)
    assert found.title == "first"


async def test_too_many_at_once_is_a_mistake_of_ours() -> None:
    client, _ = connected()

    with pytest.raises(ValueError, match="at most 50"):
        await client.get_products([str(n) for n in range(51)])
    with pytest.raises(ValueError, match="at most 50"):
        await client.generate_links([link_key(str(n)) for n in range(51)])


async def test_links_are_matched_by_address_then_by_id() -> None:
    client, sender = connected(payload("link.generate"))
    keys = [link_key(LAMP), link_key(SHADE), link_key(BULB), link_key("1005009000000044")]

    found = await client.generate_links(keys)

    assert sender.forms[0]["source_values"].split(",")[:2] == [
        f"https://www.aliexpress.com/item/{LAMP}.html",
        f"https://www.aliexpress.com/item/{SHADE}.html",
    ]
    assert sender.forms[0]["promotion_link_type"] == "0"
    assert [found[key] for key in keys[:2]] == [
        "https://s.click.aliexpress.com/e/_nook11",
        "https://s.click.aliexpress.com/e/_nook22",
    ]
    assert [type(found[key]) for key in keys[2:]] == [NotInProgram, NotInProgram]


async def test_no_links_found() -> None:
    client, _ = connected(NOTHING)
    key = link_key(LAMP)

    assert isinstance((await client.generate_links([key]))[key], NotInProgram)


async def test_sub_ids_share_one_link() -> None:
    client, sender = connected(
        links_answer(entry(LAMP, "https://s.click.aliexpress.com/e/_n"), tracking_id="reading_nook")
    )
    plain, tagged = link_key(LAMP), link_key(LAMP, sub_id="herbst & 7%ü")

    found = await client.generate_links([plain, tagged])

    assert "," not in sender.forms[0]["source_values"]
    assert found[plain] == "https://s.click.aliexpress.com/e/_n"
    assert found[tagged] == "https://s.click.aliexpress.com/e/_n?af=herbst%20%26%207%25%C3%BC"


async def test_sub_id_joins_other_parameters() -> None:
    client, _ = connected(links_answer(entry(LAMP, "https://s.click.aliexpress.com/e/_n?x=1")))
    key = link_key(LAMP, sub_id="a")

    assert (await client.generate_links([key]))[key] == (
        "https://s.click.aliexpress.com/e/_n?x=1&af=a"
    )


async def test_links_for_another_tracking_id_are_refused() -> None:
    client, _ = connected(
        links_answer(entry(LAMP, "https://s.click.aliexpress.com/e/_n"), tracking_id="theirs")
    )

    with pytest.raises(AnswerInvalid, match="another tracking ID"):
        await client.generate_links([link_key(LAMP)])


async def test_links_to_other_hosts_are_refused() -> None:
    client, _ = connected(links_answer(entry(LAMP, "https://clicks.test/e/_n")))
    key = link_key(LAMP)

    assert isinstance((await client.generate_links([key]))[key], AnswerInvalid)


async def test_gateway_that_stands_in_has_hosts_of_its_own() -> None:
    client, _ = connected(links_answer(entry(LAMP, "http://clicks.test/e/_n")), gateway=STAND_IN)
    key = link_key(LAMP)

    assert (await client.generate_links([key]))[key] == "https://clicks.test/e/_n"


async def test_links_need_no_stored_tracking_id() -> None:
    stored = account(appKey="734510", appSecret="hush-hush-1")
    client, sender = connected(NOTHING, stored=stored)

    await client.generate_links([link_key(LAMP, tracking_id="guest")])

    assert sender.forms[0]["tracking_id"] == "guest"


@pytest.mark.parametrize("text", ["\ud800", "a\x00"])
async def test_texts_that_cannot_be_sent_are_refused(text: str) -> None:
    client, sender = connected(NOTHING)

    with pytest.raises(InvalidInput):
        await client.generate_links([link_key(LAMP, sub_id=text)])
    with pytest.raises(InvalidInput):
        await client.generate_links([link_key(LAMP, tracking_id=text + "x")])

    assert sender.forms == []


async def test_links_of_two_tracking_ids_are_a_mistake_of_ours() -> None:
    client, _ = connected()

    with pytest.raises(ValueError, match="one tracking id"):
        await client.generate_links([link_key(LAMP), link_key(LAMP, tracking_id="other")])


@pytest.mark.parametrize(
    ("_case", "body", "page", "is_last"),
    [
        ("empty page", search_answer(0, total=9_000), 1, True),
        ("short page", search_answer(46, total=9_000), 1, False),
        ("no total", search_answer(50), 1, False),
        ("total reached", search_answer(20, total=70), 2, True),
        ("total not reached", search_answer(50, total=101), 2, False),
        ("cap", search_answer(50, total=9_000), 100, True),
        ("before the cap", search_answer(50, total=9_000), 99, False),
        ("nothing found", NOTHING, 1, True),
    ],
)
async def test_last_page(_case: str, body: dict[str, Any], page: int, is_last: bool) -> None:
    client, _ = connected(body)

    found = await client.search_products(PLAN, page=page)

    assert found.is_last is is_last


async def test_search_tells_products_and_total() -> None:
    client, _ = connected(payload("product.query"))

    found = await client.search_products(PLAN, page=1)

    assert [product.ref.external_id for product in found.products] == [LAMP, SHADE]
    assert found.total == 9_000
    assert found.products[0].tracked_with == "reading_nook"


async def test_plans_are_carried_out_as_they_are() -> None:
    client, sender = connected(NOTHING)
    plan = client.plan_search(ProductSearch(keywords="lamp", min_price=Decimal("15.00")))

    await client.search_products(plan, page=1)

    assert plan.parameters.items() <= sender.forms[0].items()
    assert plan.post_filters == ("minOrders",)


async def test_pages_that_cannot_be_reached_are_not_asked() -> None:
    client, sender = connected()

    found = await client.search_products(PLAN, page=101)

    assert (found.products, found.is_last) == ((), True)
    assert sender.forms == []


async def test_variants() -> None:
    client, sender = connected(payload("product.sku.detail.get"))

    found = await client.get_variants(LAMP)

    assert [variant.external_id[-3:] for variant in found.variants] == ["111", "112"]
    assert (found.total, found.has_more) == (2, False)
    form = sender.forms[0]
    assert (form["product_id"], form["ship_to_country"]) == (LAMP, "US")
    assert "sku_ids" not in form


async def test_no_variants() -> None:
    client, _ = connected(NOTHING)

    assert await client.get_variants(LAMP) == VariantList(total=0)


@pytest.mark.parametrize(("rows", "has_more"), [(19, False), (20, True), (21, False)])
async def test_answer_with_as_many_variants_as_fit_may_be_cut_off(
    rows: int, has_more: bool
) -> None:
    listed = [{"sku_id": str(12000090000000000 + number)} for number in range(rows)]
    result = {"result": {"ae_item_sku_info": {"traffic_sku_info_list": listed}, "code": 200}}
    client, _ = connected({"aliexpress_affiliate_product_sku_detail_get_response": result})

    found = await client.get_variants(LAMP)

    assert (len(found.variants), found.has_more) == (rows, has_more)
    assert found.total == (None if has_more else rows)


async def test_verify_asks_two_cheap_things() -> None:
    client, sender = connected(payload("category.get"), links_answer({"source_value": "x"}))

    await client.verify()

    assert sender.operations == ["category.get", "link.generate"]


@pytest.mark.parametrize(("code", "kind"), [(402, TrackingIDRejected), (401, PendingApproval)])
async def test_verify_tells_what_is_wrong(code: int, kind: type[MarketplaceError]) -> None:
    refused = business(code, message="TrackingId input parameter error")
    client, _ = connected(payload("category.get"), refused)

    with pytest.raises(kind):
        await client.verify()
