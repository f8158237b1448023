"""A product as a row, and back."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

import msgspec
import orjson

from db import rows, texts
from db.statements import Row, utc
from domain.events import Announced
from domain.history import History, has_changed
from domain.money import Money, margin
from domain.packing import clean, pack_fields
from domain.products import (
    Availability,
    CatalogProduct,
    Mode,
    Offer,
    PriceObservation,
    ProductRef,
    ProductState,
    SourceProduct,
)

# Fields that have a column of their own; all others are in `details`.
PRODUCT_FIELDS = ("ref", "title", "url", "offer", "orders_last_30_days", "commission_percent")
OFFER_FIELDS = ("observed_at", "price", "list_price", "availability")
LARGEST = 2**63
# What is read of a page: the others are there for searches and orders.
COLUMNS = (
    *("id", "marketplace", "locale", "external_id", "mode", "title", "url", "details"),
    *("price_amount", "price_currency", "list_price_amount", "list_price_currency"),
    *("orders_last_30_days", "commission_percent", "availability", "observed_at"),
    "discount_percent",
    *("state", "state_since", "times_missing", "imported_at", "synced_at"),
    *("selling_price_amount", "selling_price_currency", "notes", "tags"),
    "announced_price_amount",
    "announced_price_currency",
    *("price_moved_at", "changes_seen", "hours_watched"),
)


def _stored(
    kind: type, *, without: Collection[str] = (), part: Callable[[Any], Any] = lambda hint: hint
) -> type[msgspec.Struct]:
    """What `details` holds of a record: its fields without those named, absent ones by default.

    `part`: of a field's type, the one that it is read as.
    """
    hints = get_type_hints(kind)
    return msgspec.defstruct(
        f"Stored{kind.__name__}",
        [
            (each.name, part(hints[each.name]), None if each.default is MISSING else each.default)
            for each in fields(kind)
            if each.name not in without
        ],
    )


def _decoder(part: Callable[[Any], Any]) -> msgspec.json.Decoder[Any]:
    """Of all that `details` holds. A stored field that a record lost is passed over."""
    offer = _stored(Offer, without=OFFER_FIELDS, part=part)
    source = _stored(SourceProduct, without=PRODUCT_FIELDS, part=part)
    return msgspec.json.Decoder(
        msgspec.defstruct("Details", [("offer", offer)], bases=(source,), kw_only=True)
    )


def _viewed(hint: Any) -> Any:
    """The type with structs in place of records other than money: made faster, and read alike."""
    if is_dataclass(hint) and hint is not Money:
        return _stored(cast(type, hint), part=_viewed)
    parts = tuple(map(_viewed, get_args(hint)))
    if not parts:
        return hint
    return reduce(or_, parts) if get_origin(hint) is UnionType else get_origin(hint)[parts]


_DECODER = _decoder(lambda hint: hint)
VIEWED = _decoder(_viewed)


def source_row(product: SourceProduct) -> dict[str, Any]:
    """Column -> value of what the marketplace says. Raises ValueError for what no column takes."""
    offer = product.offer
    details = pack_fields(product, without=(*PRODUCT_FIELDS, "unreadable"))
    details["offer"] = pack_fields(offer, without=OFFER_FIELDS)
    orders = product.orders_last_30_days
    if orders is not None and abs(orders) >= LARGEST:
        raise ValueError("a count of more than 63 bits")
    if clean(product.ref.external_id) != product.ref.external_id:
        raise ValueError("an id with characters that PostgreSQL refuses")
    commission = product.commission_percent
    return {
        "title": clean(product.title),
        "title_key": rows.title_key(product.title),
        "url": clean(product.url),
        "details": _dumped(details),
        **_money_columns("price", offer.price),
        "price_currency_key": rows.NO_CURRENCY if offer.price is None else offer.price.currency,
        "price_key": "" if offer.price is None else rows.amount_key(offer.price.amount),
        **_money_columns("list_price", offer.list_price),
        "discount_percent": offer.discount_percent,
        "orders_last_30_days": orders,
        "orders_key": -1 if orders is None else orders,
        "commission_percent": None if commission is None else rows.storable(commission),
        "availability": offer.availability,
        "observed_at": utc(offer.observed_at),
    }


def ref(row: Mapping[str, Any]) -> ProductRef:
    """Which product the row names."""
    return ProductRef(row["marketplace"], row["external_id"], row["locale"])


def source_product(row: Mapping[str, Any]) -> SourceProduct:
    """The product as its marketplace described it."""
    details = msgspec.structs.asdict(_DECODER.decode(row["details"]))
    offer = Offer(
        observed_at=rows.moment(row["observed_at"]),
        price=rows.money_or_none(row["price_amount"], row["price_currency"]),
        list_price=rows.money_or_none(row["list_price_amount"], row["list_price_currency"]),
        availability=Availability(row["availability"]),
        **msgspec.structs.asdict(details.pop("offer")),
    )
    return SourceProduct(
        ref=ref(row),
        title=row["title"],
        url=row["url"],
        offer=offer,
        orders_last_30_days=row["orders_last_30_days"],
        commission_percent=rows.decimal_or_none(row["commission_percent"]),
        **details,
    )


def catalog_product(row: Row) -> CatalogProduct:
    """The product with what the publisher added."""
    return CatalogProduct(
        id=str(row["id"]),
        source=source_product(row),
        mode=Mode(row["mode"]),
        imported_at=rows.moment(row["imported_at"]),
        synced_at=rows.moment(row["synced_at"]),
        state=ProductState(row["state"]),
        state_since=rows.moment_or_none(row["state_since"]),
        times_missing=row["times_missing"],
        selling_price=rows.money_or_none(
            row["selling_price_amount"], row["selling_price_currency"]
        ),
        notes=row["notes"],
        tags=tags_of(row["tags"]),
        announced_price=rows.money_or_none(
            row["announced_price_amount"], row["announced_price_currency"]
        ),
        price_moved_at=rows.moment_or_none(row["price_moved_at"]),
        history=History(row["changes_seen"], row["hours_watched"]),
    )


def tags_of(column: str | None) -> tuple[str, ...]:
    """The tags of a product, which stand in a column, a line each."""
    return tuple(column.split("\n")) if column else ()


def announced_columns(announced: Announced) -> dict[str, Any]:
    """Column -> value of what is announced of the price."""
    return {
        **_money_columns("announced_price", announced.price),
        "price_moved_at": announced.moved_at,
    }


def history(
    before: CatalogProduct | None, source: Row, price: Money | None, now: datetime
) -> History:
    """How the product has changed, with this look. `price` None: nothing is noted of prices, as the
    terms of its marketplace want it."""
    if before is None:
        return History()
    offer = before.source.offer
    has_moved = price is not None and has_changed(offer.price, price)
    is_other = has_moved or source["availability"] is not offer.availability
    return before.history.after(now - before.synced_at, changed=is_other)


def refresh_columns(history: History, due_at: datetime) -> dict[str, Any]:
    """Column -> value of what chooses the next look at the product."""
    return {
        "refresh_at": utc(due_at),
        "pace": history.pace,
        "changes_seen": history.changes,
        "hours_watched": history.hours,
    }


def publisher_columns(product: CatalogProduct) -> dict[str, Any]:
    """Column -> value of what the publisher says, and what follows of it."""
    return {
        **own_columns(product),
        "margin_key": margin_key(product),
    }


def own_columns(product: CatalogProduct | None) -> dict[str, Any]:
    """Column -> value of what the publisher says; None: of a new product."""
    return {
        **_money_columns("selling_price", product.selling_price if product else None),
        "notes": product.notes if product else None,
        "tags": "\n".join(product.tags) or None if product else None,
    }


def text_key(product: CatalogProduct) -> str:
    """What searches look through."""
    source = product.source
    return texts.text_key(source.title, source.ref.external_id, product.notes)


def margin_key(product: CatalogProduct) -> int | None:
    """The margin of the selling price in hundredths of a percent; None where it is not known."""
    offer = product.source.offer
    if product.selling_price is None or offer.price is None:
        return None
    shipping = offer.shipping.cost if offer.shipping else None
    known = margin(selling_price=product.selling_price, price=offer.price, shipping_cost=shipping)
    return None if known is None else max(int(known.percent * 100), -LARGEST)


def observation(row: Row) -> PriceObservation:
    """A price that was seen."""
    return PriceObservation(
        id=str(row["id"]),
        price=Money(rows.decimal(row["price_amount"]), row["price_currency"]),
        list_price=rows.money_or_none(row["list_price_amount"], row["list_price_currency"]),
        availability=Availability(row["availability"]),
        observed_at=rows.moment(row["observed_at"]),
    )


def _money_columns(name: str, money: Money | None) -> dict[str, Any]:
    return {
        f"{name}_amount": None if money is None else rows.storable(money.amount),
        f"{name}_currency": None if money is None else clean(money.currency),
    }


def _dumped(details: dict[str, Any]) -> str:
    try:
        return orjson.dumps(details).decode()
    except TypeError as failure:  # a whole number of more than 64 bits
        raise ValueError(str(failure)) from failure
