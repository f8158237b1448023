"""Items and nodes of either spelling, and what is made of absent, odd and unfriendly members."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from clients.amazon import answers, parse
from clients.amazon.answers import Reading
from clients.amazon.parse import Site
from domain.exceptions import AnswerInvalid, ProductNotFound
from domain.money import Money
from domain.products import (
    Attribute,
    Availability,
    Category,
    Condition,
    Deal,
    Image,
    Offer,
    ProductRef,
    Reviews,
    Seller,
    SourceProduct,
)
from tests.clients.amazon.fakes import NOW, answer, payload

ASIN = "B0LAMPAAA1"
SITE = Site(locale="www.amazon.de", partner_tag="lamps-21", link_host="www.amazon.de")


def opened(body: object) -> Reading:
    return answers.read(answer(200, body), answers.GET_ITEMS)


def one(**members: object) -> SourceProduct:
    """The product of an item with these members, read from the bytes of an answer."""
    body = {"itemsResult": {"items": [{"asin": ASIN} | members]}}
    found = parse.products(opened(body), [ASIN], SITE)[ASIN]
    assert isinstance(found, SourceProduct)
    return found


def test_whole_item() -> None:
    found = parse.products(opened(payload("getitems.json")), [ASIN], SITE)[ASIN]

    assert found == SourceProduct(
        ref=ProductRef("amazon", ASIN, "www.amazon.de"),
        title="Reading lamp with a brass arm",
        url=f"https://www.amazon.de/dp/{ASIN}",
        offer=Offer(
            observed_at=NOW,
            price=Money(Decimal("588.9"), "EUR"),
            list_price=Money(Decimal(649), "EUR"),
            list_price_type="WAS_PRICE",
            list_price_label="Before",
            condition=Condition.NEW,
            deal=Deal(
                access="SOME_NEW_ACCESS",
                price=Money(Decimal("588.9"), "EUR"),
                starts_at=datetime(2026, 11, 20, 5, tzinfo=UTC),
                percent_claimed=Decimal(12),
            ),
            availability=Availability.IN_STOCK,
        ),
        features=("Arm turns all the way round", "Warm light"),
        brand="Glimm",
        images=(
            Image(url="https://images.example/front-large.jpg", width=500, height=333),
            Image(url="https://images.example/side-medium.jpg", width=107, height=160),
            Image(url="https://images.example/lit-hiRes.jpg", width=1600, height=1600),
        ),
        categories=(
            Category(external_id="911", name="Home"),
            Category(external_id="912", name="Lamps"),
            Category(external_id="913", name="Reading lamps"),
        ),
        seller=Seller(external_id="A1MADEUP00001", name="Lamp House"),
        reviews=Reviews(average_rating=Decimal("4.4"), count=1287),
        parent_id="B0LAMPPAR0",
        tracked_url=f"https://www.amazon.de/dp/{ASIN}?tag=lamps-21&linkCode=ogi&th=1&psc=1",
        tracked_with="lamps-21",
    )


def test_pascal_case_twin_gives_the_equal_record() -> None:
    creators = parse.products(opened(payload("getitems.json")), [ASIN], SITE)
    paapi = parse.products(opened(payload("getitems-paapi5.json")), [ASIN], SITE)

    assert creators == paapi


def test_manufacturer_stands_in_for_the_brand() -> None:
    maker = {"manufacturer": {"displayValue": "Glimm Works"}}

    assert one(itemInfo={"byLineInfo": maker | {"brand": None}}).brand == "Glimm Works"
    assert one(itemInfo={"byLineInfo": None}).brand is None


@pytest.mark.parametrize(
    "told", [None, {}, {"title": None}, {"title": {"Value": "x"}}, {"title": {"displayValue": " "}}]
)
def test_asin_stands_in_for_a_missing_title(told: object) -> None:
    assert one(itemInfo=told).title == ASIN


def test_what_no_database_takes_is_cleaned() -> None:
    info = {
        "title": {"displayValue": "Lamp\x00 \ud83dbright \U0001f4a1"},
        "features": {"displayValues": ["\ud800", "Warm\udfff"]},
    }

    found = one(itemInfo=info)

    assert found.title == "Lamp bright \U0001f4a1"
    assert found.features == ("Warm",)
    assert json.dumps([found.title, *found.features], ensure_ascii=False).encode()


def test_one_bad_item_beside_good_ones() -> None:
    good = {"asin": ASIN, "itemInfo": {"title": {"displayValue": "Good"}}}
    odd: list[object] = [None, 7, "x", [], {}, {"asin": None}, {"asin": "nonsense"}]
    half_read = {"asin": "B0LAMPAAA2", "itemInfo": [1], "images": "x", "browseNodeInfo": 7}
    body = {"itemsResult": {"items": [*odd, half_read, good]}}

    found = parse.products(opened(body), [ASIN, "B0LAMPAAA2", "B0LAMPAAA3"], SITE)

    assert [getattr(each, "title", None) for each in found.values()] == ["Good", "B0LAMPAAA2", None]


def test_entries_follow_the_ids_asked_whatever_the_answer_holds() -> None:
    titled = [
        {"asin": asin, "itemInfo": {"title": {"displayValue": str(number)}}}
        for number, asin in enumerate(("B0FOREIGN1", "B0LAMPAAA2", ASIN, "B0LAMPAAA2"))
    ]

    found = parse.products(opened({"itemsResult": {"items": titled}}), [ASIN, "B0LAMPAAA2"], SITE)

    assert list(found) == [ASIN, "B0LAMPAAA2"]
    assert all(isinstance(each, SourceProduct) for each in found.values())


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("https://www.amazon.de/dp/B0LAMPAAA1?linkCode=ogi&tag=lamps-21", True),
        ("https://www.amazon.de/dp/B0LAMPAAA1?tag=others-21", False),
        ("https://www.amazon.de/dp/B0LAMPAAA1?tag=lamps-21&tag=others-21", False),
        ("https://www.amazon.de/dp/B0LAMPAAA1", False),
        ("https://www.amazon.com/dp/B0LAMPAAA1?tag=lamps-21", False),
        ("https://www.amazon.de.evil.example/dp/B0LAMPAAA1?tag=lamps-21", False),
        ("https://me@www.amazon.de/dp/B0LAMPAAA1?tag=lamps-21", False),
        ("https://[broken/dp/B0LAMPAAA1?tag=lamps-21", False),
        ("javascript:alert(1)?tag=lamps-21", False),
        ("https://www.amazon.de/dp/ B0LAMPAAA1?tag=lamps-21", False),
        (None, False),
        (7, False),
    ],
)
def test_tracked_address_only_with_our_tag(address: object, is_ours: bool) -> None:
    found = one(detailPageURL=address)

    assert found.tracked_url == (address if is_ours else None)
    assert found.tracked_with == ("lamps-21" if is_ours else None)
    assert found.url == f"https://www.amazon.de/dp/{ASIN}"


def test_missing_ids_get_the_problem_whose_words_hold_them() -> None:
    problems = [
        {"code": "ItemNotAccessible", "message": "No access to B0LAMPAAA2 by API."},
        {"code": "InvalidParameterValue", "message": "Odd: B0LAMPAAA1, B0LAMPAAA3X, XB0LAMPAAA3."},
        {"code": "bad code", "message": "B0LAMPAAA4"},
        {"code": None, "message": None},
    ]
    asked = ["B0LAMPAAA1", "B0LAMPAAA2", "B0LAMPAAA3", "B0LAMPAAA4"]

    found = parse.products(opened({"errors": problems}), asked, SITE)

    told = [each.upstream_code for each in found.values() if isinstance(each, ProductNotFound)]
    assert told == ["InvalidParameterValue", "ItemNotAccessible", "ItemNotFound", "ItemNotFound"]
    assert "not accessible through the API" in str(found["B0LAMPAAA2"])


@pytest.mark.parametrize(
    ("messages", "codes"),
    [
        (["The items are not accessible."], ["ItemNotAccessible", "ItemNotAccessible"]),
        (["No access to B0LAMPAAA2."], ["ItemNotFound", "ItemNotAccessible"]),
        (["Some are not accessible.", None], ["ItemNotAccessible", "ItemNotAccessible"]),
    ],
)
def test_problem_without_an_id_is_that_of_every_missing_one(
    messages: list[str | None], codes: list[str]
) -> None:
    problems = [{"code": "ItemNotAccessible", "message": message} for message in messages]

    found = parse.products(opened({"errors": problems}), ["B0LAMPAAA1", "B0LAMPAAA2"], SITE)

    told = [one for one in found.values() if isinstance(one, ProductNotFound)]
    assert [one.upstream_code for one in told] == codes
    assert ["not accessible through the API" in str(one) for one in told] == [
        code == "ItemNotAccessible" for code in codes
    ]


def test_problems_without_ids_that_differ_are_of_nobody() -> None:
    problems = [{"code": "ItemNotAccessible"}, {"code": "ItemNotFound"}]

    found = parse.products(opened({"errors": problems}), ["B0LAMPAAA1"], SITE)["B0LAMPAAA1"]

    assert isinstance(found, ProductNotFound)
    assert found.upstream_code == "ItemNotFound"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"<html>", b'{"x": 1}', b"\xff\xfe", b'{"itemsResult":', b"[" * 9999],
)
def test_other_shapes_are_no_answer(body: bytes) -> None:
    with pytest.raises(AnswerInvalid):
        opened(body)


def test_both_spellings_of_the_result() -> None:
    body = {"itemsResult": None, "itemResults": {"items": [{"asin": ASIN}]}}

    assert isinstance(parse.products(opened(body), [ASIN], SITE)[ASIN], SourceProduct)


def test_variants() -> None:
    reading = answers.read(answer(200, payload("getvariations-1.json")), answers.GET_VARIATIONS)

    brass, black = parse.variants(reading)

    assert brass.attributes == (
        Attribute(name="Colour", value="Brass"),
        Attribute(name="size_name", value="Tall"),
    )
    assert brass.offer is not None
    assert brass.offer.price == Money(Decimal("41.25"), "EUR")
    assert brass.image == Image(url="https://images.example/brass.jpg", width=500, height=500)
    assert (black.external_id, black.offer, black.image) == ("B0LAMPAAA2", None, None)
    assert parse.page_count(reading) == 2


def test_odd_variants_are_left_out() -> None:
    attributes = [{"name": "size", "value": None}, {"name": None, "value": "x"}, None]
    listed = [None, {}, {"asin": "nonsense"}, {"asin": ASIN, "variationAttributes": attributes}]
    reading = answers.read(
        answer(200, {"variationsResult": {"items": listed}}), answers.GET_VARIATIONS
    )

    (only,) = parse.variants(reading)

    assert (only.external_id, only.attributes) == (ASIN, ())
    assert parse.page_count(reading) == 1
