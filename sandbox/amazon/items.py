"""Amazon items as an answer shows them: only what was asked for, in the caller's currency."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sandbox.amazon.sites import Site, money
from sandbox.currencies import convert
from sandbox.listings import Row

_INFO = (
    "byLineInfo", "contentInfo", "contentRating", "classifications", "externalIds", "features",
    "manufactureInfo", "productInfo", "technicalInfo", "title", "tradeInInfo",
)  # fmt: skip
_OFFER = (
    "availability", "condition", "dealDetails", "isBuyBoxWinner", "loyaltyPoints", "merchantInfo",
    "price", "type",
)  # fmt: skip
_SIZES = {"small": "small", "medium": "medium", "large": "large", "highRes": "hiRes"}

ITEM_RESOURCES = frozenset(
    [
        *(f"browseNodeInfo.browseNodes{name}" for name in ("", ".ancestor", ".salesRank")),
        "browseNodeInfo.websiteSalesRank",
        *("customerReviews.count", "customerReviews.starRating", "parentASIN"),
        *(f"images.{place}.{size}" for place in ("primary", "variants") for size in _SIZES),
        *(f"itemInfo.{name}" for name in _INFO),
        *(f"offersV2.listings.{name}" for name in _OFFER),
    ]
)
_SUMMARY = ("price.highestPrice", "price.lowestPrice", "variationDimension")
RESOURCES = {
    "getItems": ITEM_RESOURCES,
    "searchItems": ITEM_RESOURCES | {"searchRefinements"},
    "getVariations": ITEM_RESOURCES | {f"variationSummary.{name}" for name in _SUMMARY},
}
DEFAULT_RESOURCES = ("itemInfo.title",)


def item_row(
    item: Row,
    resources: Iterable[str],
    *,
    site: Site,
    currency: str,
    only_new: bool,
    sees_reviews: bool,
) -> Row:
    """The item with the resources asked for and nothing else (address not yet included)."""
    resources = set(resources or DEFAULT_RESOURCES)
    row: Row = {"asin": item["asin"]}
    if "parentASIN" in resources and item.get("parentASIN"):
        row["parentASIN"] = item["parentASIN"]
    parts = {
        "itemInfo": _picked(item.get("itemInfo"), _below("itemInfo.", resources)),
        "images": _images(item.get("images") or {}, resources),
        "browseNodeInfo": _node_info(item.get("browseNodeInfo") or {}, resources),
        "offersV2": _offers(item, resources, site=site, currency=currency, only_new=only_new),
    }
    if sees_reviews:
        names = _below("customerReviews.", resources)
        parts["customerReviews"] = _picked(item.get("customerReviews"), names)
    return row | {name: part for name, part in parts.items() if part}


def _below(prefix: str, resources: Iterable[str]) -> set[str]:
    return {name.removeprefix(prefix) for name in resources if name.startswith(prefix)}


def _picked(part: Row | None, names: set[str]) -> Row:
    return {key: value for key, value in (part or {}).items() if key in names and value is not None}


def _images(images: Row, resources: set[str]) -> Row:
    primary = {_SIZES[name] for name in _below("images.primary.", resources)}
    variants = {_SIZES[name] for name in _below("images.variants.", resources)}
    picked: Row = {}
    if primary and images.get("primary"):
        picked["primary"] = _picked(images["primary"], primary)
    if variants and images.get("variants"):
        picked["variants"] = [_picked(one, variants) for one in images["variants"]]
    return picked


def _node_info(info: Row, resources: set[str]) -> Row:
    picked: Row = {}
    left_out = {"ancestor", "salesRank"} - _below("browseNodeInfo.browseNodes.", resources)
    if _below("browseNodeInfo.browseNodes", resources) and info.get("browseNodes"):
        picked["browseNodes"] = [
            {key: value for key, value in node.items() if key not in left_out}
            for node in info["browseNodes"]
        ]
    if "browseNodeInfo.websiteSalesRank" in resources and info.get("websiteSalesRank"):
        picked["websiteSalesRank"] = info["websiteSalesRank"]
    return picked


def _offers(item: Row, resources: set[str], *, site: Site, currency: str, only_new: bool) -> Row:
    names = _below("offersV2.listings.", resources)
    listings = (item.get("offersV2") or {}).get("listings") or []
    if only_new:
        listings = [one for one in listings if _condition(one) in (None, "New")]
    if not names or not listings:
        return {}
    picked = [_picked(one, names | {"violatesMAP"}) for one in listings]
    return {"listings": [converted(one, site, currency) for one in picked]}


def _condition(listing: Row) -> str | None:
    return (listing.get("condition") or {}).get("value")


def _access(listing: Row) -> str | None:
    return (listing.get("dealDetails") or {}).get("accessType")


def converted(value: Any, site: Site, currency: str) -> Any:
    """The value with each price in it in `currency`; untouched where it already is."""
    if isinstance(value, dict):
        if "amount" in value and value.get("currency") not in (None, currency):
            amount = convert(Decimal(str(value["amount"])), value["currency"], currency)
            return money(site, amount, currency)
        return {key: converted(inner, site, currency) for key, inner in value.items()}
    return [converted(one, site, currency) for one in value] if isinstance(value, list) else value


def buy_box(item: Row) -> Row:
    """The offer that decides: of those to everybody the buy box among the New ones, else the first
    New one; where there is none, the first."""
    every = (item.get("offersV2") or {}).get("listings") or []
    offers = [one for one in every if _access(one) != "PRIME_EXCLUSIVE"]
    new = [one for one in offers if _condition(one) in (None, "New")] or offers
    return next((one for one in new if one.get("isBuyBoxWinner")), new[0] if new else {})


def price_of(item: Row) -> Decimal | None:
    """The price of the deciding offer, in the site's currency; None where it has or shows none."""
    amount = (buy_box(item).get("price") or {}).get("money", {}).get("amount")
    return None if amount is None else Decimal(str(amount))


def saving_of(item: Row) -> int:
    """Per cent saved at the deciding offer."""
    savings = (buy_box(item).get("price") or {}).get("savings") or {}
    return int(savings.get("percentage") or 0)


def rating_of(item: Row) -> Decimal:
    """Stars, 0 where nobody rated."""
    rating = ((item.get("customerReviews") or {}).get("starRating") or {}).get("value")
    return Decimal(str(rating or 0))
