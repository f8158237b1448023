"""What is known is not asked: the cache first, then calls that requests share, then stale answers.

The one way from a resolver to a client for whatever can be shared.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from clients.base import Upstream
from domain.exceptions import (
    AffiliateGraphError,
    MarketplaceError,
    MarketplaceNotConnected,
    NotInProgram,
    ProductNotFound,
)
from domain.marketplaces import AccountKey
from upstream import budget
from upstream.cache import CacheEntry, CachePolicy
from upstream.coalescing import Call

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Failures that are the answer itself, or that an old answer must not hide.
_FINAL = (MarketplaceNotConnected, NotInProgram, ProductNotFound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[K, V]):
    """What is asked of a marketplace.

    `line` names the account with its credentials, the operation and its circumstances: everything
    but the keys that changes the answer. `size`: keys that one call takes. `call` asks.
    `is_fresh_wanted`: what is kept does not count, as in a sync; the answer is kept.
    """

    line: Hashable
    size: int
    call: Call[K, V]
    shelf: CachePolicy[V] | None = None
    is_fresh_wanted: bool = False


@dataclass(frozen=True, slots=True)
class Told(Generic[V]):
    """An answer, and since when (UTC) it is kept; None: it came just now."""

    value: V | AffiliateGraphError
    kept_since: datetime | None = None


async def ask(upstream: Upstream, question: Question[K, V], keys: Sequence[K]) -> dict[K, Told[V]]:
    """An answer or error for each key that was answered; others are absent.

    An answer that is past its time stands in for one that cannot be had now.
    """
    kept = await _kept(upstream, question, keys)
    fresh = {key: Told(one.value, one.since) for key, one in kept.items() if one.is_fresh}
    if question.is_fresh_wanted:
        fresh = {}
    budget.spending().saved_by_cache += len(fresh)
    _note_reading(upstream, question, hits=len(fresh), misses=len(keys) - len(fresh))
    missing = [key for key in keys if key not in fresh]
    call = _keeping(upstream, question)
    found = await upstream.shared.get(question.line, missing, size=question.size, call=call)
    return fresh | {key: _best(answer, kept.get(key), question) for key, answer in found.items()}


async def _kept(
    upstream: Upstream, question: Question[K, V], keys: Collection[K]
) -> dict[K, CacheEntry[V]]:
    if question.shelf is None:
        return {}
    return await upstream.cache.get(question.line, keys, question.shelf, now=upstream.now())


def _keeping(upstream: Upstream, question: Question[K, V]) -> Call[K, V]:
    """The call, whose answers are kept before anybody gets them."""
    shelf = question.shelf

    async def call(keys: Sequence[K]) -> Mapping[K, V | AffiliateGraphError]:
        _note_batch(upstream, question, len(keys))
        if shelf is None:
            return await question.call(keys)
        found = await question.call(keys)
        answers = {key: found[key] for key in keys if key in found}  # nothing that was not asked
        await upstream.cache.put(question.line, answers, shelf, now=upstream.now())
        return answers

    return call


def _subject(question: Question[K, V]) -> tuple[AccountKey, str] | None:
    """The account and the operation that a line begins with."""
    match question.line:
        case (str(operation), AccountKey() as account, *_):
            return account, operation
        case _:
            return None


def _note_reading(upstream: Upstream, question: Question[K, V], *, hits: int, misses: int) -> None:
    subject = _subject(question)
    if subject is not None and question.shelf is not None and not question.is_fresh_wanted:
        upstream.meter.cache(*subject, hits=hits, misses=misses)


def _note_batch(upstream: Upstream, question: Question[K, V], size: int) -> None:
    subject = _subject(question)
    if subject is not None:
        upstream.meter.batch(*subject, size)


def _best(
    answer: V | AffiliateGraphError, kept: CacheEntry[V] | None, question: Question[K, V]
) -> Told[V]:
    """The answer, or the kept one where the marketplace could not be asked."""
    is_failure = isinstance(answer, MarketplaceError) and not isinstance(answer, _FINAL)
    if not is_failure or kept is None or question.is_fresh_wanted:
        return Told(answer)
    if isinstance(kept.value, AffiliateGraphError):
        return Told(answer)
    return Told(kept.value, kept.since.astimezone(UTC))
