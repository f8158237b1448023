"""The state of one marketplace in one sandbox."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Generic, TypeVar

from sandbox.catalog import Catalog
from sandbox.listings import L

A = TypeVar("A")


@dataclass(kw_only=True)
class World(Generic[A, L]):
    """Who may call and what is sold; `now` tells the true time (UTC)."""

    accounts: tuple[A, ...]
    catalog: Catalog[L]
    now: Callable[[], datetime]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def number(self) -> int:
        """The next number: for request ids and tokens."""
        return next(self._numbers)
