"""The four catalogue operations of Amazon, as the Creators API answers them."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from domain.money import minor_digits
from sandbox.amazon.items import buy_box, converted, price_of, rating_of, saving_of
from sandbox.amazon.links import search_page
from sandbox.amazon.listings import AmazonListing
from sandbox.amazon.request import Query, invalid, not_found
from sandbox.amazon.sites import money
from sandbox.answers import Payload, Reply
from sandbox.listings import Row, has_words

BATCH = 10
PAGES = 10
TEXT_MEMBERS = ("keywords", "title", "brand", "actor", "artist", "author")
NOT_BUYABLE = ("OUT_OF_STOCK", "UNAVAILABLE")
SORTS: dict[str, tuple[Callable[[Row], Decimal], bool] | None] = {
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
    items = [query.listing(one) for one in sorted(ids, key=lambda asin: asin[::-1])]
    rows = query.rows([one.fields for one in items if one])
    errors = [_missing_item(query, one) for one in ids if query.listing(one) is None]
    if len(errors) == len(ids):
        raise not_found("Item", ids[0], "No items found for the requested item IDs.")
    return _partial({"itemsResult": {"items": rows}}, errors)


def _partial(payload: Payload, errors: list[Payload]) -> Reply:
    return Reply(payload=payload | ({"errors": errors} if errors else {}))


def _missing_item(query: Query, asin: str) -> Payload:
    if query.world.catalog.is_removed(asin, query.site.host):
        message = f"The ItemId {asin} is not accessible through the API."
        return {"code": "ItemNotAccessible", "message": message}
    return _invalid_id("ItemIds", asin)


def _invalid_id(name: str, id: str) -> Payload:
    message = f"The {name} {id} provided in the request is invalid."
    return {"code": "InvalidParameterValue", "message": message}


def search_items(query: Query) -> Reply:
    """searchItems: at most 10 pages of 10; nothing found is a 404."""
    words = _search_words(query)
    fits = _filter(query)
    hits = [one for one in query.listings() if has_words(one.haystack, words) and fits(one)]
    hits = _sorted(query, hits)
    count = query.number("itemCount", BATCH, least=1, most=BATCH)
    page = query.number("itemPage", 1, least=1, most=PAGES)
    items = hits[(page - 1) * count : page * count]
    if not items:
        raise not_found("SearchResult", words, "No results found for your search request")
    result: Payload = {
        "totalResultCount": len(hits),
        "searchURL": search_page(query.site.host, words, query.tag),
        "items": query.rows([one.fields for one in items]),
    }
    if "searchRefinements" in query.resources:
        result["searchRefinements"] = _refinements(hits)
    return Reply(payload={"searchResult": result})


def _search_words(query: Query) -> str:
    texts = {name: text for name in TEXT_MEMBERS if (text := query.members.get(name))}
    if not texts:
        raise invalid("keywords", f"One of {', '.join(TEXT_MEMBERS)} is needed.")
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > 1000:
            raise invalid(name, "A text of at most 1000 characters.")
    if "keywords" in texts:
        texts.pop("title", None)
    return " ".join(str(text) for text in texts.values())


def _filter(query: Query) -> Callable[[AmazonListing], bool]:
    """Whether an item is among the hits. Prices are in the smallest unit of the site's currency."""
    members = query.members
    low = query.number("minPrice", 0, least=0, most=10**12)
    high = query.number("maxPrice", 10**12, least=0, most=10**12)
    is_bounded = any(members.get(name) is not None for name in ("minPrice", "maxPrice"))
    saving = query.number("minSavingPercent", 0, least=1, most=99)
    rating = query.number("minReviewsRating", 0, least=1, most=4)
    unit = Decimal(1).scaleb(-minor_digits(query.site.currency))
    is_bought = members.get("availability", "Available") != "IncludeOutOfStock"

    def fits(listing: AmazonListing) -> bool:
        availability = buy_box(listing.fields).get("availability") or {}
        price = price_of(listing.fields)
        return (
            members.get("searchIndex", "All") in ("All", listing.index)
            and not (is_bought and availability.get("type") in NOT_BUYABLE)
            and (not (node := members.get("browseNodeId")) or str(node) in listing.nodes)
            and saving_of(listing.fields) >= saving
            and rating_of(listing.fields) >= rating
            and (not is_bounded or (price is not None and low <= price / unit <= high))
        )

    return fits


def _sorted(query: Query, hits: list[AmazonListing]) -> list[AmazonListing]:
    sort = str(query.members.get("sortBy", "Relevance"))
    if sort not in SORTS:
        raise invalid("sortBy", f"One of {', '.join(SORTS)}.")
    if sort == "NewestArrivals":
        return hits[::-1]
    order = SORTS[sort]
    if order is None:
        return hits
    return sorted(hits, key=lambda one: order[0](one.fields), reverse=order[1])


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
    items = family[(page - 1) * count : page * count]
    if not items:
        raise not_found("Item", asin, "No variations found for the requested ASIN.")
    summary = _summary(query, family, pages=-(-len(family) // count))
    result = {"items": query.rows(items), "variationSummary": summary}
    return Reply(payload={"variationsResult": result})


def _family(query: Query, asin: str) -> list[Row]:
    """Full items first where the catalogue has them, else what a sibling tells of them."""
    listing = query.listing(asin)
    parent = listing.parent if listing else asin
    members = [one for one in query.listings() if parent and one.parent == parent]
    family = {one.id: one.fields for one in members}
    for one in members:
        for sibling in one.siblings:
            family.setdefault(sibling["asin"], sibling)
    return list(family.values()) if len(family) > 1 else []


def _summary(query: Query, family: list[Row], *, pages: int) -> Payload:
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
    prices = sorted(price for item in family if (price := price_of(item)) is not None)
    site = query.site
    extremes = {
        name: converted(money(site, prices[at], site.currency), site, query.currency)
        for name, at in (("highestPrice", -1), ("lowestPrice", 0))
        if prices and f"variationSummary.price.{name}" in query.resources
    }
    return summary | ({"price": extremes} if extremes else {})


OPERATIONS: dict[str, Callable[[Query], Reply]] = {
    "getItems": get_items,
    "searchItems": search_items,
    "getVariations": get_variations,
}


def run(query: Query) -> Reply:
    """The answer to an accepted call. Raises Refused."""
    query.check_common()
    return OPERATIONS[query.operation](query)
