"""Answers of marketplaces, kept for as long as they may be believed.

A name holds everything that changes the answer: the account with its workspace and mode, the
fingerprint of its credentials, the operation and what was asked. So new credentials never meet an
old answer. Without Redis the records themselves stay in memory, the least recently used ones
dropped. With Redis all processes share the answers: as JSON, never pickled, and signed with its
name, so that whoever can write to Redis can neither run code here nor slip in a link that pays
somebody else. A Redis that cannot be reached is an empty cache.
"""

import asyncio
import functools
import hashlib
import hmac
import logging
import secrets
import time
import warnings
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Generic, ParamSpec, TypeVar

import msgspec
from cashews import Cache
from cashews.exceptions import CacheBackendInteractionError

from domain.exceptions import AffiliateGraphError, MarketplaceError, NotInProgram, ProductNotFound
from upstream import redis_server
from upstream.budget import Monotonic

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")

PREFIX = "affiliate-graph:answers:"
NOT_FOUND_FOR = timedelta(minutes=1)
SIGNATURE_BYTES = 32
# Failures that are the marketplace's answer about a key, and would be the same a moment later.
_KINDS_OF_MISSING: dict[str, type[MarketplaceError]] = {
    kind.code: kind for kind in (ProductNotFound, NotInProgram)
}
log = logging.getLogger("affiliate_graph.cache")


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy(Generic[V]):
    """How answers of one kind are kept.

    `kind`: their type, made of records. `fresh_for`: how long they are given out instead of asking.
    `shown_for`: how long they may be shown when the marketplace cannot be asked.
    """

    kind: Any
    fresh_for: timedelta
    shown_for: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEntry(Generic[V]):
    """An answer from the cache, perhaps "not found", with the time (UTC) at which it came."""

    value: V | AffiliateGraphError
    since: datetime
    is_fresh: bool


