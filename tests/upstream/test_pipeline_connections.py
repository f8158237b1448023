"""Permits and connections of calls: who waits for one, and what is given back with it."""

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import httpx
import pytest
import respx
import stamina

from domain.exceptions import (
    AffiliateGraphError,
    MarketplaceUnavailable,
    Throttled,
)
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from tests.upstream.test_budget import shared
from tests.upstream.test_pipeline import ACCOUNT, NOW, URL, Ledger, pipeline, send
from upstream.accounts import FAILURES_TO_OPEN, AccountStates
from upstream.budget import Allowance, Budget, CallBudget
from upstream.coalescing import Coalescer
from upstream.contract import Answer
from upstream.http import HTTPTransport
from upstream.pipeline import Timeouts
from upstream.rate_limit import Permit, PermitAccount, RateLimit, WindowPermits

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]


class Noted(Permit):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def over(self) -> None:
        self.events.append("over")

    async def release(self) -> None:
        self.events.append("release")


class OnePermit(WindowPermits):
    """Gives out permits that note their events in one list."""

    def __init__(self, permit: Permit) -> None:
        self.permit = permit

    async def take(self, account: PermitAccount, rule: QuotaRule) -> Permit | float:
        return copy.copy(self.permit)  # its events are shared


@respx.mock
async def test_a_permit_is_over_when_its_call_fails(client: httpx.AsyncClient) -> None:
    respx.post(URL).mock(side_effect=httpx.ReadError("no"))
    permit = Noted()

    with pytest.raises(MarketplaceUnavailable):
        await send(pipeline(client, rate_limit=RateLimit(OnePermit(permit))))

    assert permit.events == ["over"] * 3


@respx.mock
async def test_a_call_that_was_never_sent_costs_nothing(client: httpx.AsyncClient) -> None:
    respx.post(URL).mock(side_effect=httpx.ConnectError("no"))
    ledger, permit, budget = Ledger(), Noted(), CallBudget(max_calls=1)

    with pytest.raises(MarketplaceUnavailable):
        await send(pipeline(client, ledger, rate_limit=RateLimit(OnePermit(permit))), budget=budget)

    assert ledger.booked == 0
    assert permit.events == ["over", "release"] * 3
    assert (budget.calls, budget.may_spend()) == (0, True)


class Hanging:
    """Implements `upstream.http.Transport`: sends, and is never answered."""

    def __init__(self) -> None:
        self.accounts: list[str] = []
        self.sent = asyncio.Event()

    async def send(self, request: httpx.Request, permit: Permit, *, seconds: float) -> Answer:
        self.accounts.append(request.url.host)
        self.sent.set()
        await asyncio.sleep(seconds)
        raise MarketplaceUnavailable("late")


def other_account(number: int) -> AccountKey:
    return AccountKey(f"workspace {number}", "aliexpress", "", Mode.LIVE)


async def test_hanging_calls_of_other_accounts_take_no_connection_from_this_one(
    client: httpx.AsyncClient,
) -> None:
    ledger, hanging = Ledger(), Hanging()
    out = pipeline(client, ledger, transport=hanging, accounts=AccountStates(connections=2))
    floods = [
        asyncio.ensure_future(send(out, account=other_account(number % 20)))
        for number in range(100)
    ]
    await asyncio.sleep(0.1)
    most = len(hanging.accounts)

    out.transport = HTTPTransport(client, lambda: NOW)
    with respx.mock:
        respx.post(URL).respond(200, content=b"ok")
        body = await send(out, account=other_account(99))
    for flood in floods:
        flood.cancel()
    await asyncio.gather(*floods, return_exceptions=True)

    assert body == b"ok"
    assert most == 40  # two for each of the twenty accounts


async def test_who_gets_no_connection_has_spent_nothing_and_proves_nothing(
    client: httpx.AsyncClient,
) -> None:
    ledger, hanging, budget = Ledger(), Hanging(), CallBudget()
    out = pipeline(
        client,
        ledger,
        transport=hanging,
        max_connections=1,
        timeouts=Timeouts(attempt=9, permit=0.05, first_pause=0.001, attempts=1),
    )
    first = asyncio.ensure_future(send(out, account=other_account(1)))
    await hanging.sent.wait()

    failures = []
    for _ in range(FAILURES_TO_OPEN + 1):
        with pytest.raises(Throttled) as caught:
            await send(out, account=other_account(2), budget=budget)
        failures.append(caught.value)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    assert len(hanging.accounts) == 1
    assert ledger.booked == 1  # of the call that hangs
    assert budget.calls == 0
    assert all(failure.upstream_code is None and failure.retry_at for failure in failures)


