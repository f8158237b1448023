"""What is handed into the pipeline, and what comes back out of it (see pipeline.py).

`upstream/` knows no marketplace and no storage: who builds a request, who reads an answer, who
books the day's calls and who records what an answer says about the account are given to it here.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import httpx

from domain.credentials import Secret
from domain.exceptions import AffiliateGraphError, MarketplaceError
from domain.marketplaces import AccountKey, QuotaRule
from domain.metering import Meter, NoMeter
from domain.products import Mode, ProductRef
from domain.webhooks import Attempt
from upstream.accounts import AccountStates
from upstream.budget import Allowance, BatchCall, Budget
from upstream.cache import AnswerCache, CachePolicy
from upstream.coalescing import Coalescer
from upstream.oauth2 import TokenCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: status, headers and the unpacked body (at most 8 MiB)."""

    status: int
    headers: httpx.Headers
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T_co]):
    """One call to a marketplace.

    `build` makes the request, signed anew for each try. `classify` makes of an answer what was
    asked for, or raises MarketplaceError. `account` is whose limits count; `credentials` the
    fingerprint of what signs. `quota` None: the call is not counted against the account's limits
    (token requests). `budget` pays.
    """

    build: Callable[[], httpx.Request]
    classify: Callable[[Answer], T_co]
    account: AccountKey
    credentials: str
    operation: str
    quota: QuotaRule | None
    budget: Budget


class Sender(Protocol):
    """The one way out (upstream/pipeline.py)."""

    async def send(self, call: Call[T]) -> T:
        """What `classify` makes of the answer. A retryable failure is tried again, at most three
        times in all. Raises MarketplaceError."""
        ...


class QuotaLedger(Protocol):
    """Books calls against the account's day, and the caller's own; kept by the storage."""

    async def book(
        self,
        account: AccountKey,
        rule: QuotaRule,
        allowance: Allowance | None,
        now: datetime,
        *,
        is_background: bool = False,
    ) -> None:
        """Book one call, on the caller's allowance too. Raises QuotaExhausted where the day's calls
        are used up; AllowanceUsedUp where those of the caller are.

        Where it raises, nothing is booked.
        """
        ...

    async def give_back(
        self,
        account: AccountKey,
        rule: QuotaRule,
        allowance: Allowance | None,
        booked_at: datetime,
    ) -> None:
        """A call that was booked at that moment is not made. Never fails: at worst it stays."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch(Generic[K, V]):
    """What is asked of a marketplace, for any number of keys.

    `operation`, `account`, `credentials` (their fingerprint) and `circumstances` are everything
    but the keys that changes the answer: who agrees in them shares calls and kept answers.
    `size`: keys that one call takes. `call` asks this, for a batch of keys, with `credentials` and
    no others. `record`: takes what a batch told about the account, None where it succeeded.
    `policy` None: no answers are kept. `is_refresh`: what is kept does not count, as in a sync; the
    answer is kept.
    """

    operation: str
    account: AccountKey
    credentials: str
    circumstances: Hashable = ()
    size: int
    call: BatchCall[K, V]
    record: Callable[[MarketplaceError | None], Awaitable[None]]
    policy: CachePolicy[V] | None = None
    is_refresh: bool = False


@dataclass(frozen=True, slots=True)
class Fetched(Generic[V]):
    """An answer, and since when (UTC) it is kept; None: it came just now."""

    value: V | AffiliateGraphError
    kept_since: datetime | None = None


class ShortLinkReader(Protocol):
    """Finds out where a short link leads (clients/short_links.py)."""

    async def product(self, address: str, budget: Budget) -> ProductRef:
        """The product that a pasted short link leads to, within the time that is left.

        Raises ShortLink, ShortLinkRefused, ShortLinkDead, ShortLinkTooLong, ShortLinkTimeout,
        NotAProduct or MarketplaceUnavailable.
        """
        ...


class WebhookSender(Protocol):
    """Sends to addresses that callers name (clients/webhooks.py)."""

    def check(self, url: str) -> None:
        """Raises InvalidInput for an address to which nothing is sent."""

    async def send(
        self, url: Secret, headers: Mapping[str, str], body: bytes, at: datetime
    ) -> Attempt:
        """POST it once; what came of that, whatever it is."""
        ...


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """The way to the marketplaces. One for the whole process.

    `addresses` holds gateway addresses by the name of their setting;
    an absent one means the marketplace's own. `modes` tells by marketplace code whose answers come,
    `quotas` the limits that replace the marketplace's usual ones, `sandbox_credentials` what the
    sandbox accepts where it answers: of a country site, field -> value. `search_fresh_for`: how
    long a page of a search is given out again instead of being asked for. `search_further_calls`:
    how many calls a page of a search may take to be filled up.
    `short_links` None: short links are not opened. `webhooks` None: nobody is told of events.
    `meter` counts what is asked.
    """

    sender: Sender
    now: Callable[[], datetime]
    accounts: AccountStates = field(default_factory=AccountStates)
    tokens: TokenCache = field(default_factory=TokenCache)
    coalescer: Coalescer = field(default_factory=Coalescer)
    cache: AnswerCache = field(default_factory=AnswerCache)
    addresses: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, Mode] = field(default_factory=dict)
    meter: Meter = field(default_factory=NoMeter)
    quotas: Mapping[str, QuotaRule] = field(default_factory=dict)
    search_fresh_for: timedelta = timedelta(minutes=5)
    search_further_calls: int = 3
    short_links: ShortLinkReader | None = None
    webhooks: WebhookSender | None = None
    sandbox_credentials: Mapping[str, Callable[[str], Mapping[str, str]]] = field(
        default_factory=dict, repr=False
    )

    def mode(self, marketplace: str) -> Mode:
        """SANDBOX or LIVE for the marketplace of that code."""
        return self.modes.get(marketplace, Mode.LIVE)
