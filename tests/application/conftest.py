"""Databases of the tests that start from nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.database import empty_database


@pytest.fixture
async def fresh_url(tmp_path: Path, anyio_backend: str) -> AsyncIterator[str]:
    """The URL of a database without tables."""
    async with empty_database(tmp_path) as url:
        yield url
