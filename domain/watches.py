"""Watches: what somebody waits for of products, told once for each of them until it is re-armed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from domain.catalog import CatalogFilter
from domain.events import IN_STOCK, OUT_OF_STOCK
from domain.money import Money
from domain.products import CatalogProduct, ProductRef

LONGEST = timedelta(days=365)


class WatchKind(Enum):
    """What is waited for."""

    BELOW_PRICE = "BELOW_PRICE"
    DROP_PERCENT = "DROP_PERCENT"
    BACK_IN_STOCK = "BACK_IN_STOCK"
    LOWEST_IN_DAYS = "LOWEST_IN_DAYS"

    @property
    def tracks_prices(self) -> bool:
        """Whether it looks at prices, which some marketplaces' terms forbid."""
        return self is not WatchKind.BACK_IN_STOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """`price`, `percent` and `days`: of the kinds that have them. One of `products` and `filter`
    says of which products. `armed_at`: a drop counts from the price of then."""

    id: str
    workspace: str
    kind: WatchKind
    armed_at: datetime
    created_at: datetime
    products: Sequence[ProductRef] | None = None
    filter: CatalogFilter | None = None
    price: Money | None = None
    percent: int | None = None
    days: int | None = None

    def may_fire(self, before: CatalogProduct, after: CatalogProduct) -> bool:
        """Whether a newer answer can be what is waited for, as far as it tells by itself."""
        was, now_is = before.source.offer, after.source.offer
        if self.kind is WatchKind.BACK_IN_STOCK:
            return was.availability in OUT_OF_STOCK and now_is.availability in IN_STOCK
        if now_is.price is None:
            return False
        if self.price is not None:
            return is_below(now_is.price, self.price)
        return was.price is not None and is_below(now_is.price, was.price)

    def is_met(self, price: Money | None, base: Money | None) -> bool:
        """Whether a price is low enough beside what it is compared with: that of `armed_at`, or the
        lowest of the days. Other kinds need no comparison."""
        if self.percent is None and self.days is None:
            return True
        if price is None or base is None or price.currency != base.currency:
            return False
        part = Decimal(100 - (self.percent or 0)) / 100
        return price.amount <= base.amount * part


def is_below(price: Money, other: Money) -> bool:
    """Whether a price is lower than another one of its currency."""
    return price.currency == other.currency and price.amount < other.amount
