"""What is due of many owners: one statement by the indexes, and nobody waits for another."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from db import job_batches, jobs, statements, turns, webhook_deliveries
from db.encryption import KeyRing
from domain.events import EventType
from tests.database import count_statements
from tests.db.records import NOW
from tests.db.test_job_batches import new_job
from tests.db.test_webhooks import happened, made

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

LOOKS: list[tuple[str, Callable[[], Awaitable[Sequence[object]]]]] = [
    ("job_batches_job_id_9c122e", lambda: job_batches.due(NOW, of_each=2)),
    ("webhook_del_webhook_7b0b0b", lambda: webhook_deliveries.due(NOW, of_each=2, of_workspace=9)),
]


@pytest.fixture
async def three_of_each(keyring: KeyRing) -> None:
    """Three jobs of three batches, and three webhooks with three deliveries."""
    for _ in range(3):
        await jobs.create(new_job(1, 1, 1))
        await made(keyring)
    await happened(*[EventType.PRODUCT_GONE] * 3)


@pytest.mark.usefixtures("three_of_each")
@pytest.mark.parametrize(("_name", "look"), LOOKS)
async def test_a_look_is_one_statement(
    _name: str,
    look: Callable[[], Awaitable[Sequence[object]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = count_statements(monkeypatch)

    found = await look()

    assert len(found) == 6
    assert len(sent) == 1


@pytest.mark.usefixtures("three_of_each")
@pytest.mark.parametrize(("name", "look"), LOOKS)
async def test_their_index_finds_them(
    name: str,
    look: Callable[[], Awaitable[Sequence[object]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plans: list[Any] = []
    real = statements.rows
    ahead = "EXPLAIN " if statements.is_postgres() else "EXPLAIN QUERY PLAN "

    async def explained(sql: str, values: Any = ()) -> list[dict[str, Any]]:
        plans.extend(await real(ahead + sql, values))
        return await real(sql, values)

    monkeypatch.setattr(statements, "rows", explained)
    await look()

    told = str(plans)
    assert f"idx_{name}" in told
    assert "SCAN d" not in told


@pytest.mark.usefixtures("three_of_each")
async def test_where_there_are_more_than_a_look_takes_each_gets_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "MOST", 1)

    found = Counter([(await job_batches.due(NOW, of_each=2))[0].id for _ in range(100)])

    assert len(found) == 3  # each job's first one
