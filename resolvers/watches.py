"""Watches of a workspace: made, re-armed, forgotten, listed."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from clients.registry import BY_CODE
from db import watches as stored
from domain.catalog import CatalogFilter, Page, PageArgs
from domain.exceptions import InvalidInput, NotFound, TrackingForbidden
from domain.money import Money
from domain.products import ProductRef
from domain.watches import LONGEST, Watch, WatchKind
from resolvers import cursors
from resolvers.context import Context
from resolvers.cursors import MAX_PAGE_SIZE, ConnectionArgs

MOST = 100  # in a workspace
ID, CONDITION = ("input", "id"), ("input", "condition")


async def create(
    context: Context,
    kind: WatchKind,
    *,
    price: Money | None = None,
    percent: int | None = None,
    days: int | None = None,
    products: Sequence[ProductRef] | None,
    filter: CatalogFilter | None,
) -> Watch:
    """Wait for something of these products, or of those that a filter finds then.

    Raises InvalidInput, TrackingForbidden.
    """
    _check(percent, days, products, filter)
    _require_trackable(kind, products, filter)
    watch = Watch(
        id=str(uuid4()),
        workspace=context.workspace.id,
        kind=kind,
        price=price,
        percent=percent,
        days=days,
        products=products,
        filter=filter,
        armed_at=context.now,
        created_at=context.now,
    )
    if not await stored.create(watch, most=MOST):
        raise InvalidInput(f"A workspace has at most {MOST} watches. Delete one of them.")
    return watch


async def rearm(context: Context, watch_id: str) -> Watch:
    """Let it be told again of each of its products. Raises NotFound."""
    watch = await _named(context, watch_id)
    await stored.rearm(watch, context.now)
    return replace(watch, armed_at=context.now)


async def delete(context: Context, watch_id: str) -> None:
    """Forget it. Raises NotFound."""
    await stored.delete(await _named(context, watch_id))


async def by_id(context: Context, watch_id: str) -> Watch | None:
    """The workspace's watch of that id."""
    return await stored.by_id(context.workspace.id, watch_id)


async def page(context: Context, args: ConnectionArgs) -> tuple[str, Page[Watch]]:
    """One page of the workspace's watches, newest first, with the fingerprint of its cursors."""
    of_list = cursors.fingerprint("watches")
    return of_list, await stored.page(context.workspace.id, args.page(of_list))


async def count(context: Context) -> int | None:
    """How many watches the workspace has."""
    counted = await stored.page(context.workspace.id, PageArgs(1), count=True)
    return counted.total


async def fired(context: Context, watch: Watch) -> int:
    """Of how many products it was told since it was armed."""
    return await context.dataloaders.watch_fired.load(watch.id)


async def _named(context: Context, watch_id: str) -> Watch:
    watch = await by_id(context, watch_id)
    if watch is None:
        raise NotFound("There is no watch by this id here.", path=ID)
    return watch


def _check(
    percent: int | None,
    days: int | None,
    products: Sequence[ProductRef] | None,
    filter: CatalogFilter | None,
) -> None:
    if (products is None) == (filter is None):
        raise InvalidInput("Send either productIds or filter.", path=("input",))
    if products is not None and not 1 <= len(products) <= MAX_PAGE_SIZE:
        raise InvalidInput(
            f"A watch names 1 to {MAX_PAGE_SIZE} products.", path=("input", "productIds")
        )
    if percent is not None and not 1 <= percent <= 99:
        raise InvalidInput("A drop is of 1 to 99 percent.", path=(*CONDITION, "dropPercent"))
    if days is not None and not 1 <= days <= LONGEST.days:
        raise InvalidInput(
            f"A lowest price is of 1 to {LONGEST.days} days.", path=(*CONDITION, "lowestInDays")
        )


def _require_trackable(
    kind: WatchKind, products: Sequence[ProductRef] | None, filter: CatalogFilter | None
) -> None:
    named = {ref.marketplace: f"productIds {n}" for n, ref in enumerate(products or ())}
    if filter is not None and filter.marketplace is not None:
        named[filter.marketplace] = "filter marketplace"
    for code, place in named.items():
        if kind.tracks_prices and not BY_CODE[code].policy.keeps_price_history:
            raise TrackingForbidden(
                f"{BY_CODE[code].name} forbids to track prices, so none can be watched there. "
                "backInStock can.",
                path=("input", *place.split()),
            )
