"""Answers that are kept: for how long, for whom, and what a liar in Redis can do (nothing)."""

import contextlib
import hmac
import logging
import pickle
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from domain.exceptions import (
    AffiliateGraphError,
    MarketplaceError,
    MarketplaceUnavailable,
    NotInProgram,
    ProductNotFound,
)
from domain.products import SourceProduct
from domain.search import SearchPage
from tests.fakes import product
from tests.redis_server import line_to, own_redis
from upstream import cache as module
from upstream import redis_server
from upstream.cache import AnswerCache, CacheEntry, CachePolicy

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LAMPS: CachePolicy[SourceProduct] = CachePolicy(
    kind=SourceProduct, fresh_for=HOUR, shown_for=24 * HOUR
)
TEXTS: CachePolicy[str] = CachePolicy(kind=str, fresh_for=HOUR, shown_for=24 * HOUR)
LINE = ("products", "account", "fingerprint of its credentials")


class Seconds:
    """A monotonic clock that is told to go on."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[AnswerCache]:
    """An empty cache of each kind."""
    async with own_redis() if request.param == "redis" else contextlib.nullcontext() as url:
        made = AnswerCache(url)
        yield made
        await made.close()


async def put(cache: AnswerCache, **answers: str | AffiliateGraphError) -> None:
    """Keep these texts and failures at NOW."""
    await cache.put(LINE, answers, TEXTS, now=NOW)


async def kept(cache: AnswerCache, key: str = "a", *, after: timedelta = timedelta()) -> Any:
    """What the cache says of a text some time after NOW."""
    return (await cache.get(LINE, [key], TEXTS, now=NOW + after)).get(key)


async def test_an_answer_comes_back_as_it_was(cache: AnswerCache) -> None:
    lamp = product(7)

    await cache.put(LINE, {lamp.ref: lamp}, LAMPS, now=NOW)
    found = await cache.get(LINE, [lamp.ref, product(8).ref], LAMPS, now=NOW)

    assert found == {lamp.ref: CacheEntry(value=lamp, since=NOW, is_fresh=True)}


async def test_a_page_of_a_search_comes_back_as_it_was(cache: AnswerCache) -> None:
    page = SearchPage(products=(product(1), product(2)), total=70, is_last=False)
    shelf: CachePolicy[SearchPage] = CachePolicy(kind=SearchPage, fresh_for=HOUR, shown_for=HOUR)

    await cache.put("search", {1: page}, shelf, now=NOW)

    assert (await cache.get("search", [1], shelf, now=NOW))[1].value == page


@pytest.mark.parametrize(
    ("_case", "after", "is_fresh"),
    [
        ("just now", timedelta(), True),
        ("just before its time is over", HOUR - timedelta(microseconds=1), True),
        ("when its time is over", HOUR, False),
        ("just before it may not be shown", 24 * HOUR - timedelta(microseconds=1), False),
        ("when it may not be shown any more", 24 * HOUR, None),
        ("before it was asked, by a clock set back", -timedelta(seconds=1), None),
    ],
)
async def test_an_answer_ages_by_the_clock_that_is_passed(
    cache: AnswerCache, _case: str, after: timedelta, is_fresh: bool | None
) -> None:
    await put(cache, a="x")

    found = await kept(cache, after=after)

    assert (found.is_fresh if found else None) == is_fresh


@pytest.mark.parametrize("kind", [ProductNotFound, NotInProgram])
async def test_that_there_is_none_is_kept_for_a_minute(
    cache: AnswerCache, kind: type[MarketplaceError]
) -> None:
    await put(cache, a=kind("Gone."))

    soon = await kept(cache, after=timedelta(seconds=59))
    late = await kept(cache, after=timedelta(seconds=60))

    assert isinstance(soon.value, kind)
    assert (soon.value.message, soon.is_fresh, late) == ("Gone.", True, None)


async def test_other_failures_are_not_kept(cache: AnswerCache) -> None:
    await put(cache, a=MarketplaceUnavailable("down"), b="x")

    assert await kept(cache, "a") is None
    assert (await kept(cache, "b")).value == "x"


@pytest.mark.parametrize(
    ("_case", "line"),
    [
        ("other credentials", ("products", "account", "another fingerprint")),
        ("another account", ("products", "another account", "fingerprint of its credentials")),
        ("another operation", ("links", "account", "fingerprint of its credentials")),
    ],
)
async def test_nobody_else_gets_the_answer(
    cache: AnswerCache, _case: str, line: tuple[str, ...]
) -> None:
    await put(cache, a="x")

    assert await cache.get(line, ["a"], TEXTS, now=NOW) == {}


async def test_a_shelf_without_time_keeps_nothing(cache: AnswerCache) -> None:
    no_time: CachePolicy[str] = CachePolicy(kind=str, fresh_for=timedelta(), shown_for=timedelta())

    answers: dict[str, str | AffiliateGraphError] = {"a": "x", "b": ProductNotFound("Gone.")}
    await cache.put(LINE, answers, no_time, now=NOW)

    assert await cache.get(LINE, ["a", "b"], TEXTS, now=NOW) == {}


async def test_memory_drops_the_least_recently_used() -> None:
    cache = AnswerCache(max_entries=2)
    for key in ("a", "b"):
        await cache.put(LINE, {key: key}, TEXTS, now=NOW)
    await kept(cache, "a")

    await cache.put(LINE, {"c": "c"}, TEXTS, now=NOW)

    assert [key for key in "abc" if await kept(cache, key)] == ["a", "c"]
    await cache.close()


SECRET = b"shared by the processes"


async def test_processes_share_the_answers_in_redis(redis_url: str) -> None:
    one, two = (AnswerCache(redis_url, secret=SECRET) for _ in range(2))

    await put(one, a="x")

    assert (await kept(two)).value == "x"
    await one.close()
    await two.close()


async def test_redis_forgets_an_answer_that_may_not_be_shown_any_more(redis_url: str) -> None:
    cache = AnswerCache(redis_url)
    async with Redis.from_url(redis_url) as redis:
        await put(cache, a="x", b=ProductNotFound("Gone."))
        lives = sorted([await redis.ttl(name) for name in await redis.keys(f"{module.PREFIX}*")])
    await cache.close()

    assert lives == [60, 24 * 60 * 60]


class Runs:
    """What a pickle of it does when it is loaded: leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def entry(**fields: object) -> bytes:
    """An entry that holds this."""
    return b"bytes:" + orjson.dumps({"since": NOW.isoformat(), "value": "x"} | fields)


