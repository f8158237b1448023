"""Which product is meant, and where in the input it was named wrongly."""

import threading
from dataclasses import replace

import pytest

from clients.registry import BY_CODE
from domain.exceptions import (
    AffiliateGraphError,
    InvalidInput,
    InvalidURL,
    NotAProduct,
    ShortLink,
    ShortLinkDead,
    ShortLinkTimeout,
    UnknownHost,
    WrongLocale,
)
from domain.products import ProductRef
from resolvers.context import Context
from resolvers.lookups import (
    LONG,
    MAX_ROWS,
    Lookup,
    RefOrError,
    beside,
    checked,
    checked_site,
    find,
    find_located,
    limit_rows,
    located,
)
from tests.resolvers.conftest import MakeContext
from upstream.budget import Budget

pytestmark = pytest.mark.anyio

ALIEXPRESS, AMAZON = BY_CODE["aliexpress"], BY_CODE["amazon"]
AT = ("input", "products", "3")
ALI = ProductRef("aliexpress", "1005006338829917")


class FakeReader:
    """Implements `upstream.contract.ShortLinkReader`: what it knows, and what it was asked."""

    def __init__(self, **known: RefOrError) -> None:
        self.known = {f"https://amzn.to/{name}": led for name, led in known.items()}
        self.asked: list[str] = []

    async def product(self, address: str, budget: Budget) -> ProductRef:
        self.asked.append(address)
        led = self.known[address]
        if isinstance(led, AffiliateGraphError):
            raise led
        return led


def reading(make_context: MakeContext, reader: FakeReader) -> Context:
    context = make_context()
    context.upstream = replace(context.upstream, short_links=reader)
    return context


def row(number: int, url: str) -> RefOrError:
    """What a row of a bulk mutation names, or why it names nothing."""
    try:
        return find(Lookup(url=url), path=("input", "products", str(number)))
    except AffiliateGraphError as error:
        return error


@pytest.mark.parametrize(
    ("_case", "lookup", "ref"),
    [
        (
            "an address",
            Lookup(url="https://www.aliexpress.com/item/1005006338829917.html"),
            ProductRef("aliexpress", "1005006338829917"),
        ),
        (
            "an id of the US catalogue",
            Lookup(marketplace=ALIEXPRESS, external_id="3256806152515165"),
            ProductRef("aliexpress", "1005006338829917"),
        ),
        (
            "an id with blanks around it",
            Lookup(marketplace=ALIEXPRESS, external_id=" 1005006338829917\n"),
            ProductRef("aliexpress", "1005006338829917"),
        ),
        (
            "an ASIN in small letters",
            Lookup(marketplace=AMAZON, external_id="b01n5ib20q"),
            ProductRef("amazon", "B01N5IB20Q", "www.amazon.com"),
        ),
        (
            "a country site in capitals",
            Lookup(marketplace=AMAZON, external_id="B01N5IB20Q", locale="WWW.AMAZON.DE"),
            ProductRef("amazon", "B01N5IB20Q", "www.amazon.de"),
        ),
        (
            "no country site where there is none",
            Lookup(marketplace=ALIEXPRESS, external_id="1005006338829917", locale=""),
            ProductRef("aliexpress", "1005006338829917"),
        ),
        (
            "an id of ours",
            Lookup(decoded_id=ProductRef("amazon", "B01N5IB20Q", "www.amazon.fr")),
            ProductRef("amazon", "B01N5IB20Q", "www.amazon.fr"),
        ),
    ],
)
def test_a_product_is_found_without_asking_anybody(
    _case: str, lookup: Lookup, ref: ProductRef
) -> None:
    assert find(lookup, path=()) == ref


