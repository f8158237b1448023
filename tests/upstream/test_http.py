"""The one way out: what it sends, what it refuses, and when it tries again."""

import asyncio
import gzip
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
import respx
import stamina

from clients.base import Answer
from domain.exceptions import (
    AnswerInvalid,
    CallCapReached,
    CredentialsRejected,
    MarketplaceUnavailable,
    QuotaExhausted,
    Throttled,
)
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from upstream.budget import CallBudget
from upstream.http import MAX_BODY_BYTES, HTTPSender, http_client
from upstream.rate_limit import Permit, RateLimit
from upstream.retries import Timeouts

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
        self, account: AccountKey, rule: QuotaRule, now: datetime, *, is_background: bool
    ) -> bool:
        if self.booked >= self.limit:
            return False
        self.booked += 1
        return True

    async def give_back(self, account: AccountKey, rule: QuotaRule, booked_at: datetime) -> None:
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


def sender(client: httpx.AsyncClient, ledger: Ledger | None = None) -> HTTPSender:
    return HTTPSender(
        client=client,
        ledger=ledger or Ledger(),
        now=lambda: NOW,
        patience=Timeouts(attempt=0.5, turn=0.2, first_pause=0.001),
    )


async def send(
    out: HTTPSender,
    *,
    build: Callable[[], httpx.Request] = lambda: httpx.Request("POST", URL, data={"a": "1"}),
    read: Callable[[Answer], object] = lambda answer: answer.body,
    quota: QuotaRule | None = FAST,
) -> object:
    return await out.send(
        build, read, account=ACCOUNT, credentials="c", operation="product.query", quota=quota
    )