class AnswerCache:
    """The answers of a process, or of all that share a Redis.

    `secret` signs what is kept in Redis; processes that share one must have the same.
    `max_entries`: answers in memory; a page of a search takes about a hundred kilobytes at most, a
    product three.
    """

    def __init__(
        self,
        redis_url: str | None = None,
        *,
        secret: bytes | None = None,
        max_entries: int = 4000,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._secret = secret or secrets.token_bytes(32)
        self._is_shared = redis_url is not None
        self._health = redis_server.RedisHealth(
            log,
            lost="answers are not cached until it is back.",
            back="answers are cached again.",
            monotonic=monotonic,
        )
        self._cache = Cache()
        if redis_url is None:
            # Checked when read: a task that looks at every answer each second is not needed.
            self._cache.setup("mem://", size=max_entries, check_interval=0)
        else:
            self._cache.setup(
                redis_url,
                pickle_type="null",  # bytes as they are: what is no entry is judged here
                suppress=False,
                wait_for_connection_timeout=redis_server.PATIENCE,
                **redis_server.options(),
            )

    async def get(
        self, group: Hashable, keys: Collection[K], policy: CachePolicy[V], *, now: datetime
    ) -> dict[K, CacheEntry[V]]:
        """What is kept of these keys and may still be shown at least."""
        if not keys or policy.shown_for <= timedelta():
            return {}
        names = [_name(group, key) for key in keys]
        texts = await self._reached(self._cache.get_many, *names) or ()
        entries: dict[K, CacheEntry[V]] = {}
        for key, name, stored in zip(keys, names, texts, strict=False):
            answer = self._decoded(name, stored, policy.kind) if self._is_shared else stored
            entry = _entry(answer, policy, now)
            if entry is not None:
                entries[key] = entry
        return entries

    async def put(
        self,
        group: Hashable,
        answers: Mapping[K, V | AffiliateGraphError],
        policy: CachePolicy[V],
        *,
        now: datetime,
    ) -> None:
        """Keep answers, and for a moment that there is none; other failures are not kept."""
        if policy.fresh_for <= timedelta():
            return
        values: dict[str, tuple[datetime, Any]] = {}
        missing: dict[str, tuple[datetime, Any]] = {}
        for key, answer in answers.items():
            if isinstance(answer, (ProductNotFound, NotInProgram)):
                missing[_name(group, key)] = now, answer.at(())  # without its traceback
            elif not isinstance(answer, AffiliateGraphError):
                values[_name(group, key)] = now, answer
        await self._write(values, policy.shown_for)
        await self._write(missing, min(NOT_FOUND_FOR, policy.fresh_for))

    async def close(self) -> None:
        """Close the connections."""
        with warnings.catch_warnings():
            # The library closes its Redis client by a name that is going away.
            warnings.simplefilter("ignore", DeprecationWarning)
            await self._cache.close()

    async def _write(self, answers: dict[str, tuple[datetime, Any]], life: timedelta) -> None:
        if not answers:
            return
        entries: Mapping[str, Any] = answers
        if self._is_shared:
            entries = {name: self._encoded(name, *answer) for name, answer in answers.items()}
        await self._reached(self._cache.set_many, entries, expire=life.total_seconds())

    async def _reached(
        self, do: Callable[P, Awaitable[V]], *args: P.args, **kwargs: P.kwargs
    ) -> V | None:
        """What `do` returns; None while Redis is away, which takes a moment at most."""
        if not self._is_shared:
            return await do(*args, **kwargs)
        if not self._health.may_ask():
            return None
        try:
            async with asyncio.timeout(redis_server.PATIENCE):
                done = await do(*args, **kwargs)
        except CacheBackendInteractionError as failure:
            self._health.lose(failure.__cause__ or failure)
            return None
        except redis_server.AWAY as failure:
            self._health.lose(failure)
            return None
        self._health.find()
        return done

    def _encoded(self, name: str, since: datetime, answer: Any) -> bytes:
        if isinstance(answer, MarketplaceError):
            text = ENCODER.encode(_Stored(since=since, missing=answer.message, code=answer.code))
        else:
            text = ENCODER.encode(_Stored(since=since, value=answer))
        return self._signature(name, text) + text

    def _decoded(self, name: str, stored: object, kind: Any) -> tuple[datetime, Any] | None:
        """None unless it is an entry of that kind, signed with our secret under this name."""
        if not isinstance(stored, bytes):
            return None
        text = stored[SIGNATURE_BYTES:]
        if not hmac.compare_digest(stored[:SIGNATURE_BYTES], self._signature(name, text)):
            return None
        try:
            entry = _decoder(kind).decode(text)
            if entry.missing is not None:
                return entry.since, _KINDS_OF_MISSING[entry.code](entry.missing)
        except (msgspec.MsgspecError, KeyError):
            return None
        return None if entry.value is msgspec.UNSET else (entry.since, entry.value)

    def _signature(self, name: str, text: bytes) -> bytes:
        return hmac.digest(self._secret, name.encode() + text, "sha256")


class _Stored(msgspec.Struct, Generic[V], omit_defaults=True):
    """An answer as it lies in Redis: a value, or what is missing and the code that tells so."""

    since: Annotated[datetime, msgspec.Meta(tz=True)]
    value: V | msgspec.UnsetType = msgspec.UNSET
    missing: str | None = None
    code: str = ""


ENCODER = msgspec.json.Encoder()


@functools.cache
def _decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(_Stored[kind])


def _name(group: Hashable, key: object) -> str:
    return PREFIX + hashlib.sha256(repr((group, key)).encode()).hexdigest()


def _entry(answer: Any, policy: CachePolicy[V], now: datetime) -> CacheEntry[V] | None:
    """None for what is not there, or too old to be shown. `answer`: since when, and the value."""
    if answer is None:
        return None
    since, value = answer
    life = NOT_FOUND_FOR if isinstance(value, MarketplaceError) else policy.shown_for
    age = now - since
    if not timedelta() <= age < life:
        return None
    if isinstance(value, MarketplaceError):
        value = value.at(())  # to each caller its own
    return CacheEntry(value=value, since=since, is_fresh=age < min(life, policy.fresh_for))
