"""The pipeline of a call: what is reserved, sent, given back, refused and tried again."""

import asyncio
import copy
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx
import stamina

from domain.exceptions import (
    AffiliateGraphError,
    AllowanceUsedUp,
    AnswerInvalid,
    CallCapReached,
    CredentialsRejected,
    MarketplaceUnavailable,
    QuotaExhausted,
    Throttled,
)
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from tests.upstream.test_budget import shared
from upstream.accounts import FAILURES_TO_OPEN, AccountStates
from upstream.budget import Allowance, Budget, CallBudget
from upstream.coalescing import Coalescer
from upstream.contract import Answer, Call
from upstream.http import HTTPTransport, http_client
from upstream.pipeline import Pipeline, Timeouts
from upstream.rate_limit import Permit, PermitAccount, RateLimit, WindowPermits

pytestmark = pytest.mark.anyio

URL = "https://gateway.example/sync"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)
FAST = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1000), reset_offset_hours=8)


class Ledger:
    """Books in memory; refuses once `limit` is reached."""

    def __init__(self, limit: int = 1000) -> None:
        self.limit = limit
        self.booked = 0

    async def book(
        self,
        account: AccountKey,
        rule: QuotaRule,
        allowance: Allowance | None,
        now: datetime,
        *,
        is_background: bool = False,
    ) -> None:
        if self.booked >= self.limit:
            raise QuotaExhausted("used up", retry_at=rule.resets_at(now))
        self.booked += 1

    async def give_back(
        self,
        account: AccountKey,
        rule: QuotaRule,
        allowance: Allowance | None,
        booked_at: datetime,
    ) -> None:
        self.booked -= 1


@pytest.fixture(autouse=True)
def _no_pauses() -> object:
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client() as made:
        yield made


def pipeline(client: httpx.AsyncClient, ledger: Ledger | None = None, **changes: Any) -> Pipeline:
    usual: dict[str, Any] = {
        "transport": HTTPTransport(client, lambda: NOW),
        "ledger": ledger or Ledger(),
        "now": lambda: NOW,
        "timeouts": Timeouts(attempt=0.5, permit=0.2, first_pause=0.001),
    }
    return Pipeline(**(usual | changes))


async def send(
    out: Pipeline,
    *,
    build: Callable[[], httpx.Request] = lambda: httpx.Request("POST", URL, data={"a": "1"}),
    read: Callable[[Answer], object] = lambda answer: answer.body,
    quota: QuotaRule | None = FAST,
    budget: Budget | None = None,
    account: AccountKey = ACCOUNT,
) -> object:
    return await out.send(
        Call(
            build=build,
            classify=read,
            account=account,
            credentials="c",
            operation="product.query",
            quota=quota,
            budget=budget or CallBudget(),
        )
    )


