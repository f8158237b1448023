"""The workspaces, and whose rows a query sees: one workspace, of each marketplace one mode."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from pypika_tortoise.queries import Table
from pypika_tortoise.terms import Case, Criterion
from tortoise.expressions import Q
from tortoise.functions import Count
from tortoise.models import Model
from tortoise.queryset import QuerySet

from db import models, statements
from db.availability import resilient
from db.conditions import Where
from domain.marketplaces import AccountKey, Workspace
from domain.products import Mode, ProductRef
from domain.workspaces import WorkspaceSummary


@resilient
async def create(name: str, now: datetime) -> bool:
    """Make a workspace. False: there is one of that name."""
    _, is_new = await models.Workspace.get_or_create(id=name, defaults={"created_at": now})
    return is_new


@resilient
async def exists(name: str) -> bool:
    """Whether there is a workspace of that name."""
    return await models.Workspace.exists(id=name)


@resilient
async def summaries() -> list[WorkspaceSummary]:
    """All workspaces, by name."""
    products = await _count(models.Product.filter(deleted_at=None))
    api_keys = await _count(models.APIKey.all())
    return [
        WorkspaceSummary(
            name=row["id"],
            created_at=row["created_at"],
            products=products.get(row["id"], 0),
            api_keys=api_keys.get(row["id"], 0),
        )
        for row in await models.Workspace.all().order_by("id").values()
    ]


async def has_room(model: type[Model], workspace_id: str, most: int) -> bool:
    """Inside the transaction that stores one more of these: whether the workspace may have it.
    Whoever asks for another one of them waits until its end."""
    await statements.lock(f"one more {model._meta.db_table} {workspace_id}")
    return await model.filter(workspace_id=workspace_id).count() < most


async def _count(rows: QuerySet[Any]) -> dict[str, int]:
    """Workspace -> how many of these are its rows."""
    counted = rows.annotate(total=Count("id")).group_by("workspace_id")
    return dict(await counted.values_list("workspace_id", "total"))


def columns_of(key: AccountKey) -> dict[str, Any]:
    """The account, as columns that name it."""
    place = {"marketplace": key.marketplace, "locale": key.locale, "mode": key.mode}
    return {"workspace_id": key.workspace, **place}


def visible(workspace: Workspace) -> Q:
    """The condition that a row is of this workspace, in the present mode of its marketplace."""
    sandboxed = sorted(code for code, mode in workspace.modes.items() if mode is Mode.SANDBOX)
    if not sandboxed:
        return Q(workspace_id=workspace.id, mode=Mode.LIVE)

    def in_mode(table: Table) -> Criterion:
        # Not two ways with an OR between them: for those SQLite leaves the order's index.
        mode = Case().when(table.marketplace.isin(sandboxed), Mode.SANDBOX.value)
        return table.mode == mode.else_(Mode.LIVE.value)

    return Q(workspace_id=workspace.id) & Where(in_mode)


def mode_of_deleted(mode: Mode) -> str:
    """What stands as the mode of a product of that mode once it is deleted."""
    return f"DELETED {mode.value}"


def among(workspace: Workspace, refs: Iterable[ProductRef], *, deleted: bool = False) -> Q:
    """The condition that a row is of this workspace and names one of these products.

    `deleted`: of those that were taken out of the catalogue. Without products it holds for any row.
    Spelled out by groups, since SQLite finds no index for a list of whole rows.
    """
    return Q(
        *(
            Q(
                workspace_id=workspace.id,
                mode=mode_of_deleted(mode) if deleted else mode.value,
                marketplace=marketplace,
                locale=locale,
                external_id__in=external_ids,
            )
            for (marketplace, locale), external_ids in by_site(refs).items()
            for mode in (workspace.mode(marketplace),)
        ),
        join_type=Q.OR,
    )


def by_site(refs: Iterable[ProductRef]) -> dict[tuple[str, str], list[str]]:
    """Marketplace and locale -> the ids of its products."""
    sites: dict[tuple[str, str], list[str]] = {}
    for ref in refs:
        sites.setdefault((ref.marketplace, ref.locale), []).append(ref.external_id)
    return sites


def chunks(refs: Collection[ProductRef]) -> list[list[ProductRef]]:
    """Few enough that SQLite takes the parameters, and the groups of `among` (its expressions may
    be a thousand deep), in an order that all writers share."""
    ordered = sorted(set(refs), key=lambda ref: (ref.marketplace, ref.locale, ref.external_id))
    return [ordered[start : start + 500] for start in range(0, len(ordered), 500)]
