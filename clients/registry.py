"""The only module that knows every marketplace, and the one reader of pasted addresses."""

import bisect
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from urllib.parse import unquote_plus, urlsplit

from clients import aliexpress, amazon, settings
from clients.base import BareID, Marketplace, PageReading
from domain.exceptions import (
    InvalidInput,
    InvalidURL,
    NotAProduct,
    SeveralProducts,
    ShortLink,
    UnknownHost,
)
from domain.products import ProductRef
from reading.cleaning import INVISIBLE
from reading.text import PageKind, Word, words


class MarketplaceCode(Enum):
    """The registration: one line a marketplace; the graph's enum follows."""

    ALIEXPRESS = aliexpress.MARKETPLACE
    AMAZON = amazon.MARKETPLACE


BY_CODE: dict[str, Marketplace] = {member.value.code: member.value for member in MarketplaceCode}
MARKETPLACE_NAMES = " or ".join(market.name for market in BY_CODE.values())
SETTINGS = tuple(map(settings.of, BY_CODE.values()))
# A tracked link as the sandbox makes them, of a host that is nowhere on the network (RFC 2606).
SANDBOX_LINK = re.compile(r"\s*https://[a-z0-9.-]+\.sandbox\.invalid/\S*\s*", re.ASCII)

LONGEST = 100_000  # characters of a text that names one product
LONGEST_ADDRESS = 8_192
MOST_PARAMETERS = 50  # of a foreign address, that are looked at for an address inside
NAMED = 5  # products of a text that names several
SCHEME = re.compile(r"https?://", re.IGNORECASE)
BEGINNING = re.compile(r"\A(?:https?:)?(?://)?(?:www\.)?", re.IGNORECASE)
PATH = re.compile(r"[^/]/[^/]|[?#]")  # behind the host
PICTURE = re.compile(
    r"[^?#]+\.(?:jpe?g|png|gif|webp|avif|svg|bmp|mp4|webm)_?(?:[?#].*)?", re.IGNORECASE | re.DOTALL
)
END = re.compile(r"[A-Za-z0-9]+\Z")
USUAL_DIGITS, SHORTEST_CODE = 16, 6
NEARLY = re.compile(r"(?=.*[0-9])[0-9A-Za-z]{8,20}")
ALIKE = 4  # signs: what ids of one marketplace begin with
RUINED = re.compile(r"[0-9](?:[.,][0-9]+E\+?|E\+)0?1[0-8]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one place of a text names: a product, or why none. `start`, `end`: the place.

    `is_bare`: it is an id that stands alone, whose country site is not told. `is_aside`: it is a
    foreign picture, or a cut address that the text has whole, too: beside products it is theirs,
    and no other thing that the text names.
    """

    start: int
    end: int
    product: ProductRef | InvalidInput
    is_bare: bool = False
    is_aside: bool = False


def read_text(
    text: str,
    *,
    sites: Mapping[str, str] = MappingProxyType({}),
    owner: Marketplace | None = None,
) -> list[Found]:
    """What a text names, in order. Nothing is opened, nothing raised.

    `sites`: the country site of bare ids by marketplace code. Without one a bare id is of the site
    that an address of the same product names, else of "": any of its sites can be meant.
    `owner`: whose the bare ids are, so that every number that it could have given is one.
    """
    readings: dict[str, list[tuple[Marketplace, PageReading]]] = {}

    def read(address: str) -> list[tuple[Marketplace, PageReading]]:
        if address not in readings:
            found = readings[address] = []
            for market in BY_CODE.values():
                reading = market.read_page(address)
                found.append((market, reading))
                if reading.kind is not PageKind.FOREIGN:
                    break  # a host is of one marketplace
        return readings[address]

    def kind_of(address: str) -> PageKind:
        if SANDBOX_LINK.fullmatch(address):
            return PageKind.SHORT_LINK
        kinds = {reading.kind for _, reading in read(address)}
        return next(kind for kind in PageKind if kind in kinds)  # in the order of the enum

    named = words(text, kind_of)
    products = [
        _named(word, read(word.text)) if word.is_address else _bare(word.text, sites, owner)
        for word in named
    ]
    addresses = sorted(_plain(word.text) for word in named if word.is_address)
    begins = {word.text[:ALIKE] for word, it in zip(named, products, strict=True) if it is not None}
    found = [
        Found(
            start=word.start,
            end=word.end,
            product=product,
            is_bare=not word.is_address,
            is_aside=_is_aside(word, product, addresses),
        )
        for word, read_as in zip(named, products, strict=True)
        if (product := read_as or _nearly(word, begins)) is not None
    ]
    if any(isinstance(each.product, ProductRef | ShortLink) for each in found):
        found = [each for each in found if not each.is_aside]
    return _beside_their_addresses(found) if len(found) > 1 else found


def _nearly(word: Word, begins: Set[str]) -> InvalidURL | None:
    """Of a word that begins as an id beside it does, and is none: it is not passed over."""
    if word.is_address or word.text[:ALIKE] not in begins or not NEARLY.fullmatch(word.text):
        return None
    return InvalidURL(
        "This begins as the id beside it does, and is none: a sign is missing, too many, or "
        "mistyped."
    )


def _is_aside(word: Word, product: ProductRef | InvalidInput, addresses: Sequence[str]) -> bool:
    """Whether it is a picture of nobody's, or cut and one of the text's addresses, which are in
    order, goes on where it ends."""
    if isinstance(product, UnknownHost) and PICTURE.fullmatch(word.text):
        return True
    if not word.is_cut:
        return False
    begin = _plain(word.text)
    at = bisect.bisect_right(addresses, begin)
    return at < len(addresses) and addresses[at].startswith(begin)


def _beside_their_addresses(found: Sequence[Found]) -> list[Found]:
    """A row of a table has the id and the address: both are the same product."""
    addressed: dict[tuple[str, str], ProductRef] = {}
    for ref in (each.product for each in found):
        if isinstance(ref, ProductRef) and ref.locale:
            addressed.setdefault((ref.marketplace, ref.external_id), ref)

    def with_site(each: Found) -> Found:
        ref = each.product
        if not isinstance(ref, ProductRef) or ref.locale:
            return each
        return replace(each, product=addressed.get((ref.marketplace, ref.external_id), ref))

    return list(map(with_site, found))


def product_ref(text: str) -> ProductRef:
    """The one product that a pasted text names. Nothing is opened.

    A bare id of a marketplace with several sites is of the site "". Raises ShortLink,
    SeveralProducts, NotAProduct, UnknownHost or InvalidURL.
    """
    if len(text) > LONGEST:
        raise InvalidURL(f"At most {LONGEST} characters. Paste the address of one product.")
    found = [each.product for each in read_text(text)]
    named = {
        _plain(product.address) if isinstance(product, ShortLink) else product: product
        for product in found
        if isinstance(product, ProductRef | ShortLink)
    }
    if len(named) > 1:
        raise SeveralProducts(
            f"The text names {len(named)} products: {_listed(list(named.values()))}. Paste one of "
            "them, or each in a row of its own."
        )
    refusals = [product for product in found if isinstance(product, InvalidInput)]
    for product in named.values():
        if isinstance(product, ProductRef):
            return product
        raise product
    for refusal in sorted(refusals, key=lambda each: not isinstance(each, NotAProduct)):
        raise refusal
    raise _nothing_in(text.strip())


def _plain(address: str) -> str:
    """What is the same of a link that is written out and one as people say it."""
    return BEGINNING.sub("", address).rstrip("/")


def read_address(address: str) -> ProductRef | None:
    """The product of an address, and of nothing but an address: as strict as can be."""
    for market in BY_CODE.values():
        if ref := market.read_page(address).ref:
            return ref
    return None


def _named(
    word: Word, readings: Sequence[tuple[Marketplace, PageReading]]
) -> ProductRef | InvalidInput | None:
    """What an address names; None for words with a dot in a sentence, which only look like one."""
    if SANDBOX_LINK.fullmatch(word.text):
        return ShortLink.of(
            word.text,
            "This is a link that the sandbox made: it leads nowhere. The sandbox itself reads it "
            "when its operator sets SHORT_LINKS=on.",
        )
    for market, reading in readings:
        if reading.kind not in (PageKind.PRODUCT, PageKind.SHORT_LINK):
            continue
        if word.is_cut and _is_part(market, reading, word.text):
            return _cut()
        if reading.ref is not None:
            return reading.ref
        return ShortLink.of(
            word.text,
            f"This is a shortened {market.name} link. Open it in your browser and paste the "
            "address of the product page that it leads to. The operator of this server can "
            "have short links opened here: SHORT_LINKS=on.",
        )
    if not word.is_alone and not (SCHEME.match(word.text) or PATH.search(word.text)):
        return None
    for market, reading in readings:
        if reading.kind is PageKind.NOT_A_PRODUCT and word.is_cut:
            return _cut()
        if reading.kind is PageKind.NOT_A_PRODUCT:
            return NotAProduct(
                reading.why
                or f"This is a page of {market.name}, but not of a product. Paste the address of a "
                "product page."
            )
    if _is_web_address(word.text) and (word.is_alone or SCHEME.match(word.text)):
        return _foreign(word.text)
    return None


def _is_part(market: Marketplace, reading: PageReading, address: str) -> bool:
    """Whether what stands before dots is too short to be a code or an id of today."""
    end = END.search(address)
    if end is None:
        return False
    if reading.ref is None:
        return len(end[0]) < SHORTEST_CODE
    bare = market.read_bare_id(end[0]) if end[0].isdecimal() else None
    return end[0].isdecimal() and len(end[0]) < USUAL_DIGITS and not (bare and bare.is_checked)


def _cut() -> InvalidURL:
    return InvalidURL(
        "This address was cut where it was shown: it ends in dots. Paste the whole one, to which "
        "it leads."
    )


def _bare(
    word: str, sites: Mapping[str, str], owner: Marketplace | None
) -> ProductRef | InvalidInput | None:
    """What a word that stands alone names; a checked id wins over any number."""
    if RUINED.fullmatch(word):
        return _ruined()
    found: list[tuple[Marketplace, BareID]] = []
    for market in [owner] if owner else BY_CODE.values():
        try:
            bare = market.read_bare_id(word) or (_typed(owner, word) if owner else None)
            if bare is not None:
                found.append((market, bare))
        except InvalidURL as refusal:
            return refusal
    for market, bare in sorted(found, key=lambda each: not each[1].is_checked):
        return ProductRef(market.code, bare.external_id, sites.get(market.code, ""))
    return None


def typed_id(market: Marketplace, text: str) -> str:
    """The canonical id of what somebody typed or pasted for an id. Raises InvalidInput."""
    word = INVISIBLE.sub("", text).strip()
    if RUINED.fullmatch(word):
        raise _ruined()
    return market.parse_id(word)


def _typed(owner: Marketplace, word: str) -> BareID | None:
    try:
        return BareID(external_id=owner.parse_id(word)) if re.search(r"\d", word) else None
    except InvalidInput:
        return None


def _ruined() -> InvalidURL:
    return InvalidURL(
        "A spreadsheet has cut this product id: its last digits are lost. Format the column as "
        "text before the ids are put in, or paste the address of the product."
    )


def _listed(products: Sequence[ProductRef | InvalidInput]) -> str:
    names = [
        f"{BY_CODE[product.marketplace].name} {product.external_id}"
        + (f" ({product.locale})" if product.locale else "")
        if isinstance(product, ProductRef)
        else "a shortened link"
        for product in products[:NAMED]
    ]
    more = len(products) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _foreign(address: str) -> UnknownHost:
    inner = _product_inside(address)
    if inner is not None:
        return UnknownHost(
            f"This address is not of {MARKETPLACE_NAMES}, but leads to one there. Paste "
            f"{BY_CODE[inner.marketplace].product_url(inner)} instead."
        )
    return UnknownHost(
        f"This address is not of {MARKETPLACE_NAMES}. Paste the address of a product there."
    )


def _product_inside(address: str) -> ProductRef | None:
    """The product that a parameter of another network's link names. It is told, not used."""
    query = address[:LONGEST_ADDRESS].partition("?")[2]
    for parameter in query.split("&", MOST_PARAMETERS)[:MOST_PARAMETERS]:
        value = unquote_plus(parameter.partition("=")[2])
        if ref := SCHEME.match(value) and read_address(value):
            return ref
    return None


def _nothing_in(text: str) -> InvalidInput:
    if text.isascii() and text.isdigit():
        return NotAProduct(
            "This number alone names no product. Paste the address of the product, or give the id "
            "together with its marketplace, as ref."
        )
    return InvalidURL(
        f"This is not a web address. Paste the address of a product of {MARKETPLACE_NAMES}."
    )


def _is_web_address(text: str) -> bool:
    """http or https with a host; without a scheme, something like "shop.example/item"."""
    if len(text.split()) != 1:
        return False
    has_scheme = re.match(r"(https?:)?//", text, re.IGNORECASE) is not None
    try:
        host = urlsplit(re.sub(r"^(https?:)?//|^", "https://", text, count=1, flags=re.I)).hostname
    except ValueError:
        return False
    if has_scheme:
        return bool(host)
    before_path = re.split(r"[/?#]", text, maxsplit=1)[0]
    return re.fullmatch(r"([\w-]+\.)+[^\W\d_]{2,}(:\d+)?", before_path) is not None
