"""Answers of marketplaces, kept for as long as they may be believed.

A name holds everything that changes the answer: the account with its workspace and mode, the
fingerprint of its credentials, the operation and what was asked. So new credentials never meet an
old answer. With Redis all processes share the answers, else they are kept in memory, the least
recently used ones dropped. What is kept is JSON, never pickled, and signed with its name: whoever
can write to Redis can neither run code here nor slip in a link that pays somebody else. A Redis
that cannot be reached is an empty cache.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
import warnings
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, ParamSpec, TypeVar

import orjson
from cashews import Cache
from cashews.exceptions import CacheBackendInteractionError

from domain.exceptions import AffiliateGraphError, MarketplaceError, NotInProgram, ProductNotFound
from domain.packing import pack, unpack
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

    `secret` signs what is kept; processes that share a Redis must have the same. `most`: answers in
    memory; a page of a search takes about a hundred kilobytes at most, a product three.
    """

    def __init__(
        self,
        redis_url: str | None = None,
        *,
        secret: bytes | None = None,
        most: int = 4000,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._secret = secret or secrets.token_bytes(32)
        self._reach = redis_server.RedisHealth(
            log,
            lost="answers are not cached until it is back.",
            back="answers are cached again.",
            monotonic=monotonic,
        )
        self._cache = Cache()
        if redis_url is None:
            # Checked when read: a task that looks at every answer each second is not needed.
            self._cache.setup("mem://", size=most, check_interval=0)
        else:
            self._cache.setup(
                redis_url,
                pickle_type="null",  # bytes as they are: what is no entry is judged here
                suppress=False,
                wait_for_connection_timeout=redis_server.PATIENCE,
                **redis_server.options(),
            )

    async def get(
        self, group: Hashable, keys: Collection[K], shelf: CachePolicy[V], *, now: datetime
    ) -> dict[K, CacheEntry[V]]:
        """What is kept of these keys and may still be shown at least."""
        if not keys or shelf.shown_for <= timedelta():
            return {}
        names = [_name(group, key) for key in keys]
        texts = await self._read(names)
        found = {
            key: _read(text, shelf, now)
            for key, name, signed in zip(keys, names, texts, strict=False)
            if (text := self._verified(name, signed)) is not None
        }
        return {key: kept for key, kept in found.items() if kept is not None}

    async def put(
        self,
        group: Hashable,
        answers: Mapping[K, V | AffiliateGraphError],
        shelf: CachePolicy[V],
        *,
        now: datetime,
    ) -> None:
        """Keep answers, and for a moment that there is none; other failures are not kept."""
        found: dict[str, bytes] = {}
        missing: dict[str, bytes] = {}
        for key, answer in answers.items():
            if isinstance(answer, (ProductNotFound, NotInProgram)):
                entry = {"missing": answer.message, "code": answer.code}
                missing[_name(group, key)] = _text(entry, now)
            elif not isinstance(answer, AffiliateGraphError):
                found[_name(group, key)] = _text({"value": pack(answer)}, now)
        if shelf.fresh_for > timedelta():
            await self._write(found, shelf.shown_for)
            await self._write(missing, min(NOT_FOUND_FOR, shelf.fresh_for))

    async def close(self) -> None:
        """Close the connections."""
        with warnings.catch_warnings():
            # The library closes its Redis client by a name that is going away.
            warnings.simplefilter("ignore", DeprecationWarning)
            await self._cache.close()

    async def _read(self, names: list[str]) -> tuple[object, ...]:
        return await self._reached(self._cache.get_many, *names) or ()

    async def _write(self, texts: dict[str, bytes], life: timedelta) -> None:
        if texts:
            signed = {name: self._signed(name, text) for name, text in texts.items()}
            await self._reached(self._cache.set_many, signed, expire=life.total_seconds())

    async def _reached(
        self, do: Callable[P, Awaitable[V]], *given: P.args, **named: P.kwargs
    ) -> V | None:
        """What `do` returns; None while Redis is away, which takes a moment at most."""
        if not self._reach.may_ask():
            return None
        try:
            async with asyncio.timeout(redis_server.PATIENCE):
                done = await do(*given, **named)
        except CacheBackendInteractionError as failure:
            self._reach.lose(failure.__cause__ or failure)
            return None
        except redis_server.AWAY as failure:
            self._reach.lose(failure)
            return None
        self._reach.find()
        return done

    def _signed(self, name: str, text: bytes) -> bytes:
        return hmac.digest(self._secret, name.encode() + text, "sha256") + text

    def _verified(self, name: str, signed: object) -> bytes | None:
        """The text; None unless it was signed with our secret, under this name."""
        if not isinstance(signed, bytes):
            return None
        text = signed[SIGNATURE_BYTES:]
        return text if hmac.compare_digest(signed, self._signed(name, text)) else None


def _name(group: Hashable, key: object) -> str:
    return PREFIX + hashlib.sha256(repr((group, key)).encode()).hexdigest()


def _text(entry: dict[str, Any], now: datetime) -> bytes:
    return orjson.dumps(entry | {"since": now.isoformat()})


def _read(text: bytes, shelf: CachePolicy[V], now: datetime) -> CacheEntry[V] | None:
    """None for what is no entry of ours, or too old to be shown."""
    try:
        entry = orjson.loads(text)
        since = datetime.fromisoformat(entry["since"])
        missing = entry.get("missing")
        value = unpack(shelf.kind, entry["value"]) if missing is None else _missing(entry)
        age = now - since
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return None
    life = shelf.shown_for if missing is None else NOT_FOUND_FOR
    if not timedelta() <= age < life:
        return None
    return CacheEntry(value=value, since=since, is_fresh=age < min(life, shelf.fresh_for))


def _missing(entry: Mapping[str, Any]) -> MarketplaceError:
    message = entry["missing"]
    if not isinstance(message, str):
        raise TypeError("a message is text")
    return _KINDS_OF_MISSING[entry["code"]](message)
