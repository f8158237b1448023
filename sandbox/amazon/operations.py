"""The four catalogue operations of Amazon, as the Creators API answers them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.money import minor_digits
from sandbox.amazon.items import buy_box, converted, price_of, rating_of, saving_of
from sandbox.amazon.links import search_page
from sandbox.amazon.listings import AmazonListing
from sandbox.amazon.request import Query, invalid, not_found
from sandbox.amazon.sites import money
from sandbox.answers import Payload, Refused, Reply
from sandbox.listings import has_words

BATCH = 10
PAGES = 10
TEXT_MEMBERS = ("keywords", "title", "brand", "actor", "artist", "author")
NOT_BUYABLE = ("OUT_OF_STOCK", "UNAVAILABLE")
SORTS: dict[str, tuple[Callable[[AmazonListing], Decimal], bool] | None] = {
    "Featured": None,
    "Relevance": None,
    "NewestArrivals": None,
    "AvgCustomerReviews": (rating_of, True),
    "Price:HighToLow": (lambda one: price_of(one) or Decimal(-1), True),
    "Price:LowToHigh": (lambda one: price_of(one) or Decimal(10**12), False),
}


def get_items(query: Query) -> Reply:
    """getItems: in another order than asked; unknown ids as partial errors, all unknown 404."""
    ids = query.asins("itemIds", query.texts("itemIds", most=BATCH))
    catalog, site = query.world.catalog, query.site.host
    found = {one: catalog.listing(one, site) for one in ids}
    items = [found[one] for one in sorted(ids, key=lambda asin: asin[::-1])]
    rows = query.rows([one.fields for one in items if one])
    errors = [_missing_item(query, one) for one in ids if found[one] is None]
    if len(errors) == len(ids):
        raise not_found("Item", ids[0], "No items found for the requested item IDs.")
    payload: Payload = {"itemsResult": {"items": rows}}
    return Reply(payload=payload | ({"errors": errors} if errors else {}))


def _missing_item(query: Query, asin: str) -> Payload:
    if query.world.catalog.is_removed(asin, query.site.host):
        message = f"The ItemId {asin} is not accessible through the API."
        return {"code": "ItemNotAccessible", "message": message}
    message = f"The ItemIds {asin} provided in the request is invalid."
    return {"code": "InvalidParameterValue", "message": message}


def search_items(query: Query) -> Reply:
    """searchItems: at most 10 pages of 10; nothing found is a 404."""
    words = _search_words(query)
    bounds = _bounds(query)
    hits = [
        one
        for one in query.world.catalog.listings(query.site.host)
        if has_words(one.haystack, words) and _fits(query, one, bounds)
    ]
    hits = _sorted(query, hits)
    count = query.number("itemCount", BATCH, least=1, most=BATCH)
    page = query.number("itemPage", 1, least=1, most=PAGES)
    shown = hits[(page - 1) * count : page * count]
    if not shown:
        raise not_found("SearchResult", words, "No results found for your search request")
    result: Payload = {
        "totalResultCount": len(hits),
        "searchURL": search_page(query.site.host, words, query.tag),
        "items": query.rows([one.fields for one in shown]),
    }
    if "searchRefinements" in (query.members.get("resources") or ()):
        result["searchRefinements"] = _refinements(hits)
    return Reply(payload={"searchResult": result})


def _search_words(query: Query) -> str:
    given = {name: query.members.get(name) for name in TEXT_MEMBERS}
    texts = {name: text for name, text in given.items() if text}
    if not texts:
        raise invalid("keywords", f"One of {', '.join(TEXT_MEMBERS)} is needed.")
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > 1000:
            raise invalid(name, "A text of at most 1000 characters.")
    if "keywords" in texts:
        texts.pop("title", None)
    return " ".join(str(text) for text in texts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    """Numbers of a search; prices in the smallest unit of the site's currency."""

    low: int
    high: int
    has_price: bool
    saving: int
    rating: int


def _bounds(query: Query) -> _Bounds:
    return _Bounds(
        low=query.number("minPrice", 0, least=0, most=10**12),
        high=query.number("maxPrice", 10**12, least=0, most=10**12),
        has_price=any(query.members.get(one) is not None for one in ("minPrice", "maxPrice")),
        saving=query.number("minSavingPercent", 0, least=1, most=99),
        rating=query.number("minReviewsRating", 0, least=1, most=4),
    )


def _fits(query: Query, listing: AmazonListing, bounds: _Bounds) -> bool:
    members = query.members
    if members.get("searchIndex", "All") not in ("All", listing.index):
        return False
    if members.get("browseNodeId") and str(members["browseNodeId"]) not in listing.nodes:
        return False
    if members.get("availability", "Available") != "IncludeOutOfStock":
        offer = buy_box(listing) or {}
        if (offer.get("availability") or {}).get("type") in NOT_BUYABLE:
            return False
    if saving_of(listing) < bounds.saving or rating_of(listing) < bounds.rating:
        return False
    if not bounds.has_price:
        return True
    price = price_of(listing)
    minor = None if price is None else price.scaleb(minor_digits(query.site.currency))
    return minor is not None and bounds.low <= minor <= bounds.high


