"""The application of every test here is looked at when the fault is over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.invariants import unharmed
from tests.graph import Graph, running_graph


@pytest.fixture
async def graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """The whole application over the sandbox gateways, which must survive the test unharmed."""
    async with running_graph(migrated_database, tmp_path) as running, unharmed(running):
        yield running