@respx.mock
async def test_what_read_makes_of_the_answer_is_returned(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(200, json={"ok": True})

    found = await send(pipeline(client), read=lambda answer: (answer.status, answer.received_at))

    assert found == (200, NOW)


@respx.mock
async def test_every_try_is_built_anew(client: httpx.AsyncClient) -> None:
    route = respx.post(URL).mock(side_effect=[httpx.ConnectError("no"), httpx.Response(200)])
    stamps = iter(("first", "second"))

    await send(
        pipeline(client),
        build=lambda: httpx.Request("POST", URL, data={"timestamp": next(stamps)}),
    )

    assert [call.request.content for call in route.calls] == [
        b"timestamp=first",
        b"timestamp=second",
    ]


@respx.mock
async def test_a_final_refusal_is_not_tried_again(client: httpx.AsyncClient) -> None:
    route = respx.post(URL).respond(200)

    def refuse(_answer: Answer) -> None:
        raise CredentialsRejected("wrong secret")

    with pytest.raises(CredentialsRejected):
        await send(pipeline(client), read=refuse)

    assert route.call_count == 1


@respx.mock
@pytest.mark.parametrize(("retry_after", "calls"), [(0.001, 3), (None, 3), (31.0, 1)])
async def test_throttling_is_waited_for_within_reason(
    client: httpx.AsyncClient, retry_after: float | None, calls: int
) -> None:
    route = respx.post(URL).respond(200)

    def refuse(_answer: Answer) -> None:
        raise Throttled("too fast", retry_after=retry_after)

    with pytest.raises(Throttled) as caught:
        await send(pipeline(client), read=refuse)

    assert route.call_count == calls
    if retry_after:
        assert caught.value.retry_at == NOW + timedelta(seconds=retry_after)


@respx.mock
async def test_a_senseless_answer_gets_one_more_chance(client: httpx.AsyncClient) -> None:
    route = respx.post(URL).respond(200)

    def fail(_answer: Answer) -> None:
        raise AnswerInvalid("cut off")

    with pytest.raises(AnswerInvalid):
        await send(pipeline(client), read=fail)

    assert route.call_count == 2


@respx.mock
async def test_every_try_is_booked_and_none_beyond_the_limit(client: httpx.AsyncClient) -> None:
    route = respx.post(URL).mock(side_effect=httpx.ReadError("reset"))
    ledger = Ledger(limit=2)

    with pytest.raises(QuotaExhausted) as caught:
        await send(pipeline(client, ledger))

    assert (route.call_count, ledger.booked) == (2, 2)
    assert caught.value.retry_at == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@respx.mock
async def test_a_call_that_never_gets_its_permit_is_not_booked(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(200)
    ledger = Ledger()
    out = pipeline(client, ledger)
    slow = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)
    await send(out, quota=slow)

    with pytest.raises(Throttled):
        await send(out, quota=slow)

    assert ledger.booked == 1


@respx.mock
async def test_a_call_is_booked_on_the_day_on_which_it_is_made(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(200)
    days: list[str] = []
    moments = iter([datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)])
    after_midnight = datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC)

    class Diary(Ledger):
        async def book(
            self,
            account: AccountKey,
            rule: QuotaRule,
            allowance: Allowance | None,
            now: datetime,
            *,
            is_background: bool = False,
        ) -> None:
            days.append(f"+{now:%d}")

        async def give_back(
            self,
            account: AccountKey,
            rule: QuotaRule,
            allowance: Allowance | None,
            booked_at: datetime,
        ) -> None:
            days.append(f"-{booked_at:%d}")

    out = pipeline(client, Diary())
    out.now = lambda: next(moments, after_midnight)
    rule = QuotaRule(calls_per_day=9, calls_per_second=Decimal(9), reset_offset_hours=0)

    await send(out, quota=rule)

    assert days == ["+21", "-21", "+22"]


@respx.mock
async def test_a_caller_without_calls_left_fails_nobody_who_waits_for_the_same(
    client: httpx.AsyncClient,
) -> None:
    respx.post(URL).respond(200, content=b"ok")
    booked: list[Allowance | None] = []

    class OfKeys(Ledger):
        async def book(
            self,
            account: AccountKey,
            rule: QuotaRule,
            allowance: Allowance | None,
            now: datetime,
            *,
            is_background: bool = False,
        ) -> None:
            if allowance is not None and not allowance.calls_per_day:
                raise AllowanceUsedUp("used up", retry_at=NOW)
            booked.append(allowance)

    without, some = (Allowance(key=key, calls_per_day=n) for key, n in (("none", 0), ("some", 3)))
    out = pipeline(client, OfKeys())
    opener = CallBudget(caller="none", allowance=without, max_calls=1)
    assert opener.reserve()
    batch = shared(opener, CallBudget(caller="some", allowance=some))

    assert await send(out, budget=batch) == b"ok"

    batch.release()
    assert (booked, batch.caller, opener.calls, opener.reserved) == ([some], "some", 1, 0)
    with pytest.raises(AllowanceUsedUp):
        await send(out, budget=CallBudget(allowance=without))


