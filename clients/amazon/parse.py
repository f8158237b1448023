"""Amazon's items and nodes -> our records, for both spellings (see values.py). Total: never raises.

What is absent or null is None. Unknown members and words are passed over, and an item that cannot
be read is left out alone. Amazon tells no coupons, shipping, orders or commission: always None.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from clients.amazon import errors, offers, urls, values
from clients.amazon.answers import Reading
from clients.amazon.values import JSON, node, nodes, number, text, whole, words
from clients.values import is_intact, picture
from domain.exceptions import AnswerInvalid, MarketplaceError, ProductNotFound
from domain.products import (
    Attribute,
    Category,
    Image,
    ProductRef,
    Reviews,
    SourceProduct,
    Variant,
)
from domain.search import SearchPage

LAST_PAGE = 10
REACHABLE = 100  # results of a search: 10 pages of 10, whatever the total says
_SIZES = ("hiRes", "highRes", "large", "medium", "small")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Whose answers are read: the country site, our partner tag, and the host of real links."""

    locale: str
    partner_tag: str
    link_host: str
    has_local_pictures: bool = False  # of a gateway of this machine, see `values.picture`


def products(
    reading: Reading, ids: Sequence[str], site: Site
) -> dict[str, SourceProduct | MarketplaceError]:
    """An entry for each id: the product, or ProductNotFound with what Amazon says of it."""
    found = _by_id(reading, site)
    return {asin: found.get(asin) or _missing(asin, reading, ids) for asin in ids}


def search_page(reading: Reading, page: int, site: Site) -> SearchPage:
    """Page `page` (from 1) of a search. Nothing found is an empty last page with total 0."""
    items = nodes(reading.result, "items")
    total = whole(reading.result.get("totalResultCount")) if reading.result else 0
    reachable = REACHABLE if total is None else min(total, REACHABLE)
    read = (product(item, site, at=reading.at) for item in items)
    return SearchPage(
        products=tuple(one for one in read if one is not None),
        total=total,
        is_last=page >= LAST_PAGE or page * 10 >= reachable or not items,
    )


def variants(reading: Reading, *, has_local_pictures: bool = False) -> tuple[Variant, ...]:
    """The buyable forms on one page of variations."""
    dimensions = nodes(reading.result, "variationSummary", "variationDimensions")
    labels = {text(one.get("name")): words(one.get("displayName")) for one in dimensions}
    read = (
        _variant(item, labels, may_be_local=has_local_pictures, at=reading.at)
        for item in nodes(reading.result, "items")
    )
    return tuple(one for one in read if one is not None)


def variant_count(reading: Reading) -> int | None:
    """How many forms there are on all pages, where Amazon says."""
    return whole(values.member(reading.result, "variationSummary", "variationCount"))


def page_count(reading: Reading) -> int:
    """How many pages the variations have; 1 where Amazon does not say."""
    return whole(values.member(reading.result, "variationSummary", "pageCount")) or 1


def product(item: JSON, site: Site, *, at: datetime) -> SourceProduct | None:
    """One item, seen at `at`; None without a valid ASIN.

    A title is required by our record: where Amazon tells none, the ASIN stands in for it.
    """
    asin = _asin(item)
    if asin is None:
        return None
    ref = ProductRef(urls.MARKETPLACE_CODE, asin, site.locale)
    tracked = _tracked(item, site)
    title = _shown(item, "title")
    offer = offers.offer(item, at=at)
    told = _pictures(item)
    images = _images(told, may_be_local=site.has_local_pictures)
    unreadable = {
        "title": not is_intact(title),
        "images": bool(told) and not images,
        **offers.unreadable(item, offer),
    }
    return SourceProduct(
        ref=ref,
        title=(words(title) if isinstance(title, str) else None) or asin,
        url=urls.product_url(ref),
        offer=offer,
        features=values.texts(values.member(item, "itemInfo", "features", "displayValues")),
        brand=words(_shown(item, "byLineInfo", "brand"))
        or words(_shown(item, "byLineInfo", "manufacturer")),
        images=images,
        categories=_categories(item),
        seller=offers.seller(item, at=at),
        reviews=_reviews(item),
        parent_id=text(item.get("parentASIN")),
        tracked_url=tracked,
        tracked_with=site.partner_tag if tracked else None,
        unreadable=tuple(name for name, is_so in unreadable.items() if is_so),
    )


def _by_id(reading: Reading, site: Site) -> dict[str, SourceProduct]:
    read = (product(item, site, at=reading.at) for item in nodes(reading.result, "items"))
    return {one.ref.external_id: one for one in read if one is not None}