@respx.mock
async def test_what_read_makes_of_the_answer_is_returned(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(200, json={"ok": True})

    found = await send(sender(client), read=lambda answer: (answer.status, answer.received_at))

    assert found == (200, NOW)


@respx.mock
async def test_every_try_is_built_anew(client: httpx.AsyncClient) -> None:
    route = respx.post(URL).mock(side_effect=[httpx.ConnectError("no"), httpx.Response(200)])
    stamps = iter(("first", "second"))

    await send(
        sender(client),
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
        await send(sender(client), read=refuse)

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
        await send(sender(client), read=refuse)

    assert route.call_count == calls
    if retry_after:
        assert caught.value.retry_at == NOW + timedelta(seconds=retry_after)


@respx.mock
async def test_a_senseless_answer_gets_one_more_chance(client: httpx.AsyncClient) -> None:
    route = respx.post(URL).respond(200)

    def fail(_answer: Answer) -> None:
        raise AnswerInvalid("cut off")

    with pytest.raises(AnswerInvalid):
        await send(sender(client), read=fail)

    assert route.call_count == 2


@respx.mock
async def test_a_redirect_is_refused_and_not_followed(client: httpx.AsyncClient) -> None:
    inner = respx.get("http://169.254.169.254/")
    respx.post(URL).respond(302, headers={"location": "http://169.254.169.254/"})

    with pytest.raises(AnswerInvalid, match="redirect"):
        await send(sender(client))

    assert not inner.called


@respx.mock
async def test_a_packed_body_is_unpacked(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(
        200, headers={"content-encoding": "gzip"}, content=gzip.compress(b"hello")
    )

    assert await send(sender(client)) == b"hello"


@respx.mock
@pytest.mark.parametrize("packed", [True, False])
async def test_a_body_without_end_is_cut_at_the_limit(
    client: httpx.AsyncClient, packed: bool
) -> None:
    body = b"\0" * (MAX_BODY_BYTES * 2)
    headers = {"content-encoding": "gzip"} if packed else {}
    respx.post(URL).respond(200, headers=headers, content=gzip.compress(body) if packed else body)

    with pytest.raises(AnswerInvalid, match="8 MiB"):
        await send(sender(client))


@respx.mock
async def test_a_body_packed_wrongly_is_refused(client: httpx.AsyncClient) -> None:
    stream = Chunks(b"not gzip")
    headers = {"content-encoding": "gzip"}
    respx.post(URL).mock(return_value=httpx.Response(200, headers=headers, stream=stream))

    with pytest.raises(AnswerInvalid, match="packed wrongly"):
        await send(sender(client))


class Chunks(httpx.AsyncByteStream):
    """A body as it comes over the wire, which httpx does not look into beforehand."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk


class Trickle(httpx.AsyncByteStream):
    """A byte now and then, so that no read ever times out by itself."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.01)
            yield b"x"


@respx.mock
async def test_a_trickling_answer_ends_at_the_deadline(client: httpx.AsyncClient) -> None:
    respx.post(URL).mock(return_value=httpx.Response(200, stream=Trickle()))
    out = sender(client)
    out.patience = Timeouts(attempt=0.05, attempts=1)
    stamina.set_testing(True, attempts=1)

    with pytest.raises(MarketplaceUnavailable, match="in time"):
        await send(out)


@respx.mock
async def test_every_try_is_booked_and_none_beyond_the_limit(client: httpx.AsyncClient) -> None:
    route = respx.post(URL).mock(side_effect=httpx.ReadError("reset"))
    ledger = Ledger(limit=2)

    with pytest.raises(QuotaExhausted) as caught:
        await send(sender(client, ledger))

    assert (route.call_count, ledger.booked) == (2, 2)
    assert caught.value.retry_at == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@respx.mock
async def test_a_call_that_never_gets_its_turn_is_not_booked(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(200)
    ledger = Ledger()
    out = sender(client, ledger)
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
            self, account: AccountKey, rule: QuotaRule, now: datetime, *, is_background: bool
        ) -> bool:
            days.append(f"+{now:%d}")
            return True

        async def give_back(
            self, account: AccountKey, rule: QuotaRule, booked_at: datetime
        ) -> None:
            days.append(f"-{booked_at:%d}")

    out = sender(client, Diary())
    out.now = lambda: next(moments, after_midnight)
    rule = QuotaRule(calls_per_day=9, calls_per_second=Decimal(9), reset_offset_hours=0)

    await send(out, quota=rule)

    assert days == ["+21", "+22", "-21"]


@respx.mock
async def test_a_call_without_quota_is_not_booked(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(200)
    ledger = Ledger(limit=0)

    await send(sender(client, ledger), quota=None)

    assert ledger.booked == 0


@respx.mock
async def test_who_does_not_get_a_turn_is_told_when(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(200)
    out = sender(client)
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
        sender(client),
        build=lambda: httpx.Request(
            "POST",
            URL + "?q=query-marker",
            data={"secret": "form-marker"},
            headers={"authorization": "header-marker"},
        ),
    )

    assert "product.query at gateway.example: 200" in caplog.text
    assert "marker" not in "".join(r.getMessage() for r in caplog.records if "graph" in r.name)


async def test_turns_keep_to_the_limit_in_every_second() -> None:
    limit, times = RateLimit(), []
    rule = QuotaRule(calls_per_day=None, calls_per_second=Decimal(20), reset_offset_hours=0)
    clock = asyncio.get_running_loop()

    async def call() -> None:
        turn = await limit.turn(ACCOUNT, rule, patience=5)
        assert isinstance(turn, Permit)
        times.append(clock.time())
        await turn.over()

    await asyncio.gather(*(call() for _ in range(30)))

    assert max(sum(1 for t in times if start <= t < start + 0.99) for start in times) <= 20


async def test_accounts_do_not_wait_for_each_other() -> None:
    limit = RateLimit()
    rule = QuotaRule(calls_per_day=None, calls_per_second=Decimal("0.5"), reset_offset_hours=0)
    other = AccountKey("default", "amazon", "www.amazon.de", Mode.LIVE)

    assert isinstance(await limit.turn(ACCOUNT, rule, patience=0.01), Permit)
    assert isinstance(await limit.turn(other, rule, patience=0.01), Permit)
    assert not isinstance(await limit.turn(ACCOUNT, rule, patience=0.01), Permit)


async def test_a_call_beyond_the_cap_is_neither_made_nor_booked(client: httpx.AsyncClient) -> None:
    ledger = Ledger()

    with CallBudget(most_calls=0).active(), pytest.raises(CallCapReached):
        await send(sender(client, ledger))

    assert ledger.booked == 0


@respx.mock
async def test_nobody_gets_a_turn_too_late_for_the_answer(client: httpx.AsyncClient) -> None:
    route = respx.post(URL).respond(200)
    out = sender(client)
    out.patience = Timeouts(turn=30)
    three = QuotaRule(calls_per_day=None, calls_per_second=Decimal(3), reset_offset_hours=0)
    await asyncio.gather(*(send(out, quota=three) for _ in range(3)))

    started = time.monotonic()
    with CallBudget(deadline=started + 1.1).active(), pytest.raises(Throttled):
        await send(out, quota=three)  # its turn would come after 1.005 seconds

    assert time.monotonic() - started < 1
    assert route.call_count == 3


class Told(RateLimit):
    """Remembers what turns are told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    async def _take(self, account: AccountKey, rule: QuotaRule) -> Permit:
        told = self.told

        class Telling(Permit):
            async def sent(self) -> None:
                told.append("sent")

            async def over(self) -> None:
                told.append("over")

        return Telling()


async def test_a_turn_is_told_when_its_call_is_sent_and_when_it_is_over() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"a=1")
        limit.told.append("arrived")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    limit = Told()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, http_client() as client:
        out = sender(client)
        out.rate_limit = limit
        found = await send(out, build=lambda: httpx.Request("POST", url, data={"a": "1"}))

    assert found == b"ok"
    assert sorted(limit.told[:2]) == ["arrived", "sent"]
    assert limit.told[2:] == ["over"]


@respx.mock
async def test_a_turn_is_over_when_its_call_fails(client: httpx.AsyncClient) -> None:
    respx.post(URL).mock(side_effect=httpx.ConnectError("no"))
    out, limit = sender(client), Told()
    out.rate_limit = limit

    with pytest.raises(MarketplaceUnavailable):
        await send(out)

    assert limit.told == ["over"] * 3
