"""Listings: until when an offer is believed and shown, and what is left of a price."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.exceptions import (
    MarketplaceError,
    MarketplaceNotConnected,
    MarketplaceUnavailable,
    PermissionMissing,
    ProductNotFound,
    Throttled,
)
from domain.money import Money
from domain.products import (
    Availability,
    CatalogProduct,
    Image,
    Mode,
    Offer,
    ProductState,
    Shipping,
    SourceProduct,
    Variant,
    VariantList,
)
from resolvers.products import Listing, variants
from tests.fakes import NOW, FakeMarketplaceClient, product
from tests.resolvers.conftest import MakeContext

ALI = product(1, images=(Image(url="https://img.example/1.jpg"),))
AMAZON = product(1, marketplace="amazon", images=(Image(url="https://img.example/1.jpg"),))


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def listing(
    price: Money | None, *, percent: str | None = None, shipping: Shipping | None = None
) -> Listing:
    source = replace(
        ALI,
        offer=Offer(observed_at=NOW, price=price, shipping=shipping),
        commission_percent=Decimal(percent) if percent else None,
    )
    return Listing(source=source)


def planned(seen: Listing, selling_price: Money | None) -> Listing:
    entry = CatalogProduct(
        id="1",
        source=seen.source,
        mode=Mode.SANDBOX,
        imported_at=NOW,
        synced_at=NOW,
        selling_price=selling_price,
    )
    return Listing(source=seen.source, entry=entry)


@pytest.mark.parametrize(
    ("_case", "seen", "age", "is_expired", "is_shown"),
    [
        ("AliExpress, just before", ALI, timedelta(minutes=14, seconds=59), False, True),
        ("AliExpress, a quarter of an hour", ALI, timedelta(minutes=15), True, True),
        ("AliExpress, a year", ALI, timedelta(days=365), True, True),
        ("Amazon, just before", AMAZON, timedelta(minutes=59, seconds=59), False, True),
        ("Amazon, an hour", AMAZON, timedelta(hours=1), True, True),
        ("Amazon, just before a day", AMAZON, timedelta(hours=23, minutes=59), True, True),
        ("Amazon, a day", AMAZON, timedelta(hours=24), True, False),
    ],
)
def test_an_offer_is_believed_and_shown_as_long_as_allowed(
    _case: str, seen: SourceProduct, age: timedelta, is_expired: bool, is_shown: bool
) -> None:
    found = Listing(source=seen)

    assert found.is_expired(NOW + age) is is_expired
    assert (found.offer(NOW + age) is not None) is is_shown
    assert bool(found.shown(NOW + age).images) is is_shown


def test_without_a_price_there_is_no_offer() -> None:
    assert listing(None).offer(NOW) is None
    assert listing(None, percent="7").commission_amount(NOW) is None


@pytest.mark.parametrize(
    ("_case", "seen", "age", "told"),
    [
        ("AliExpress, a year", ALI, timedelta(days=365), Availability.IN_STOCK),
        ("Amazon, just before a day", AMAZON, timedelta(hours=23), Availability.IN_STOCK),
        ("Amazon, a day", AMAZON, timedelta(hours=24), Availability.UNKNOWN),
    ],
)
def test_availability_is_told_as_long_as_allowed(
    _case: str, seen: SourceProduct, age: timedelta, told: Availability
) -> None:
    offer = Offer(observed_at=NOW, availability=Availability.IN_STOCK)

    assert Listing(source=replace(seen, offer=offer)).shown(NOW + age).offer.availability is told


def lost(seen_live: bool) -> Listing:
    entry = CatalogProduct(
        id="1",
        source=ALI,
        mode=Mode.SANDBOX,
        imported_at=NOW,
        synced_at=NOW,
        state=ProductState.UNAVAILABLE,
        state_since=NOW,
    )
    return Listing(source=ALI, entry=entry, seen_live=seen_live)


def test_what_was_just_seen_is_active() -> None:
    assert Listing(source=ALI, seen_live=True).state is ProductState.ACTIVE
    assert lost(seen_live=True).state is ProductState.ACTIVE
    assert lost(seen_live=True).state_since is None


def test_what_the_catalogue_shows_keeps_its_state() -> None:
    assert lost(seen_live=False).state is ProductState.UNAVAILABLE
    assert lost(seen_live=False).state_since == NOW


@pytest.mark.anyio
@pytest.mark.parametrize(
    "failure",
    [ProductNotFound("Gone."), PermissionMissing("No."), MarketplaceNotConnected("Not yet.")],
)
async def test_variants_that_there_cannot_be_are_none(
    make_context: MakeContext, failure: MarketplaceError
) -> None:
    context = make_context(aliexpress=FakeMarketplaceClient(failure=failure))

    assert await variants(context, ALI.ref) == VariantList()


@pytest.mark.anyio
@pytest.mark.parametrize("failure", [Throttled("Too fast."), MarketplaceUnavailable("Down.")])
async def test_variants_that_could_not_be_asked_are_a_failure(
    make_context: MakeContext, failure: MarketplaceError
) -> None:
    context = make_context(aliexpress=FakeMarketplaceClient(failure=failure))

    with pytest.raises(type(failure)):
        await variants(context, ALI.ref)


@pytest.mark.anyio
async def test_variants_asked_twice_count_once(make_context: MakeContext) -> None:
    red = Variant(external_id="12000001")
    fake = FakeMarketplaceClient(
        variants={product(number).ref.external_id: (red,) for number in range(10)}
    )
    context = make_context(aliexpress=fake)

    found = [await variants(context, product(number % 10).ref) for number in range(20)]

    assert found == [VariantList(variants=(red,))] * 20
    assert fake.count("get_variants") == 10


@pytest.mark.parametrize(
    ("_case", "seen", "selling", "shipping", "profit"),
    [
        ("the price named", listing(usd("5")), usd("8"), None, "3"),
        ("the price planned", planned(listing(usd("5")), usd("9")), None, None, "4"),
        ("the named one counts more", planned(listing(usd("5")), usd("9")), usd("8"), None, "3"),
        ("shipping named", listing(usd("5")), usd("8"), usd("1"), "2"),
        (
            "shipping told",
            listing(usd("5"), shipping=Shipping(cost=usd("2"))),
            usd("8"),
            None,
            "1",
        ),
        (
            "shipping named counts more",
            listing(usd("5"), shipping=Shipping(cost=usd("2"))),
            usd("8"),
            usd("0"),
            "3",
        ),
        ("no price planned", planned(listing(usd("5")), None), None, None, None),
        ("no catalogue entry", listing(usd("5")), None, None, None),
        ("no offer", listing(None), usd("8"), None, None),
    ],
)
def test_margin_takes_what_is_named_before_what_is_known(
    _case: str, seen: Listing, selling: Money | None, shipping: Money | None, profit: str | None
) -> None:
    found = seen.margin(NOW, selling, shipping)

    assert (found and found.profit) == (usd(profit) if profit else None)


def test_a_withheld_price_gives_no_margin() -> None:
    old = Listing(source=AMAZON)

    assert old.margin(NOW, usd("8"), None) is not None
    assert old.margin(NOW + timedelta(days=1), usd("8"), None) is None


@pytest.mark.parametrize(
    ("price", "percent", "amount"), [("10.00", "7", "0.70"), ("5.04", "9.0", "0.45")]
)
def test_a_commission_is_its_share_of_the_price(price: str, percent: str, amount: str) -> None:
    assert listing(usd(price), percent=percent).commission_amount(NOW) == usd(amount)


@pytest.mark.parametrize(
    ("price", "percent", "amount"),
    [
        (usd("0.50"), "5", "0.03"),
        (Money(Decimal(1234), "JPY"), "7", "86"),
        (Money(Decimal("1.235"), "KWD"), "10", "0.124"),
    ],
)
def test_a_commission_is_rounded_half_up_in_its_currency(
    price: Money, percent: str, amount: str
) -> None:
    found = listing(price, percent=percent).commission_amount(NOW)

    assert found == Money(Decimal(amount), price.currency)
    assert found.text == amount
