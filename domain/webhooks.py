"""Webhooks: whom to tell of events, which of them, and what became of each telling.

Headers, body, tries and their times are those of Standard Webhooks: see
docs/decisions/0049-webhooks.md.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from domain.credentials import Secret
from domain.events import EventType

SECONDS, MINUTES, HOURS = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))
# How long after a try that failed the next one is made; the first is made at once.
PAUSES = (
    5 * SECONDS,
    5 * MINUTES,
    30 * MINUTES,
    2 * HOURS,
    5 * HOURS,
    10 * HOURS,
    14 * HOURS,
    20 * HOURS,
    24 * HOURS,
)
MOST_TRIES = len(PAUSES) + 1
JITTER = 0.1
LONGEST_WAIT = timedelta(hours=24)  # that a receiver may ask for
FAILS_FOR = timedelta(days=5)  # then it is switched off
TEST = "webhook.test"
LARGEST = 20_000  # bytes of a body
SHOWN = 2_048  # bytes of an answer that are kept
GONE = 410
BUSY = (429, 502, 503, 504)
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")


class WebhookKind(Enum):
    """What is behind an address: a program that takes Standard Webhooks, or a chat."""

    STANDARD = "STANDARD"
    TELEGRAM = "TELEGRAM"
    DISCORD = "DISCORD"
    SLACK = "SLACK"


class DisabledReason(Enum):
    """Why nothing is sent."""

    BY_HAND = "BY_HAND"
    GONE = "GONE"
    FAILING = "FAILING"
    KEY_ENDED = "KEY_ENDED"


class DeliveryState(Enum):
    """PENDING: to be tried at its time."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Who is told of what. `shown_url`: without what may be secret in it. `document`: what shapes
    `data`; None: the usual. `key_id`: the API key with whose rights that is read, None for the
    operator's own. `failing_since`: of the failures since the last success."""

    id: str
    workspace: str
    shown_url: str
    types: frozenset[EventType]
    document: str | None
    key_id: str | None
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_reason: DisabledReason | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try. `status` None: there was no answer, and `error` says why. `answer`: how it began."""

    at: datetime
    status: int | None = None
    milliseconds: int = 0
    answer: str = ""
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event that a webhook is to be told, and how that went. `next_at`: of a PENDING one."""

    id: str
    webhook_id: str
    event_id: str
    type: EventType
    state: DeliveryState
    tries: int
    created_at: datetime
    next_at: datetime | None
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to send, and what signs: several secrets while one replaces another."""

    url: Secret = field(repr=False)
    secrets: Sequence[Secret] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries; None: all."""

    states: Collection[DeliveryState] | None = None


def next_try(tries: int, attempt: Attempt, chance: float) -> datetime | None:
    """When to try again after so many tries, the last of which failed; None: no more.

    `chance`: from 0 to 1, spreads what failed together.
    """
    if tries >= MOST_TRIES:
        return None
    pause = PAUSES[tries - 1] * (1 + JITTER * (2 * chance - 1))
    asked = attempt.retry_after if attempt.status in BUSY else None
    return attempt.at + max(pause, min(asked or pause, LONGEST_WAIT))


def end_of(webhook: Webhook, attempt: Attempt) -> DisabledReason | None:
    """Why a webhook is switched off by this failure."""
    if attempt.status == GONE:
        return DisabledReason.GONE
    since = webhook.failing_since
    if since is not None and attempt.at - since >= FAILS_FOR:
        return DisabledReason.FAILING
    return None


def without_numbers_of(answer: str, sent: str) -> str:
    """The answer without the numbers that were sent: a receiver may send back a price, which a
    programme may forbid to keep. Also not as it writes them, nor one that the end cuts off."""
    numbers = {_digits(number) for number in NUMBER.findall(sent)}
    begin = len(answer.rstrip(".,0123456789"))

    def kept(found: re.Match[str]) -> str:
        digits = _digits(found[0])
        is_cut = found.start() >= begin and any(each.startswith(digits) for each in numbers)
        return "#" if is_cut or digits in numbers else found[0]

    return NUMBER.sub(kept, answer)


def _digits(number: str) -> str:
    """The same for 1299.90, 1,299.9 and 129990."""
    return re.sub("[.,]", "", number).rstrip("0")
