"""What is known is not asked, and what is past its time stands in only where it may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from clients.base import Upstream
from domain.exceptions import (
    AffiliateGraphError,
    AnswerInvalid,
    CallCapReached,
    CircuitOpen,
    CredentialsRejected,
    InvalidInput,
    MarketplaceError,
    MarketplaceNotConnected,
    MarketplaceUnavailable,
    NotInProgram,
    ProductNotFound,
    QuotaExhausted,
    Throttled,
)
from resolvers.asking import Question, Told, ask
from tests.clients.aliexpress.fakes import FakeSender
from tests.fakes import NOW
from upstream.budget import CallBudget
from upstream.cache import CachePolicy

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
TEXTS: CachePolicy[str] = CachePolicy(kind=str, fresh_for=HOUR, shown_for=24 * HOUR)


@dataclass
class Marketplace:
    """Answers every key with its name and the number of the call, or fails."""

    time: datetime = NOW
    failure: AffiliateGraphError | None = None
    values: Mapping[str, AffiliateGraphError] = field(default_factory=dict)
    besides: Mapping[str, str] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.upstream = Upstream(sender=FakeSender([]), now=lambda: self.time)

    async def __call__(self, keys: Sequence[str]) -> Mapping[str, str | AffiliateGraphError]:
        self.asked.append(list(keys))
        if self.failure is not None:
            raise self.failure
        number = len(self.asked)
        return {key: self.values.get(key, f"{key}{number}") for key in keys} | dict(self.besides)

    async def tell(
        self, *keys: str, is_fresh_wanted: bool = False, shelf: CachePolicy[str] | None = TEXTS
    ) -> dict[str, Told[str]]:
        """What is told of these keys."""
        question: Question[str, str] = Question(
            line="line", size=10, call=self, shelf=shelf, is_fresh_wanted=is_fresh_wanted
        )
        return await ask(self.upstream, question, keys)


async def test_what_is_kept_is_told_with_its_time_and_not_asked() -> None:
    market = Marketplace()
    await market.tell("a", "b")
    market.time += HOUR / 2

    found = await market.tell("a", "b", "c")

    assert found == {"a": Told("a1", NOW), "b": Told("b1", NOW), "c": Told("c2")}
    assert market.asked == [["a", "b"], ["c"]]


async def test_what_is_past_its_time_is_asked_again() -> None:
    market = Marketplace()
    await market.tell("a")
    market.time += HOUR

    assert await market.tell("a") == {"a": Told("a2")}


async def test_without_a_shelf_nothing_is_kept() -> None:
    market = Marketplace()
    await market.tell("a", shelf=None)

    assert await market.tell("a", shelf=None) == {"a": Told("a2")}


async def test_a_sync_asks_anew_and_its_answer_is_kept() -> None:
    market = Marketplace()
    await market.tell("a")

    synced = await market.tell("a", is_fresh_wanted=True)
    found = await market.tell("a")

    assert synced == {"a": Told("a2")}
    assert found == {"a": Told("a2", NOW)}


@pytest.mark.parametrize(
    "failure",
    [
        MarketplaceUnavailable("down"),
        CircuitOpen("left alone"),
        Throttled("slow"),
        QuotaExhausted("no more"),
        AnswerInvalid("cut off"),
        CredentialsRejected("no"),
    ],
)
@pytest.mark.parametrize("is_of_the_key", [False, True])
async def test_an_old_answer_stands_in_for_one_that_cannot_be_had(
    failure: MarketplaceError, is_of_the_key: bool
) -> None:
    market = Marketplace()
    await market.tell("a")
    market.time += 23 * HOUR
    market.failure, market.values = None if is_of_the_key else failure, {"a": failure}

    assert await market.tell("a") == {"a": Told("a1", NOW)}


async def test_an_old_answer_stands_in_for_a_call_that_the_cap_forbids() -> None:
    market = Marketplace()
    await market.tell("a")
    market.time += HOUR

    with CallBudget(most_calls=0).active():
        found = await market.tell("a", "b")

    assert found["a"] == Told("a1", NOW)
    assert isinstance(found["b"].value, CallCapReached)


@pytest.mark.parametrize(
    "failure",
    [
        ProductNotFound("gone"),
        NotInProgram("earns nothing"),
        MarketplaceNotConnected("no keys"),
        InvalidInput("our caller's mistake"),
    ],
)
async def test_an_old_answer_never_hides_what_is_known_now(failure: AffiliateGraphError) -> None:
    market = Marketplace()
    await market.tell("a")
    market.time += HOUR
    market.values = {"a": failure}

    found = await market.tell("a")

    assert type(found["a"].value) is type(failure)
    assert found["a"].kept_since is None


async def test_a_sync_is_never_told_an_old_answer() -> None:
    market = Marketplace()
    await market.tell("a")
    market.failure = MarketplaceUnavailable("down")

    found = await market.tell("a", is_fresh_wanted=True)

    assert isinstance(found["a"].value, MarketplaceUnavailable)


async def test_an_answer_that_is_too_old_to_be_shown_does_not_stand_in() -> None:
    market = Marketplace()
    await market.tell("a")
    market.time += 24 * HOUR
    market.failure = MarketplaceUnavailable("down")

    found = await market.tell("a")

    assert isinstance(found["a"].value, MarketplaceUnavailable)


async def test_not_found_is_asked_again_after_a_minute_and_stands_in_for_nothing() -> None:
    market = Marketplace(values={"a": ProductNotFound("gone")})
    await market.tell("a")

    soon = await market.tell("a")
    market.time += timedelta(minutes=1)
    market.failure = MarketplaceUnavailable("down")
    late = await market.tell("a")

    assert isinstance(soon["a"].value, ProductNotFound)
    assert isinstance(late["a"].value, MarketplaceUnavailable)
    assert len(market.asked) == 2


async def test_what_was_not_asked_is_neither_told_nor_kept() -> None:
    market = Marketplace(besides={"stranger": "x"})
    await market.tell("a")
    market.besides = {}

    assert await market.tell("stranger") == {"stranger": Told("stranger2")}


async def test_what_the_cache_saved_is_counted() -> None:
    market, spent = Marketplace(), CallBudget()
    await market.tell("a", "b")

    with spent.active():
        await market.tell("a", "b", "c")

    assert spent.saved_by_cache == 2
