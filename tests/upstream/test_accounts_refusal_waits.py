"""Refusals end the waits of those whom they concern, and of nobody else."""

import asyncio

import pytest

from domain.exceptions import CredentialsRejected, MarketplaceError, PermissionMissing
from upstream.accounts import NegativeCache

pytestmark = pytest.mark.anyio


async def wait(
    refusals: NegativeCache, credentials: str, operation: str
) -> MarketplaceError | None:
    """The refusal that ended the wait; None when its turn came."""
    try:
        async with refusals.guard(credentials, operation):
            await asyncio.sleep(0.05)
    except MarketplaceError as refusal:
        return refusal
    return None


@pytest.mark.parametrize(
    ("failure", "ended"),
    [
        (CredentialsRejected("no"), [True, True, False]),
        (PermissionMissing("no"), [True, False, False]),
        (MarketplaceError("trouble"), [False, False, False]),
    ],
)
async def test_a_refusal_ends_the_waits_that_it_concerns(
    failure: MarketplaceError, ended: list[bool]
) -> None:
    refusals = NegativeCache()
    waits = [
        asyncio.ensure_future(wait(refusals, *who))
        for who in [
            ("keys", "getItems"),
            ("keys", "searchItems"),
            ("other keys", "getItems"),
        ]
    ]
    await asyncio.sleep(0)

    refusals.note("keys", "getItems", failure)
    refusals.note("keys", "getItems", failure)

    told = await asyncio.gather(*waits)
    assert [isinstance(one, type(failure)) for one in told] == ended
    assert refusals._waits == set()


async def test_a_time_limit_inside_stays_a_time_limit() -> None:
    refusals = NegativeCache()

    with pytest.raises(TimeoutError):
        async with refusals.guard("keys", "getItems"), asyncio.timeout(0):
            await asyncio.sleep(1)
