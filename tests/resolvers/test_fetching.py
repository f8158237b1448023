"""What is asked in one turn becomes few calls, and a failure stays with whom it belongs to."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from clients.base import MarketplaceClient
from clients.registry import BY_CODE
from domain.credentials import Secret
from domain.exceptions import AffiliateGraphError, NotInProgram, ProductNotFound, Throttled
from domain.marketplaces import Account, AccountKey, StoredCredential
from domain.products import Mode
from resolvers.fetching import Accounts, Kind, Way
from resolvers.health import Evidence
from tests.clients.aliexpress.fakes import FakeSender
from tests.fakes import NOW, FakeMarketplaceClient
from upstream.budget import CallBudget
from upstream.contract import Upstream

pytestmark = pytest.mark.anyio

Key = tuple[str, int]
ACCOUNTS = {
    "a": AccountKey("default", "aliexpress", "", Mode.LIVE),
    "b": AccountKey("default", "amazon", "www.amazon.com", Mode.LIVE),
}


class NothingStored(Accounts):
    """Accounts without a storage."""

    def __init__(self) -> None:
        """There is nothing to read."""

    async def fingerprint(self, key: AccountKey) -> str:
        return ""

    async def get(self, key: AccountKey) -> Account:
        return Account(key=key)


@dataclass
class Calls:
    """Answers each key with its own text, and remembers what was asked together."""

    sizes: Mapping[str, int] = field(default_factory=lambda: {"aliexpress": 50, "amazon": 10})
    unanswered: frozenset[Key] = frozenset()
    spoiling: frozenset[Key] = frozenset()
    besides: Mapping[Key, str] = field(default_factory=dict)
    values: Mapping[Key, AffiliateGraphError] = field(default_factory=dict)
    asked: list[tuple[str, list[Key]]] = field(default_factory=list)

    async def answer(self, group: str, keys: Sequence[Key]) -> dict[Key, str | AffiliateGraphError]:
        self.asked.append((group, list(keys)))
        await asyncio.sleep(0)
        if self.spoiling.intersection(keys):
            raise Throttled(f"Too fast: {group}.")
        own: dict[Key, str | AffiliateGraphError] = {
            key: self.values.get(key, f"{key[0]}{key[1]}")
            for key in reversed(keys)
            if key not in self.unanswered
        }
        return own | dict(self.besides)

    async def load(self, keys: Sequence[Key]) -> list[str | BaseException]:
        async def ask(
            _client: MarketplaceClient, batch: Sequence[Key]
        ) -> Mapping[Key, str | AffiliateGraphError]:
            return await self.answer(batch[0][0], batch)

        kind: Kind[Key, str] = Kind(
            operation="texts",
            size=lambda marketplace: self.sizes[marketplace.code],
            policy=lambda _: None,
            ask=ask,
            missing=lambda _, key: ProductNotFound(f"No {key[1]}."),
            evidence=Evidence(success_counts=False),
        )
        way = Way(
            accounts=NothingStored(),
            upstream=Upstream(sender=FakeSender([]), now=lambda: NOW),
            budget=CallBudget(),
        )
        return await way.each(kind, keys, lambda key: ACCOUNTS[key[0]])

    def counts(self) -> list[tuple[str, int]]:
        return [(group, len(keys)) for group, keys in self.asked]


def keys_of(group: str, count: int) -> list[Key]:
    return [(group, number) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, []), (1, [1]), (49, [49]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])],
)
async def test_keys_of_a_group_are_cut_into_batches(count: int, sizes: list[int]) -> None:
    calls = Calls()

    found = await calls.load(keys_of("a", count))

    assert [size for _, size in calls.counts()] == sizes
    assert found == [f"a{number}" for number in range(count)]


async def test_groups_are_never_mixed() -> None:
    calls = Calls()
    mixed = [key for pair in zip(keys_of("a", 25), keys_of("b", 25), strict=True) for key in pair]

    found = await calls.load(mixed)

    assert sorted(calls.counts()) == [("a", 25), ("b", 5), ("b", 10), ("b", 10)]
    assert all({key[0] for key in keys} == {group} for group, keys in calls.asked)
    assert found == [f"{group}{number}" for group, number in mixed]


async def test_a_failed_batch_of_ten_fails_its_ten_only() -> None:
    calls = Calls(spoiling=frozenset({("b", 13)}))

    found = await calls.load(keys_of("b", 30))

    assert found[:10] == [f"b{number}" for number in range(10)]
    assert all(isinstance(one, Throttled) for one in found[10:20])
    assert found[20:] == [f"b{number}" for number in range(20, 30)]


async def test_a_failed_group_fails_no_other_group() -> None:
    calls = Calls(spoiling=frozenset({("a", 0)}))

    found = await calls.load([*keys_of("a", 3), *keys_of("b", 3)])

    assert [isinstance(one, Throttled) for one in found] == [True] * 3 + [False] * 3


async def test_a_key_without_an_answer_is_missing() -> None:
    calls = Calls(unanswered=frozenset({("b", 1)}))

    found = await calls.load(keys_of("b", 3))

    assert isinstance(found[1], ProductNotFound)
    assert str(found[1]) == "No 1."
    assert (found[0], found[2]) == ("b0", "b2")


async def test_a_failure_of_one_key_is_its_value() -> None:
    unsold = NotInProgram("Earns nothing.")
    calls = Calls(values={("b", 1): unsold})

    found = await calls.load(keys_of("b", 3))

    assert (found[0], found[2]) == ("b0", "b2")
    assert isinstance(found[1], NotInProgram)
    assert str(found[1]) == str(unsold)


async def test_what_is_asked_twice_is_called_for_once() -> None:
    calls = Calls()

    found = await calls.load([("b", 2), ("b", 1), ("b", 2), ("b", 2)])

    assert calls.asked == [("b", [("b", 2), ("b", 1)])]
    assert found == ["b2", "b1", "b2", "b2"]


async def test_an_answer_to_what_was_not_asked_is_ignored() -> None:
    calls = Calls(besides={("b", 99): "stranger", ("a", 7): "stranger"})

    found = await calls.load(keys_of("b", 3))

    assert found == ["b0", "b1", "b2"]


async def test_a_batch_cannot_answer_for_another_batch() -> None:
    calls = Calls(spoiling=frozenset({("b", 13)}), besides={("b", 15): "stranger"})

    found = await calls.load(keys_of("b", 30))

    assert all(isinstance(one, Throttled) for one in found[10:20])


async def test_a_bug_in_a_call_is_not_hidden() -> None:
    class Broken(Calls):
        async def answer(
            self, group: str, keys: Sequence[Key]
        ) -> dict[Key, str | AffiliateGraphError]:
            raise KeyError("bug")

    with pytest.raises(KeyError):
        await Broken().load(keys_of("a", 2))


OLD, NEW = (
    Account(
        key=ACCOUNTS["a"],
        credentials={"appKey": StoredCredential(name="appKey", value=Secret(text), updated_at=NOW)},
        stored_fingerprint=text,
    )
    for text in ("old", "new")
)


class Rotated(NothingStored):
    """Accounts of a request that opened the credentials before they were stored anew."""

    def __init__(self, known_as: str) -> None:
        self.known_as, self.account = known_as, OLD

    async def fingerprint(self, key: AccountKey) -> str:
        return self.known_as

    async def get(self, key: AccountKey) -> Account:
        return self.account

    async def get_anew(self, key: AccountKey) -> Account:
        self.account = NEW
        return NEW


@pytest.mark.parametrize("known_as", ["new", "older"])
async def test_a_call_is_made_with_the_credentials_that_its_group_is_named_after(
    known_as: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_with: list[tuple[str, list[Key]]] = []
    opened: list[Account] = []

    def connect(account: Account, *_: object) -> MarketplaceClient:
        opened.append(account)
        return FakeMarketplaceClient()

    async def ask(
        _client: MarketplaceClient, batch: Sequence[Key]
    ) -> Mapping[Key, str | AffiliateGraphError]:
        asked_with.append((opened[-1].fingerprint, list(batch)))
        return dict.fromkeys(batch, "told")

    monkeypatch.setitem(BY_CODE, "aliexpress", replace(BY_CODE["aliexpress"], connect=connect))
    kind: Kind[Key, str] = Kind(
        operation="texts",
        size=lambda _: 9,
        policy=lambda _: None,
        ask=ask,
        evidence=Evidence(success_counts=False),
    )
    way = Way(
        accounts=Rotated(known_as),
        upstream=Upstream(sender=FakeSender([]), now=lambda: NOW),
        budget=CallBudget(max_calls=1),
    )

    told = await way.fetch(kind, ACCOUNTS["a"], [("a", 1)])

    assert asked_with == [("new", [("a", 1)])]
    assert told[("a", 1)].value == "told"