TAMPERED = [
    ("no entry at all", b"garbage"),
    ("no text", b"\xff\xfe\x00"),
    ("a number", b"5"),
    ("empty", b"bytes:"),
    ("another kind of JSON", b"bytes:[1, 2]"),
    ("a text", b'bytes:"since"'),
    ("no time", b'bytes:{"value": "x"}'),
    ("no value", b'bytes:{"since": "2026-11-21T12:00:00+00:00"}'),
    ("a time without a zone", entry(since="2026-11-21T12:00:00")),
    ("a time that is none", entry(since="yesterday")),
    ("a time of the future", entry(since="2027-11-21T12:00:00+00:00")),
    ("a time that is a number", entry(since=5)),
    ("a message that is no text", entry(missing={"a": 1}, code="NOT_FOUND")),
    ("a failure of no kept kind", entry(missing="Gone.", code="THROTTLED")),
    ("cut off", entry()[:-3]),
]


async def names_of(redis: Redis) -> list[bytes]:
    """The names of our entries."""
    return [name for name in await redis.keys(f"{module.PREFIX}*") if isinstance(name, bytes)]


def signed(name: bytes, text: bytes, secret: bytes = SECRET) -> bytes:
    """The text as an entry of that name, signed as ours are."""
    text = text.removeprefix(b"bytes:")
    return b"bytes:" + hmac.digest(secret, name + text, "sha256") + text


