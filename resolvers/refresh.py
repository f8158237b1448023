"""Refresh: what an account's next call is for, and what its answer makes of the plan."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from clients.base import Marketplace
from clients.registry import BY_CODE
from db import refreshes
from db.leases import Lease
from db.refreshes import RefreshAccount
from domain.exceptions import (
    AffiliateGraphError,
    APIRetired,
    CredentialsRejected,
    InvalidInput,
    MarketplaceNotConnected,
    NotEligible,
    PendingApproval,
    PermissionMissing,
    ProductNotFound,
    QuotaExhausted,
)
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import ProductRef
from domain.refresh import MOST_CALLS, Bounds, Plan, RefreshState, choose
from resolvers import imports, marketplaces
from resolvers.context import Context
from resolvers.marketplaces import ConnectedMarketplace

log = logging.getLogger("affiliate_graph.refresh")

NOTHING_DUE = timedelta(minutes=5)  # until the next look
MOST_PUT_OFF = timedelta(hours=1)
# What lasts until somebody does something about it.
LASTING = (
    APIRetired,
    CredentialsRejected,
    MarketplaceNotConnected,
    NotEligible,
    PendingApproval,
    PermissionMissing,
    QuotaExhausted,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that is to be made: for these products, on that account, under the lease."""

    account: RefreshAccount
    products: Sequence[ProductRef]
    lease: Lease


async def due(context: Context) -> list[RefreshAccount]:
    """Accounts, of any workspace, that have a call to make now; the others are put off.

    Those of a marketplace that another release brought are left alone.
    """
    waiting = await refreshes.waiting(context.upstream.modes, context.now)
    known = [account for account in waiting if account.key.marketplace in BY_CODE]
    return [account for account in known if await _products(context, account)]


async def claimed(context: Context, account_id: str) -> Call | None:
    """The account's next call, counted and held; None where there is none to make."""
    account = await refreshes.by_id(account_id)
    products = await _products(context, account) if account else []
    if account is None or not products:
        return None
    begun = account.plan.begun(context.now, _rule(context, account.key.marketplace))
    lease = await refreshes.claim(account, begun, context.now) if begun else None
    return Call(account=account, products=products, lease=lease) if lease else None


async def work(context: Context, call: Call) -> AffiliateGraphError | None:
    """Make the call under its lease and store the answer; the failure that kept all back.

    Raises LeaseLost, DatabaseUnavailable.
    """
    rows = await imports.sync_products(context, call.products)
    failures = [row.error for row in rows]
    if any(error is None or isinstance(error, ProductNotFound) for error in failures):
        return None
    return next(error for error in failures if error is not None)


async def ended(context: Context, call: Call, failure: BaseException | None) -> None:
    """Let the plan go on: with the next call at its time, or rarely until calls work again."""
    now, rule = context.now, _rule(context, call.account.key.marketplace)

    def after(plan: Plan) -> Plan:
        if failure is None:
            return plan.went_well(now, rule)
        is_lasting = isinstance(failure, LASTING)
        return plan.refused(
            now,
            pause=timedelta(hours=1) if is_lasting else timedelta(minutes=2),
            most=timedelta(days=1) if is_lasting else timedelta(hours=1),
            until=failure.retry_at if isinstance(failure, AffiliateGraphError) else None,
        )

    plan = await refreshes.release(call.lease, after)
    if plan is not None:
        _tell(call, plan, failure)


async def give_back(context: Context, call: Call) -> None:
    """The process ends before the call has: somebody else makes the next one, at once."""
    now = context.now
    await refreshes.release(call.lease, lambda plan: plan.waiting(now))


async def set_calls(
    context: Context, marketplace: Marketplace, locale: str | None, calls_per_day: int | None
) -> ConnectedMarketplace:
    """Let an account refresh with so many calls a day; None or 0: not at all.

    Raises InvalidInput, WrongLocale, MarketplaceNotConnected.
    """
    calls = calls_per_day or 0
    if not 0 <= calls <= MOST_CALLS:
        raise InvalidInput(
            f"A number of calls a day, from 0 (off) to {MOST_CALLS:,}.",
            path=("input", "callsPerDay"),
        )
    site = marketplaces.locale_of(marketplace, locale, path=("input", "locale"))
    key = context.workspace.account_key(marketplace.code, site)
    if not await refreshes.set_calls(key, calls, context.now):
        raise MarketplaceNotConnected(
            f"{marketplace.name} is not connected, so nothing can be refreshed. Connect it with "
            "connectMarketplace, then set this again."
        )
    return await marketplaces.of_product(context, marketplace.code, site)


async def plan_of(account: AccountKey) -> Plan:
    """The plan of an account: off, where nothing is connected."""
    return await refreshes.plan_of(account) or Plan()


def _rule(context: Context, marketplace: str) -> QuotaRule:
    return context.quota(BY_CODE[marketplace])


async def _products(context: Context, account: RefreshAccount) -> list[ProductRef]:
    """What the next call is for; none, and it is put off, where it may not be made, or need not."""
    now, key, plan = context.now, account.key, account.plan
    market, rule = BY_CODE[key.marketplace], _rule(context, key.marketplace)
    if plan.is_waiting(now):
        return []
    if plan.begun(now, rule) is None:
        await refreshes.postpone(account, plan.went_well(now, rule))
        return []
    asked = context.asked.latest(key, 2 * market.batch_size, now)
    found = await refreshes.candidates(key, market.batch_size, asked)
    chosen = choose(found, market.batch_size, Bounds.of(market.policy), now)
    if not chosen:
        first = min((each.due_at for each in found), default=now)
        until = min(max(first, now + NOTHING_DUE), now + MOST_PUT_OFF)
        await refreshes.postpone(account, plan.waiting(until))
    return [ProductRef(key.marketplace, each.id, key.locale) for each in chosen]


def _tell(call: Call, plan: Plan, failure: BaseException | None) -> None:
    """Log where it begins to rest, and where it goes on again."""
    place = {"marketplace": call.account.key.marketplace, "locale": call.account.key.locale}
    if failure is not None and plan.failures == 1:
        log.warning("Refresh is paused: %s", failure, extra=place)
    elif failure is None and call.account.plan.failures:
        log.info("Refresh goes on", extra=place)
    elif plan.state is RefreshState.DAY_USED_UP:
        log.info("Refresh has used its calls of the day", extra=place)
