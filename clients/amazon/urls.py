"""Which product a pasted text stands for. Nothing is opened, and no input makes this fail.

The rules and their order are those of the reference material on Amazon's product addresses. What
this protects against: look-alike hosts, user parts, foreign targets in Amazon's own redirects.
"""

import re
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import parse_qsl, unquote

from clients.amazon.locales import (
    BY_DOMAIN,
    BY_MARKETPLACE,
    CODES_LIKE_IDS,
    DOMAINS_WITHOUT_API,
    SHOP_ALIASES,
    SHORT_LINK_HOSTS,
    Locale,
)
from clients.base import BareID, PageReading
from domain.exceptions import InvalidInput, InvalidURL
from domain.products import ProductRef
from reading.text import PageKind

MARKETPLACE_CODE = "amazon"
LONGEST_ADDRESS = 8192

_ASIN = r"(?:B[0-9A-Z]{9}|[0-9]{9}[0-9X])"
_WHOLE_ASIN = re.compile(_ASIN, re.ASCII)
_LEADING_ASIN = re.compile(_ASIN, re.ASCII | re.IGNORECASE)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://|(?:mailto|tel|javascript|data):", re.ASCII)
_ENCODED_TARGET = re.compile(r"%2F|https?%3A", re.ASCII | re.IGNORECASE)
_PORT = re.compile(r":[0-9]*\Z", re.ASCII)

_SHOP_PREFIXES = ("", "www.", "smile.", "m.")
_SHOPS = {
    prefix + domain: site
    for domain, site in (BY_DOMAIN | SHOP_ALIASES).items()
    for prefix in _SHOP_PREFIXES
}
_SHORT = (*SHORT_LINK_HOSTS, CODES_LIKE_IDS)
_SHORTENERS = {prefix + host: host for host in _SHORT for prefix in ("", "www.")}
_AMAZON_DOMAINS = (*BY_DOMAIN, *SHOP_ALIASES, *DOMAINS_WITHOUT_API)
# Those that may be opened.
SHORTENER_HOSTS = ("amzn.to", "amzn.eu", "a.co", "amzn.asia", "amzn.in", CODES_LIKE_IDS)
DOMAINS = (*_AMAZON_DOMAINS, *_SHORT)
_ENDS_OF_AMAZONS = tuple(f".{domain}" for domain in _AMAZON_DOMAINS)

# What stands before the id, in the order in which the forms are tried.
_FORMS = tuple(
    tuple(form.split("/"))
    for form in (
        "gp/product",
        "gp/product/glance",
        "gp/aw/d",
        "gp/aw/ol",
        "gp/offer-listing",
        "exec/obidos/asin",
        "exec/obidos/tg/detail/-",
        "o/asin",
        "o/tg/detail/-",
        "o",
        "gp/product-reviews",
        "product-reviews",
        "ask/questions/asin",
        "d",
        "gp/product/images",
        "gp/product/toc",
        "gp/reader",
        "gp/aw/reviews",
        "review/product",
    )
)
_WRAPPERS = {
    ("sspa", "click"): "url",
    ("gp", "slredirect", "picassoredirect.html"): "url",
    ("gp", "redirect.html"): "location",
    ("gp", "r.html"): "u",  # in mails, as the next one
    ("gp", "f.html"): "u",
}

_ISBN10 = re.compile(r"[0-9]{9}[0-9Xx]", re.ASCII)
_ISBN13 = re.compile(r"97[89][0-9]{10}", re.ASCII)
_NO_ISBN = re.compile(r"([0-9])\1*")  # one digit ten times, which stands where there is no number
_FRACTION = re.compile(r"\.0+\Z")  # spreadsheets write "9780596802295.0"
# Standing alone it is in one case of letters and has a digit: other words have ten letters too.
_BARE_ASIN = re.compile(r"(?=.[^0-9]*[0-9])(?:B[0-9A-Z]{9}|b0[0-9a-z]{8})", re.ASCII)

_FOREIGN = PageReading(kind=PageKind.FOREIGN)
_NOT_A_PRODUCT = PageReading(kind=PageKind.NOT_A_PRODUCT)
_SHORT_LINK = PageReading(kind=PageKind.SHORT_LINK)


