"""Several processes on one database."""

from pathlib import Path

import pytest

from db import migrate
from db.encryption import key_file
from tests.database import empty_database, migrated_database
from tests.db.processes import at_once

pytestmark = pytest.mark.anyio

MIGRATE = """
import asyncio, sys
from db.migrate import migrate
print(len(asyncio.run(migrate(sys.argv[1])).applied))
"""
BOOK = """
import asyncio, sys
from datetime import date
from db import quota
from db.connection import open_database
from domain.marketplaces import AccountKey
from domain.products import Mode

async def main():
    key = AccountKey("default", "aliexpress", "", Mode.LIVE)
    async with open_database(sys.argv[1]):
        booked = [await quota.book(key, day=date(2026, 11, 21), limit=100) for _ in range(60)]
    print(sum(booked))

asyncio.run(main())
"""
READ_THEN_WRITE = """
import asyncio, sys
from db import statements
from db.connection import open_database

async def main():
    async with open_database(sys.argv[1]):
        for _ in range(100):
            async with statements.transaction():
                [row] = await statements.rows("SELECT used FROM quota_days")
                await statements.rows("UPDATE quota_days SET used = $1 RETURNING id",
                                      [row["used"] + 1])

asyncio.run(main())
"""
KEY = """
import sys
from pathlib import Path
from db.encryption import key_file
print(key_file(Path(sys.argv[1])).current_id)
"""


@pytest.mark.slow
async def test_of_three_that_migrate_at_once_one_works_and_all_succeed(tmp_path: Path) -> None:
    async with empty_database(tmp_path) as url:
        ended = await at_once(MIGRATE, url)

        every = len(migrate.known_migrations())
        assert sorted(ended) == [(0, "0\n"), (0, "0\n"), (0, f"{every}\n")]
        assert await migrate.examine(url) == []


async def test_quota_is_exact_over_three(tmp_path: Path) -> None:
    async with migrated_database(tmp_path) as url:
        ended = await at_once(BOOK, url)

    assert [code for code, _ in ended] == [0, 0, 0]
    assert sum(int(output) for _, output in ended) == 100


@pytest.mark.usefixtures("sqlite_only")
async def test_reading_before_writing_never_meets_a_locked_database(tmp_path: Path) -> None:
    async with migrated_database(tmp_path) as url:
        await at_once(BOOK, url, count=1)

        ended = await at_once(READ_THEN_WRITE, url)
        used = await at_once(BOOK, url, count=1)

    assert ended == [(0, "")] * 3
    assert used == [(0, "0\n")]  # 60 booked, 300 added: nothing is left of 100


@pytest.mark.usefixtures("sqlite_only")
async def test_first_key_made_by_many_is_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys"

    ended = await at_once(KEY, str(path), count=5)

    assert {output.strip() for _, output in ended} == {key_file(path).current_id}
    assert [code for code, _ in ended] == [0] * 5
