"""Reads what somebody pasted, by the text alone: no address is ever opened.

A product is recognised by the host first and the path or query second; a number elsewhere in an
address is a category, a store, an order or another product. Protects against look-alike hosts,
hosts hidden behind user information, and text made to crash a parser: every text has an answer.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from clients.base import BareID, PageReading
from domain.exceptions import InvalidInput
from domain.products import ProductRef
from reading.text import PageKind

CODE = "aliexpress"
DOMAINS = ("aliexpress.com", "aliexpress.us", "aliexpress.ru", "ali.click")
ENDS_OF_OURS = tuple(f".{domain}" for domain in DOMAINS)
LONGEST = 8_192  # characters; the longest real addresses have about 2,000
NESTING = 2  # how many redirect parameters are followed
INT64_MAX = 2**63 - 1
US_OFFSET = 2**51  # ids from here to 2^52 are numbers of the US catalogue

ID = re.compile(r"[1-9][0-9]{7,18}")
VARIANT_ID = re.compile(r"[1-9][0-9]{4,18}")
NPI_VARIANT_ID = re.compile(r"1200[0-9]{13}")

PRODUCT_PATHS = tuple(
    re.compile(pattern + r"(?:\.html?)?/?", re.IGNORECASE)
    for pattern in (
        rf"/(?:s/)?item(?:-img|-desc)?/(?:[^/]+/)?({ID.pattern})",
        rf"/(?:i|product)/({ID.pattern})",
        rf"/store/product/(?:[^/]+/)?[0-9]+_({ID.pattern})",
    )
)
# Where an order is placed `objectId` is the product; elsewhere it may be anything.
ORDER_PATH = re.compile(r"(?:/p)?/(?:trade|order)/confirm(?:_order)?(?:\.html?)?/?", re.IGNORECASE)
SHORT_LINK_PATHS = {
    "s.click.aliexpress.com": re.compile(r"/[esi]/[^/]+/?", re.IGNORECASE),
    "click.aliexpress.com": re.compile(r"/[es]/[^/]+/?", re.IGNORECASE),
    "a.aliexpress.com": re.compile(r"/_[A-Za-z0-9_-]+/?"),
    "s.aliexpress.com": re.compile(r"/[A-Za-z0-9]{6,}/?"),
    "ali.click": re.compile(r"/[^/]+/?"),
    "aliexpress.ru": re.compile(r"/e/[^/]+/?", re.IGNORECASE),
    "www.aliexpress.ru": re.compile(r"/e/[^/]+/?", re.IGNORECASE),
}
SHARE_HOST = "sl.aliexpress.ru"  # its short links are /p with the parameter `key`
SHORTENER_HOSTS = ("s.click.aliexpress.com", "a.aliexpress.com")  # those that may be opened
ID_PARAMETERS = ("productId", "productIds", "product_id", "itemId", "item_id")
REDIRECT_PARAMETERS = ("redirectUrl", "dl_target_url", "return_url", "returnUrl")
PAIRS = ('""', "''", "<>", "“”", "‘’", "«»")

ENCODED_SCHEME = re.compile(r"https?%3A", re.IGNORECASE)
# Spreadsheets write "1005006338829917.0".
TYPED_ID = re.compile(rf"({ID.pattern})(?:\.0+)?")
BARE_ID = re.compile(r"([1-9][0-9]{10,18})(?:\.0+)?")
FULL_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
BARE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*:", re.IGNORECASE)  # mailto:, javascript:
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SLASHES = re.compile("//+")

Query = dict[str, list[str]]


def read_page(text: str) -> PageReading:
    """What the text stands for: product, short link, another page of AliExpress, or none of it.

    Text that is only ASCII digits is an id. A product's `ref` has the global id; `raw_id` is there
    when the address bears the US catalogue's number. Never raises.
    """
    if len(text) > LONGEST:
        return PageReading(kind=PageKind.FOREIGN)
    trimmed = text.strip()
    if len(trimmed) >= 2 and trimmed[0] + trimmed[-1] in PAIRS:
        trimmed = trimmed[1:-1].strip()
    if trimmed.isascii() and trimmed.isdigit():
        return _product(trimmed)
    return _read_address(trimmed, depth=0)


def canonical_id(text: str) -> str | None:
    """The global product id, or None for what is no id.

    An id has 8 to 19 ASCII digits, no leading zero, and fits 64 bits. Numbers of the US catalogue
    are the global id plus 2^51, on whatever host they appear.
    """
    if not ID.fullmatch(text) or int(text) > INT64_MAX:
        return None
    number = int(text)
    if US_OFFSET <= number < 2 * US_OFFSET:
        shifted = str(number - US_OFFSET)
        return shifted if ID.fullmatch(shifted) else None
    return text


def read_bare_id(word: str) -> BareID | None:
    """A number of 11 digits and more; shorter ones are too often something else."""
    match = BARE_ID.fullmatch(word)
    found = canonical_id(match[1]) if match else None
    return BareID(external_id=found) if found else None


def parse_id(text: str) -> str:
    """An id as typed -> the global id. Raises InvalidInput."""
    match = TYPED_ID.fullmatch(text.strip()) if len(text) <= LONGEST else None
    found = canonical_id(match[1]) if match else None
    if found is None:
        raise InvalidInput(
            "An AliExpress product id is a number of 8 to 19 digits, like 1005006338829917. Copy "
            "it from the address of the product page, after /item/."
        )
    return found


def product_url(ref: ProductRef) -> str:
    """The plain product page, without tracking."""
    return f"https://www.aliexpress.com/item/{ref.external_id}.html"


def product_id_of(address: str) -> str | None:
    """The global product id that an address names, or None."""
    ref = read_page(address).ref
    return ref.external_id if ref else None


def _product(raw_id: str, variant_id: str | None = None) -> PageReading:
    found = canonical_id(raw_id)
    if found is None:
        return PageReading(kind=PageKind.NOT_A_PRODUCT)
    return PageReading(
        kind=PageKind.PRODUCT,
        ref=ProductRef(CODE, found),
        raw_id=raw_id if raw_id != found else None,
        variant_id=variant_id,
    )


def _read_address(text: str, *, depth: int) -> PageReading:
    parts = _split(text.replace("&amp;", "&"))
    if parts is None:
        return PageReading(kind=PageKind.FOREIGN)
    query = parse_qs(parts.query)
    if parts.scheme == CODE:
        parts = parts._replace(path=f"/{parts.netloc}{parts.path}")
        if parts.netloc == "goto" and "url" in query:
            query["redirectUrl"] = query["url"]
    else:
        host = (parts.hostname or "").removesuffix(".")
        if not f".{host}".endswith(ENDS_OF_OURS):
            return PageReading(kind=PageKind.FOREIGN)
        if _is_short(host, parts.path, query):
            return PageReading(kind=PageKind.SHORT_LINK)
    return _read_our_page(SLASHES.sub("/", parts.path), query, depth=depth)


def _split(text: str) -> SplitResult | None:
    """The parts of an http(s) or application address; the scheme may be missing. None: neither."""
    full = FULL_SCHEME.match(text)
    if CONTROL.search(text) or (full is None and BARE_SCHEME.match(text)):
        return None
    if full is None:
        text = "https://" + text.removeprefix("//")
    elif full[1].lower() not in ("http", "https", CODE):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    # Browsers read a backslash as a slash: what follows it would not be the host.
    return None if "\\" in parts.netloc else parts


def _is_short(host: str, path: str, query: Query) -> bool:
    if host == SHARE_HOST and path in ("/p", "/p/"):
        return "key" in query
    short = SHORT_LINK_PATHS.get(host)
    return short is not None and short.fullmatch(path) is not None


def _read_our_page(path: str, query: Query, *, depth: int) -> PageReading:
    for pattern in PRODUCT_PATHS:
        match = pattern.fullmatch(path)
        if match and canonical_id(match[1]):
            return _product(match[1], _variant_id(query) if query else None)
    names = ("objectId",) if ORDER_PATH.fullmatch(path) else ID_PARAMETERS
    found, variant_id = _id_in_query(query, names)
    if found is not None:
        return _product(found, _first(query, "sku_id", "skuId") or variant_id or _variant_id(query))
    nested = next((query[name][0] for name in REDIRECT_PARAMETERS if name in query), None)
    if nested is None or depth == NESTING:
        return PageReading(kind=PageKind.NOT_A_PRODUCT)
    if ENCODED_SCHEME.match(nested):
        nested = unquote(nested)
    reading = _read_address(nested.strip(), depth=depth + 1)
    if reading.kind is PageKind.FOREIGN:
        return replace(reading, kind=PageKind.NOT_A_PRODUCT)
    return reading


def _id_in_query(query: Query, names: Sequence[str]) -> tuple[str | None, str | None]:
    """The first parameter that holds an id: that id, and the variant after its colon."""
    for name in names:
        for value in query.get(name, ()):
            pair = value.split(",")[0].split(":")
            if canonical_id(pair[0].strip()):
                after = pair[1].strip() if len(pair) > 1 else ""
                return pair[0].strip(), after if VARIANT_ID.fullmatch(after) else None
    return None, None


def _variant_id(query: Query) -> str | None:
    return (
        _first(query, "sku_id", "skuId")
        or next((found for text in query.get("pdp_ext_f", ()) if (found := _in_json(text))), None)
        or _in_npi(query)
    )


def _first(query: Query, *names: str) -> str | None:
    values = (value.strip() for name in names for value in query.get(name, ()))
    return next((value for value in values if VARIANT_ID.fullmatch(value)), None)


def _in_json(text: str) -> str | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    value = str(data.get("sku_id")) if isinstance(data, dict) else ""
    return value if VARIANT_ID.fullmatch(value) else None


def _in_npi(query: Query) -> str | None:
    parts = (part for text in query.get("pdp_npi", ()) for part in text.split("!"))
    return next((part for part in parts if NPI_VARIANT_ID.fullmatch(part)), None)
