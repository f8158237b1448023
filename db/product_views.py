"""A product of the catalogue that reads its row as far as it is asked for.

Of a page of products mostly some fields are asked for, once: to make whole records of its rows
takes longer than to find them. A view stands for the record, its source and its offer in one, and
for reading alone: it is no dataclass, and equal to nothing but itself.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any, cast

from db import product_rows, rows
from db.product_rows import COLUMNS
from domain.history import History
from domain.products import (
    Availability,
    CatalogProduct,
    Mode,
    Offer,
    ProductRef,
    ProductState,
    SourceProduct,
)


def of_row(row: Any) -> CatalogProduct:
    """Of the values of COLUMNS, and any behind them."""
    return cast(CatalogProduct, _View(row))


def _column(name: str, read: Callable[[Any], Any] | None = None) -> Any:
    """What stands in the column, as `read` has it."""
    place = COLUMNS.index(name)
    if read is None:
        return property(lambda view: view._row[place])
    return property(lambda view: read(view._row[place]))


def _money(name: str) -> Any:
    amount, currency = (COLUMNS.index(f"{name}_{part}") for part in ("amount", "currency"))
    return property(lambda view: rows.money_or_none(view._row[amount], view._row[currency]))


def _member(kind: type[Enum]) -> Callable[[Any], Any]:
    """By its value; faster than to ask the enum."""
    return {each.value: each for each in kind}.__getitem__


_OBSERVED_AT = COLUMNS.index("observed_at")
_DETAILS = COLUMNS.index("details")
_CHANGES, _HOURS = COLUMNS.index("changes_seen"), COLUMNS.index("hours_watched")


class _View:
    """`observed_at` is read at once: the marketplaces' terms ask for it time and again."""

    __slots__ = ("_details", "_row", "observed_at", "ref")

    def __init__(self, row: Any) -> None:
        self._row = row
        self._details: Any = None
        self.observed_at: datetime = rows.moment(row[_OBSERVED_AT])
        self.ref = ProductRef(row[1], row[3], row[2])

    @property
    def source(self) -> SourceProduct:
        return cast(SourceProduct, self)

    @property
    def offer(self) -> Offer:
        return cast(Offer, self)

    @property
    def history(self) -> History:
        return History(self._row[_CHANGES], self._row[_HOURS])

    @property
    def details(self) -> Any:
        """What `details` hold."""
        if self._details is None:
            self._details = product_rows.VIEWED.decode(self._row[_DETAILS])
        return self._details

    id = _column("id", str)
    mode = _column("mode", _member(Mode))
    title = _column("title")
    url = _column("url")
    orders_last_30_days = _column("orders_last_30_days")
    commission_percent = _column("commission_percent", rows.decimal_or_none)
    price = _money("price")
    list_price = _money("list_price")
    discount_percent = _column("discount_percent")
    availability = _column("availability", _member(Availability))
    imported_at = _column("imported_at", rows.moment)
    synced_at = _column("synced_at", rows.moment)
    state = _column("state", _member(ProductState))
    state_since = _column("state_since", rows.moment_or_none)
    times_missing = _column("times_missing")
    selling_price = _money("selling_price")
    notes = _column("notes")
    tags = _column("tags", product_rows.tags_of)
    announced_price = _money("announced_price")
    price_moved_at = _column("price_moved_at", rows.moment_or_none)


def _read_details() -> None:
    """Give the view what has no column of its own."""
    for kind, place, own in (
        (SourceProduct, "details", product_rows.PRODUCT_FIELDS),
        (Offer, "details.offer", product_rows.OFFER_FIELDS),
    ):
        for name in {each.name for each in fields(kind)} - set(own):
            setattr(_View, name, property(attrgetter(f"{place}.{name}")))


_read_details()
