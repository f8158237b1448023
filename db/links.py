"""Affiliate links. A link names its product, but lives on when the product is deleted."""

from collections.abc import Collection, Sequence
from uuid import uuid4

from db import product_rows, rows, statements
from db.availability import resilient
from db.paging import NEWEST_FIRST, behind, order_by
from db.paging import page as page_of
from db.statements import Row, Values
from db.workspaces import REF_COLUMNS, among, chunks, mode_of, one_of, visible
from domain.catalog import LinkFilter, Page, Position
from domain.links import Link, LinkKey
from domain.marketplaces import Workspace
from domain.products import Mode, ProductRef

KEY_COLUMNS = f"{REF_COLUMNS}, tracking_id, sub_id"
GROUP_COLUMNS = "workspace_id, mode, marketplace, locale, tracking_id, sub_id"
UPSERT = (
    f"INSERT INTO affiliate_links (id, workspace_id, {KEY_COLUMNS}, url, source_url, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    f" ON CONFLICT (workspace_id, {KEY_COLUMNS}) DO UPDATE SET url = excluded.url,"
    " source_url = excluded.source_url, created_at = excluded.created_at"
)
ORDER = NEWEST_FIRST["created_at"]
BATCH = 500


@resilient
async def keep(workspace_id: str, links: Sequence[Link]) -> None:
    """Store links; one that is there already by its key gets the new addresses and time.

    Of duplicates the last one counts.
    """
    unique = {(link.mode.value, link.key): link for link in links}
    ordered = sorted(unique.items(), key=lambda item: (item[0][0], *_sortable(item[0][1])))
    async with statements.transaction():
        await statements.many(UPSERT, [_values(workspace_id, link) for _, link in ordered])


@resilient
async def by_keys(workspace: Workspace, keys: Collection[LinkKey]) -> dict[LinkKey, Link]:
    """The links that are stored, each in the workspace's mode of its marketplace."""
    wanted = sorted(set(keys), key=_sortable)
    found: dict[LinkKey, Link] = {}
    for start in range(0, len(wanted), BATCH):
        values, groups = Values(), dict[tuple[object, ...], list[str]]()
        for key in wanted[start : start + BATCH]:
            ref, mode = key.ref, mode_of(workspace, key.ref.marketplace)
            place = (workspace.id, mode, ref.marketplace, ref.locale, key.tracking_id, key.sub_id)
            groups.setdefault(place, []).append(ref.external_id)
        condition = one_of(GROUP_COLUMNS, "external_id", groups, values)
        for row in await statements.rows(
            f"SELECT * FROM affiliate_links WHERE {condition}", values.all
        ):
            link = _link(row)
            found[link.key] = link
    return found


@resilient
async def page(
    workspace: Workspace,
    filter: LinkFilter,
    *,
    first: int,
    after: Position | None,
    count: bool,
) -> Page[Link]:
    """One page of links, newest first; `count`: count the whole list as well.

    Raises InvalidInput for an `after` that this list does not give out.
    """
    values = Values()
    where = _filtered(workspace, filter, values)
    total = None
    if count:
        [counted] = await statements.rows(
            f"SELECT count(*) AS total FROM affiliate_links WHERE {where}", values.all
        )
        total = counted["total"]
    if after is not None:
        where += f" AND {behind(ORDER, after, values)}"
    found = await statements.rows(
        f"SELECT * FROM affiliate_links WHERE {where}"
        f" ORDER BY {order_by(ORDER)} LIMIT {values.add(first + 1)}",
        values.all,
    )
    return page_of(ORDER, found, _link, first=first, total=total)


@resilient
async def pages_of(
    workspace: Workspace,
    refs: Collection[ProductRef],
    *,
    first: int,
    after: Position | None,
) -> dict[ProductRef, Page[Link]]:
    """For each product its links, newest first. One statement for all."""
    found: dict[ProductRef, list[Row]] = {ref: [] for ref in refs}
    for some in chunks(refs):
        values = Values()
        where = among(workspace, some, values)
        if after is not None:
            where += f" AND {behind(ORDER, after, values)}"
        for row in await statements.rows(
            f"SELECT * FROM (SELECT l.*, ROW_NUMBER() OVER (PARTITION BY {REF_COLUMNS}"
            f" ORDER BY {order_by(ORDER)}) AS place FROM affiliate_links AS l WHERE {where})"
            f" AS numbered WHERE place <= {values.add(first + 1)} ORDER BY {order_by(ORDER)}",
            values.all,
        ):
            found[product_rows.ref(row)].append(row)
    return {ref: page_of(ORDER, made, _link, first=first) for ref, made in found.items()}


def _sortable(key: LinkKey) -> tuple[str, str, str, str, str]:
    """The key in the order of its columns, after the mode."""
    ref = key.ref
    return ref.marketplace, ref.locale, ref.external_id, key.tracking_id, key.sub_id


def _values(workspace_id: str, link: Link) -> list[object]:
    return [
        str(uuid4()),
        workspace_id,
        link.mode,
        *_sortable(link.key),
        link.url,
        link.source_url,
        link.created_at,
    ]


def _filtered(workspace: Workspace, filter: LinkFilter, values: Values) -> str:
    conditions = [visible(workspace, values)]
    if filter.marketplace is not None:
        conditions.append(f"marketplace = {values.add(filter.marketplace)}")
    if filter.product is not None:
        conditions.append(among(workspace, [filter.product], values))
    if filter.tracking_id is not None:
        conditions.append(f"tracking_id = {values.add(filter.tracking_id)}")
    return " AND ".join(conditions)


def _link(row: Row) -> Link:
    return Link(
        key=LinkKey(product_rows.ref(row), row["tracking_id"], row["sub_id"]),
        url=row["url"],
        source_url=row["source_url"],
        mode=Mode(row["mode"]),
        created_at=rows.moment(row["created_at"]),
    )
