"""Opening the database, for one task or for all."""

import asyncio
import contextvars
from pathlib import Path

import pytest
from tortoise.exceptions import ConfigurationError

from db import connection, statements
from db.connection import open_database, ping, require_ready, sqlite_path
from db.exceptions import DatabaseUnavailable
from db.migrate import migrate
from tests.database import empty_database, migrated_database, on_postgres

pytestmark = pytest.mark.anyio


async def from_elsewhere() -> None:
    """Ask from a task that inherits nothing, as a request of a server does."""
    await asyncio.create_task(ping(), context=contextvars.Context())


async def test_shared_database_is_seen_by_every_task(tmp_path: Path) -> None:
    async with migrated_database(tmp_path) as url:
        async with open_database(url):
            await from_elsewhere()

        with pytest.raises(RuntimeError, match="No TortoiseContext"):
            await from_elsewhere()


async def test_second_database_is_seen_by_its_own_task(tmp_path: Path) -> None:
    async with empty_database(tmp_path) as url, empty_database(tmp_path) as other:
        await migrate(url)
        await migrate(other)
        async with open_database(url):
            async with open_database(other, shared=False):
                await statements.rows("DELETE FROM workspaces RETURNING id")
                assert await statements.rows("SELECT id FROM workspaces") == []

            assert await statements.rows("SELECT id FROM workspaces") == [{"id": "default"}]
            with pytest.raises(ConfigurationError):
                async with open_database(other):
                    pass
            await from_elsewhere()


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///var/a b.db", "/var/a b.db"), ("sqlite://data/x.db", "data/x.db")],
)
def test_path_of_a_sqlite_url(url: str, path: str) -> None:
    assert sqlite_path(url) == path


async def test_a_full_disk_is_no_sign_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with migrated_database(tmp_path) as url, open_database(url, shared=False):
        await require_ready(url)

        monkeypatch.setattr(connection, "LEAST_FREE", 2**63)
        if on_postgres():  # whose disk is another machine's
            await require_ready(url)
            return
        with pytest.raises(DatabaseUnavailable, match=r"disk .* full"):
            await require_ready(url)
