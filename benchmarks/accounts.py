"""What a request costs the more accounts are at work at once: CPU, and what is left afterwards.

Every account belongs to a workspace of its own and asks for one product, all at the same time, the
whole way through upstream/pipeline.py: cache, queue, circuit, ledger, permit, connection. What
stands in is the ledger, which books in memory, and the network, which answers after 20 ms. The
collector is set as the server sets it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import httpx

from commands.serve import spare_collector
from domain.exceptions import MarketplaceError
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from upstream.accounts import FORGET_AFTER, AccountStates
from upstream.budget import Allowance, Budget, CallBudget
from upstream.cache import CachePolicy
from upstream.contract import Answer, Call, Fetch, Upstream
from upstream.pipeline import Pipeline, fetch
from upstream.rate_limit import Permit

RULE = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)
POLICY: CachePolicy[str] = CachePolicy(
    kind=str, fresh_for=timedelta(hours=1), shown_for=timedelta(hours=1)
)
REQUEST = httpx.Request("POST", "https://gateway.example/")


class Answering:
    """Implements `upstream.http.Transport`: every call is answered after 20 ms."""

    async def send(self, request: httpx.Request, permit: Permit, *, seconds: float) -> Answer:
        """See `Transport`."""
        await asyncio.sleep(0.02)
        return Answer(status=200, headers=httpx.Headers(), body=b"lamp", received_at=now())


class MemoryLedger:
    """Implements `upstream.contract.QuotaLedger` without a limit."""

    async def book(
        self,
        account: AccountKey,
        rule: QuotaRule,
        allowance: Allowance | None,
        now: datetime,
        *,
        is_background: bool = False,
    ) -> None:
        """See `QuotaLedger`."""

    async def give_back(
        self, account: AccountKey, rule: QuotaRule, allowance: Allowance | None, booked_at: datetime
    ) -> None:
        """See `QuotaLedger`."""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """What a run took. `left`: accounts that are still known when all have been idle."""

    accounts: int
    milliseconds: float  # of CPU, for each request
    left: int


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


async def crowd_run(count: int) -> Crowd:
    """One request of each of so many accounts at once."""
    clock = Clock()
    states = AccountStates(clock)
    pipeline = Pipeline(
        transport=Answering(),
        ledger=MemoryLedger(),
        now=now,
        accounts=states,
        max_connections=count,
    )
    upstream = Upstream(sender=pipeline, now=now, accounts=states)
    spare_collector()
    started = time.process_time()
    await asyncio.gather(*(_request(upstream, number) for number in range(count)))
    spent = time.process_time() - started
    clock.seconds += FORGET_AFTER
    with states.use(_account(0)):
        pass
    await upstream.cache.close()
    return Crowd(accounts=count, milliseconds=1000 * spent / count, left=len(states))


class Clock:
    """A monotonic clock that can be put forward."""

    seconds = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.seconds


async def _request(upstream: Upstream, number: int) -> None:
    account = _account(number)
    wanted: Fetch[str, str] = Fetch(
        operation="products",
        account=account,
        credentials="first",
        size=50,
        call=partial(_call, upstream, account),
        record=_record,
        policy=POLICY,
    )
    budget = CallBudget(workspace=account.workspace, caller=account.workspace)
    with upstream.coalescer.request(account.workspace):
        answers = await fetch(upstream, wanted, ["lamp"], budget)
    if answers["lamp"].value != "lamp":
        raise RuntimeError("a request was not answered")


async def _call(
    upstream: Upstream, account: AccountKey, keys: Sequence[str], budget: Budget
) -> Mapping[str, str]:
    body: bytes = await upstream.sender.send(
        Call(
            build=lambda: REQUEST,
            classify=lambda answer: answer.body,
            account=account,
            credentials="first",
            operation="products",
            quota=RULE,
            budget=budget,
        )
    )
    return {key: body.decode() for key in keys}


async def _record(_failure: MarketplaceError | None) -> None:
    """Nothing is stored here."""


def _account(number: int) -> AccountKey:
    return AccountKey(f"workspace {number}", "example", "", Mode.LIVE)
