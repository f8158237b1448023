"""Credential sets at work at the same time never get, keep or pay for anything of each other."""

from collections.abc import Hashable, Sequence
from typing import Any

import pytest

from benchmarks.isolation import isolation_run
from upstream import cache
from upstream.budget import BatchCall, CallBudget
from upstream.coalescing import Coalescer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_nothing_is_mixed_up_between_credential_sets() -> None:
    found = await isolation_run(8, 50)

    assert found.mixed_up == []
    assert found.unanswered == {}
    assert found.links > 400
    assert found.calls > 80


async def test_a_cache_that_forgets_who_asked_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name_of: Any = cache._name

    def nameless(group: tuple[Hashable, ...], key: object) -> str:
        return str(name_of((group[0], *group[3:]), key))

    monkeypatch.setattr(cache, "_name", nameless)

    found = await isolation_run(4, 30)

    assert any(finding.startswith("cache:") for finding in found.mixed_up)


async def test_calls_shared_by_the_wrong_sets_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    get: Any = Coalescer.get

    async def mixed(
        shared: Coalescer,
        group: tuple[Hashable, ...],
        keys: Sequence[Any],
        budget: CallBudget,
        *,
        size: int,
        call: BatchCall[Any, Any],
    ) -> dict[Any, Any]:
        found: dict[Any, Any] = await get(
            shared, (group[0], *group[3:]), keys, budget, size=size, call=call
        )
        return found

    monkeypatch.setattr(Coalescer, "get", mixed)

    found = await isolation_run(4, 30)

    places = {finding.partition(":")[0] for finding in found.mixed_up}
    assert {"gateway", "cache", "products"} <= places