@dataclass(frozen=True, slots=True)
class _Address:
    """A web address in parts: host in lower case without port, path parts percent-decoded."""

    host: str
    has_user: bool
    parts: tuple[str, ...]
    query: str


def read_page(text: str, *, follow: bool = True) -> PageReading:
    """What the pasted text stands for. Anything over 8,192 characters is FOREIGN.

    `follow`: a redirect of Amazon's own stands for where it leads.
    """
    address = _split(text.strip()) if len(text) <= LONGEST_ADDRESS else None
    if address is None:
        return _FOREIGN
    if address.host in _SHORTENERS:
        return _read_short(address)
    locale = _SHOPS.get(address.host)
    if address.host.removeprefix("www.") in DOMAINS_WITHOUT_API:
        return PageReading(
            kind=PageKind.NOT_A_PRODUCT,
            why=f"Amazon has no affiliate interface for {address.host.removeprefix('www.')}: "
            "products of that site cannot be asked for.",
        )
    if locale is None:
        # Amazon's, though not the shop: aws.amazon.com, or a site without API.
        return _NOT_A_PRODUCT if f".{address.host}".endswith(_ENDS_OF_AMAZONS) else _FOREIGN
    if address.has_user:
        return _NOT_A_PRODUCT
    return _read_shop(address, locale, follow=follow)


def parse_id(text: str) -> str:
    """An ASIN or ISBN as typed -> the ASIN. Raises InvalidInput for anything else."""
    typed = text.strip()
    asin = typed.upper() if typed.isascii() else typed
    if _WHOLE_ASIN.fullmatch(asin):
        return asin
    if (book := read_bare_id(typed)) is not None:
        return book.external_id
    raise InvalidInput(
        "An Amazon product id (ASIN) is B and nine letters or digits, such as B0199980K4, or the "
        "ten digits of an ISBN-10. It stands after /dp/ in the address of the product."
    )


def read_bare_id(word: str) -> BareID | None:
    """An ASIN, an ISBN-10, or an ISBN-13 that has one. Raises InvalidURL for one that has none."""
    if _BARE_ASIN.fullmatch(word):
        return BareID(external_id=word.upper())
    digits = _FRACTION.sub("", word).replace("-", "")
    if _NO_ISBN.fullmatch(digits):
        return None
    if _ISBN10.fullmatch(digits) and _check_digit_10(digits) == digits[-1].upper():
        return BareID(external_id=digits.upper(), is_checked=True)
    if not _ISBN13.fullmatch(digits) or _check_digit_13(digits) != digits[-1]:
        return None
    if digits.startswith("979"):
        raise InvalidURL(
            "This ISBN begins with 979, so it has no ten-digit form, which is what Amazon's ids of "
            "books are. Search for it, and take the id from the address of the book."
        )
    ten = digits[3:12]
    return BareID(external_id=ten + _check_digit_10(ten), is_checked=True)


def _check_digit_10(isbn: str) -> str:
    """Of an ISBN-10, by its first nine digits."""
    rest = sum(int(digit) * (10 - at) for at, digit in enumerate(isbn[:9]))
    return "0123456789X"[-rest % 11]


def _check_digit_13(isbn: str) -> str:
    """Of an ISBN-13, by its first twelve digits."""
    return str(-sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(isbn[:12])) % 10)


def is_asin(text: str) -> bool:
    """Whether the text is an ASIN in its canonical form."""
    return _WHOLE_ASIN.fullmatch(text) is not None


def product_url(ref: ProductRef) -> str:
    """The plain product page, without any tracking."""
    return f"https://{ref.locale}/dp/{ref.external_id}"


def _split(text: str) -> _Address | None:
    """The parts of an http or https address; None for other schemes and other texts."""
    scheme = _SCHEME.match(text)
    if scheme is not None and (scheme[1] or "").lower() not in ("http", "https"):
        return None
    rest = text[scheme.end() :] if scheme else text.removeprefix("//")
    rest = rest.partition("#")[0]
    before_query, _, query = rest.partition("?")
    authority, _, path = before_query.partition("/")
    host = authority.rpartition("@")[2]
    if not host.isascii():
        return None
    return _Address(
        host=_PORT.sub("", host).lower().removesuffix("."),
        has_user="@" in authority,
        parts=tuple(unquote(part) for part in path.split("/") if part),
        query=query,
    )


