"""Links are written here: our tag, our host, and nothing of anybody else's."""

from urllib.parse import parse_qs, urlsplit

import pytest

from clients.amazon import links
from clients.amazon.locales import LOCALES, Locale, by_marketplace
from clients.amazon.policy import disclosure
from domain.exceptions import InvalidInput, MarketplaceError, ProductNotFound, WrongLocale
from domain.links import LinkKey
from domain.products import Mode, ProductRef

GERMAN = by_marketplace("www.amazon.de")
ASIN = "B0LAMPAAA1"


def key(
    asin: str = ASIN, *, tag: str = "lamps-21", sub_id: str = "", locale: str = "www.amazon.de"
) -> LinkKey:
    return LinkKey(ProductRef("amazon", asin, locale), tag, sub_id)


def link(asked: LinkKey, *, mode: Mode = Mode.LIVE) -> str | MarketplaceError:
    return links.generate([asked], locale=GERMAN, mode=mode)[asked]


def test_plain_link() -> None:
    assert link(key()) == f"https://www.amazon.de/dp/{ASIN}?tag=lamps-21"


def test_every_key_has_its_entry() -> None:
    keys = [key(), key(tag="other-21"), key("nonsense"), key(sub_id="spring")]

    found = links.generate(keys, locale=GERMAN, mode=Mode.LIVE)

    assert list(found) == keys
    assert isinstance(found[keys[2]], ProductNotFound)
    assert links.generate([], locale=GERMAN, mode=Mode.LIVE) == {}


@pytest.mark.parametrize("sub_id", ["spring", "a b&tag=thief-20#x?", "Frühling/ü+%", "x" * 255])
def test_sub_id_is_encoded_and_carries_nothing_else(sub_id: str) -> None:
    made = link(key(sub_id=sub_id))

    assert isinstance(made, str)
    parts = urlsplit(made)
    assert parse_qs(parts.query) == {"tag": ["lamps-21"], "ascsubtag": [sub_id]}
    assert parts.fragment == ""
    assert made.isascii()


@pytest.mark.parametrize("sub_id", ["x" * 256, "a\nb", "a\x00b", "\ud800", "\x7f"])
def test_unusable_sub_id(sub_id: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        link(key(sub_id=sub_id))

    assert caught.value.path == ("subId",)


@pytest.mark.parametrize("tag", ["", "a b", "lamps_21", "lamps-21&x=1", "x" * 65, "lämpchen-21"])
def test_unusable_tag(tag: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        link(key(tag=tag))

    assert caught.value.path == ("trackingId",)


@pytest.mark.parametrize("tag", ["lamps-20", "lamps", "L" * 64])
def test_unusual_tag_is_taken_as_it_is(tag: str) -> None:
    assert link(key(tag=tag)) == f"https://www.amazon.de/dp/{ASIN}?tag={tag}"


@pytest.mark.parametrize("locale", ["www.amazon.com", "", "www.amazon.de.evil.example"])
def test_product_of_another_country_site(locale: str) -> None:
    with pytest.raises(WrongLocale):
        link(key(locale=locale))


@pytest.mark.parametrize("asin", ["b0lampaaa1", "../x", "B0LAMPAAA1?", "", "9780805210316"])
def test_only_an_asin_becomes_part_of_a_link(asin: str) -> None:
    assert isinstance(link(key(asin)), ProductNotFound)


def test_sandbox_link_leads_nowhere() -> None:
    made = link(key(), mode=Mode.SANDBOX)

    assert made == f"https://www.amazon.de.sandbox.invalid/dp/{ASIN}?tag=lamps-21"


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: locale.country)
def test_every_country_site_has_its_own_host(locale: Locale) -> None:
    asked = key(locale=locale.marketplace)

    made = links.generate([asked], locale=locale, mode=Mode.LIVE)

    assert made[asked] == f"https://{locale.marketplace}/dp/{ASIN}?tag=lamps-21"
    assert "Amazon" in disclosure(locale.marketplace)
