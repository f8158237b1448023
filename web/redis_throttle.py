"""The buckets of callers, shared by all server processes that use one Redis.

A bucket is a hash: its level, and the moment at which it had that level, by the clock of the Redis
server, since the clocks of several machines differ. One script looks and pays in a single step. A
bucket that nobody uses is gone as soon as it would be full.

While Redis cannot be reached every process has buckets of its own, full at first: callers may then
spend more, once for each process, rather than be refused for what is no fault of theirs. Whether it
is back is asked aside, so that no caller waits for a Redis that is known to be away.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from redis.asyncio import Redis

from domain.limits import Limits
from schema.answers import BucketState
from upstream.redis_server import AWAY, PATIENCE, RedisHealth
from web.throttle import OwnBuckets, state_of

T = TypeVar("T")

PREFIX = "affiliate-graph:points"
log = logging.getLogger("affiliate_graph.throttle")

# KEYS: the bucket. ARGV: its capacity, the points that flow in a second, and the points to pay
# (below 0: to pay back). Returns the level afterwards as text, and whether it was paid. A moment
# later than now is of a clock that was set back: since then nothing flowed in.
PAY = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local capacity, restore, points = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local level = capacity
local stored = redis.call('HMGET', KEYS[1], 'level', 'at')
if stored[1] then
    local seconds = math.max(0, now - stored[2]) / 1000000
    level = math.min(capacity, stored[1] + seconds * restore)
end
local is_paid = points <= level
local left = level
if is_paid then left = math.min(capacity, level - points) end
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', left), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - left) / restore * 1000) + 1000)
return {string.format('%.6f', left), is_paid and 1 or 0}
"""


class RedisBuckets:
    """Implements `web.throttle.Buckets` over Redis."""

    def __init__(
        self, redis: Redis, limits: Limits, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._redis = redis
        self._probe: asyncio.Task[None] | None = None
        self._script = redis.register_script(PAY)
        self._own = OwnBuckets(limits, monotonic)  # for while Redis is away
        self._health = RedisHealth(
            log,
            lost="until it is back, each process has points of its own for every caller.",
            back="callers have the same points at every process again.",
            monotonic=monotonic,
        )

    async def take(self, caller: str, points: int) -> BucketState:
        """See `Buckets`."""
        answer = await self._pay(caller, points)
        if answer is None:
            return await self._own.take(caller, points)
        level, is_paid = answer
        wait = 0.0 if is_paid else (points - level) / self._limits.restore
        return state_of(self._limits, level, wait=wait)

    async def give_back(self, caller: str, points: int) -> BucketState:
        """See `Buckets`."""
        answer = await self._pay(caller, -points)
        if answer is None:
            return await self._own.give_back(caller, points)
        return state_of(self._limits, answer[0])

    async def close(self) -> None:
        """Ask no more whether Redis is back."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait([self._probe])

    async def _pay(self, caller: str, points: int) -> tuple[float, bool] | None:
        """The level afterwards, and whether it was paid; None while Redis is away."""
        if self._health.is_away:
            self._look_for_redis()
            return None
        arguments = [self._limits.capacity, self._limits.restore, points]
        script = self._script(keys=[f"{PREFIX}:{caller}"], args=arguments)
        answer = await self._reached(cast(Awaitable[tuple[bytes, int]], script))
        return None if answer is None else (float(answer[0]), bool(answer[1]))

    def _look_for_redis(self) -> None:
        if self._health.may_ask():
            self._probe = asyncio.create_task(self._ping())

    async def _ping(self) -> None:
        await self._reached(self._redis.ping())

    async def _reached(self, request: Awaitable[T]) -> T | None:
        """What Redis answers; None when it does not."""
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await request
        except AWAY as failure:
            self._health.lose(failure)
            return None
        self._health.find()
        return answer