@pytest.mark.parametrize(("_case", "text"), TAMPERED)
async def test_what_is_no_entry_of_ours_is_not_there(
    redis_url: str, _case: str, text: bytes
) -> None:
    cache = AnswerCache(redis_url, secret=SECRET)
    await put(cache, a="x")
    async with Redis.from_url(redis_url) as redis:
        [name] = await names_of(redis)

        await redis.set(name, text)
        tampered = await kept(cache)
        await redis.set(name, signed(name, text))
        signed_nonsense = await kept(cache)
        await redis.set(name, signed(name, entry()))
        sound = await kept(cache)

    await cache.close()
    assert (tampered, signed_nonsense) == (None, None)
    assert sound.value == "x"


async def test_an_entry_counts_only_under_our_signature_and_its_own_name(redis_url: str) -> None:
    cache = AnswerCache(redis_url, secret=SECRET)
    await put(cache, a="pays us")
    async with Redis.from_url(redis_url) as redis:
        [name] = await names_of(redis)
        ours = await redis.get(name)
        assert isinstance(ours, bytes)
        await put(cache, b="pays us too")
        [other] = {*await names_of(redis)} - {name}

        await redis.set(name, signed(name, entry(value="pays somebody else"), b"guessed"))
        forged = await kept(cache)
        await redis.set(other, ours)
        moved = await kept(cache, "b")
        await redis.set(name, ours)
        sound = await kept(cache)

    await cache.close()
    assert (forged, moved) == (None, None)
    assert sound.value == "pays us"


@pytest.mark.parametrize("value", [5, [], {"ref": 5}, {"ref": {}}, {"offer": {"price": "1"}}])
async def test_a_product_that_is_none_is_not_there(redis_url: str, value: object) -> None:
    cache, lamp = AnswerCache(redis_url, secret=SECRET), product(1)
    await cache.put(LINE, {lamp.ref: lamp}, LAMPS, now=NOW)
    async with Redis.from_url(redis_url) as redis:
        [name] = await names_of(redis)
        await redis.set(name, signed(name, entry(value=value)))

    assert await cache.get(LINE, [lamp.ref], LAMPS, now=NOW) == {}
    await cache.close()


async def test_nothing_that_lies_in_redis_is_run(redis_url: str, tmp_path: Path) -> None:
    cache, trace = AnswerCache(redis_url), tmp_path / "trace"
    await put(cache, a="x")
    async with Redis.from_url(redis_url) as redis:
        [name] = await names_of(redis)
        text = await redis.get(name)
        await redis.set(name, pickle.dumps(Runs(trace)))

    assert await kept(cache) is None
    assert not trace.exists()
    assert isinstance(text, bytes)
    json = text.removeprefix(b"bytes:")[module.SIGNATURE_BYTES :]
    assert orjson.loads(json)["value"] == "x"  # JSON, and nothing else
    await cache.close()


async def test_a_redis_that_is_away_is_an_empty_cache_until_it_is_back(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Seconds()
    async with line_to(redis_url) as line:
        cache = AnswerCache(line.url, monotonic=clock)
        await put(cache, a="x")

        await line.cut()
        with caplog.at_level(logging.WARNING):
            away = [await kept(cache) for _ in range(3)]
            clock.now += redis_server.RETRY_AFTER
            await put(cache, b="y")
        await line.mend()
        too_early = await kept(cache)
        clock.now += redis_server.RETRY_AFTER
        back = await kept(cache)

        await cache.close()
    assert away == [None, None, None]
    assert too_early is None
    assert back.value == "x"
    assert [record.message.partition("(")[0] for record in caplog.records] == [
        "Redis cannot be reached ",
        "Redis is back: answers are cached again.",
    ]
