"""The one listing that speaks for an item, and its price. `offersV2`, else the older `offers`.

Choosing the listing (reference material): leave out subscriptions if there is anything else; take
new or unmarked ones, all where there are none; of these the ones that anybody can buy, if there are
any; of these the buy box, else the first with a price, else the first. The list is in no useful
order and its cheapest entry is often used. Where only members get the price, nobody knows what
everybody else pays: the one that is struck through was so once, or is a list price.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from clients.amazon.values import (
    JSON,
    member,
    moment,
    money,
    node,
    nodes,
    percent,
    text,
    whole,
    words,
)
from domain.money import Money
from domain.products import Availability, Condition, Deal, Offer, Seller

_CONDITIONS = {"NEW": Condition.NEW, "USED": Condition.USED, "REFURBISHED": Condition.REFURBISHED}
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

    A seller below the minimum advertised price (`violatesMAP`) may not show it: no price then. A
    price that only members get stands in the deal alone.
    """
    listing = _chosen(item, at)
    kind = (text(member(listing, "availability", "type")) or "").upper()
    bare = Offer(
        observed_at=at,
        condition=_condition(listing),
        deal=_deal(listing) or _other_deal(item, listing),
        availability=_AVAILABILITY.get(kind, Availability.UNKNOWN),
    )
    if listing.get("violatesMAP") is True or _is_for_members(listing, at):
        return bare
    price, list_price = _price(listing), _basis(listing)
    if list_price is None or (price is not None and price.currency != list_price.currency):
        return replace(bare, price=price, saving_percent=_saving(listing))
    basis = node(listing, "price", "savingBasis")
    return replace(
        bare,
        price=price,
        list_price=list_price,
        list_price_type=text(basis.get("savingBasisType")),
        list_price_label=text(basis.get("savingBasisTypeLabel")),
    )


def unreadable(item: JSON, told: Offer) -> dict[str, bool]:
    """Whether the listing that the offer was read from has prices in no form that can be meant."""
    listing = _chosen(item, told.observed_at)
    if listing.get("violatesMAP") is True or _is_for_members(listing, told.observed_at):
        return {}
    price = member(listing, "price", "money") or member(listing, "price", "amount")
    basis = member(listing, "price", "savingBasis", "money") or listing.get("savingBasis")
    return {
        "price": told.price is None and price is not None,
        "list_price": _basis(listing) is None and basis is not None,
    }


def seller(item: JSON, *, at: datetime) -> Seller | None:
    """Who sells the chosen listing; None where Amazon does not tell."""
    merchant = node(_chosen(item, at), "merchantInfo")
    external_id, name = text(merchant.get("id")), words(merchant.get("name"))
    return Seller(external_id=external_id, name=name) if external_id or name else None


def listings(item: JSON) -> list[JSON]:
    """All listings of the item, in Amazon's order."""
    return nodes(item, "offersV2", "listings") or nodes(item, "offers", "listings")


def _chosen(item: JSON, at: datetime) -> JSON:
    every = listings(item)
    lasting = [one for one in every if one.get("type") != "SUBSCRIBE_AND_SAVE"] or every
    new = [one for one in lasting if _condition(one) in (None, Condition.NEW)] or lasting
    candidates = [one for one in new if not _is_for_members(one, at)] or new
    buy_box = (one for one in candidates if one.get("isBuyBoxWinner") is True)
    priced = (one for one in candidates if _price(one) is not None)
    return next(buy_box, None) or next(priced, None) or next(iter(candidates), {})


def _condition(listing: JSON) -> Condition | None:
    """None where it is not told. A word that we do not know is not new."""
    written = text(member(listing, "condition", "value"))
    if written is None or written.upper() == "UNKNOWN":
        return None
    return _CONDITIONS.get(written.upper(), Condition.USED)


def _is_for_members(listing: JSON, at: datetime) -> bool:
    """Whether the price is not everybody's: of Prime members, or of them first."""
    deal = node(listing, "dealDetails")
    access = (text(deal.get("accessType")) or "").upper()
    if access != "PRIME_EARLY_ACCESS":
        return access.startswith("PRIME")
    begins = moment(deal.get("startTime"))
    early = whole(deal.get("earlyAccessDurationInMilliseconds"))
    if begins is None or early is None:
        return True
    try:
        return at < begins + timedelta(milliseconds=early)
    except OverflowError:
        return True


def _other_deal(item: JSON, chosen: JSON) -> Deal | None:
    """The first deal on the same thing: who gets it should know, though it is not everybody's."""
    condition = _condition(chosen) or Condition.NEW
    same = (one for one in listings(item) if (_condition(one) or Condition.NEW) is condition)
    return next((deal for one in same if (deal := _deal(one)) is not None), None)


def _deal(listing: JSON) -> Deal | None:
    told = node(listing, "dealDetails")
    hidden = listing.get("violatesMAP") is True
    found = Deal(
        badge=words(told.get("badge")),
        access=text(told.get("accessType")),
        starts_at=moment(told.get("startTime")),
        ends_at=moment(told.get("endTime")),
        percent_claimed=percent(told.get("percentClaimed")),
    )
    if found == Deal():
        return None
    return replace(found, price=None if hidden else _price(listing))


def _price(listing: JSON) -> Money | None:
    return money(member(listing, "price", "money")) or money(listing.get("price"))


def _basis(listing: JSON) -> Money | None:
    """The price to strike through. The older offers put both amounts one level higher."""
    basis = node(listing, "price", "savingBasis")
    return money(basis.get("money")) or money(listing.get("savingBasis"))


def _saving(listing: JSON) -> int | None:
    """A plausible discount: amounts have been seen in its place."""
    told = percent(member(listing, "price", "savings", "percentage"))
    return int(told) if told is not None and 1 <= told < 100 else None
