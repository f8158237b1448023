"""The gateways' own record of calls: what tests and benchmarks count."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

REMEMBERED = 100_000  # calls


def short_operation(name: str, prefixes: Iterable[str]) -> str:
    """Operations are recorded without the prefix that all names of their gateway have."""
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCall:
    """One call as the gateway saw it.

    `account`: key or id of the caller, whether or not it was right. `ids`: what was asked for by
    name. `status`: HTTP status, 0 while open and for a connection that was
    never answered. `refusal`: the marketplace's own word for a refusal, None when there was none.
    `host`: the Host header of the caller.
    """

    at: datetime
    marketplace: str
    operation: str
    account: str
    ids: tuple[str, ...] = ()
    host: str = ""
    status: int = 0
    refusal: str | None = None


class CallLog:
    """Calls in order of arrival. An open call is there from its beginning.

    Only the last `remembered` calls are there one by one; all of them are counted.
    """

    def __init__(self, prefixes: Iterable[str] = (), remembered: int = REMEMBERED) -> None:
        self._prefixes = tuple(prefixes)
        self._calls: deque[GatewayCall] = deque(maxlen=remembered)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._opened = 0

    def open(self, call: GatewayCall) -> int:
        """Note the arrival; the answer is the handle for `close`."""
        self._calls.append(call)
        self._counts[call.operation, call.marketplace] += 1
        self._opened += 1
        return self._opened

    def close(self, handle: int, *, status: int, refusal: str | None) -> None:
        """Note how the call ended. Nothing happens when it was forgotten meanwhile."""
        newer = self._opened - handle
        if newer < len(self._calls):
            index = -1 - newer
            self._calls[index] = replace(self._calls[index], status=status, refusal=refusal)

    def all(self) -> tuple[GatewayCall, ...]:
        """The calls so far that are remembered."""
        return tuple(self._calls)

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()
        self._counts.clear()

    def count(self, operation: str | None = None, marketplace: str | None = None) -> int:
        """How many calls there were, of one operation or one marketplace if given."""
        if operation is not None:
            operation = short_operation(operation, self._prefixes)
        return sum(
            calls
            for (name, place), calls in self._counts.items()
            if operation in (None, name) and marketplace in (None, place)
        )
