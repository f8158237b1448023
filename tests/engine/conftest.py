"""Fixtures of the engine's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.connection import open_database
from tests.database import migrated_database


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[str]:
    """An open, empty database; its URL."""
    async with migrated_database(tmp_path) as url, open_database(url):
        yield url
