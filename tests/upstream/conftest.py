"""What tests of the way out work with."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import stamina

from upstream.http import http_client


@pytest.fixture
def no_pauses() -> Iterator[None]:
    """A call is repeated at once."""
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Connections as the server makes them."""
    async with http_client() as made:
        yield made
