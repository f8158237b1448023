"""The one listing that speaks for an item, and its price. `offersV2`, else the older `offers`.

Choosing the listing (reference material): leave out subscriptions if there is anything else; take
new or unmarked ones, all where there are none; of these the buy box, else the first with a price,
else the first. The list is in no useful order and its cheapest entry is often used.
"""

from datetime import datetime

from clients.amazon.values import JSON, member, money, node, nodes, text, words
from domain.money import Money
from domain.products import Availability, Offer, Seller

_AVAILABILITY = {
    "IN_STOCK": Availability.IN_STOCK,
    "IN_STOCK_SCARCE": Availability.IN_STOCK,
    "LEADTIME": Availability.IN_STOCK,
    "NOW": Availability.IN_STOCK,  # the older offers write "Now"
    "OUT_OF_STOCK": Availability.OUT_OF_STOCK,
    "PREORDER": Availability.PREORDER,
    "AVAILABLE_DATE": Availability.PREORDER,
    "UNAVAILABLE": Availability.UNAVAILABLE,
}


def offer(item: JSON, *, at: datetime) -> Offer:
    """What the item costs, seen at `at` (UTC). Without a listing: no price, availability UNKNOWN.

    A seller below the minimum advertised price (`violatesMAP`) may not show it: no price then.
    """
    listing = _chosen(item)
    kind = (text(member(listing, "availability", "type")) or "").upper()
    availability = _AVAILABILITY.get(kind, Availability.UNKNOWN)
    if listing.get("violatesMAP") is True:
        return Offer(observed_at=at, availability=availability)
    basis = node(listing, "price", "savingBasis")
    # The older offers put both amounts one level higher.
    list_price = money(basis.get("money")) or money(listing.get("savingBasis"))
    told = list_price is not None
    return Offer(
        observed_at=at,
        price=_price(listing),
        list_price=list_price,
        list_price_type=text(basis.get("savingBasisType")) if told else None,
        list_price_label=text(basis.get("savingBasisTypeLabel")) if told else None,
        availability=availability,
    )


def unreadable(item: JSON, told: Offer) -> dict[str, bool]:
    """Whether the listing that the offer was read from has prices in no form that can be meant."""
    listing = _chosen(item)
    if listing.get("violatesMAP") is True:
        return {}
    price = member(listing, "price", "money") or member(listing, "price", "amount")
    basis = member(listing, "price", "savingBasis", "money") or listing.get("savingBasis")
    return {
        "price": told.price is None and price is not None,
        "list_price": told.list_price is None and basis is not None,
    }


def seller(item: JSON) -> Seller | None:
    """Who sells the chosen listing; None where Amazon does not tell."""
    merchant = node(_chosen(item), "merchantInfo")
    external_id, name = text(merchant.get("id")), words(merchant.get("name"))
    return Seller(external_id=external_id, name=name) if external_id or name else None


def listings(item: JSON) -> list[JSON]:
    """All listings of the item, in Amazon's order."""
    return nodes(item, "offersV2", "listings") or nodes(item, "offers", "listings")


def _chosen(item: JSON) -> JSON:
    every = listings(item)
    lasting = [one for one in every if one.get("type") != "SUBSCRIBE_AND_SAVE"] or every
    candidates = [one for one in lasting if _is_new(one)] or lasting
    buy_box = (one for one in candidates if one.get("isBuyBoxWinner") is True)
    priced = (one for one in candidates if _price(one) is not None)
    return next(buy_box, None) or next(priced, None) or next(iter(candidates), {})


def _is_new(listing: JSON) -> bool:
    return text(member(listing, "condition", "value")) in (None, "New")


def _price(listing: JSON) -> Money | None:
    return money(member(listing, "price", "money")) or money(listing.get("price"))