def _sorted(query: Query, hits: list[AmazonListing]) -> list[AmazonListing]:
    wanted = str(query.members.get("sortBy", "Relevance"))
    if wanted not in SORTS:
        raise invalid("sortBy", f"One of {', '.join(SORTS)}.")
    if wanted == "NewestArrivals":
        return hits[::-1]
    order = SORTS[wanted]
    return hits if order is None else sorted(hits, key=order[0], reverse=order[1])


def _refinements(hits: Iterable[AmazonListing]) -> Payload:
    indexes = sorted({one.index for one in hits})
    bins = [{"id": name, "displayName": name} for name in indexes]
    return {"searchIndex": {"id": "SearchIndex", "displayName": "Department", "bins": bins}}


def get_variations(query: Query) -> Reply:
    """getVariations: the family of a parent or child; 404 for an item without one."""
    asin = query.members.get("asin")
    if not isinstance(asin, str):
        raise invalid("asin", "An ASIN is needed.")
    (asin,) = query.asins("asin", [asin])
    family = _family(query, asin)
    count = query.number("variationCount", BATCH, least=1, most=BATCH)
    page = query.number("variationPage", 1, least=1, most=10**6)
    shown = family[(page - 1) * count : page * count]
    if not shown:
        raise not_found("Item", asin, "No variations found for the requested ASIN.")
    result = {
        "items": query.rows(shown),
        "variationSummary": _summary(query, family, pages=-(-len(family) // count)),
    }
    return Reply(payload={"variationsResult": result})


def _family(query: Query, asin: str) -> list[dict[str, Any]]:
    """Full items first where the catalogue has them, else what a sibling tells of them."""
    listings = query.world.catalog.listings(query.site.host)
    asked = query.world.catalog.listing(asin, query.site.host)
    parent = asked.parent if asked else asin
    members = [one for one in listings if parent and one.parent == parent]
    family = {one.id: one.fields for one in members}
    for one in members:
        for sibling in one.siblings:
            family.setdefault(sibling["asin"], sibling)
    return list(family.values()) if len(family) > 1 else []


def _summary(query: Query, family: list[dict[str, Any]], *, pages: int) -> Payload:
    summary: Payload = {"pageCount": pages, "variationCount": len(family)}
    dimensions: dict[str, list[str]] = {}
    for item in family:
        for part in item.get("variationAttributes") or ():
            values = dimensions.setdefault(part["name"], [])
            if part["value"] not in values:
                values.append(part["value"])
    summary["variationDimensions"] = [
        {"name": name, "displayName": name.removesuffix("_name").title(), "values": values}
        for name, values in dimensions.items()
    ]
    listed = [AmazonListing(site=query.site.host, fields=one, haystack="") for one in family]
    prices = sorted(price for one in listed if (price := price_of(one)) is not None)
    wanted = query.members.get("resources") or ()
    shown = {
        name: converted(
            money(query.site, prices[at], query.site.currency), query.site, query.currency
        )
        for name, at in (("highestPrice", -1), ("lowestPrice", 0))
        if prices and f"variationSummary.price.{name}" in wanted
    }
    return summary | ({"price": shown} if shown else {})


def get_browse_nodes(query: Query) -> Reply:
    """getBrowseNodes: of the nodes that items of the site stand in."""
    ids = query.texts("browseNodeIds", most=BATCH)
    for one in ids:
        if not (one.isascii() and one.isdecimal() and len(one) < 20):
            raise invalid("browseNodeIds", "Digits, at most 19.")
    known = _nodes(query)
    errors = [
        {
            "code": "InvalidParameterValue",
            "message": f"The BrowseNodeId {one} provided in the request is invalid.",
        }
        for one in ids
        if one not in known
    ]
    if len(errors) == len(ids):
        raise not_found("BrowseNode", ids[0], "No browse nodes found for the requested IDs.")
    wanted = query.members.get("resources") or ()
    left_out = {name for name in ("ancestor", "children") if f"browseNodes.{name}" not in wanted}
    rows = [
        {key: value for key, value in known[one].items() if key not in left_out}
        for one in reversed(ids)
        if one in known
    ]
    payload: Payload = {"browseNodesResult": {"browseNodes": rows}}
    return Reply(payload=payload | ({"errors": errors} if errors else {}))


def _nodes(query: Query) -> dict[str, Payload]:
    known: dict[str, Payload] = {}
    for listing in query.world.catalog.listings(query.site.host):
        for leaf in (listing.fields.get("browseNodeInfo") or {}).get("browseNodes") or ():
            node, child = leaf, None
            while node:
                plain = {key: node.get(key) for key in ("id", "displayName", "contextFreeName")}
                ancestor = node.get("ancestor")
                if plain["id"]:
                    entry = known.setdefault(plain["id"], plain | {"isRoot": not ancestor})
                    if ancestor:
                        entry["ancestor"] = ancestor
                    if child and child not in entry.setdefault("children", []):
                        entry["children"].append(child)
                node, child = ancestor, plain
    return known


OPERATIONS: dict[str, Callable[[Query], Reply]] = {
    "getItems": get_items,
    "searchItems": search_items,
    "getVariations": get_variations,
    "getBrowseNodes": get_browse_nodes,
}


def run(query: Query) -> Reply:
    """The answer to an accepted call."""
    try:
        query.check_common()
        return OPERATIONS[query.operation](query)
    except Refused as refused:
        return refused.reply
