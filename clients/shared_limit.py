"""Calls a second, per account, over all server processes that share one Redis.

Each turn is a member of a sorted set that holds the last second's turns; one script looks and takes
in a single step, by the clock of the Redis server, since the clocks of several machines differ. A
process sends only the first of its line to Redis.

While Redis cannot be reached, every process keeps to its share of the limit: the limit divided by
the number of processes seen last. On the way there and back it lets a whole second pass, so that
the turns of both ways never add up to more than the limit.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable
from dataclasses import replace
from decimal import Decimal
from typing import cast
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from clients.rate_limit import SECOND_MS, RateLimit
from clients.spending import Monotonic
from domain.marketplaces import AccountKey, QuotaRule

PREFIX = "affiliate-graph"
SECOND = SECOND_MS / 1000
HEARTBEAT = 5.0  # seconds between two notes that a process lives
LIFE = 15  # seconds after which a silent process no longer counts
RETRY_AFTER = 1.0  # seconds after which an unreachable Redis is tried again
WARN_EVERY = 60.0
PATIENCE = 0.5  # seconds that Redis may take
log = logging.getLogger("affiliate_graph.rate_limit")

# KEYS: the turns taken, the pause. ARGV: turns in a window, its length in microseconds, a name.
# Returns the microseconds to wait; 0: the turn is taken. Turns of the future are those of a clock
# that was set back: they are taken to be of now, so that they neither block for long nor are lost.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local after = '(' .. string.format('%.0f', now)
local pause = redis.call('PTTL', KEYS[2])
if pause > 0 then return pause * 1000 end
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
for _, turn in ipairs(redis.call('ZRANGE', KEYS[1], after, '+inf', 'BYSCORE')) do
    redis.call('ZADD', KEYS[1], now, turn)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local taken = redis.call('ZCARD', KEYS[1])
if taken < limit then
    redis.call('ZADD', KEYS[1], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000) + 1000)
    return 0
end
local blocking = redis.call('ZRANGE', KEYS[1], taken - limit, taken - limit, 'WITHSCORES')
return math.max(1000, blocking[2] + window - now)
"""


def redis_client(url: str) -> Redis:
    """The connections to a Redis server; one that does not answer is given up after a moment."""
    return Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)


async def is_answered(url: str) -> bool:
    """Whether a Redis server answers there."""
    client = redis_client(url)
    try:
        await client.ping()
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()
    return True


class SharedRateLimit(RateLimit):
    """Hands out turns that all processes share. See `RateLimit`."""

    def __init__(self, redis: Redis, monotonic: Monotonic = time.monotonic) -> None:
        super().__init__(monotonic)
        self._redis = redis
        self._script = redis.register_script(TAKE)
        self._own = RateLimit(monotonic)  # for while Redis is away
        self._id = uuid4().hex
        self._heads: dict[AccountKey, asyncio.Lock] = {}
        self._processes = 1
        self._next_beat = self._next_warning = self._away_until = self._not_before = 0.0

    async def pause(self, account: AccountKey, seconds: float) -> None:
        """See `RateLimit.pause`."""
        await super().pause(account, seconds)
        await self._own.pause(account, seconds)
        try:
            name = _key("pause", account)
            await self._redis.set(name, "1", px=max(1, int(seconds * 1000)))
        except (RedisError, OSError) as failure:
            self._lose(failure)

    async def _take(self, account: AccountKey, rule: QuotaRule) -> None:
        async with self._heads.setdefault(account, asyncio.Lock()):
            while True:
                await asyncio.sleep(max(0.0, self._not_before - self._monotonic()))
                if self._monotonic() < self._away_until:
                    await self._own._take(account, self._share_of(rule))
                    return
                try:
                    await self._beat()
                    wait = await self._ask(account, rule)
                except (RedisError, OSError) as failure:
                    self._lose(failure)
                    continue
                if wait == 0:
                    return
                await asyncio.sleep(wait)

    async def _ask(self, account: AccountKey, rule: QuotaRule) -> float:
        """Seconds to wait; 0: the turn is taken."""
        limit, window = _window(rule.calls_per_second)
        keys = [_key("turns", account), _key("pause", account)]
        arguments: list[int | str] = [limit, int(window * 1_000_000), uuid4().hex]
        answer = await cast(Awaitable[int], self._script(keys=keys, args=arguments))
        if self._away_until:
            self._find_again()
            return SECOND  # the turn that was just taken is not used: our own may be too near
        return answer / 1_000_000

    async def _beat(self) -> None:
        """Tell the others that this process lives, and count them."""
        if self._monotonic() < self._next_beat:
            return
        name, now = f"{PREFIX}:processes", time.time()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(name, {self._id: now})
            pipe.zremrangebyscore(name, "-inf", now - LIFE)
            pipe.zcard(name)
            pipe.expire(name, LIFE)
            *_, count, _ = await pipe.execute()
        self._processes = max(1, int(count))
        self._next_beat = self._monotonic() + HEARTBEAT

    def _lose(self, failure: Exception) -> None:
        now = self._monotonic()
        if not self._away_until:
            self._not_before = now + SECOND
        self._away_until = max(now, self._not_before) + RETRY_AFTER
        self._next_beat = 0.0
        if now >= self._next_warning:
            self._next_warning = now + WARN_EVERY
            log.warning(
                "Redis cannot be reached (%s): until it is back, this process keeps to a %s of "
                "each limit.",
                type(failure).__name__,
                "whole" if self._processes == 1 else f"{self._processes}th",
            )

    def _find_again(self) -> None:
        self._away_until = 0.0
        self._next_warning = 0.0
        self._not_before = self._monotonic() + SECOND
        log.warning("Redis is back: the limits are shared again.")

    def _share_of(self, rule: QuotaRule) -> QuotaRule:
        return replace(rule, calls_per_second=rule.calls_per_second / self._processes)


def _window(calls_per_second: Decimal) -> tuple[int, float]:
    """Turns in a window, and its length in seconds."""
    if calls_per_second >= 1:
        return int(calls_per_second), SECOND
    return 1, SECOND / float(calls_per_second)


def _key(kind: str, account: AccountKey) -> str:
    place = (account.workspace, account.marketplace, account.locale, account.mode.value)
    return f"{PREFIX}:{kind}:{':'.join(place)}"
