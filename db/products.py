"""The catalogue: products that were imported, and their prices over time."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from db import prices, product_rows, rows, statements
from db.availability import REFUSED_VALUES, resilient
from db.paging import Column, Kind, Order, behind, order_by
from db.paging import page as page_of
from db.prices import price_history
from db.statements import Row, Values
from db.workspaces import among, chunks, mode_of, visible
from domain.catalog import (
    CLOCKS_DIFFER,
    CacheEntry,
    CatalogFilter,
    CatalogSort,
    Page,
    Position,
    PublisherFields,
    Unchanged,
    changed_fields,
    with_known,
)
from domain.exceptions import InvalidInput
from domain.marketplaces import Workspace
from domain.money import Money
from domain.packing import clean
from domain.products import (
    CatalogProduct,
    ProductRef,
    ProductState,
    SourceProduct,
)

__all__ = [
    "by_refs",
    "change",
    "delete",
    "keep",
    "mark_missing",
    "page",
    "price_history",
]

log = logging.getLogger(__name__)

BATCH = 250  # products in one statement
GONE_AFTER = 3  # answers in a row without the product

IDENTITY = ("workspace_id", "mode", "marketplace", "locale", "external_id")
SYNCED = (
    "title",
    "title_key",
    "url",
    "details",
    "price_amount",
    "price_currency",
    "price_currency_key",
    "price_key",
    "list_price_amount",
    "list_price_currency",
    "discount_percent",
    "orders_last_30_days",
    "orders_key",
    "commission_percent",
    "availability",
    "observed_at",
    "state",
    "state_since",
    "times_missing",
    "synced_at",
)
COLUMNS = ("id", *IDENTITY, *SYNCED, "imported_at")
UPSERT = (
    f"INSERT INTO products ({', '.join(COLUMNS)})"
    f" VALUES ({', '.join(f'${n}' for n in range(1, len(COLUMNS) + 1))})"
    f" ON CONFLICT ({', '.join(IDENTITY)}) DO UPDATE SET"
    f" {', '.join(f'{name} = excluded.{name}' for name in SYNCED)}"
)


def _order(name: str, kind: Kind, *, descending: bool = False) -> Order:
    return (Column(name, kind, descending), Column("id", UUID, descending))


_CURRENCY = Column("price_currency_key", str)
ORDERS: dict[CatalogSort, Order] = {
    CatalogSort.IMPORTED_DESC: _order("imported_at", datetime, descending=True),
    CatalogSort.SYNCED_ASC: _order("synced_at", datetime),
    CatalogSort.TITLE_ASC: _order("title_key", str),
    CatalogSort.PRICE_ASC: (_CURRENCY, *_order("price_key", str)),
    CatalogSort.PRICE_DESC: (
        _CURRENCY,
        Column("price_key", str, descending=True),
        Column("id", UUID),
    ),
    CatalogSort.DISCOUNT_DESC: _order("discount_percent", int, descending=True),
    CatalogSort.ORDERS_DESC: _order("orders_key", int, descending=True),
}


@dataclass(frozen=True, slots=True)
class _Import:
    """What `keep` was asked to do, without the products."""

    workspace: Workspace
    now: datetime
    history_for: Collection[str]
    only_stored: bool


@resilient
async def by_refs(
    workspace: Workspace, refs: Collection[ProductRef]
) -> dict[ProductRef, CatalogProduct]:
    """The products that were imported, each in the workspace's mode of its marketplace."""
    return await _stored(workspace, refs)


async def keep(
    workspace: Workspace,
    products: Sequence[SourceProduct],
    *,
    now: datetime,
    history_for: Collection[str],
    only_stored: bool = False,
) -> dict[ProductRef, CacheEntry]:
    """Insert or update products with a newer answer of their marketplace.

    `only_stored`: only update; a product that is not stored, or no longer, is absent from the
    result and stays so.
    What the publisher added stays. An answer older than the stored one changes nothing, unless that
    one was seen by a clock that is far ahead of `now`. Prices
    are observed for the marketplaces (codes) in `history_for`. Of duplicates the last one counts.
    A product that cannot be stored (an amount out of all bounds) is absent from the result and
    logged; the others are kept.
    """
    unique = list({product.ref: product for product in products}.values())
    unique.sort(key=lambda p: (p.ref.marketplace, p.ref.locale, p.ref.external_id))
    task = _Import(workspace, now, history_for, only_stored)
    kept: dict[ProductRef, CacheEntry] = {}
    for start in range(0, len(unique), BATCH):
        kept |= await _keep_or_split(task, unique[start : start + BATCH])
    return kept


