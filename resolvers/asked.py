"""Which products were lately asked for. In the memory of the process alone: a query writes nothing,
and whoever has a worker of its own does without."""

import math
from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime
from typing import TypeVar

from domain.history import HOUR
from domain.marketplaces import AccountKey

K = TypeVar("K")
V = TypeVar("V")

Count = tuple[float, datetime]  # as it was at that moment

MOST_ACCOUNTS = 1_000
MOST_PAGES = 100
MOST_PRODUCTS = 1_000  # of an account
HALF_LIFE = 12.0  # hours
A_DAY = 24 * math.log(2) / HALF_LIFE  # of a count that fades, and that is steady


class LatelyAsked:
    """Counts that fade, by account and product; what was asked longest ago is forgotten first."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[AccountKey, OrderedDict[str, Count]] = OrderedDict()
        # Pages, which are asked for again and again, before they are counted by product.
        self._pages: OrderedDict[tuple[AccountKey, tuple[str, ...]], Count] = OrderedDict()

    def note(self, account: AccountKey, products: Collection[str], now: datetime) -> None:
        """These products (by the marketplace's id) are asked for now."""
        page = account, tuple(products)
        self._pages[page] = (1 + _faded(self._pages.get(page), now), now)
        self._pages.move_to_end(page)
        if len(self._pages) > MOST_PAGES:
            self._count()

    def _count(self) -> None:
        for (account, products), (times, now) in self._pages.items():
            counts = self._accounts.setdefault(account, OrderedDict())
            self._accounts.move_to_end(account)
            for product in products:
                counts[product] = (times + _faded(counts.get(product), now), now)
                counts.move_to_end(product)
            _shorten(counts, MOST_PRODUCTS)
        self._pages.clear()
        _shorten(self._accounts, MOST_ACCOUNTS)

    def latest(self, account: AccountKey, most: int, now: datetime) -> dict[str, float]:
        """The products asked for last, with how often they are asked for in a day."""
        self._count()
        counts = self._accounts.get(account, OrderedDict())
        names = list(reversed(counts))[:most]
        return {name: A_DAY * _faded(counts[name], now) for name in names}


def _faded(count: Count | None, now: datetime) -> float:
    if count is None:
        return 0.0
    return float(count[0] * 0.5 ** (max((now - count[1]) / HOUR, 0) / HALF_LIFE))


def _shorten(counts: OrderedDict[K, V], most: int) -> None:
    while len(counts) > most:
        counts.popitem(last=False)
