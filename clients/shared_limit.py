"""Calls a second, per account, over all server processes that share one Redis.

Each turn is a member of a sorted set that holds the last second's turns; one script looks and takes
in a single step, by the clock of the Redis server, since the clocks of several machines differ. A
process sends only the first of its line to Redis.

While Redis cannot be reached, every process keeps to its share of the limit: the limit divided by
the number of processes seen last. On the way there it lets a whole second pass, and on the way back
as long as the slowest of the others can take to notice, so that the turns of both ways never add up
to more than the limit. A process that was never able to count the others takes itself to be the
only one.
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar, cast
from uuid import uuid4

from redis.asyncio import Redis

from clients import redis_server
from clients.rate_limit import SECOND_MS, RateLimit
from clients.redis_server import AWAY
from clients.spending import Monotonic
from domain.marketplaces import AccountKey, QuotaRule

T = TypeVar("T")

PREFIX = "affiliate-graph"
PROCESSES = f"{PREFIX}:processes"
SECOND = SECOND_MS / 1000
HEARTBEAT = 5.0  # seconds between two notes that a process lives
LIFE = 15  # seconds after which a silent process no longer counts
# After its return a process still uses turns of its own for as long as a try that began before may
# take, and then until its next try.
ALL_NOTICED = redis_server.PATIENCE + redis_server.RETRY_AFTER
log = logging.getLogger("affiliate_graph.rate_limit")

# KEYS: the turns taken, the pause, the processes. ARGV: turns in a window, its length in
# microseconds, a name. Returns the microseconds to wait (0: the turn is taken), and how many
# processes there are. Turns of the future are those of a clock
# that was set back: they are taken to be of now, so that they neither block for long nor are lost.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local after = '(' .. string.format('%.0f', now)
local processes = redis.call('ZCARD', KEYS[3])
local pause = redis.call('PTTL', KEYS[2])
if pause > 0 then return {pause * 1000, processes} end
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
for _, turn in ipairs(redis.call('ZRANGE', KEYS[1], after, '+inf', 'BYSCORE')) do
    redis.call('ZADD', KEYS[1], now, turn)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local taken = redis.call('ZCARD', KEYS[1])
if taken < limit then
    redis.call('ZADD', KEYS[1], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000) + 1000)
    return {0, processes}
end
local blocking = redis.call('ZRANGE', KEYS[1], taken - limit, taken - limit, 'WITHSCORES')
return {math.max(1000, blocking[2] + window - now), processes}
"""


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
        self._next_beat = 0.0
        self._switched_at = -math.inf  # from shared turns to our own, or back
        self._reach = redis_server.Reach(
            log,
            lost="until it is back, this process keeps to its share of each limit.",
            back="the limits are shared again.",
            monotonic=monotonic,
        )

    async def pause(self, account: AccountKey, seconds: float) -> None:
        """See `RateLimit.pause`."""
        await super().pause(account, seconds)
        await self._own.pause(account, seconds)
        if self._reach.may_ask():
            name, milliseconds = _key("pause", account), max(1, int(seconds * 1000))
            await self._reached(self._redis.set(name, "1", px=milliseconds))

    async def _take(self, account: AccountKey, rule: QuotaRule) -> None:
        async with self._heads.setdefault(account, asyncio.Lock()):
            while True:
                await self._sit_out_pause(account)
                await asyncio.sleep(self._seconds_to_switch(rule))
                if self._reach.is_away:
                    if await self._is_back():
                        continue
                    await self._own._take(account, self._share_of(rule))
                    if await self._is_back():
                        continue  # the others may use all turns by now: this one does not count
                    return
                wait = await self._reached(self._ask(account, rule))
                if wait == 0:
                    return
                await asyncio.sleep(wait or 0)

    def _seconds_to_switch(self, rule: QuotaRule) -> float:
        """Until the turns of the other way no longer count."""
        _, window = _window(rule.calls_per_second)
        until = self._switched_at + window + (0 if self._reach.is_away else ALL_NOTICED)
        return max(0.0, until - self._monotonic())

    async def _is_back(self) -> bool:
        """Whether Redis is there; looked at only every second while it is not."""
        if self._reach.is_away and self._reach.may_ask():
            await self._reached(self._redis.ping())
        return not self._reach.is_away

    async def _reached(self, asked: Awaitable[T]) -> T | None:
        """What Redis answers; None when it does not."""
        try:
            async with asyncio.timeout(redis_server.PATIENCE):
                answer = await asked
        except AWAY as failure:
            if self._reach.lose(failure):
                self._switched_at = self._monotonic()
                self._next_beat = 0.0
            return None
        if self._reach.find():
            self._switched_at = self._monotonic()
        return answer

    async def _ask(self, account: AccountKey, rule: QuotaRule) -> float:
        """Seconds to wait; 0: the turn is taken."""
        await self._beat()
        limit, window = _window(rule.calls_per_second)
        keys = [_key("turns", account), _key("pause", account), PROCESSES]
        arguments: list[int | str] = [limit, int(window * 1_000_000), uuid4().hex]
        answer = await cast(Awaitable[list[int]], self._script(keys=keys, args=arguments))
        wait, processes = answer
        self._processes = max(1, processes)
        return wait / 1_000_000

    async def _beat(self) -> None:
        """Tell the others that this process lives, and forget those that are silent."""
        if self._monotonic() < self._next_beat:
            return
        now = time.time()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(PROCESSES, {self._id: now})
            pipe.zremrangebyscore(PROCESSES, "-inf", now - LIFE)
            pipe.expire(PROCESSES, LIFE)
            await pipe.execute()
        self._next_beat = self._monotonic() + HEARTBEAT

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
