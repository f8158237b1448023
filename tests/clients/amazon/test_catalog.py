"""The catalogue over either interface: products, searches, variants, browse nodes."""

import json
from typing import TypeVar

import pytest

from clients.amazon.catalog import RESOURCES
from clients.amazon.errors import FieldsRefused
from domain.exceptions import (
    AnswerInvalid,
    InvalidInput,
    MarketplaceUnavailable,
    ProductNotFound,
    RequestRefused,
)
from domain.products import SourceProduct, VariantList
from domain.search import ProductSearch
from tests.clients.amazon.fakes import (
    PLAN,
    FakeSender,
    answer,
    items,
    payload,
)
from tests.clients.amazon.test_creators import BULB, LAMP, NOT_FOUND, SHADE, connected
from upstream.contract import Answer, Call

pytestmark = pytest.mark.anyio


T = TypeVar("T")


TEN = [f"B0LAMPAA{number:02}" for number in range(10)]


def refused_fields(*fields: str, reason: str = "FieldValidationFailed") -> Answer:
    body = {"type": "ValidationException", "reason": reason, "fieldList": list(fields)}
    return answer(400, body)


def search_answer(count: int, total: object) -> Answer:
    found = [{"asin": asin} for asin in TEN[:count]]
    return answer(200, {"searchResult": {"items": found, "totalResultCount": total}})


async def test_ten_ids_are_one_call_each_id_once() -> None:
    sender = FakeSender([answer(200, items(*reversed(TEN)))])

    found = await connected(sender).get_products([*TEN, *TEN])

    assert list(found) == TEN
    assert [one.json["itemIds"] for one in sender.calls] == [TEN]


async def test_odd_ids_are_not_sent() -> None:
    sender = FakeSender([answer(200, items(LAMP))])
    client = connected(sender)

    mixed = await client.get_products(["nonsense", LAMP])
    odd_alone = await client.get_products(["b0lampaaa1"])

    assert isinstance(mixed["nonsense"], ProductNotFound)
    assert isinstance(mixed[LAMP], SourceProduct)
    assert isinstance(odd_alone["b0lampaaa1"], ProductNotFound)
    assert await client.get_products([]) == {}
    assert [one.json["itemIds"] for one in sender.calls] == [[LAMP]]


async def test_partial_errors() -> None:
    problems = [{"code": "ItemNotAccessible", "message": f"{SHADE} is not for you."}]
    sender = FakeSender([answer(200, items(LAMP, "B0FOREIGN1", problems=problems))])

    found = await connected(sender).get_products([LAMP, SHADE, BULB])

    assert isinstance(found[LAMP], SourceProduct)
    codes = [getattr(found[asin], "upstream_code", None) for asin in (SHADE, BULB)]
    assert codes == ["ItemNotAccessible", "ItemNotFound"]
    assert list(found) == [LAMP, SHADE, BULB]


async def test_404_of_amazon_is_nothing_found() -> None:
    sender = FakeSender([answer(404, NOT_FOUND)])

    found = await connected(sender).get_products([LAMP, SHADE])

    assert [type(one) for one in found.values()] == [ProductNotFound, ProductNotFound]


@pytest.mark.parametrize("body", [b"<html>Not here</html>", b"", {"detail": "no route"}])
async def test_404_of_somebody_else_finds_no_product_missing(body: object) -> None:
    sender = FakeSender([answer(404, body)])

    with pytest.raises(AnswerInvalid):
        await connected(sender).get_products([LAMP])


class Picky(FakeSender):
    """Refuses every batch that holds an odd id, and finds the ids of all others."""

    def __init__(self, *odd: str, fields: tuple[str, ...] = ("itemIds[0]",)) -> None:
        super().__init__()
        self.odd = odd
        self.fields = fields

    async def send(self, call: Call[T]) -> T:
        if call.operation != "token":
            asked = json.loads(call.build().content)["itemIds"]
            is_odd = not set(self.odd).isdisjoint(asked)
            self.answers.append(
                refused_fields(*self.fields) if is_odd else answer(200, items(*asked))
            )
        return await super().send(call)


@pytest.mark.parametrize("fields", [("itemIds",), ("ItemIds[3]",), ()])
async def test_refused_batch_is_halved_down_to_the_odd_id(fields: tuple[str, ...]) -> None:
    sender = Picky(TEN[3], fields=fields)

    found = await connected(sender).get_products(TEN)

    refused = [asin for asin, one in found.items() if isinstance(one, FieldsRefused)]
    assert list(found) == TEN
    assert refused == [TEN[3]]
    assert sum(isinstance(one, SourceProduct) for one in found.values()) == 9
    assert len(sender.calls) == 9


async def test_single_refused_id_is_its_own_entry() -> None:
    sender = Picky(LAMP)

    found = await connected(sender).get_products([LAMP])

    assert isinstance(found[LAMP], FieldsRefused)
    assert len(sender.calls) == 1


