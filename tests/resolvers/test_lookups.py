"""Which product is meant, and where in the input it was named wrongly."""

import pytest

from clients.registry import BY_CODE
from domain.exceptions import (
    AffiliateGraphError,
    InvalidInput,
    InvalidURL,
    NotAProduct,
    ShortLink,
    UnknownHost,
    WrongLocale,
)
from domain.products import ProductRef
from resolvers.lookups import MAX_ROWS, Lookup, checked, checked_site, find, limit_rows

ALIEXPRESS, AMAZON = BY_CODE["aliexpress"], BY_CODE["amazon"]
AT = ("input", "products", "3")


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
