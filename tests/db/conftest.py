"""Fixtures of the database's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.connection import open_database
from db.encryption import KeyRing
from tests.database import migrated_database, on_postgres, wipe


@pytest.fixture(scope="session")
async def tables(
    tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[str]:
    """The URL of a migrated database, closed: a process shares one open database at a time."""
    async with migrated_database(tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="module")
async def opened(tables: str) -> AsyncIterator[str]:
    async with open_database(tables):
        yield tables


@pytest.fixture
async def db(opened: str) -> AsyncIterator[str]:
    """An open, empty database; its URL."""
    yield opened
    await wipe()


@pytest.fixture
async def migrated(tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database of the test's own, which nobody has open."""
    async with migrated_database(tmp_path) as url:
        yield url


@pytest.fixture
def keyring() -> KeyRing:
    return KeyRing([b"1" * 32])


@pytest.fixture
def sqlite_only() -> None:
    if on_postgres():
        pytest.skip("a property of SQLite")


@pytest.fixture
def postgres_only() -> None:
    if not on_postgres():
        pytest.skip("a property of PostgreSQL")
