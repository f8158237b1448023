"""How we speak to a Redis server that may be away: briefly, and not again at once.

A server that refuses, hangs or breaks off costs each of our tasks at most a moment, and after that
nobody but one probe every second. The log says so once a minute at most, however it flutters.
"""

import logging
import time
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from upstream.budget import Monotonic

PATIENCE = 0.5  # seconds that Redis may take
RETRY_AFTER = 1.0  # seconds after which an unreachable Redis is tried again
WARN_EVERY = 60.0
AWAY = (RedisError, OSError)  # TimeoutError is an OSError


def options() -> dict[str, Any]:
    """For a connection: one more try, at once, for one that a restarted server has closed.

    The library's own default is three more tries with pauses of seconds between them.
    """
    return {
        "socket_timeout": PATIENCE,
        "socket_connect_timeout": PATIENCE,
        "retry": Retry(NoBackoff(), 1),
    }


def redis_client(url: str) -> Redis:
    """The connections to a Redis server."""
    return Redis.from_url(url, **options())


async def is_answered(url: str) -> bool:
    """Whether a Redis server answers there."""
    client = redis_client(url)
    try:
        await client.ping()
    except AWAY:
        return False
    finally:
        await client.aclose()
    return True


class RedisHealth:
    """Whether a Redis server is worth asking now, for one kind of use of it.

    `lost` and `back`: what the log says when it cannot be reached, and when it can again.
    """

    def __init__(
        self,
        log: logging.Logger,
        *,
        lost: str,
        back: str,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._log = log
        self._lost = lost
        self._back = back
        self._monotonic = monotonic
        self._next_try = 0.0
        self._next_warning = 0.0
        self._is_told = False
        self.is_away = False

    def may_ask(self) -> bool:
        """Always while it is there; while it is away one caller may probe every second."""
        if not self.is_away:
            return True
        now = self._monotonic()
        if now < self._next_try:
            return False
        self._next_try = now + RETRY_AFTER
        return True

    def lose(self, failure: BaseException) -> bool:
        """It could not be reached. Returns whether that is news."""
        is_news, self.is_away = not self.is_away, True
        now = self._monotonic()
        self._next_try = now + RETRY_AFTER
        if now >= self._next_warning:
            self._next_warning = now + WARN_EVERY
            self._is_told = True
            self._log.warning(
                "Redis cannot be reached (%s): %s", type(failure).__name__, self._lost
            )
        return is_news

    def find(self) -> bool:
        """It answered. Returns whether that is news."""
        is_news, self.is_away = self.is_away, False
        if is_news and self._is_told:
            self._is_told = False
            self._log.warning("Redis is back: %s", self._back)
        return is_news
