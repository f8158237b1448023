"""The pipeline of a call: what is reserved, sent, given back, refused and tried again."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx
import stamina

from domain.exceptions import (
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
from upstream.budget import Allowance, Budget, CallBudget
from upstream.contract import Answer, Call
from upstream.http import HTTPTransport
from upstream.pipeline import Pipeline, Timeouts

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]

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
    async with asyncio.timeout(60):
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

    with pytest.raises(Throttled):  # its permit would come after 1.005 seconds
        await send(out, quota=three, budget=CallBudget(deadline=time.monotonic() + 1.1))

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