def _read_short(address: _Address) -> PageReading:
    if address.has_user or not address.parts:
        return _NOT_A_PRODUCT
    if _SHORTENERS[address.host] == "amzn.com":
        first = address.parts[0]
        candidate = address.parts[1:2] if first.lower() == "dp" else (first,)
        found = _leading_asin(candidate[0]) if candidate else None
        if found is not None:
            return _product(found, BY_MARKETPLACE["www.amazon.com"])
    return _SHORT_LINK


def _read_shop(address: _Address, locale: Locale, *, follow: bool) -> PageReading:
    found = _after_dp(address.parts) or _after_form(address.parts)
    if found is not None:
        return _product(found, locale)
    target = _wrapped(address) if follow else None
    if target is not None:
        inner = read_page(target, follow=False)
        return _NOT_A_PRODUCT if inner.kind is PageKind.FOREIGN else inner
    found = _in_query(address)
    return _NOT_A_PRODUCT if found is None else _product(found, locale)


def _after_dp(parts: tuple[str, ...]) -> str | None:
    """The id of `dp/{id}`, or with a word between, anywhere in the path."""
    lowered = [part.lower() for part in parts]
    for at, part in enumerate(lowered):
        if part != "dp":
            continue
        has_word = lowered[at + 1 : at + 2] in (["product"], ["offer-listing"])
        after = at + 2 if has_word else at + 1
        found = _asin_at(parts, after)
        if found is not None:
            return found
    return None


def _after_form(parts: tuple[str, ...]) -> str | None:
    """The id of the older forms, which start the path or follow a language pair (`-/en`)."""
    parts = _without_language(parts)
    lowered = tuple(part.lower() for part in parts)
    for form in _FORMS:
        if lowered[: len(form)] == form:
            found = _asin_at(parts, len(form))
            if found is not None:
                return found
    if lowered[1:2] == ("product-reviews",):  # after the slug of the product's name
        return _asin_at(parts, 2)
    if lowered[:1] == ("d",):  # after a category and a slug
        return _asin_at(parts, 3)
    return None


def _without_language(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Without the pair that a path may begin with: `-/en`."""
    return parts[2:] if parts[:1] == ("-",) else parts


def _asin_at(parts: tuple[str, ...], index: int) -> str | None:
    return _leading_asin(parts[index]) if index < len(parts) else None


def _leading_asin(part: str) -> str | None:
    """The id at the start of a path part, as written. A longer run is never cut."""
    found = _LEADING_ASIN.match(part)
    if found is None or part[found.end() : found.end() + 1].isalnum():
        return None
    return found[0]


def _wrapped(address: _Address) -> str | None:
    """Where a redirect of Amazon's own leads, None for other pages."""
    parts = (part.lower() for part in _without_language(address.parts))
    # Behind "ref=" older ones have the number of a session.
    name = _WRAPPERS.get(tuple(takewhile(lambda part: not part.startswith("ref="), parts)))
    if name is None:
        return None
    target = _parameter(address.query, name)
    if target is None:
        return None
    target = target.strip()
    if _ENCODED_TARGET.match(target):  # twice, as a link that was copied out of another one
        target = unquote(target)
    is_path = target.startswith("/") and not target.startswith("//")
    return f"https://{address.host}{target}" if is_path else target


def _in_query(address: _Address) -> str | None:
    """The parameter `asin` in any case, exactly ten characters; of a page of videos `product`."""
    is_of_videos = _without_language(address.parts)[:1] == ("vdp",)
    names = ("asin", "product") if is_of_videos else ("asin",)
    for name, value in parse_qsl(address.query):
        if name.lower() in names and _LEADING_ASIN.fullmatch(value):
            return value
    return None


def _parameter(query: str, name: str) -> str | None:
    return next((value for key, value in parse_qsl(query) if key.lower() == name), None)


def _product(written: str, locale: Locale) -> PageReading:
    asin = written.upper()
    return PageReading(
        kind=PageKind.PRODUCT,
        ref=ProductRef(MARKETPLACE_CODE, asin, locale.marketplace),
        raw_id=None if written == asin else written,
    )
