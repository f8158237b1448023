"""What is known is not asked, and what is past its time stands in only where it may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

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
from domain.marketplaces import AccountKey
from domain.products import Mode
from tests.clients.aliexpress.fakes import FakeSender
from tests.fakes import NOW
from upstream.budget import Budget, CallBudget
from upstream.cache import CachePolicy
from upstream.contract import Fetch, Fetched, Upstream
from upstream.pipeline import fetch

pytestmark = pytest.mark.anyio

ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)
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
    evidence: list[MarketplaceError | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.upstream = Upstream(sender=FakeSender([]), now=lambda: self.time)

    async def __call__(
        self, keys: Sequence[str], _: Budget
    ) -> Mapping[str, str | AffiliateGraphError]:
        self.asked.append(list(keys))
        if self.failure is not None:
            raise self.failure
        number = len(self.asked)
        return {key: self.values.get(key, f"{key}{number}") for key in keys} | dict(self.besides)

    async def record(self, failure: MarketplaceError | None) -> None:
        self.evidence.append(failure)

    async def fetch(
        self,
        *keys: str,
        is_refresh: bool = False,
        policy: CachePolicy[str] | None = TEXTS,
        budget: CallBudget | None = None,
    ) -> dict[str, Fetched[str]]:
        """What is told of these keys."""
        wanted: Fetch[str, str] = Fetch(
            operation="texts",
            account=ACCOUNT,
            credentials="first",
            size=10,
            call=self,
            record=self.record,
            policy=policy,
            is_refresh=is_refresh,
        )
        return await fetch(self.upstream, wanted, keys, budget or CallBudget())


async def test_what_is_kept_is_told_with_its_time_and_not_asked() -> None:
    market = Marketplace()
    await market.fetch("a", "b")
    market.time += HOUR / 2

    found = await market.fetch("a", "b", "c")

    assert found == {"a": Fetched("a1", NOW), "b": Fetched("b1", NOW), "c": Fetched("c2")}
    assert market.asked == [["a", "b"], ["c"]]


async def test_what_is_past_its_time_is_asked_again() -> None:
    market = Marketplace()
    await market.fetch("a")
    market.time += HOUR

    assert await market.fetch("a") == {"a": Fetched("a2")}


async def test_without_a_policy_nothing_is_kept() -> None:
    market = Marketplace()
    await market.fetch("a", policy=None)

    assert await market.fetch("a", policy=None) == {"a": Fetched("a2")}


async def test_a_sync_asks_anew_and_its_answer_is_kept() -> None:
    market = Marketplace()
    await market.fetch("a")

    synced = await market.fetch("a", is_refresh=True)
    found = await market.fetch("a")

    assert synced == {"a": Fetched("a2")}
    assert found == {"a": Fetched("a2", NOW)}


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
    await market.fetch("a")
    market.time += 23 * HOUR
    market.failure, market.values = None if is_of_the_key else failure, {"a": failure}

    assert await market.fetch("a") == {"a": Fetched("a1", NOW)}


async def test_an_old_answer_stands_in_for_a_call_that_the_cap_forbids() -> None:
    market = Marketplace()
    await market.fetch("a")
    market.time += HOUR

    found = await market.fetch("a", "b", budget=CallBudget(max_calls=0))

    assert found["a"] == Fetched("a1", NOW)
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
    await market.fetch("a")
    market.time += HOUR
    market.values = {"a": failure}

    found = await market.fetch("a")

    assert type(found["a"].value) is type(failure)
    assert found["a"].kept_since is None


async def test_a_sync_is_never_told_an_old_answer() -> None:
    market = Marketplace()
    await market.fetch("a")
    market.failure = MarketplaceUnavailable("down")

    found = await market.fetch("a", is_refresh=True)

    assert isinstance(found["a"].value, MarketplaceUnavailable)


async def test_an_answer_that_is_too_old_to_be_shown_does_not_stand_in() -> None:
    market = Marketplace()
    await market.fetch("a")
    market.time += 24 * HOUR
    market.failure = MarketplaceUnavailable("down")

    found = await market.fetch("a")

    assert isinstance(found["a"].value, MarketplaceUnavailable)


async def test_not_found_is_asked_again_after_a_minute_and_stands_in_for_nothing() -> None:
    market = Marketplace(values={"a": ProductNotFound("gone")})
    await market.fetch("a")

    soon = await market.fetch("a")
    market.time += timedelta(minutes=1)
    market.failure = MarketplaceUnavailable("down")
    late = await market.fetch("a")

    assert isinstance(soon["a"].value, ProductNotFound)
    assert isinstance(late["a"].value, MarketplaceUnavailable)
    assert len(market.asked) == 2


async def test_what_was_not_asked_is_neither_told_nor_kept() -> None:
    market = Marketplace(besides={"stranger": "x"})
    await market.fetch("a")
    market.besides = {}

    assert await market.fetch("stranger") == {"stranger": Fetched("stranger2")}


async def test_what_the_cache_saved_is_counted() -> None:
    market, spent = Marketplace(), CallBudget()
    await market.fetch("a", "b")

    await market.fetch("a", "b", "c", budget=spent)

    assert spent.saved_by_cache == 2


async def test_what_a_batch_told_of_the_account_is_recorded_once() -> None:
    market = Marketplace()
    await market.fetch("a", "b")
    market.failure = down = MarketplaceUnavailable("down")

    await market.fetch("c")
    await market.fetch("a")

    assert market.evidence == [None, down]
