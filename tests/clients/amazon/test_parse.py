"""Items and nodes of either spelling, and what is made of absent, odd and unfriendly members."""

import json
from decimal import Decimal
from typing import Any

import pytest

from clients.amazon import answers, parse
from clients.amazon.answers import Reading
from clients.amazon.parse import Site
from clients.amazon.records import BrowseNode
from domain.exceptions import AnswerInvalid, ProductNotFound
from domain.money import Money
from domain.products import (
    Attribute,
    Availability,
    Category,
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


def listing(amount: float | None = None, **members: object) -> dict[str, object]:
    money = {"price": {"money": {"amount": amount, "currency": "EUR"}}}
    return members | (money if amount is not None else {})


def offer(*listings: object) -> Offer:
    return one(offersV2={"listings": list(listings)}).offer


def amount(*listings: object) -> str | None:
    price = offer(*listings).price
    return str(price.amount) if price else None


USED = {"condition": {"value": "Used"}}
NEW = {"condition": {"value": "New"}}
BUY_BOX = {"isBuyBoxWinner": True}
SUBSCRIPTION = {"type": "SUBSCRIBE_AND_SAVE"}


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


def test_old_offers() -> None:
    asin = "B0LAMPOLD1"

    found = parse.products(opened(payload("getitems-old-offers.json")), [asin], SITE)[asin]

    assert isinstance(found, SourceProduct)
    assert found.offer == Offer(
        observed_at=NOW,
        price=Money(Decimal("23.5"), "EUR"),
        list_price=Money(Decimal(30), "EUR"),
        availability=Availability.IN_STOCK,
    )
    assert found.seller == Seller(external_id="A1MADEUP00002", name="Old Lamp House")


def test_new_offers_win_over_old_ones() -> None:
    old = {"listings": [{"price": {"amount": 5, "currency": "EUR"}}]}

    both = one(offersV2={"listings": [listing(7)]}, offers=old)
    empty = one(offersV2={"listings": []}, offers=old)

    assert both.offer.price == Money(Decimal(7), "EUR")
    assert empty.offer.price == Money(Decimal(5), "EUR")


@pytest.mark.parametrize(
    ("listings", "chosen"),
    [
        pytest.param([listing(1, **SUBSCRIPTION), listing(2)], "2", id="no-subscription"),
        pytest.param([listing(1, **SUBSCRIPTION, **BUY_BOX), listing(2)], "2", id="nor-as-buy-box"),
        pytest.param([listing(1, **SUBSCRIPTION)], "1", id="unless-there-is-nothing-else"),
        pytest.param(
            [listing(1, **SUBSCRIPTION, **NEW), listing(2, **USED)], "2", id="used-over-subscribed"
        ),
        pytest.param([listing(1, **USED, **BUY_BOX), listing(2, **NEW)], "2", id="new-over-used"),
        pytest.param([listing(1, **USED), listing(2)], "2", id="unmarked-counts-as-new"),
        pytest.param(
            [listing(1, **USED), listing(2, **USED, **BUY_BOX)], "2", id="used-buy-box-if-all-used"
        ),
        pytest.param([listing(1), listing(2, **BUY_BOX)], "2", id="buy-box"),
        pytest.param([listing(), listing(2), listing(1)], "2", id="first-with-price"),
        pytest.param([listing(**BUY_BOX), listing(2)], None, id="buy-box-without-price"),
        pytest.param([listing(1, isBuyBoxWinner="true"), listing(2)], "1", id="only-true-is-true"),
        pytest.param([None, 7, "x", listing(2)], "2", id="odd-entries"),
        pytest.param([listing(1, condition=None), listing(2, **NEW)], "1", id="null-condition"),
        pytest.param(
            [listing(1, condition={"value": "Moonlit"}), listing(2, **NEW)], "2", id="unknown-words"
        ),
        pytest.param([listing(3, type="HAUL")], "3", id="unknown-type"),
    ],
)
def test_choice_of_the_listing(listings: list[object], chosen: str | None) -> None:
    assert amount(*listings) == chosen


def test_seller_is_the_one_of_the_chosen_listing() -> None:
    other = listing(1, merchantInfo={"id": "A0", "name": "Other"})
    winner = listing(2, merchantInfo={"id": None, "name": "Lamp House"}, **BUY_BOX)

    assert one(offersV2={"listings": [other, winner]}).seller == Seller(name="Lamp House")
    assert one(offersV2={"listings": [listing(1, merchantInfo={})]}).seller is None


def test_hidden_price_is_no_price() -> None:
    hidden = offer(listing(9, violatesMAP=True, availability={"type": "IN_STOCK"}))

    assert hidden == Offer(observed_at=NOW, availability=Availability.IN_STOCK)


@pytest.mark.parametrize(
    "offers", [None, {}, {"listings": None}, {"listings": []}, {"listings": {}}, [], "x"]
)
def test_no_offer(offers: object) -> None:
    assert one(offersV2=offers).offer == Offer(observed_at=NOW)
    assert one().offer == Offer(observed_at=NOW)


@pytest.mark.parametrize(
    ("told", "availability"),
    [
        ("IN_STOCK", Availability.IN_STOCK),
        ("IN_STOCK_SCARCE", Availability.IN_STOCK),
        ("LEADTIME", Availability.IN_STOCK),
        ("Now", Availability.IN_STOCK),
        ("OUT_OF_STOCK", Availability.OUT_OF_STOCK),
        ("PREORDER", Availability.PREORDER),
        ("AVAILABLE_DATE", Availability.PREORDER),
        ("UNAVAILABLE", Availability.UNAVAILABLE),
        ("UNKNOWN", Availability.UNKNOWN),
        ("BY_CARRIER_PIGEON", Availability.UNKNOWN),
        (None, Availability.UNKNOWN),
        (["IN_STOCK"], Availability.UNKNOWN),
    ],
)
def test_availability(told: object, availability: Availability) -> None:
    assert offer(listing(1, availability={"type": told})).availability is availability


@pytest.mark.parametrize(
    "kind", ["LIST_PRICE", "WAS_PRICE", "LOWEST_PRICE", "LOWEST_PRICE_STRIKETHROUGH", "BRAND_NEW"]
)
def test_kind_of_the_reference_price_is_kept(kind: str) -> None:
    basis = {"money": {"amount": 9, "currency": "EUR"}, "savingBasisType": kind}
    price = {"money": {"amount": 8, "currency": "EUR"}, "savingBasis": basis}

    told = offer({"price": price})

    assert (told.list_price, told.list_price_type) == (Money(Decimal(9), "EUR"), kind)


def test_kind_without_a_reference_price_is_nothing() -> None:
    basis = {"savingBasisType": "LIST_PRICE", "savingBasisTypeLabel": "List"}
    price = {"money": {"amount": 8, "currency": "EUR"}, "savingBasis": basis}

    told = offer({"price": price})

    assert (told.list_price, told.list_price_type, told.list_price_label) == (None, None, None)


@pytest.mark.parametrize(
    ("written", "currency", "shown"),
    [
        ("588.9", "EUR", "588.90"),
        ("0.1", "EUR", "0.10"),
        ("1e2", "EUR", "100.00"),
        ("12800", "JPY", "12800"),
        ("12800.0", "JPY", "12800"),
        ("3.125", "KWD", "3.125"),
        ("99999999999999.99", "EUR", "99999999999999.99"),
        ("0", "EUR", "0.00"),
    ],
)
def test_amounts_are_exact(written: str, currency: str, shown: str) -> None:
    body = (
        f'{{"itemsResult":{{"items":[{{"asin":"{ASIN}","offersV2":{{"listings":[{{"price":'
        f'{{"money":{{"amount":{written},"currency":"{currency}"}}}}}}]}}}}]}}}}'
    ).encode()

    found = parse.products(opened(body), [ASIN], SITE)[ASIN]

    assert isinstance(found, SourceProduct)
    assert found.offer.price is not None
    assert found.offer.price.amount == Decimal(written)
    assert found.offer.price.text == shown


@pytest.mark.parametrize(
    "money",
    [
        None,
        7,
        {},
        {"amount": "7", "currency": "EUR"},
        {"amount": True, "currency": "EUR"},
        {"amount": -1, "currency": "EUR"},
        {"amount": 10**15, "currency": "EUR"},
        {"amount": 1e-12, "currency": "EUR"},
        {"amount": float("nan"), "currency": "EUR"},
        {"amount": float("inf"), "currency": "EUR"},
        {"amount": 7},
        {"amount": 7, "currency": "euro"},
        {"amount": 7, "currency": None},
    ],
)
def test_odd_amount_is_no_price(money: object) -> None:
    assert offer({"price": {"money": money}}).price is None


@pytest.mark.parametrize(
    "written", [b"1e99999999999999999999", b"1e-99999999999999999999", b"9" * 5000]
)
def test_number_beyond_all_bounds_spoils_nothing_else(written: bytes) -> None:
    price = b'{"money":{"amount":%s,"currency":"EUR"}}' % written
    item = b'{"asin":"%s","offersV2":{"listings":[{"price":%s}]}}' % (ASIN.encode(), price)
    body = b'{"itemsResult":{"items":[%s]}}' % item

    found = parse.products(opened(body), [ASIN], SITE)[ASIN]

    assert isinstance(found, SourceProduct)
    assert found.offer.price is None


def test_images_are_the_largest_of_each_once_and_the_primary_one_first() -> None:
    def at(name: str) -> dict[str, object]:
        return {"url": f"https://images.example/{name}.jpg"}

    variants: list[Any] = [
        {"large": at("a"), "hiRes": at("b")},
        {"small": at("first")},
        {"large": {"url": "javascript:alert(1)"}, "medium": at("c")},
        {"highRes": at("d")},
        {"huge": at("e")},
    ]

    found = one(images={"variants": variants, "primary": {"small": at("0"), "large": at("first")}})

    assert [image.url.removeprefix("https://images.example/") for image in found.images] == [
        "first.jpg",
        "b.jpg",
        "c.jpg",
        "d.jpg",
    ]
    assert found.images[0].width is None


@pytest.mark.parametrize("images", [None, [], {"primary": None, "variants": {}}, {"primary": [1]}])
def test_no_images(images: object) -> None:
    assert one(images=images).images == ()


def test_product_group_stands_in_for_the_category_path() -> None:
    group = {"classifications": {"productGroup": {"displayValue": "Lighting"}}}

    assert one(itemInfo=group).categories == (Category(external_id="", name="Lighting"),)
    assert one(browseNodeInfo={"browseNodes": [{"id": "1"}]}).categories == ()


def test_deep_category_path() -> None:
    leaf: dict[str, object] = {"id": "0", "displayName": "Root"}
    for number in range(1, 40):
        leaf = {"id": str(number), "displayName": f"Step {number}", "ancestor": leaf}

    path = one(browseNodeInfo={"browseNodes": [leaf]}).categories

    assert [step.external_id for step in path] == [str(number) for number in range(40)]


def test_manufacturer_stands_in_for_the_brand() -> None:
    maker = {"manufacturer": {"displayValue": "Glimm Works"}}

    assert one(itemInfo={"byLineInfo": maker | {"brand": None}}).brand == "Glimm Works"
    assert one(itemInfo={"byLineInfo": None}).brand is None


@pytest.mark.parametrize(
    ("told", "reviews"),
    [
        (None, None),
        ({}, None),
        ({"count": None, "starRating": {"value": None}}, None),
        ({"count": 0}, Reviews(count=0)),
        ({"starRating": {"value": 5}}, Reviews(average_rating=Decimal(5))),
        ({"count": -1, "starRating": {"value": 5.1}}, None),
        ({"count": 3.5, "starRating": 4}, None),
    ],
)
def test_reviews(told: object, reviews: Reviews | None) -> None:
    assert one(customerReviews=told).reviews == reviews


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
    assert "does not offer it through its API" in str(found["B0LAMPAAA2"])


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


def test_browse_nodes() -> None:
    reading = answers.read(answer(200, payload("getbrowsenodes.json")), answers.GET_BROWSE_NODES)
    home = Category(external_id="911", name="Home")
    lamps = Category(external_id="913", name="Reading lamps")

    found = parse.browse_nodes(reading, ["911", "913", "999"])

    assert found["911"] == BrowseNode(
        id="911", name="Home", full_name="Home", is_root=True, path=(home,), children=(lamps,)
    )
    assert found["913"] == BrowseNode(
        id="913", name="Reading lamps", full_name="Lamps to read by", path=(home, lamps)
    )
    missing = found["999"]
    assert isinstance(missing, ProductNotFound)
    assert missing.upstream_code == "InvalidParameterValue"
