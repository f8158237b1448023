"""Affiliate links. A link names its product, but lives on when the product is deleted."""

from collections.abc import Collection, Sequence
from uuid import uuid4

from pypika_tortoise.functions import Count
from tortoise.expressions import Q

from db import paging, product_rows, rows, statements
from db.availability import resilient
from db.leases import Lease
from db.models import AffiliateLink, Product
from db.statements import Row
from db.workspaces import among, by_site, chunks, visible
from domain.catalog import LinkFilter, Page, PageArgs
from domain.links import Link, LinkKey
from domain.marketplaces import Workspace
from domain.products import Mode, ProductRef

REF_COLUMNS = ("mode", "marketplace", "locale", "external_id")
KEY_COLUMNS = ("workspace_id", *REF_COLUMNS, "tracking_id", "sub_id")
ORDER = paging.NEWEST_FIRST["created_at"]
BATCH = 500


@resilient
async def keep(workspace_id: str, links: Sequence[Link], *, lease: Lease | None = None) -> None:
    """Store links; one that is there already by its key gets the new addresses and time.

    Of duplicates the last one counts. Raises LeaseLost where `lease` is held no more.
    """
    unique = {(link.mode.value, link.key): link for link in links}
    ordered = sorted(unique.items(), key=lambda item: (item[0][0], *_sortable(item[0][1])))
    async with statements.transaction():
        if lease is not None:
            await lease.require()
        await statements.insert(
            AffiliateLink,
            [_row(workspace_id, link) for _, link in ordered],
            on_conflict=KEY_COLUMNS,
            update=("url", "source_url", "created_at"),
        )
        for mode in sorted({mode for mode, _ in unique}):
            refs = [key.ref for other, key in unique if other == mode]
            for (marketplace, locale), external_ids in sorted(by_site(refs).items()):
                await Product.filter(
                    workspace_id=workspace_id,
                    mode=mode,
                    marketplace=marketplace,
                    locale=locale,
                    external_id__in=sorted(external_ids),
                    has_link=False,
                ).update(has_link=True)


@resilient
async def by_keys(workspace: Workspace, keys: Collection[LinkKey]) -> dict[LinkKey, Link]:
    """The links that are stored, each in the workspace's mode of its marketplace."""
    ordered = sorted(set(keys), key=_sortable)
    found: dict[LinkKey, Link] = {}
    for start in range(0, len(ordered), BATCH):
        groups: dict[tuple[str, str], list[ProductRef]] = {}
        for key in ordered[start : start + BATCH]:
            groups.setdefault((key.tracking_id, key.sub_id), []).append(key.ref)
        conditions = [
            Q(among(workspace, refs), tracking_id=tracking_id, sub_id=sub_id)
            for (tracking_id, sub_id), refs in groups.items()
        ]
        query = statements.select(AffiliateLink, Q(*conditions, join_type=Q.OR))
        for row in await statements.built(query):
            link = _link(row)
            found[link.key] = link
    return found


@resilient
async def delete(workspace: Workspace, key: LinkKey) -> bool:
    """Forget a link, of the workspace's mode of its marketplace; whether there was one."""
    links = AffiliateLink.filter(among(workspace, [key.ref]))
    async with statements.transaction():
        named = links.filter(tracking_id=key.tracking_id, sub_id=key.sub_id)
        was_stored = bool(await named.delete())
        if not await links.exists():
            await Product.filter(among(workspace, [key.ref])).update(has_link=False)
    return was_stored


@resilient
async def page(
    workspace: Workspace,
    filter: LinkFilter,
    args: PageArgs,
    *,
    count: bool = False,
) -> Page[Link]:
    """One page of links, newest first; `count`: count the whole list as well.

    Raises InvalidInput for a cursor that this list does not give out.
    """
    condition = visible(workspace)
    if filter.marketplace is not None:
        condition &= Q(marketplace=filter.marketplace)
    if filter.product is not None:
        condition &= among(workspace, [filter.product])
    if filter.tracking_id is not None:
        condition &= Q(tracking_id=filter.tracking_id)
    if filter.sub_id is not None:
        condition &= Q(sub_id=filter.sub_id)
    return await paging.read(AffiliateLink, condition, ORDER, _link, args, count=count)


@resilient
async def pages_of(
    workspace: Workspace, refs: Collection[ProductRef], args: PageArgs
) -> dict[ProductRef, Page[Link]]:
    """For each product its links, newest first. One statement for all."""
    found: dict[ProductRef, list[Row]] = {ref: [] for ref in refs}
    for some in chunks(refs):
        condition = among(workspace, some) & paging.between(ORDER, args)
        links = AffiliateLink._meta.basetable
        query = statements.select(AffiliateLink, condition)
        for row in await paging.read_groups(
            query,
            ORDER,
            args,
            by=[links[name] for name in REF_COLUMNS],
            columns=[links.created_at, links.id],
        ):
            found[product_rows.ref(row)].append(row)
    return {ref: paging.page(ORDER, made, _link, args) for ref, made in found.items()}


async def keys_of(workspace: Workspace, refs: Collection[ProductRef]) -> list[LinkKey]:
    """The links that are stored of these products, in order."""
    found: list[LinkKey] = []
    for some in chunks(refs):
        query = statements.select(AffiliateLink, among(workspace, some))
        found += [_link(row).key for row in await statements.built(query)]
    return sorted(found, key=_sortable)


@resilient
async def counts_of(workspace: Workspace, refs: Collection[ProductRef]) -> dict[ProductRef, int]:
    """For each product, how many links are stored."""
    counts = dict.fromkeys(refs, 0)
    for some in chunks(refs):
        links = AffiliateLink._meta.basetable
        columns = [links[name] for name in REF_COLUMNS]
        query = statements.select(
            AffiliateLink, among(workspace, some), *columns, Count("*").as_("total")
        )
        for row in await statements.built(query.groupby(*columns)):
            counts[product_rows.ref(row)] = row["total"]
    return counts


def _sortable(key: LinkKey) -> tuple[str, str, str, str, str]:
    """The key in the order of its columns, after the mode."""
    ref = key.ref
    return ref.marketplace, ref.locale, ref.external_id, key.tracking_id, key.sub_id


def _row(workspace_id: str, link: Link) -> Row:
    return {
        "id": str(uuid4()),
        "workspace_id": workspace_id,
        "mode": link.mode,
        "marketplace": link.key.ref.marketplace,
        "locale": link.key.ref.locale,
        "external_id": link.key.ref.external_id,
        "tracking_id": link.key.tracking_id,
        "sub_id": link.key.sub_id,
        "url": link.url,
        "source_url": link.source_url,
        "created_at": link.created_at,
    }


def _link(row: Row) -> Link:
    return Link(
        key=LinkKey(product_rows.ref(row), row["tracking_id"], row["sub_id"]),
        url=row["url"],
        source_url=row["source_url"],
        mode=Mode(row["mode"]),
        created_at=rows.moment(row["created_at"]),
    )
