"""Calls a second, per account, over all server processes that share one Redis.

Each permit is a member of a sorted set, with the moment at which its call has arrived at the latest
(upstream/rate_limit.py); one script looks and takes in a single step, by the clock of the Redis
server, since the clocks of several machines differ. A process sends only the head of its line to
Redis. A permit whose process dies before it has sent the call counts for `PERMIT_TIMEOUT` seconds.

While Redis cannot be reached, every process keeps to its share of the limit: the limit divided by
the number of processes seen last. On the way there it lets the calls arrive and a whole second
pass, and on the way back as long as the slowest of the others can take to notice, so that the
permits of both ways never add up to more than the limit. A process that was never able to count the
others takes itself to be the only one.
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar, cast
from uuid import uuid4

from redis.asyncio import Redis

from domain.marketplaces import AccountKey, QuotaRule
from upstream import redis_server
from upstream.budget import Monotonic
from upstream.rate_limit import (
    ARRIVAL_GRACE,
    PERMIT_TIMEOUT,
    Permit,
    PermitAccount,
    WindowPermits,
    window,
)
from upstream.redis_server import AWAY

T = TypeVar("T")

PREFIX = "affiliate-graph"
PROCESSES = f"{PREFIX}:processes"
HEARTBEAT = 5.0  # seconds between two notes that a process lives
LIFE = 15  # seconds after which a silent process no longer counts
# After its return a process still uses permits of its own for as long as a try that began before
# may take, and then until its next try.
ALL_NOTICED = redis_server.PATIENCE + redis_server.RETRY_AFTER
log = logging.getLogger("affiliate_graph.rate_limit")

# KEYS: the permits taken, the pause, the processes. ARGV: permits in a window, its length in
# microseconds, a name, the lease in microseconds, and the names of permits that came to nobody.
# Returns the microseconds to wait (0: the permit is taken), and how many processes there are. One
# later than any lease is of a clock that was set back: it counts as one that was just taken, so
# that it neither blocks for long nor is lost.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local processes = redis.call('ZCARD', KEYS[3])
local pause = redis.call('PTTL', KEYS[2])
if pause > 0 then return {pause * 1000, processes} end
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
    return {0, processes}
end
local blocking = redis.call('ZRANGE', KEYS[1], taken - limit, taken - limit, 'WITHSCORES')
return {math.min(window, math.max(1000, blocking[2] + window - now)), processes}
"""
# KEYS: the permits taken. ARGV: a name, the microseconds after which its call has arrived, the
# length of a window, and 1 when the call is over: then it has arrived by now, if not before.
STAMP = """
local clock = redis.call('TIME')
local arrives_by = clock[1] * 1000000 + clock[2] + tonumber(ARGV[2])
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ARGV[4] == '1' and (not known or tonumber(known) <= arrives_by) then return end
redis.call('ZADD', KEYS[1], arrives_by, ARGV[1])
local life = math.ceil((tonumber(ARGV[2]) + tonumber(ARGV[3])) / 1000) + 1000
if redis.call('PTTL', KEYS[1]) < life then redis.call('PEXPIRE', KEYS[1], life) end
"""


class RedisPermit(Permit):
    """A permit that all processes know of."""

    def __init__(
        self, source: "RedisPermits", name: str, account: AccountKey, rule: QuotaRule
    ) -> None:
        self._source = source
        self._name = name
        self._account = account
        self._rule = rule

    async def sent(self) -> None:
        """See `Permit`."""
        await self._stamp(ARRIVAL_GRACE, is_over=False)

    async def over(self) -> None:
        """See `Permit`."""
        await self._stamp(0, is_over=True)

    async def release(self) -> None:
        """See `Permit`."""
        await self._source.give_back(self._account, self._name)

    async def _stamp(self, grace: float, *, is_over: bool) -> None:
        await self._source.stamp(self._name, self._account, self._rule, grace, is_over=is_over)


