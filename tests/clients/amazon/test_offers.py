"""Which offer of an item counts."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from clients.amazon import parse
from domain.money import Money
from domain.products import (
    Availability,
    Condition,
    Deal,
    Offer,
    Seller,
    SourceProduct,
)
from tests.clients.amazon.fakes import NOW, payload
from tests.clients.amazon.test_parse import SITE, one, opened
from tests.clients.amazon.test_values import amount, offer


def listing(amount: float | None = None, **members: object) -> dict[str, object]:
    money = {"price": {"money": {"amount": amount, "currency": "EUR"}}}
    return members | (money if amount is not None else {})


USED = {"condition": {"value": "Used"}}


NEW = {"condition": {"value": "New"}}


BUY_BOX = {"isBuyBoxWinner": True}


PRIME = {"dealDetails": {"accessType": "PRIME_EXCLUSIVE", "badge": "Prime &amp; more"}}


SUBSCRIPTION = {"type": "SUBSCRIBE_AND_SAVE"}


def test_old_offers() -> None:
    asin = "B0LAMPOLD1"

    found = parse.products(opened(payload("getitems-old-offers.json")), [asin], SITE)[asin]

    assert isinstance(found, SourceProduct)
    assert found.offer == Offer(
        observed_at=NOW,
        price=Money(Decimal("23.5"), "EUR"),
        list_price=Money(Decimal(30), "EUR"),
        condition=Condition.NEW,
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
        pytest.param([listing(1, **PRIME, **BUY_BOX), listing(2)], "2", id="for-everybody"),
        pytest.param([listing(1, **PRIME, **NEW), listing(2, **USED)], None, id="new-for-members"),
        pytest.param([listing(1, **PRIME)], None, id="members-alone"),
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


def struck(amount: float, basis: float, **members: object) -> dict[str, object]:
    price = {
        "money": {"amount": amount, "currency": "EUR"},
        "savingBasis": {
            "money": {"amount": basis, "currency": "EUR"},
            "savingBasisType": "WAS_PRICE",
        },
        "savings": {"percentage": 20},
    }
    return members | {"price": price}


def test_a_price_for_members_is_a_deal_and_not_the_price() -> None:
    told = offer(struck(8, 10, **PRIME, **NEW))

    assert told == Offer(
        observed_at=NOW,
        condition=Condition.NEW,
        deal=Deal(badge="Prime & more", access="PRIME_EXCLUSIVE", price=Money(Decimal(8), "EUR")),
    )


def test_deal_of_another_listing_is_told_beside_the_price_of_everybody() -> None:
    told = offer(listing(9), listing(7, **PRIME), listing(3, **USED, **PRIME))

    assert told.price == Money(Decimal(9), "EUR")
    assert told.deal is not None
    assert told.deal.price == Money(Decimal(7), "EUR")


@pytest.mark.parametrize(
    ("begins", "early", "price"),
    [
        ("2026-11-20T09:00Z", 3_600_000, None),
        ("2026-11-20T08:30:00Z", 3_600_000, "5"),
        ("2026-11-20T08:30:01Z", 3_600_000, None),
        ("2026-11-20T08:30Z", None, None),
        ("soon", 3_600_000, None),
        ("2026-11-20T08:30Z", 10**14, None),
    ],
)
def test_early_access_is_over_after_its_time(
    begins: str, early: int | None, price: str | None
) -> None:
    deal = {
        "accessType": "PRIME_EARLY_ACCESS",
        "startTime": begins,
        "earlyAccessDurationInMilliseconds": early,
    }

    assert amount(listing(5, dealDetails=deal)) == price


def test_deal_as_data() -> None:
    deal = {
        "accessType": "ALL",
        "badge": "Limited time deal",
        "startTime": "2026-11-20T05:00Z",
        "endTime": "2026-11-21T07:59:59+02:00",
        "percentClaimed": "38%",
    }

    assert offer(listing(5, dealDetails=deal)).deal == Deal(
        badge="Limited time deal",
        access="ALL",
        price=Money(Decimal(5), "EUR"),
        starts_at=datetime(2026, 11, 20, 5, tzinfo=UTC),
        ends_at=datetime(2026, 11, 21, 5, 59, 59, tzinfo=UTC),
        percent_claimed=Decimal(38),
    )


@pytest.mark.parametrize("deal", [None, {}, "now", {"startTime": "soon", "percentClaimed": 120}])
def test_no_deal(deal: object) -> None:
    assert offer(listing(5, dealDetails=deal)).deal is None


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ("New", Condition.NEW),
        ("used", Condition.USED),
        ("Refurbished", Condition.REFURBISHED),
        ("Moonlit", Condition.USED),
        ("Unknown", None),
        (None, None),
    ],
)
def test_condition(written: str | None, condition: Condition | None) -> None:
    assert offer(listing(5, condition={"value": written})).condition is condition


@pytest.mark.parametrize(
    ("told", "percent"), [(15, 15), ("15%", 15), (493, 0), (0, 0), (None, 0), (-3, 0), (100, 0)]
)
def test_saving_without_a_basis_is_a_discount(told: object, percent: int) -> None:
    price = {"money": {"amount": 8, "currency": "EUR"}, "savings": {"percentage": told}}

    assert offer({"price": price}).discount_percent == percent


def test_discount_beside_a_basis_follows_the_formula() -> None:
    assert offer(struck(9, 10)).discount_percent == 10


def test_a_basis_in_another_currency_is_no_list_price() -> None:
    basis = {"money": {"amount": 40, "currency": "USD"}, "savingBasisType": "LIST_PRICE"}
    price = {
        "money": {"amount": 30, "currency": "EUR"},
        "savingBasis": basis,
        "savings": {"percentage": 20},
    }

    found = offer({"price": price})

    assert found.price == Money(Decimal(30), "EUR")
    assert (found.list_price, found.list_price_type) == (None, None)
    assert found.saving_percent == 20