class SlowLedger(Ledger):
    """Its storage does what it was told, also when nobody waits for it any more."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def book(
        self,
        account: AccountKey,
        rule: QuotaRule,
        allowance: Allowance | None,
        now: datetime,
        *,
        is_background: bool = False,
    ) -> None:
        await super().book(account, rule, allowance, now, is_background=is_background)
        self.begun.set()
        await asyncio.sleep(0.02)

    async def give_back(
        self,
        account: AccountKey,
        rule: QuotaRule,
        allowance: Allowance | None,
        booked_at: datetime,
    ) -> None:
        await asyncio.sleep(0.02)
        await super().give_back(account, rule, allowance, booked_at)


@respx.mock
async def test_who_gives_up_while_a_call_is_booked_has_not_booked_it(
    client: httpx.AsyncClient,
) -> None:
    route = respx.post(URL).respond(200)
    ledger = SlowLedger()
    async with asyncio.timeout(5):
        call = asyncio.create_task(send(pipeline(client, ledger)))
        await ledger.begun.wait()
        call.cancel()
        await asyncio.wait([call])

    assert call.cancelled()
    assert (ledger.booked, route.call_count) == (0, 0)


@respx.mock
async def test_a_call_without_quota_is_not_booked(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(200)
    ledger = Ledger(limit=0)

    await send(pipeline(client, ledger), quota=None)

    assert ledger.booked == 0


@respx.mock
async def test_who_does_not_get_a_permit_is_told_when(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(200)
    out = pipeline(client)
    slow = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)
    await send(out, quota=slow)

    with pytest.raises(Throttled) as caught:
        await send(out, quota=slow)

    assert caught.value.retry_at == NOW + timedelta(seconds=1)


@respx.mock
async def test_the_log_names_host_and_operation_and_nothing_secret(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="affiliate_graph")
    respx.post(url__startswith=URL).respond(200, text="body-marker")

    await send(
        pipeline(client),
        build=lambda: httpx.Request(
            "POST",
            URL + "?q=query-marker",
            data={"secret": "form-marker"},
            headers={"authorization": "header-marker"},
        ),
    )

    [line] = [vars(record) for record in caplog.records if "graph" in record.name]
    assert line["message"].endswith(" product.query: ok")
    assert (line["host"], line["status"], line["levelname"]) == ("gateway.example", 200, "INFO")
    assert "marker" not in str(line)


@respx.mock
async def test_a_failure_of_the_marketplace_is_a_warning_with_its_code(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="affiliate_graph")
    respx.post(URL).respond(200, text="error 27: the signature is wrong")

    def classify(_answer: Answer) -> str:
        raise CredentialsRejected("The signature is wrong.", upstream_code="27")

    with pytest.raises(CredentialsRejected):
        await send(pipeline(client), read=classify)

    [line] = [vars(record) for record in caplog.records if "graph" in record.name]
    assert line["levelname"] == "WARNING"
    assert line["message"].endswith(" product.query: CREDENTIALS_REJECTED")
    assert (line["status"], line["upstreamCode"]) == (200, "27")


async def test_a_call_beyond_the_cap_is_neither_made_nor_booked(client: httpx.AsyncClient) -> None:
    ledger = Ledger()

    with pytest.raises(CallCapReached):
        await send(pipeline(client, ledger), budget=CallBudget(max_calls=0))

    assert ledger.booked == 0


@respx.mock
async def test_nobody_gets_a_permit_too_late_for_the_answer(client: httpx.AsyncClient) -> None:
    route = respx.post(URL).respond(200)
    out = pipeline(client)
    out.timeouts = Timeouts(permit=30)
    three = QuotaRule(calls_per_day=None, calls_per_second=Decimal(3), reset_offset_hours=0)
    await asyncio.gather(*(send(out, quota=three) for _ in range(3)))

    started = time.monotonic()
    with pytest.raises(Throttled):  # its permit would come after 1.005 seconds
        await send(out, quota=three, budget=CallBudget(deadline=started + 1.1))

    assert time.monotonic() - started < 1
    assert route.call_count == 3


class Trickle(httpx.AsyncByteStream):
    """A byte now and then, so that no read ever times out by itself."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.1)
            yield b"x"


@respx.mock
async def test_a_trickling_answer_ends_at_the_deadline(client: httpx.AsyncClient) -> None:
    respx.post(URL).mock(return_value=httpx.Response(200, stream=Trickle()))
    out = pipeline(client)
    out.timeouts = Timeouts(attempt=0.05, attempts=1)
    stamina.set_testing(True, attempts=1)

    with pytest.raises(MarketplaceUnavailable, match="in time"):
        await send(out)


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
    out = pipeline(client, transport=hanging, max_connections=1, timeouts=Timeouts(permit=3))
    first = asyncio.create_task(send(out, account=other_account(1)))
    await hanging.sent.wait()

    with pytest.raises(Throttled, match="too many calls under way"):
        async with asyncio.timeout(1):
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
    async with asyncio.timeout(5):
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
    async with asyncio.timeout(5):
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

        await asyncio.wait_for(send(out, budget=budget), timeout=5)

        assert not waiting.done()
        waiting.cancel()
