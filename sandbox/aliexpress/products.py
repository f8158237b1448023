"""AliExpress methods that answer lists of products."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from domain.money import minor_digits
from sandbox.aliexpress.envelope import Ask, Methods
from sandbox.aliexpress.listings import ROW_FORM, AliExpressListing
from sandbox.answers import Payload, Refused, Reply
from sandbox.bending import bend_rows
from sandbox.currencies import RATES, convert
from sandbox.listings import Row, has_words

BATCH = 50
PAGE_SIZE = 50
REACH = 5000  # products of one query
LANGUAGE_HOSTS = {
    "EN": "www", "IW": "he", "HE": "he", "PT": "pt", "ES": "es", "FR": "fr", "DE": "de",
    "IT": "it", "RU": "www", "JA": "ja", "KO": "ko", "NL": "nl", "PL": "pl", "TR": "tr",
    "AR": "ar", "TH": "th", "VI": "vi", "ID": "id",
}  # fmt: skip
SORTS: dict[str, tuple[Callable[[AliExpressListing], Decimal], bool]] = {
    spelling: (key, is_falling)
    for name, old_name, key in (
        ("SALE_PRICE", "price", lambda one: _sale_price(one, "USD")),
        ("LAST_VOLUME", "volume", lambda one: Decimal(one.fields.get("lastest_volume") or 0)),
        ("DISCOUNT", "discount", lambda one: _percent(one.fields.get("discount"))),
    )
    for is_falling, new, old in ((False, "ASC", "Asc"), (True, "DESC", "Desc"))
    for spelling in (f"{name}_{new}", f"{old_name}{old}")
}


def product_query(ask: Ask) -> Reply:
    """product.query. Hits that are not offered leave gaps in their page."""
    if ask.text("tracking_id") and ask.tracking_id() is None:
        return ask.ok(_page_of([], total=0, page=ask.number("page_no", 1)))
    hits = _filtered(ask, ask.listings())
    return _page(ask, _sorted(ask, hits), country=ask.text("ship_to_country"))


def product_detail(ask: Ask) -> Reply:
    """productdetail.get: the first 50 ids, no word about the rest nor about missing ones."""
    listings = (ask.listing(one) for one in ask.values("product_ids")[:BATCH])
    offered = {one.id: one for one in listings if one and one.is_offered(ask.text("country"))}
    rows = _rows(ask, sorted(offered.values(), key=lambda one: one.id[::-1]))
    if not rows:
        return ask.empty()
    return ask.ok({"current_record_count": len(rows), "products": {"product": rows}})


def _filtered(ask: Ask, listings: Iterable[AliExpressListing]) -> list[AliExpressListing]:
    keywords = ask.text("keywords")
    categories = _categories(ask, "category_ids")
    days = ask.number("delivery_days", 0)
    currency = _currency(ask)
    scale = Decimal(10) ** minor_digits(currency)
    low = ask.number("min_sale_price", 0) / scale
    high = ask.number("max_sale_price", 10**18) / scale
    bounded = bool(ask.text("min_sale_price") or ask.text("max_sale_price"))
    return [
        one
        for one in listings
        if has_words(one.haystack, keywords)
        and (not categories or one.categories & categories)
        and (not days or one.delivery_days <= days)
        and (not bounded or low <= _sale_price(one, currency) <= high)
    ]


def _categories(ask: Ask, name: str) -> set[int]:
    return {int(one) for one in ask.values(name) if one.isdecimal()}


def _currency(ask: Ask) -> str:
    currency = ask.text("target_currency", "USD").upper()
    return currency if currency in RATES else "USD"


def _sale_price(listing: AliExpressListing, currency: str) -> Decimal:
    fields = listing.fields
    price = Decimal(fields.get("target_sale_price") or 0)
    source = fields.get("target_sale_price_currency") or "USD"
    return convert(price, source, currency) if source in RATES else price


def _sorted(ask: Ask, hits: list[AliExpressListing]) -> list[AliExpressListing]:
    sort = ask.text("sort")
    if not sort:
        return hits
    if sort not in SORTS:
        raise Refused(ask.invalid("sort"))
    key, is_falling = SORTS[sort]
    return sorted(hits, key=key, reverse=is_falling)


def _percent(text: str | None) -> Decimal:
    return Decimal((text or "0").rstrip("%") or 0)


def _page(ask: Ask, hits: Sequence[AliExpressListing], *, country: str) -> Reply:
    page = max(1, ask.number("page_no", 1))
    size = min(PAGE_SIZE, max(1, ask.number("page_size", PAGE_SIZE)))
    start = (page - 1) * size
    listings = hits[start : start + size] if page * size <= REACH else []
    if not listings:
        return ask.empty()
    rows = _rows(ask, [one for one in listings if one.is_offered(country)])
    return ask.ok(_page_of(rows, total=len(hits), page=page))


def _page_of(rows: list[Row], *, total: int, page: int) -> Payload:
    return {
        "current_record_count": len(rows),
        "total_record_count": total,
        "current_page_no": page,
        "products": {"product": rows},
    }


def _rows(ask: Ask, listings: Iterable[AliExpressListing]) -> list[Row]:
    def foreign() -> list[Row]:
        return [product_row(ask, one) for one in ask.listings()[-60:]]

    rows = [product_row(ask, one) for one in listings]
    return bend_rows(rows, ask.active, ROW_FORM, foreign=foreign, reads=ask.world.number())


def product_row(ask: Ask, listing: AliExpressListing) -> Row:
    """The product as this caller sees it: its currency, its language's host, its tracked link."""
    row = dict(listing.fields)
    currency = _currency(ask)
    for name in ("target_sale_price", "target_original_price", "target_app_sale_price"):
        source = row.get(f"{name}_currency")
        if row.get(name) and source in RATES and source != currency:
            row[name] = str(convert(Decimal(row[name]), source, currency))
            row[f"{name}_currency"] = currency
    host = LANGUAGE_HOSTS.get(ask.text("target_language", "EN").upper(), "www")
    for name in ("product_detail_url", "shop_url"):
        if row.get(name):
            row[name] = row[name].replace("//www.", f"//{host}.")
    tracking_id = ask.tracking_id()
    if tracking_id:
        row["promotion_link"] = ask.world.links.long(ask.account.app_key, tracking_id, listing.id)
    else:
        row.pop("promotion_link", None)
    return row


METHODS: Methods = {
    "product.query": ((), product_query),
    "productdetail.get": (("product_ids",), product_detail),
}