class RedisPermits:
    """Implements `upstream.rate_limit.PermitSource` for all processes that share a Redis."""

    def __init__(self, redis: Redis, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic
        self._redis = redis
        self._take_script = redis.register_script(TAKE)
        self._stamp_script = redis.register_script(STAMP)
        self._unused: dict[AccountKey, tuple[float, list[str]]] = {}  # since when, and names
        self._own = WindowPermits(monotonic)  # for while Redis is away
        self._id = uuid4().hex
        self._processes = 1
        self._next_beat = 0.0
        self._switched_at = -math.inf  # from shared permits to our own, or back
        self._health = redis_server.RedisHealth(
            log,
            lost="until it is back, this process keeps to its share of each limit.",
            back="the limits are shared again.",
            monotonic=monotonic,
        )

    async def take(self, account: PermitAccount, rule: QuotaRule) -> Permit | float:
        """See `PermitSource`."""
        if wait := self._seconds_to_switch(rule):
            return wait
        if not self._health.is_away:
            name = uuid4().hex
            taken = await self._reached(self._ask(account.key, rule, name))
            return RedisPermit(self, name, account.key, rule) if taken == 0 else taken or 0.0
        if await self._is_back():
            return 0.0
        share = replace(rule, calls_per_second=rule.calls_per_second / self._processes)
        permit = await self._own.take(account, share)
        if await self._is_back():  # the others may use all permits by now: this one is not used
            if isinstance(permit, Permit):
                await permit.over()
            return 0.0
        return permit

    async def pause(self, account: PermitAccount, seconds: float) -> None:
        """See `PermitSource`."""
        if self._health.may_ask():
            name, milliseconds = _key("pause", account.key), max(1, int(seconds * 1000))
            await self._reached(self._redis.set(name, "1", px=milliseconds))

    async def give_back(self, account: AccountKey, name: str) -> None:
        """Nobody will use the permit; one that cannot be given back now ends with its timeout."""
        if not self._health.is_away:
            await self._reached(self._redis.zrem(_key("turns", account), name))

    async def stamp(
        self, name: str, account: AccountKey, rule: QuotaRule, grace: float, *, is_over: bool
    ) -> None:
        """Note of a permit by when its call has arrived."""
        if self._health.is_away:
            return
        _, second = window(rule.calls_per_second)
        arguments: list[int | str] = [name, _micro(grace), _micro(second), int(is_over)]
        script = self._stamp_script(keys=[_key("turns", account)], args=arguments)
        await self._reached(cast(Awaitable[None], script))

    def _seconds_to_switch(self, rule: QuotaRule) -> float:
        """Until the permits of the other way no longer count."""
        _, second = window(rule.calls_per_second)
        until = (
            self._switched_at
            + ARRIVAL_GRACE
            + second
            + (0 if self._health.is_away else ALL_NOTICED)
        )
        return max(0.0, until - self._monotonic())

    async def _is_back(self) -> bool:
        """Whether Redis is there; looked at only every second while it is not."""
        if self._health.is_away and self._health.may_ask():
            await self._reached(self._redis.ping())
        return not self._health.is_away

    async def _reached(self, asked: Awaitable[T]) -> T | None:
        """What Redis answers; None when it does not."""
        try:
            async with asyncio.timeout(redis_server.PATIENCE):
                answer = await asked
        except AWAY as failure:
            if self._health.lose(failure):
                self._switched_at = self._monotonic()
                self._next_beat = 0.0
            return None
        if self._health.find():
            self._switched_at = self._monotonic()
        return answer

    async def _ask(self, account: AccountKey, rule: QuotaRule, name: str) -> float:
        """Seconds to wait; 0: the permit is taken."""
        await self._beat()
        limit, second = window(rule.calls_per_second)
        _, unused = self._unused.pop(account, (0.0, []))
        keys = [_key("turns", account), _key("pause", account), PROCESSES]
        arguments: list[int | str] = [limit, _micro(second), name, _micro(PERMIT_TIMEOUT), *unused]
        try:
            answer = await cast(Awaitable[list[int]], self._take_script(keys=keys, args=arguments))
        except BaseException:
            # Nobody will use it, should it have been taken: whoever asks next gives it back.
            self._keep_unused(account, [*unused, name])
            raise
        wait, processes = answer
        self._processes = max(1, processes)
        return wait / 1_000_000

    def _keep_unused(self, account: AccountKey, names: list[str]) -> None:
        """For whoever asks next for this account; after their timeout they count no longer."""
        now = self._monotonic()
        self._unused = {
            key: (since, kept)
            for key, (since, kept) in self._unused.items()
            if now - since < PERMIT_TIMEOUT
        }
        _, others = self._unused.get(account, (now, []))
        self._unused[account] = now, [*others, *names]

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


def _micro(seconds: float) -> int:
    return int(seconds * 1_000_000)


def _key(kind: str, account: AccountKey) -> str:
    place = (account.workspace, account.marketplace, account.locale, account.mode.value)
    return f"{PREFIX}:{kind}:{':'.join(place)}"
