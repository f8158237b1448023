"""Products that were taken out of the catalogue. For a while they can be put back.

A deleted product stays where it is, with its prices, under a mode that no workspace is in: whatever
reads products passes it by, as it does those of the other mode.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from tortoise.expressions import Q

from db import beside, product_rows, products, statements
from db.availability import resilient
from db.models import Product, ProductTag
from db.statements import Row
from db.workspaces import among, chunks, mode_of_deleted
from domain.marketplaces import Workspace
from domain.products import Mode, ProductRef

PRUNED = 500  # products in a transaction: each takes its texts and prices along
DELETED = {mode.value: mode_of_deleted(mode) for mode in Mode}
PRESENT = {deleted: mode for mode, deleted in DELETED.items()}


@resilient
async def delete(
    workspace: Workspace, refs: Collection[ProductRef], *, now: datetime
) -> set[ProductRef]:
    """Take products out of the catalogue; those that were in it. Their links stay.

    What was deleted before under the same name is forgotten.
    """
    deleted: set[ProductRef] = set()
    async with statements.transaction():
        for some in chunks(refs):
            if found := await _rows(among(workspace, some)):
                there = {product_rows.ref(row) for row in found}
                await Product.filter(among(workspace, there, deleted=True)).delete()
                await _move(found, DELETED, now)
                deleted |= there
    return deleted


@resilient
async def restore(workspace: Workspace, refs: Collection[ProductRef]) -> set[ProductRef]:
    """Put deleted products back; those that are in the catalogue now.

    One that was imported again meanwhile stays as it is.
    """
    present: set[ProductRef] = set()
    async with statements.transaction():
        await products.one_import_at_a_time(workspace.id, {ref.marketplace for ref in refs})
        for some in chunks(refs):
            there = {product_rows.ref(row) for row in await _rows(among(workspace, some))}
            if absent := set(some) - there:
                found = await _rows(among(workspace, absent, deleted=True))
                await _move(found, PRESENT, None)
                await beside.look_for_links([str(row["id"]) for row in found])
                there |= {product_rows.ref(row) for row in found}
            present |= there
    return present


@resilient
async def prune(before: datetime) -> int:
    """Forget for ever what was deleted before that moment; how many products that were."""
    pruned = 0
    old = Product.filter(deleted_at__lt=statements.utc(before)).limit(PRUNED)
    while ids := await old.values_list("id", flat=True):
        await Product.filter(id__in=ids).delete()
        pruned += len(ids)
    return pruned


async def _rows(condition: Q) -> list[Row]:
    """Which products they are, locked."""
    found = Product.filter(condition).select_for_update().order_by("id")
    return list(await found.values("id", "mode", "marketplace", "locale", "external_id"))


async def _move(found: Collection[Row], modes: Mapping[str, str], moment: datetime | None) -> None:
    for old, new in modes.items():
        if ids := [row["id"] for row in found if row["mode"] == old]:
            await Product.filter(id__in=ids).update(mode=new, deleted_at=moment)
            await ProductTag.filter(product_id__in=ids).update(mode=new)
