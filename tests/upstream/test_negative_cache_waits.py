"""NegativeCache end the waits of those whom they concern, and of nobody else."""

import asyncio

import pytest

from domain.exceptions import CredentialsRejected, MarketplaceError, PermissionMissing
from domain.marketplaces import AccountKey
from domain.products import Mode
from upstream.negative_cache import NegativeCache

pytestmark = pytest.mark.anyio

ACCOUNT = AccountKey("default", "amazon", "", Mode.LIVE)
OTHER = AccountKey("theirs", "amazon", "", Mode.LIVE)


async def wait(
    refusals: NegativeCache, account: AccountKey, credentials: str, operation: str
) -> MarketplaceError | None:
    """The refusal that ended the wait; None when its turn came."""
    try:
        async with refusals.heeded(account, credentials, operation):
            await asyncio.sleep(0.05)
    except MarketplaceError as refusal:
        return refusal
    return None


@pytest.mark.parametrize(
    ("failure", "ended"),
    [
        (CredentialsRejected("no"), [True, True, False, False]),
        (PermissionMissing("no"), [True, False, False, False]),
        (MarketplaceError("trouble"), [False, False, False, False]),
    ],
)
async def test_a_refusal_ends_the_waits_that_it_concerns(
    failure: MarketplaceError, ended: list[bool]
) -> None:
    refusals = NegativeCache()
    waits = [
        asyncio.ensure_future(wait(refusals, *who))
        for who in [
            (ACCOUNT, "keys", "getItems"),
            (ACCOUNT, "keys", "searchItems"),
            (ACCOUNT, "other keys", "getItems"),
            (OTHER, "keys", "getItems"),
        ]
    ]
    await asyncio.sleep(0)

    refusals.note(ACCOUNT, "keys", "getItems", failure)
    refusals.note(ACCOUNT, "keys", "getItems", failure)

    told = await asyncio.gather(*waits)
    assert [isinstance(one, type(failure)) for one in told] == ended
    assert refusals._waits == {}


async def test_a_time_limit_inside_stays_a_time_limit() -> None:
    refusals = NegativeCache()

    with pytest.raises(TimeoutError):
        async with refusals.heeded(ACCOUNT, "keys", "getItems"), asyncio.timeout(0):
            await asyncio.sleep(1)