@resilient
async def mark_missing(
    workspace: Workspace, refs: Collection[ProductRef], *, now: datetime
) -> dict[ProductRef, CatalogProduct]:
    """Note that the marketplace's answer of `now` lacks these products; what is stored of them.

    The first miss makes a product UNAVAILABLE, the third in a row GONE; its data stay. A product
    that was seen after `now` is left as it is.
    """
    if not refs:
        return {}
    async with statements.transaction():
        for some in chunks(refs):
            values = Values()
            gone = f"times_missing + 1 >= {values.add(GONE_AFTER)}"
            moment = values.add(now)
            await statements.rows(
                f"UPDATE products SET times_missing = times_missing + 1, synced_at = {moment},"
                f" state_since = CASE WHEN state = 'ACTIVE' OR (state <> 'GONE' AND {gone})"
                f" THEN {moment} ELSE state_since END,"
                f" state = CASE WHEN {gone} THEN 'GONE' ELSE 'UNAVAILABLE' END"
                f" WHERE observed_at <= {moment} AND {among(workspace, some, values)} RETURNING id",
                values.all,
            )
        return await _stored(workspace, refs)


@resilient
async def change(
    workspace: Workspace, ref: ProductRef, fields: PublisherFields
) -> CatalogProduct | None:
    """Store what the publisher says of a product; None when it was not imported.

    Raises InvalidInput for an amount that cannot be stored exactly.
    """
    values = Values()
    changes = []
    if not isinstance(fields.selling_price, Unchanged):
        amount, currency = _selling_price(fields.selling_price)
        changes.append(f"selling_price_amount = {values.add(amount)}")
        changes.append(f"selling_price_currency = {values.add(currency)}")
    if not isinstance(fields.notes, Unchanged):
        changes.append(f"notes = {values.add(fields.notes)}")
    async with statements.transaction():
        if changes:
            await statements.rows(
                f"UPDATE products SET {', '.join(changes)}"
                f" WHERE {among(workspace, [ref], values)} RETURNING id",
                values.all,
            )
        return (await _stored(workspace, [ref])).get(ref)


@resilient
async def delete(workspace: Workspace, ref: ProductRef) -> bool:
    """Forget a product and its prices; whether there was one. Its links stay."""
    values = Values()
    condition = among(workspace, [ref], values)
    return bool(
        await statements.rows(f"DELETE FROM products WHERE {condition} RETURNING id", values.all)
    )


@resilient
async def page(
    workspace: Workspace,
    filter: CatalogFilter,
    sort: CatalogSort,
    *,
    first: int,
    after: Position | None,
    count: bool,
) -> Page[CatalogProduct]:
    """One page of the catalogue; `count`: count the whole list as well.

    Prices are ordered within their currency, currencies by their code. Raises InvalidInput for
    an `after` that this order does not give out.
    """
    values = Values()
    where = _filtered(workspace, filter, values)
    total = None
    if count:
        [counted] = await statements.rows(
            f"SELECT count(*) AS total FROM products WHERE {where}", values.all
        )
        total = counted["total"]
    order = ORDERS[sort]
    if after is not None:
        where += f" AND {behind(order, after, values)}"
    found = await statements.rows(
        f"SELECT * FROM products WHERE {where}"
        f" ORDER BY {order_by(order)} LIMIT {values.add(first + 1)}",
        values.all,
    )
    return page_of(order, found, product_rows.catalog_product, first=first, total=total)


async def _stored(
    workspace: Workspace, refs: Collection[ProductRef], *, locked: bool = False
) -> dict[ProductRef, CatalogProduct]:
    found: dict[ProductRef, CatalogProduct] = {}
    for some in chunks(refs):
        values = Values()
        condition = among(workspace, some, values)
        lock = f" ORDER BY id{statements.for_update()}" if locked else ""
        for row in await statements.rows(
            f"SELECT * FROM products WHERE {condition}{lock}", values.all
        ):
            found[product_rows.ref(row)] = product_rows.catalog_product(row)
    return found