def _missing(asked: str, reading: Reading, ids: Sequence[str]) -> MarketplaceError:
    """ProductNotFound, unless a row that could not be read may be this one.

    Partial errors have no id member: the entry whose message holds the id is meant.

    Entries that name none of the ids are about all that are missing, if they agree.
    """
    messages = [(one, text(one.get("message")) or "") for one in reading.problems]
    own = [one for one, message in messages if _names(message, asked)]
    if reading.has_broken_rows and not own:
        return AnswerInvalid(errors.UNREADABLE)
    nameless = [one for one, message in messages if not any(_names(message, id) for id in ids)]
    codes = {errors.code_of(text(one.get("code"))) for one in own[:1] or nameless}
    code = (codes.pop() if len(codes) == 1 else None) or "ItemNotFound"
    if code == "ItemNotAccessible":
        message = f"{asked} is not accessible through the API of Amazon, which may still sell it."
    else:
        message = f"Amazon knows no {asked} on this country site. Check the id and the site."
    return ProductNotFound(message, upstream_code=code)


def _names(message: str, asked: str) -> bool:
    """Whether the id stands in the text as a word of its own."""
    return bool(re.search(rf"(?<![0-9A-Za-z]){re.escape(asked)}(?![0-9A-Za-z])", message))


def _asin(item: JSON) -> str | None:
    asin = (text(item.get("asin")) or "").upper()
    return asin if urls.is_asin(asin) else None


def _shown(item: JSON, *path: str) -> object:
    return values.member(item, "itemInfo", *path, "displayValue")


def _tracked(item: JSON, site: Site) -> str | None:
    """The address that came with the item, unchanged, if it is the site's own with our tag."""
    address = values.web_address(item.get("detailPageURL"))
    if address is None:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    tags = parse_qs(parts.query).get("tag")
    ours = parts.netloc == site.link_host and tags == [site.partner_tag]
    return address if ours else None


def _pictures(item: JSON) -> list[JSON]:
    """The primary picture first."""
    primary = node(item, "images", "primary")
    return [one for one in (primary, *nodes(item, "images", "variants")) if one]


def _images(pictures: Sequence[JSON], *, may_be_local: bool) -> tuple[Image, ...]:
    """Of each picture the largest size; each address once."""
    found: dict[str, Image] = {}
    for one in pictures:
        image = _largest(one, may_be_local=may_be_local)
        if image is not None:
            found.setdefault(image.url, image)
    return tuple(found.values())


def _largest(sizes: JSON, *, may_be_local: bool) -> Image | None:
    for size in _SIZES:
        shown = node(sizes, size)
        address = text(shown.get("url")) or ""
        url = picture(address, may_be_local=may_be_local)
        if url is not None:
            width, height = whole(shown.get("width")), whole(shown.get("height"))
            return Image(url=url, width=width or None, height=height or None)
    return None


def _categories(item: JSON) -> tuple[Category, ...]:
    """The longest path root -> leaf (the first of equals), else the product group alone."""
    paths = [_path(one) for one in nodes(item, "browseNodeInfo", "browseNodes")]
    longest = max(paths, key=len, default=())
    if longest:
        return longest
    group = words(_shown(item, "classifications", "productGroup"))
    return (Category(external_id="", name=group),) if group else ()


def _path(leaf: JSON) -> tuple[Category, ...]:
    path: list[Category] = []
    step = leaf
    while step:
        category = _category(step)
        if category is not None:
            path.append(category)
        step = node(step, "ancestor")
    return tuple(reversed(path))


def _category(step: JSON) -> Category | None:
    name = words(step.get("displayName")) or words(step.get("contextFreeName"))
    return Category(external_id=text(step.get("id")) or "", name=name) if name else None


def _reviews(item: JSON) -> Reviews | None:
    """Stars and count, which only specially approved accounts are told."""
    told = node(item, "customerReviews")
    stars = number(values.member(told, "starRating", "value"))
    rating = stars if stars is not None and 0 <= stars <= 5 else None
    count = whole(told.get("count"))
    if rating is None and count is None:
        return None
    return Reviews(average_rating=rating, count=count)


def _variant(
    item: JSON, labels: Mapping[str | None, str | None], *, may_be_local: bool, at: datetime
) -> Variant | None:
    asin = _asin(item)
    if asin is None:
        return None
    return Variant(
        external_id=asin,
        attributes=_attributes(item, labels),
        offer=offers.offer(item, at=at) if offers.listings(item) else None,
        image=next(iter(_images(_pictures(item), may_be_local=may_be_local)), None),
    )


def _attributes(item: JSON, labels: Mapping[str | None, str | None]) -> tuple[Attribute, ...]:
    """Names as the shop shows them ("Colour") where the answer tells, else the bare ones."""
    found = []
    for one in nodes(item, "variationAttributes"):
        name, value = words(one.get("name")), words(one.get("value"))
        if name and value:
            found.append(Attribute(name=labels.get(name) or name, value=value))
    return tuple(found)
