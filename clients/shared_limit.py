"""Calls a second, per account, over all server processes that share one Redis.

Each turn is a member of a sorted set, with the moment at which its call has arrived at the latest
(clients/rate_limit.py); one script looks and takes in a single step, by the clock of the Redis
server, since the clocks of several machines differ. A process sends only the first of its line to
Redis. A turn whose process dies before it has sent the call counts for `LEASE` seconds.

While Redis cannot be reached, every process keeps to its share of the limit: the limit divided by
the number of processes seen last. On the way there and back it lets the calls arrive and a whole
second pass, so that the turns of both ways never add up to more than the limit.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
from typing import cast
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from clients.rate_limit import LEASE, SECOND, WAY, RateLimit, Turn, window
from clients.spending import Monotonic
from domain.marketplaces import AccountKey, QuotaRule

PREFIX = "affiliate-graph"
HEARTBEAT = 5.0  # seconds between two notes that a process lives
LIFE = 15  # seconds after which a silent process no longer counts
RETRY_AFTER = 1.0  # seconds after which an unreachable Redis is tried again
WARN_EVERY = 60.0
PATIENCE = 0.5  # seconds that Redis may take
log = logging.getLogger("affiliate_graph.rate_limit")

# KEYS: the turns taken, the pause. ARGV: turns in a window, its length in microseconds, a name, the
# lease in microseconds, and the names of turns that came to nobody. Returns the microseconds to
# wait; 0: the turn is taken. A turn later than any lease is of a clock that was set back: it counts
# as one that was just taken, so that it neither blocks for long nor is lost.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local pause = redis.call('PTTL', KEYS[2])
if pause > 0 then return pause * 1000 end
local limit, window, lease = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
for place = 5, #ARGV do redis.call('ZREM', KEYS[1], ARGV[place]) end
local after = '(' .. string.format('%.0f', now + lease)
for _, turn in ipairs(redis.call('ZRANGE', KEYS[1], after, '+inf', 'BYSCORE')) do
    redis.call('ZADD', KEYS[1], now + lease, turn)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
local taken = redis.call('ZCARD', KEYS[1])
if taken < limit then
    redis.call('ZADD', KEYS[1], now + lease, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], math.ceil((lease + window) / 1000) + 1000)
    return 0
end
local blocking = redis.call('ZRANGE', KEYS[1], taken - limit, taken - limit, 'WITHSCORES')
return math.min(window, math.max(1000, blocking[2] + window - now))
"""
# KEYS: the turns taken. ARGV: a name, the microseconds after which its call has arrived, the length
# of a window, and 1 when the call is over: then it has arrived by now, if not before.
STAMP = """
local clock = redis.call('TIME')
local arrives_by = clock[1] * 1000000 + clock[2] + tonumber(ARGV[2])
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ARGV[4] == '1' and (not known or tonumber(known) <= arrives_by) then return end
redis.call('ZADD', KEYS[1], arrives_by, ARGV[1])
local life = math.ceil((tonumber(ARGV[2]) + tonumber(ARGV[3])) / 1000) + 1000
if redis.call('PTTL', KEYS[1]) < life then redis.call('PEXPIRE', KEYS[1], life) end
"""


def redis_client(url: str) -> Redis:
    """The connections to a Redis server; one that does not answer is given up after a moment."""
    return Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)


class SharedTurn(Turn):
    """A turn that all processes know of."""

    def __init__(
        self, limit: "SharedRateLimit", name: str, account: AccountKey, rule: QuotaRule
    ) -> None:
        self._stamp = partial(limit.stamp, name, account, rule)

    async def sent(self) -> None:
        """See `Turn`."""
        await self._stamp(way=WAY, is_over=False)

    async def over(self) -> None:
        """See `Turn`."""
        await self._stamp(way=0, is_over=True)


class SharedRateLimit(RateLimit):
    """Hands out turns that all processes share. See `RateLimit`."""

    def __init__(self, redis: Redis, monotonic: Monotonic = time.monotonic) -> None:
        super().__init__(monotonic)
        self._redis = redis
        self._script = redis.register_script(TAKE)
        self._stamp_script = redis.register_script(STAMP)
        self._nobodys: defaultdict[AccountKey, list[str]] = defaultdict(list)
        self._own = RateLimit(monotonic)  # for while Redis is away
        self._id = uuid4().hex
        self._heads: defaultdict[AccountKey, asyncio.Lock] = defaultdict(asyncio.Lock)
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

    async def stamp(
        self, name: str, account: AccountKey, rule: QuotaRule, *, way: float, is_over: bool
    ) -> None:
        """Note of a turn by when its call has arrived."""
        _, second = window(rule.calls_per_second)
        arguments: list[int | str] = [name, _micro(way), _micro(second), int(is_over)]
        try:
            await cast(
                Awaitable[None],
                self._stamp_script(keys=[_key("turns", account)], args=arguments),
            )
        except (RedisError, OSError) as failure:
            self._lose(failure)

    async def _take(self, account: AccountKey, rule: QuotaRule) -> Turn:
        async with self._heads[account]:
            while True:
                await asyncio.sleep(max(0.0, self._not_before - self._monotonic()))
                if self._monotonic() < self._away_until:
                    return await self._own._take(account, self._share_of(rule))
                name = uuid4().hex
                try:
                    await self._beat()
                    wait = await self._ask(account, rule, name)
                except (RedisError, OSError) as failure:
                    self._lose(failure)
                    continue
                if wait == 0:
                    return SharedTurn(self, name, account, rule)
                await asyncio.sleep(wait)

    async def _ask(self, account: AccountKey, rule: QuotaRule, name: str) -> float:
        """Seconds to wait; 0: the turn is taken."""
        limit, second = window(rule.calls_per_second)
        nobodys = self._nobodys.pop(account, [])
        keys = [_key("turns", account), _key("pause", account)]
        arguments: list[int | str] = [limit, _micro(second), name, _micro(LEASE), *nobodys]
        try:
            answer = await cast(Awaitable[int], self._script(keys=keys, args=arguments))
        except BaseException:
            # Nobody will use the turn, should it have been taken: whoever asks next gives it back.
            self._nobodys[account] += [*nobodys, name]
            raise
        if self._away_until:
            self._find_again()
            self._nobodys[account].append(name)  # our own turns may be too near
            return second
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
            self._not_before = now + SECOND + WAY
        self._away_until = max(now, self._not_before) + RETRY_AFTER
        self._next_beat = 0.0
        if now >= self._next_warning:
            self._next_warning = now + WARN_EVERY
            log.warning(
                "Redis cannot be reached (%s): until it is back, this process keeps to %s of "
                "each limit.",
                type(failure).__name__,
                "all" if self._processes == 1 else f"1/{self._processes}",
            )

    def _find_again(self) -> None:
        self._away_until = 0.0
        self._next_warning = 0.0
        self._not_before = self._monotonic() + SECOND + WAY
        log.warning("Redis is back: the limits are shared again.")

    def _share_of(self, rule: QuotaRule) -> QuotaRule:
        return replace(rule, calls_per_second=rule.calls_per_second / self._processes)


def _micro(seconds: float) -> int:
    return int(seconds * 1_000_000)


def _key(kind: str, account: AccountKey) -> str:
    place = (account.workspace, account.marketplace, account.locale, account.mode.value)
    return f"{PREFIX}:{kind}:{':'.join(place)}"