async def _keep_or_split(
    task: _Import, products: Sequence[SourceProduct]
) -> dict[ProductRef, CacheEntry]:
    """Keep them in one transaction; if one of them cannot be stored, all but that one."""
    try:
        return await _keep(task, products)
    except REFUSED_VALUES as failure:
        if len(products) > 1:
            half = len(products) // 2
            kept = await _keep_or_split(task, products[:half])
            return kept | await _keep_or_split(task, products[half:])
        # Without the text of the failure: a driver puts the values there.
        log.warning(
            "The %s product %r cannot be stored: %s.",
            products[0].ref.marketplace,
            products[0].ref.external_id,
            type(failure).__name__,
        )
        return {}


@resilient
async def _keep(task: _Import, products: Sequence[SourceProduct]) -> dict[ProductRef, CacheEntry]:
    new_rows = {product.ref: product_rows.source_row(product) for product in products}
    partly_read = {product.ref: product for product in products if product.unreadable}
    kept: dict[ProductRef, CacheEntry] = {}
    writes: list[list[object]] = []
    async with statements.transaction():
        await _one_import_at_a_time(task, products)
        stored = await _stored(task.workspace, list(new_rows), locked=True)
        for ref, source in new_rows.items():
            before = stored.get(ref)
            if before is None and task.only_stored:
                continue
            if before and _is_older(source["observed_at"], before, task.now):
                kept[ref] = CacheEntry(product=before)
                continue
            if before and ref in partly_read:
                known = with_known(before.source, partly_read[ref])
                source = product_rows.source_row(known)
            row = _row(task, ref, source, before)
            writes.append([row[name] for name in COLUMNS])
            after = product_rows.catalog_product(row)
            changed = changed_fields(before.source, after.source) if before else ()
            kept[ref] = CacheEntry(product=after, changed=changed)
        await statements.many(UPSERT, writes)
        watched = [
            item.product
            for item in kept.values()
            if item.product.source.ref.marketplace in task.history_for
        ]
        await prices.observe(task.workspace.id, stored, watched)
    return kept


def _is_older(observed_at: datetime, stored: CatalogProduct, now: datetime) -> bool:
    """Whether an answer was overtaken by the stored one."""
    return observed_at < stored.source.offer.observed_at <= now + CLOCKS_DIFFER


async def _one_import_at_a_time(task: _Import, products: Sequence[SourceProduct]) -> None:
    """PostgreSQL: products that are not there yet cannot be locked, so their marketplace is."""
    if statements.is_postgres():
        for marketplace in sorted({product.ref.marketplace for product in products}):
            name = f"keep {task.workspace.id} {marketplace}"
            await statements.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [name])


def _row(
    task: _Import, ref: ProductRef, source: dict[str, object], before: CatalogProduct | None
) -> Row:
    back = before is not None and before.state is not ProductState.ACTIVE
    selling = before.selling_price if before else None
    return {
        "id": before.id if before else str(uuid4()),
        "workspace_id": task.workspace.id,
        "mode": mode_of(task.workspace, ref.marketplace),
        "marketplace": ref.marketplace,
        "locale": ref.locale,
        "external_id": clean(ref.external_id),
        **source,
        "state": ProductState.ACTIVE,
        "state_since": task.now if back else before.state_since if before else None,
        "times_missing": 0,
        "imported_at": before.imported_at if before else task.now,
        "synced_at": task.now,
        "selling_price_amount": selling.amount if selling else None,
        "selling_price_currency": selling.currency if selling else None,
        "notes": before.notes if before else None,
    }


def _filtered(workspace: Workspace, filter: CatalogFilter, values: Values) -> str:
    conditions = [visible(workspace, values)]
    if filter.marketplace is not None:
        conditions.append(f"marketplace = {values.add(filter.marketplace)}")
    if filter.text is not None:
        # Not LIKE: nothing to escape, and no limit of length on SQLite.
        position = "strpos" if statements.is_postgres() else "instr"
        text = values.add(rows.title_key(filter.text))
        conditions.append(f"{position}(title_key, {text}) > 0")
    if filter.state is not None:
        conditions.append(f"state = {values.add(filter.state)}")
    if filter.min_discount_percent is not None:
        conditions.append(f"discount_percent >= {values.add(filter.min_discount_percent)}")
    if filter.synced_before is not None:
        conditions.append(f"synced_at < {values.add(filter.synced_before)}")
    return " AND ".join(conditions)


def _selling_price(price: Money | None) -> tuple[object, object]:
    if price is None:
        return None, None
    try:
        return rows.storable(price.amount), price.currency
    except ValueError as failure:
        raise InvalidInput(
            "A selling price has at most 16 digits before the point and 8 after it.",
            path=("sellingPrice",),
        ) from failure
