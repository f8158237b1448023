"""What can go wrong on command. A fault is injected for an operation, an account or everything."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sandbox.calls import short_operation


class FaultKind(StrEnum):
    """The faults of every gateway, by the name used in `inject` and at /control/faults. Gateways
    have more of their own: see `Gateway.fault_kinds`."""

    # The connection and the bytes.
    STATUS = "status"  # code, retry_after
    LATENCY = "latency"  # seconds
    HANG = "hang"  # never answers
    TRICKLE = "trickle"  # seconds for each byte
    MALFORMED = "malformed"  # cut-off JSON, properly framed
    TRUNCATED = "truncated"  # the connection ends in the middle of the body
    HTML = "html"  # a web page with status 200
    WRONG_TYPE = "wrong_type"  # the right JSON as text/html in another charset
    GZIP_BOMB = "gzip_bomb"  # 200 MiB of zeros, packed
    HUGE = "huge"  # a body without end
    REDIRECT = "redirect"  # 302 to an inner address
    RESET = "reset"  # the connection is reset instead of an answer
    CLOSE_BEFORE = "close_before"  # the connection is closed without an answer
    # The marketplace's refusals.
    THROTTLE_BODY = "throttle_body"  # seconds: "this ban will last ..."
    QUOTA = "quota"  # limit calls a UTC day
    RATE = "rate"  # limit calls in any second
    CLOCK_SKEW = "clock_skew"  # minutes
    # The content.
    DROP_IDS = "drop_ids"  # ids; the first row if none are named
    DUPLICATE_IDS = "duplicate_ids"
    SHUFFLE_IDS = "shuffle_ids"
    FOREIGN_IDS = "foreign_ids"
    UNKNOWN_CURRENCY = "unknown_currency"
    PRICE_CHANGE = "price_change"  # a new price at each read
    POISON = "poison"  # NUL, lone surrogate and a title of 1 MB in one row


@dataclass(slots=True, kw_only=True)
class Fault:
    """One injected fault. None in a condition: any. `calls` left to go; None: until cleared.

    `seconds`: latency, time for a byte, or length of a ban. `limit`: calls for a day or a second.
    """

    kind: str
    marketplace: str | None = None
    operation: str | None = None
    account: str | None = None
    calls: int | None = None
    code: int | str | None = None
    retry_after: int | str | None = None
    seconds: float | None = None
    minutes: float = 0
    sub_code: str | None = None
    error_type: str = "ISV"
    limit: int = 1
    ids: tuple[str, ...] = ()
    _taken: dict[str, deque[datetime]] = field(default_factory=dict, repr=False)

    def hits(self, marketplace: str, operation: str, account: str) -> bool:
        """Whether the fault is meant for this call and not used up."""
        return (
            self.calls != 0
            and self.marketplace in (None, marketplace)
            and self.operation in (None, operation)
            and self.account in (None, account)
        )

    def is_exceeded(self, key: str, now: datetime) -> bool:
        """Count a call against `limit`; True when the window (a second or a UTC day) is full."""
        taken = self._taken.setdefault(key, deque())
        if self.kind == FaultKind.RATE:
            start = now - timedelta(seconds=1)
        else:
            start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta.resolution
        while taken and taken[0] <= start:
            taken.popleft()
        if len(taken) >= self.limit:
            return True
        taken.append(now)
        return False


ActiveFaults = Mapping[str, Fault]  # those that one call meets by their kind, the last of each


class Faults:
    """The switchboard of one sandbox."""

    def __init__(self, kinds: Collection[str] = (), prefixes: Iterable[str] = ()) -> None:
        """`kinds` and `prefixes` (of operations) are the gateways' own."""
        self._kinds = frozenset(kinds) | frozenset(FaultKind)
        self._prefixes = tuple(prefixes)
        self._faults: list[Fault] = []

    def inject(self, kind: str, *, operation: str | None = None, **options: Any) -> Fault:
        """Switch a fault on; options are the fields of `Fault`.

        `inject("status", operation="productdetail.get", calls=2, code=503, retry_after=1)` breaks
        the next two calls. Raises ValueError for an unknown kind or option.
        """
        if operation is not None:
            operation = short_operation(operation, self._prefixes)
        if "ids" in options:
            options["ids"] = tuple(str(one) for one in options["ids"])
        try:
            fault = Fault(kind=self._known(kind), operation=operation, **options)
        except TypeError as error:
            raise ValueError(f"A fault has no such option: {error}") from None
        self._faults.append(fault)
        return fault

    def clear(self, kind: str | None = None) -> None:
        """Switch off all faults, or those of one kind."""
        left_out = None if kind is None else self._known(kind)
        self._faults = [one for one in self._faults if left_out not in (None, one.kind)]

    def _known(self, kind: str) -> str:
        if kind not in self._kinds:
            raise ValueError(f"{kind!r} is no kind of fault")
        return kind

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def take(self, marketplace: str, operation: str, account: str) -> ActiveFaults:
        """The faults for one call; count-limited ones lose a call."""
        hit = [fault for fault in self._faults if fault.hits(marketplace, operation, account)]
        for fault in hit:
            if fault.calls is not None:
                fault.calls -= 1
        return {fault.kind: fault for fault in hit}
