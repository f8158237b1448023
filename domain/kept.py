"""Values that would be made again and again, kept by what they are made from."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """The values used last, at most `most` bytes of them.

    A key holds all that a value depends on, so that none is ever old.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: K) -> V | None:
        """What is kept by that key."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def keep(self, key: K, value: V, size: int) -> None:
        """Keep it, and let go of what was not used for longest. `size`: about, in bytes."""
        _, before = self._values.pop(key, (None, 0))
        self._values[key] = value, size
        self._bytes += size - before
        while self._bytes > self.most:
            _, (_, size) = self._values.popitem(last=False)
            self._bytes -= size

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._values)
