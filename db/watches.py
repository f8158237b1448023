"""Watches, and what they are told: once for each product, by the transaction that changes it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args, get_type_hints
from uuid import uuid4

from tortoise.expressions import Q
from tortoise.functions import Count

from db import models, paging, prices, rows, statements, workspaces
from db.api_keys import is_id
from db.availability import resilient
from db.catalog_filters import filtered
from db.statements import Row
from domain.catalog import CatalogFilter, Page, PageArgs
from domain.events import EventType, News
from domain.marketplaces import Workspace
from domain.money import Money
from domain.packing import pack_fields
from domain.products import CatalogProduct, ProductRef, ProductState
from domain.watches import Watch, WatchKind

ORDER = paging.NEWEST_FIRST["created_at"]
FIRE = (
    "INSERT INTO watch_firings (id, workspace_id, watch_id, product_id, fired_at)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (watch_id, product_id) DO NOTHING RETURNING id"
)
# Conditions whose values are text in a watch's row.
AMOUNTS, TIMES = (
    {name for name, hint in get_type_hints(CatalogFilter).items() if kind in get_args(hint)}
    for kind in (Decimal, datetime)
)


@resilient
async def create(watch: Watch, *, most: int) -> bool:
    """Store a new one. False: the workspace has as many as it may."""
    async with statements.transaction():
        if not await workspaces.has_room(models.Watch, watch.workspace, most):
            return False
        await statements.insert(models.Watch, [_columns(watch)])
    return True


@resilient
async def by_id(workspace_id: str, watch_id: str) -> Watch | None:
    """The workspace's watch of that id."""
    if not is_id(watch_id):
        return None
    found = await models.Watch.filter(id=watch_id, workspace_id=workspace_id).values()
    return record(found[0]) if found else None


@resilient
async def fired_counts(workspace_id: str, watch_ids: Collection[str]) -> dict[str, int]:
    """Of how many products each watch was told since it was armed."""
    counted = models.WatchFiring.filter(workspace_id=workspace_id, watch_id__in=watch_ids)
    found = (
        await counted.annotate(total=Count("id"))
        .group_by("watch_id")
        .values_list("watch_id", "total")
    )
    return dict.fromkeys(watch_ids, 0) | {str(watch): int(total) for watch, total in found}


@resilient
async def page(workspace_id: str, args: PageArgs, *, count: bool = False) -> Page[Watch]:
    """One page of the workspace's watches, newest first; `count`: count the whole list as well."""
    ours = Q(workspace_id=workspace_id)
    return await paging.read(models.Watch, ours, ORDER, record, args, count=count)


@resilient
async def rearm(watch: Watch, now: datetime) -> None:
    """Let it be told again of each of its products."""
    async with statements.transaction():
        await models.Watch.filter(id=watch.id).update(armed_at=now)
        await models.WatchFiring.filter(watch_id=watch.id).delete()


@resilient
async def delete(watch: Watch) -> None:
    """Forget it."""
    async with statements.transaction():
        await models.Watch.filter(id=watch.id).delete()
        await models.WatchFiring.filter(watch_id=watch.id).delete()


async def fired(
    workspace: Workspace,
    before: Mapping[ProductRef, CatalogProduct],
    after: Sequence[CatalogProduct],
    *,
    tracked: Collection[str],
    now: datetime,
) -> list[News]:
    """What watches are told of products that were just changed, inside that transaction.

    `tracked`: marketplaces (codes) whose prices may be watched.
    """
    changed = {one.source.ref: one for one in after if one.source.ref in before}
    if not changed:
        return []
    found: list[News] = []
    for row in await statements.rows(
        "SELECT * FROM watches WHERE workspace_id = $1", [workspace.id]
    ):
        watch = record(row)
        named = changed if watch.products is None else set(watch.products)
        some = [
            one
            for ref, one in changed.items()
            if ref in named
            and (ref.marketplace in tracked or not watch.kind.tracks_prices)
            and watch.may_fire(before[ref], one)
        ]
        for product in await _meeting(workspace, watch, some, before, now):
            values = [str(uuid4()), workspace.id, watch.id, product.id, now]
            if await statements.rows(FIRE, values):
                found.append(_news(watch, before[product.source.ref], product, now))
    return found


async def _meeting(
    workspace: Workspace,
    watch: Watch,
    some: Sequence[CatalogProduct],
    before: Mapping[ProductRef, CatalogProduct],
    now: datetime,
) -> list[CatalogProduct]:
    """Those of the products that the watch is meant for, and whose prices are low enough."""
    if some and watch.filter is not None:
        ids = [one.id for one in some]
        condition = filtered(workspace, watch.filter) & Q(id__in=ids)
        table = models.Product._meta.basetable
        found = await statements.built(statements.select(models.Product, condition, table.id))
        meant = {str(row["id"]) for row in found}
        some = [one for one in some if one.id in meant]
    if not some or (watch.percent is None and watch.days is None):
        return list(some)
    refs = [one.source.ref for one in some]
    if watch.days is not None:
        since = now - timedelta(days=watch.days)
        bases = await prices.lowest_since_within(workspace, refs, since)
    else:
        bases = await prices.as_of_within(workspace, refs, watch.armed_at)

    def base(ref: ProductRef) -> Money | None:
        seen = bases[ref]
        return seen.price if seen else before[ref].source.offer.price

    return [one for one in some if watch.is_met(one.source.offer.price, base(one.source.ref))]


def _news(watch: Watch, before: CatalogProduct, after: CatalogProduct, now: datetime) -> News:
    ref, has_price = after.source.ref, watch.kind.tracks_prices
    return News(
        type=EventType.WATCH_FIRED,
        occurred_at=now,
        marketplace=ref.marketplace,
        locale=ref.locale,
        product=ref,
        price=after.source.offer.price if has_price else None,
        previous_price=before.source.offer.price if has_price else None,
        watch=watch.id,
    )


def record(row: Row) -> Watch:
    """The watch that the row holds."""
    condition = rows.document(row["condition"])
    products, conditions = rows.document(row["products"]), rows.document(row["conditions"])
    price = condition.get("price")
    return Watch(
        id=str(row["id"]),
        workspace=row["workspace_id"],
        kind=WatchKind(row["kind"]),
        armed_at=rows.moment(row["armed_at"]),
        created_at=rows.moment(row["created_at"]),
        products=None if products is None else [ProductRef(*each) for each in products],
        filter=None if conditions is None else _filter(conditions),
        price=Money(Decimal(price["amount"]), price["currency"]) if price else None,
        percent=condition.get("percent"),
        days=condition.get("days"),
    )


def _filter(stored: Mapping[str, Any]) -> CatalogFilter:
    def value(name: str, packed: Any) -> Any:
        if name in AMOUNTS:
            return Decimal(packed)
        if name in TIMES:
            return rows.moment(packed)
        return ProductState(packed) if name == "state" else packed

    return CatalogFilter(**{name: value(name, packed) for name, packed in stored.items()})


def _columns(watch: Watch) -> Row:
    parts = {"price": watch.price, "percent": watch.percent, "days": watch.days}
    packed = pack_fields(watch, without=[name for name in _NAMES if name not in parts])
    refs = watch.products
    return {
        "id": watch.id,
        "workspace_id": watch.workspace,
        "kind": watch.kind,
        "condition": packed,
        "products": None
        if refs is None
        else [[ref.marketplace, ref.external_id, ref.locale] for ref in refs],
        "conditions": None if watch.filter is None else pack_fields(watch.filter),
        "armed_at": watch.armed_at,
        "created_at": watch.created_at,
    }


_NAMES = tuple(Watch.__dataclass_fields__)
