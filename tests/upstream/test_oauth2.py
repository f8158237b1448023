"""One fetch for everybody who waits; nothing of a failure is kept."""

import asyncio
import gc
from datetime import UTC, datetime, timedelta

import pytest

from domain.credentials import Secret
from domain.exceptions import CredentialsRejected, MarketplaceUnavailable
from upstream.budget import CallBudget
from upstream.oauth2 import Token, TokenCache

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Fetcher:
    """Hands out tokens "1", "2" ... when the gate opens; raises `failure` if one is set."""

    def __init__(self, *, is_open: bool = False) -> None:
        self.fetches = 0
        self.gate = asyncio.Event()
        self.failure: Exception | None = None
        if is_open:
            self.gate.set()

    async def fetch(self) -> Token:
        self.fetches += 1
        number = self.fetches
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return Token(Secret(str(number)), NOW + HOUR)


async def get(cache: TokenCache, fetcher: Fetcher) -> Secret:
    """The token, for somebody who has time."""
    return await cache.get("key", fetcher.fetch, CallBudget(), now=NOW)


async def until_waiting() -> None:
    """Let every task that can run come to its next wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_twenty_waiting_callers_share_one_fetch() -> None:
    cache, fetcher = TokenCache(), Fetcher()
    callers = [asyncio.create_task(get(cache, fetcher)) for _ in range(20)]
    await until_waiting()

    fetcher.gate.set()
    tokens = await asyncio.gather(*callers)

    assert fetcher.fetches == 1
    assert {token.reveal() for token in tokens} == {"1"}


async def test_cancelled_first_caller_harms_nobody() -> None:
    cache, fetcher = TokenCache(), Fetcher()
    first, *others = [asyncio.create_task(get(cache, fetcher)) for _ in range(3)]
    await until_waiting()

    first.cancel()
    await until_waiting()
    fetcher.gate.set()
    tokens = await asyncio.gather(*others)

    assert first.cancelled()
    assert fetcher.fetches == 1
    assert [token.reveal() for token in tokens] == ["1", "1"]


async def test_failure_is_shared_and_not_kept() -> None:
    cache, fetcher = TokenCache(), Fetcher()
    fetcher.failure = CredentialsRejected("No.")
    callers = [asyncio.create_task(get(cache, fetcher)) for _ in range(3)]
    await until_waiting()

    fetcher.gate.set()
    failures = await asyncio.gather(*callers, return_exceptions=True)
    fetcher.failure = None
    later = await get(cache, fetcher)

    assert failures == [failures[0]] * 3
    assert isinstance(failures[0], CredentialsRejected)
    assert (fetcher.fetches, later.reveal()) == (2, "2")


async def test_dropping_an_older_token_leaves_the_newer() -> None:
    cache, fetcher = TokenCache(), Fetcher(is_open=True)
    older = await get(cache, fetcher)
    cache.drop("key", older)
    newer = await get(cache, fetcher)

    cache.drop("key", older)
    kept = await get(cache, fetcher)

    assert kept == newer
    assert fetcher.fetches == 2


async def test_token_is_fetched_again_at_its_end_of_use() -> None:
    cache, fetcher = TokenCache(), Fetcher(is_open=True)
    await get(cache, fetcher)

    before_end = await cache.get(
        "key", fetcher.fetch, CallBudget(), now=NOW + HOUR - timedelta(seconds=1)
    )
    at_end = await cache.get("key", fetcher.fetch, CallBudget(), now=NOW + HOUR)

    assert (before_end.reveal(), at_end.reveal()) == ("1", "2")


async def test_expired_tokens_of_other_keys_are_forgotten() -> None:
    cache, fetcher = TokenCache(), Fetcher(is_open=True)
    await cache.get("rotated away", fetcher.fetch, CallBudget(), now=NOW)

    await cache.get("in use", fetcher.fetch, CallBudget(), now=NOW + HOUR)
    back_in_time = await cache.get("rotated away", fetcher.fetch, CallBudget(), now=NOW)

    assert back_in_time.reveal() == "3"


async def test_token_without_a_life_serves_its_caller_alone() -> None:
    cache = TokenCache()
    lives = iter([Token(Secret("brief"), NOW), Token(Secret("next"), NOW)])

    async def fetch() -> Token:
        return next(lives)

    served = [(await cache.get("key", fetch, CallBudget(), now=NOW)).reveal() for _ in range(2)]

    assert served == ["brief", "next"]


async def test_token_dropped_during_a_fetch_does_not_stop_it() -> None:
    cache, fetcher = TokenCache(), Fetcher()
    caller = asyncio.create_task(get(cache, fetcher))
    await until_waiting()

    cache.drop("key", Secret("1"))
    fetcher.gate.set()

    assert (await caller).reveal() == "1"
    assert (await get(cache, fetcher)).reveal() == "1"


async def test_failure_that_nobody_waits_for_is_not_reported_as_lost() -> None:
    cache, fetcher = TokenCache(), Fetcher()
    fetcher.failure = CredentialsRejected("No.")
    lost: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: lost.append(told))
    caller = asyncio.create_task(get(cache, fetcher))
    await until_waiting()

    caller.cancel()
    await until_waiting()
    fetcher.gate.set()
    await until_waiting()
    gc.collect()

    assert caller.cancelled()
    assert lost == []


async def test_keys_do_not_share_tokens() -> None:
    cache, fetcher = TokenCache(), Fetcher(is_open=True)

    one = await cache.get("one", fetcher.fetch, CallBudget(), now=NOW)
    other = await cache.get("other", fetcher.fetch, CallBudget(), now=NOW)

    assert one != other


async def test_dropping_an_unknown_key_leaves_the_others() -> None:
    cache, fetcher = TokenCache(), Fetcher(is_open=True)
    kept = await cache.get("one", fetcher.fetch, CallBudget(), now=NOW)

    cache.drop("never seen", kept)

    assert await cache.get("one", fetcher.fetch, CallBudget(), now=NOW) == kept
    assert fetcher.fetches == 1


async def test_a_fetch_ends_when_nobody_waits_for_it_any_longer() -> None:
    cache, fetcher = TokenCache(), Fetcher()
    tasks = asyncio.all_tasks()
    caller = asyncio.create_task(get(cache, fetcher))
    await until_waiting()

    caller.cancel()
    await until_waiting()
    left = asyncio.all_tasks() - tasks
    fetcher.gate.set()
    later = await get(cache, fetcher)

    assert left == set()
    assert (fetcher.fetches, later.reveal()) == (2, "2")


async def test_who_comes_first_with_no_time_left_does_not_end_the_fetch_for_the_others() -> None:
    cache, fetcher = TokenCache(), Fetcher()
    hasty = CallBudget(deadline=0.0, monotonic=lambda: 1.0)

    first = asyncio.create_task(cache.get("key", fetcher.fetch, hasty, now=NOW))
    second = asyncio.create_task(get(cache, fetcher))
    with pytest.raises(MarketplaceUnavailable):
        await first
    fetcher.gate.set()

    assert (await second).reveal() == "1"
    assert fetcher.fetches == 1
