"""Fixtures of every test."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import migrate
from tests.database import empty_database
from tests.graph import Graph, running_graph
from tests.redis_server import forget_ours, server_url

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path(os.environ.get("REFERENCE_DIR", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference material; outsiders have none, continuous integration must."""
    if REFERENCE.is_dir():
        return REFERENCE
    message = f"No reference material at {REFERENCE}: these tests prove nothing here."
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
async def migrated_database(
    tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[str]:
    """The URL of a database with all tables and no rows; SQLite, or PostgreSQL's own."""
    async with empty_database(tmp_path_factory.mktemp("graph")) as url:
        await migrate.migrate(url)
        yield url


@pytest.fixture
async def graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """The whole application over the sandbox gateways, with nothing stored."""
    async with running_graph(migrated_database, tmp_path) as running:
        yield running


@pytest.fixture
async def redis_url() -> AsyncIterator[str]:
    """A Redis server that holds nothing of ours."""
    url = server_url()
    await forget_ours(url)
    yield url
    await forget_ours(url)