@pytest.mark.parametrize(
    ("_case", "lookup", "kind", "path"),
    [
        ("words", Lookup(url="a lamp"), InvalidURL, ("url",)),
        ("an empty address", Lookup(url=""), InvalidURL, ("url",)),
        ("a foreign host", Lookup(url="https://ebay.com/itm/1"), UnknownHost, ("url",)),
        ("a short link", Lookup(url="https://s.click.aliexpress.com/e/_abc"), ShortLink, ("url",)),
        ("a shop's front", Lookup(url="https://www.amazon.de/"), NotAProduct, ("url",)),
        (
            "no id of the marketplace",
            Lookup(marketplace=ALIEXPRESS, external_id="B01N5IB20Q"),
            InvalidInput,
            ("ref", "externalId"),
        ),
        (
            "an empty id",
            Lookup(marketplace=AMAZON, external_id=""),
            InvalidInput,
            ("ref", "externalId"),
        ),
        (
            "a NUL in the id",
            Lookup(marketplace=AMAZON, external_id="B01N5IB20Q\x00"),
            InvalidInput,
            ("ref", "externalId"),
        ),
        (
            "no such site",
            Lookup(marketplace=AMAZON, external_id="B01N5IB20Q", locale="www.amazon.xx"),
            WrongLocale,
            ("ref", "locale"),
        ),
        (
            "an empty site",
            Lookup(marketplace=AMAZON, external_id="B01N5IB20Q", locale=""),
            WrongLocale,
            ("ref", "locale"),
        ),
        (
            "a site where there is none",
            Lookup(marketplace=ALIEXPRESS, external_id="1005006338829917", locale="www"),
            WrongLocale,
            ("ref", "locale"),
        ),
        ("nothing", Lookup(), InvalidInput, ("id",)),
        ("no id", Lookup(decoded_id=InvalidInput("No id.")), InvalidInput, ("id",)),
        (
            "a forged id",
            Lookup(decoded_id=ProductRef("ebay", "1", "")),
            InvalidInput,
            ("id",),
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    _case: str, lookup: Lookup, kind: type[AffiliateGraphError], path: tuple[str, ...]
) -> None:
    with pytest.raises(kind) as refusal:
        find(lookup, path=AT)

    assert refusal.value.path == (*AT, *path)


def test_a_failure_that_others_hold_is_not_changed() -> None:
    shared = InvalidInput("No id.")

    with pytest.raises(InvalidInput) as refusal:
        find(Lookup(decoded_id=shared), path=AT)

    assert refusal.value.path == (*AT, "id")
    assert shared.path == ()


@pytest.mark.parametrize(
    ("_case", "ref"),
    [
        ("no such marketplace", ProductRef("ebay", "1005006338829917", "")),
        ("its name instead of its code", ProductRef("AliExpress", "1005006338829917", "")),
        ("no such site", ProductRef("amazon", "B01N5IB20Q", "www.amazon.xx")),
        ("no site at all", ProductRef("amazon", "B01N5IB20Q", "")),
        ("a site too many", ProductRef("aliexpress", "1005006338829917", "www.amazon.com")),
        ("an id of the US catalogue", ProductRef("aliexpress", "3256806152515165", "")),
        ("an ASIN in small letters", ProductRef("amazon", "b01n5ib20q", "www.amazon.com")),
        ("an id with a blank", ProductRef("aliexpress", "1005006338829917 ", "")),
        ("an id of the other marketplace", ProductRef("aliexpress", "B01N5IB20Q", "")),
        ("an empty id", ProductRef("aliexpress", "", "")),
        ("a very long id", ProductRef("aliexpress", "1" * 100_000, "")),
        ("a NUL", ProductRef("amazon", "B01N5IB2\x00Q", "www.amazon.com")),
        ("a half character", ProductRef("amazon", "B01N5IB2\ud800Q", "www.amazon.com")),
        ("other digits", ProductRef("aliexpress", "١٠٠٥٠٠٦٣٣٨٨٢٩٩١٧", "")),
    ],
)
def test_a_forged_reference_is_refused(_case: str, ref: ProductRef) -> None:
    with pytest.raises(InvalidInput, match="not an id that was given out here"):
        checked(ref)


def test_every_site_of_a_marketplace_is_known() -> None:
    assert all(
        checked_site(known.code, locale) is known
        for known in BY_CODE.values()
        for locale in known.locales
    )


@pytest.mark.parametrize("count", [MAX_ROWS + 1, 10_000])
def test_more_rows_are_refused_with_their_number(count: int) -> None:
    with pytest.raises(InvalidInput, match=f"At most 250 rows a mutation; {count} were") as refusal:
        limit_rows(count, path=("input", "products"))

    assert refusal.value.path == ("input", "products")


async def test_short_links_of_a_bulk_are_opened_once_each(make_context: MakeContext) -> None:
    reader = FakeReader(x=ALI, dead=ShortLinkDead("It leads nowhere."))
    urls = [
        "https://amzn.to/x",
        "https://amzn.to/dead",
        "https://www.aliexpress.com/item/1005006338829917.html",
        "https://amzn.to/x",
        "no address",
        "https://amzn.to/dead",
    ]
    rows = [row(number, url) for number, url in enumerate(urls)]

    found = await located(reading(make_context, reader), rows)

    assert [one if isinstance(one, ProductRef) else one.code for one in found] == [
        ALI,
        "SHORT_LINK_DEAD",
        ALI,
        ALI,
        "INVALID_URL",
        "SHORT_LINK_DEAD",
    ]
    assert [one.path for one in found if isinstance(one, ShortLinkDead)] == [
        ("input", "products", "1", "url"),
        ("input", "products", "5", "url"),
    ]
    assert sorted(reader.asked) == ["https://amzn.to/dead", "https://amzn.to/x"]


async def test_without_the_setting_nothing_is_opened(make_context: MakeContext) -> None:
    rows = [row(0, "https://amzn.to/x")]

    assert await located(make_context(), rows) == rows


async def test_one_short_link_is_opened(make_context: MakeContext) -> None:
    context = reading(make_context, FakeReader(x=ALI))

    found = await find_located(context, Lookup(url="https://amzn.to/x"), path=("by",))

    assert found == ALI


async def test_one_short_link_that_leads_nowhere_names_its_field(
    make_context: MakeContext,
) -> None:
    context = reading(make_context, FakeReader(x=ShortLinkTimeout("Too slow.")))

    with pytest.raises(ShortLinkTimeout) as refusal:
        await find_located(context, Lookup(url="https://amzn.to/x"), path=("by",))

    assert refusal.value.path == ("by", "url")


@pytest.mark.parametrize(("characters", "is_here"), [(LONG, True), (LONG + 1, False)])
async def test_only_long_texts_are_read_elsewhere(characters: int, is_here: bool) -> None:
    reader = await beside(characters, threading.get_ident)

    assert (reader == threading.get_ident()) is is_here


async def test_what_reading_raises_is_raised() -> None:
    def read() -> None:
        raise LookupError("nothing in it")

    with pytest.raises(LookupError, match="nothing in it"):
        await beside(LONG + 1, read)