async def test_nobody_waits_for_a_connection_until_the_permit_counts_no_more(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all who wait are sent at once, whatever the pace, as soon as there is one."""
    monkeypatch.setattr("upstream.pipeline.LONGEST_WAIT_FOR_SLOT", 0.05)
    hanging = Hanging()
    out = pipeline(client, transport=hanging, max_connections=1, timeouts=Timeouts(permit=30))
    first = asyncio.create_task(send(out, account=other_account(1)))
    await hanging.sent.wait()

    with pytest.raises(Throttled, match="too many calls under way"):
        async with asyncio.timeout(15):
            await send(out)

    first.cancel()
    await asyncio.wait([first])


async def test_a_call_that_nobody_waits_for_is_not_sent(client: httpx.AsyncClient) -> None:
    ledger, hanging, permit = Ledger(), Hanging(), Noted()
    out = pipeline(client, ledger, transport=hanging, rate_limit=RateLimit(OnePermit(permit)))
    out.accounts = accounts = AccountStates(connections=1)
    first = asyncio.ensure_future(send(out))
    await hanging.sent.wait()
    second = asyncio.ensure_future(send(out))
    await asyncio.sleep(0.01)  # it waits for the connection

    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    booked = ledger.booked
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    assert len(hanging.accounts) == 1
    assert booked == 1
    assert "release" in permit.events
    assert len(accounts) == 1


@respx.mock
async def test_a_call_that_failed_is_not_repeated_when_nobody_waits_for_it_any_more(
    client: httpx.AsyncClient,
) -> None:
    route = respx.post(URL).respond(503)
    failed = asyncio.Event()

    def refuse(_answer: Answer) -> None:
        failed.set()
        raise MarketplaceUnavailable("down")

    ledger, budget, shared = Ledger(), CallBudget(), Coalescer()
    out = pipeline(client, ledger, timeouts=Timeouts(first_pause=0.05))

    async def call(keys: Sequence[str], paid_by: Budget) -> dict[str, AffiliateGraphError]:
        await send(out, read=refuse, budget=paid_by)
        return {}

    stamina.set_testing(False)
    async with asyncio.timeout(60):
        asking = asyncio.create_task(shared.get("line", ["a"], budget, size=1, call=call))
        await failed.wait()
        asking.cancel()
        await asyncio.wait([asking])
        await shared.drain()

    assert (route.call_count, ledger.booked, budget.calls, budget.reserved) == (1, 1, 1, 0)


class Refusing:
    """Implements `upstream.http.Transport`: never connects, once it is told to go on."""

    def __init__(self) -> None:
        self.begun, self.goes_on = asyncio.Event(), asyncio.Event()

    async def send(self, request: httpx.Request, permit: Permit, *, seconds: float) -> Answer:
        permit.is_sent = False
        self.begun.set()
        await self.goes_on.wait()
        raise MarketplaceUnavailable("no connection")


async def test_a_call_is_given_back_to_the_allowance_that_it_was_booked_on(
    client: httpx.AsyncClient,
) -> None:
    first, second = (Allowance(key=key, calls_per_day=9) for key in ("first", "second"))
    given_back: list[Allowance | None] = []

    class OfKeys(Ledger):
        async def give_back(
            self,
            account: AccountKey,
            rule: QuotaRule,
            allowance: Allowance | None,
            booked_at: datetime,
        ) -> None:
            given_back.append(allowance)

    transport = Refusing()
    out = pipeline(client, OfKeys(), transport=transport)
    opener = CallBudget(allowance=first, max_calls=1)
    opener.reserve()
    batch = shared(opener, CallBudget(allowance=second, max_calls=0))
    async with asyncio.timeout(60):
        call = asyncio.create_task(send(out, budget=batch))
        await transport.begun.wait()

        batch.pass_on(first)  # as another call of the batch does
        call.cancel()
        await asyncio.wait([call])

    assert given_back == [first]
    assert (opener.calls, batch.allowance) == (0, second)


class Closed(WindowPermits):
    """Gives no permit until it is opened."""

    is_open = False

    async def take(self, account: PermitAccount, rule: QuotaRule) -> Permit | float:
        """See `PermitSource`."""
        return await super().take(account, rule) if self.is_open else 0.001


@respx.mock
async def test_a_request_has_one_call_of_the_day_booked_that_is_not_sent(
    client: httpx.AsyncClient,
) -> None:
    route, ledger, permits = respx.post(URL).respond(200), Ledger(), Closed()
    out = pipeline(client, ledger, rate_limit=RateLimit(permits), timeouts=Timeouts())
    one, other = CallBudget(), CallBudget()

    batches = [asyncio.create_task(send(out, budget=shared(one))) for _ in range(3)]
    batches.append(asyncio.create_task(send(out, budget=shared(other))))
    await asyncio.sleep(0.02)
    booked_in_line = ledger.booked
    permits.is_open = True
    await asyncio.gather(*batches)

    assert booked_in_line == 2
    assert (ledger.booked, route.call_count) == (4, 4)


@respx.mock
async def test_an_account_that_waits_holds_up_no_other_of_the_request(
    client: httpx.AsyncClient,
) -> None:
    respx.post(URL).respond(200)
    out = pipeline(client, timeouts=Timeouts())
    budget, busy = CallBudget(), replace(ACCOUNT, marketplace="amazon")
    with out.accounts.use(busy) as account:
        await out.rate_limit.pause(account, 20)
        waiting = asyncio.create_task(send(out, budget=budget, account=busy))
        await asyncio.sleep(0)

        await asyncio.wait_for(send(out, budget=budget), timeout=60)

        assert not waiting.done()
        waiting.cancel()