@pytest.mark.parametrize(
    "refusal",
    [refused_fields("partnerTag"), refused_fields("resources"), refused_fields(reason="Other")],
)
async def test_refusal_for_another_reason_is_not_halved(refusal: Answer) -> None:
    sender = FakeSender([refusal])

    with pytest.raises(RequestRefused):
        await connected(sender).get_products(TEN)

    assert len(sender.calls) == 1


async def test_failing_half_leaves_the_other_standing() -> None:
    sender = FakeSender([refused_fields("itemIds"), answer(500, b""), answer(200, items(SHADE))])

    found = await connected(sender).get_products([LAMP, SHADE])

    assert isinstance(found[LAMP], MarketplaceUnavailable)
    assert isinstance(found[SHADE], SourceProduct)


async def test_search_request() -> None:
    sender = FakeSender([search_answer(10, 1000)])

    page = await connected(sender).search_products(PLAN, page=3)

    (call,) = sender.calls
    assert call.json == PLAN.parameters | {
        "itemCount": 10,
        "itemPage": 3,
        "resources": list(RESOURCES),
        "partnerTag": "lamps-21",
    }
    assert "лампа".encode() in call.request.content
    assert call.operation == "searchItems"
    assert [one.ref.external_id for one in page.products] == TEN
    assert (page.total, page.is_last) == (1000, False)


@pytest.mark.parametrize(
    ("page", "count", "total", "is_last"),
    [
        (1, 10, 11, False),
        (2, 1, 11, True),
        (1, 10, 10, True),
        (9, 10, 5000, False),
        (10, 10, 5000, True),
        (1, 10, None, False),
        (1, 10, "many", False),
        (4, 0, 5000, True),
    ],
)
async def test_last_page_of_a_search(page: int, count: int, total: object, is_last: bool) -> None:
    sender = FakeSender([search_answer(count, total)])

    found = await connected(sender).search_products(PLAN, page=page)

    assert found.is_last is is_last
    assert found.total == (total if isinstance(total, int) else None)


async def test_search_without_a_hit() -> None:
    sender = FakeSender([answer(404, {"__type": "x#ResourceNotFoundException"})])

    page = await connected(sender).search_products(PLAN, page=1)

    assert (page.products, page.total, page.is_last) == ((), 0, True)


async def test_pages_outside_the_grid_are_not_asked_for() -> None:
    sender = FakeSender()
    client = connected(sender)

    beyond = await client.search_products(PLAN, page=11)
    with pytest.raises(InvalidInput) as caught:
        await client.search_products(PLAN, page=0)

    assert (beyond.products, beyond.total, beyond.is_last) == ((), None, True)
    assert caught.value.path == ("search", "page")
    assert sender.sent == []


async def test_search_is_planned_for_the_country_site() -> None:
    plan = connected(FakeSender()).plan_search(ProductSearch(keywords="lamp", language="EN"))

    assert plan.parameters["languagesOfPreference"] == ["en_GB"]


async def test_variants_of_all_pages_each_once() -> None:
    pages = [payload("getvariations-1.json"), payload("getvariations-2.json")]
    sender = FakeSender([answer(200, page) for page in pages])

    variants = await connected(sender).get_variants(LAMP)

    shown = [(one.external_id, one.attributes[0].value) for one in variants.variants]
    assert (variants.total, variants.has_more) == (3, False)
    assert shown == [(LAMP, "Brass"), (SHADE, "Black"), (BULB, "White")]
    assert [one.json["variationPage"] for one in sender.calls] == [1, 2]
    assert {one.operation for one in sender.calls} == {"getVariations"}
    asked = sender.calls[0].json
    assert (asked["asin"], asked["variationCount"]) == (LAMP, 10)
    assert "variationSummary.variationDimension" in asked["resources"]


async def test_variants_stop_at_ten_pages() -> None:
    body = payload("getvariations-1.json")
    body["variationsResult"]["variationSummary"]["pageCount"] = 5000
    body["variationsResult"]["variationSummary"]["variationCount"] = 49_994
    sender = FakeSender([answer(200, body) for _ in range(12)])

    found = await connected(sender).get_variants(LAMP)

    assert [one.json["variationPage"] for one in sender.calls] == list(range(1, 11))
    assert (found.total, found.has_more) == (49_994, True)


async def test_variants_stop_at_an_empty_page() -> None:
    summary = {"variationSummary": {"pageCount": 9}, "items": []}
    sender = FakeSender([answer(200, {"variationsResult": summary})])

    assert await connected(sender).get_variants(LAMP) == VariantList(total=0)


async def test_product_without_variants() -> None:
    sender = FakeSender([answer(404, NOT_FOUND)])

    assert await connected(sender).get_variants(LAMP) == VariantList(total=0)


async def test_variants_fail_as_a_whole() -> None:
    sender = FakeSender([answer(200, payload("getvariations-1.json")), answer(500, b"")])

    with pytest.raises(MarketplaceUnavailable):
        await connected(sender).get_variants(LAMP)


async def test_variants_of_an_odd_id_are_not_asked_for() -> None:
    sender = FakeSender()

    with pytest.raises(ProductNotFound):
        await connected(sender).get_variants("../getItems")

    assert sender.sent == []
