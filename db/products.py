"""The products that were imported, and their prices over time. db/catalog.py lists them."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from tortoise.expressions import Case, F, Q, When

from db import beside, events, links, prices, product_rows, rows, statements, tags, texts, watches
from db.availability import REFUSED_VALUES, resilient
from db.leases import Lease
from db.models import Product
from db.prices import price_history
from db.statements import Row
from db.workspaces import among, by_site, chunks
from domain import tags as domain_tags
from domain.catalog import (
    CLOCKS_DIFFER,
    PublisherFields,
    StoredProduct,
    Unchanged,
    changed_fields,
    with_known,
)
from domain.events import (
    COMING_AND_GOING,
    Announced,
    EventSettings,
    News,
    announced,
    of_link,
    of_product,
)
from domain.exceptions import InvalidInput
from domain.history import RARELY
from domain.marketplaces import Workspace
from domain.money import Money
from domain.packing import clean
from domain.products import (
    CatalogProduct,
    Mode,
    ProductRef,
    ProductState,
    SourceProduct,
)
from domain.refresh import RARE_LOOKS, Bounds, due_after

__all__ = [
    "by_refs",
    "change",
    "check",
    "keep",
    "mark_missing",
    "price_history",
]

log = logging.getLogger(__name__)

BATCH = 250  # products in one statement
GONE_AFTER = 3  # answers in a row without the product
ACTIVE, UNAVAILABLE, GONE = (
    state.value for state in (ProductState.ACTIVE, ProductState.UNAVAILABLE, ProductState.GONE)
)

BY_SITE = (
    "SELECT * FROM products"
    " WHERE workspace_id = $1 AND mode = $2 AND marketplace = $3 AND locale = $4"
)
IDENTITY = ("workspace_id", "mode", "marketplace", "locale", "external_id")
OWN = (
    "id",
    "imported_at",
    "selling_price_amount",
    "selling_price_currency",
    "notes",
    "tags",
    "has_link",
    "deleted_at",
)
# By which a change is seen; `details` hold more of the offer.
KNOWN = (
    *("title", "url", "availability", "state", "has_link", "notes", "tags"),
    *("selling_price_amount", "selling_price_currency"),
)
TRACKED = ("details", "price_amount", "price_currency", "list_price_amount")
SYNCED = tuple(name for name in Product._meta.fields_db_projection if name not in (*OWN, *IDENTITY))


@dataclass(frozen=True, slots=True)
class _Import:
    """What `keep` was asked to do, without the products."""

    workspace: Workspace
    now: datetime
    history_for: Collection[str]
    only_stored: bool
    rules: EventSettings
    lease: Lease | None
    bounds: Mapping[str, Bounds]


@resilient
async def by_refs(
    workspace: Workspace, refs: Collection[ProductRef]
) -> dict[ProductRef, CatalogProduct]:
    """The products that were imported, each in the workspace's mode of its marketplace."""
    return await _stored(workspace, refs)


@resilient
async def versions(
    workspace: Workspace, refs: Collection[ProductRef], *, untracked: Collection[str]
) -> dict[ProductRef, int]:
    """A number for each product that is stored: another one as soon as something of it changed.

    Times do not count, and for `untracked` marketplaces (codes) neither do offers, but for stock.
    """

    def version(row: Row) -> int:
        columns = KNOWN if row["marketplace"] in untracked else (*KNOWN, *TRACKED)
        return hash(tuple(row[name] for name in columns))

    return {product_rows.ref(row): version(row) for row in await _rows_of(workspace, refs)}


async def keep(
    workspace: Workspace,
    products: Sequence[SourceProduct],
    *,
    now: datetime,
    history_for: Collection[str],
    only_stored: bool = False,
    rules: EventSettings = EventSettings(),
    lease: Lease | None = None,
    bounds: Mapping[str, Bounds] = MappingProxyType({}),
) -> dict[ProductRef, StoredProduct]:
    """Insert or update products with a newer answer of their marketplace.

    `only_stored`: only update; a product that is not stored, or no longer, is absent from the
    result and stays so.
    What the publisher added stays. An answer older than the stored one changes nothing, unless that
    one was seen by a clock that is far ahead of `now`. Prices are observed, and by `rules`
    announced, for the marketplaces (codes) in `history_for`. Of duplicates the last one counts.
    `bounds`: by marketplace, what makes the next look due.
    A product that cannot be stored (an amount out of all bounds) is absent from the result and
    logged; the others are kept. Raises LeaseLost where `lease` is held no more.
    """
    unique = list({product.ref: product for product in products}.values())
    unique.sort(key=lambda p: (p.ref.marketplace, p.ref.locale, p.ref.external_id))
    task = _Import(workspace, now, history_for, only_stored, rules, lease, bounds)
    kept: dict[ProductRef, StoredProduct] = {}
    for start in range(0, len(unique), BATCH):
        kept |= await _keep_or_split(task, unique[start : start + BATCH])
    return kept


@resilient
async def mark_missing(
    workspace: Workspace,
    refs: Collection[ProductRef],
    *,
    now: datetime,
    lease: Lease | None = None,
) -> dict[ProductRef, CatalogProduct]:
    """Note that the marketplace's answer of `now` lacks these products; what is stored of them.

    The first miss makes a product UNAVAILABLE, the third in a row GONE; its data stay. A product
    that was seen after `now` is left as it is. Raises LeaseLost.
    """
    if not refs:
        return {}
    async with statements.transaction():
        if lease is not None:
            await lease.require()
        moment: Any = statements.utc(now)  # `When` takes more than its annotation says
        is_gone = Q(times_missing__gte=GONE_AFTER - 1)
        is_news = Q(Q(state=ACTIVE), Q(is_gone, ~Q(state=GONE)), join_type=Q.OR)
        before = await _stored(workspace, refs, locked=True)
        for some in chunks(refs):
            missing = Product.filter(among(workspace, some), observed_at__lte=now)
            await missing.update(
                state_since=Case(When(is_news, then=moment), default=F("state_since")),
                state=Case(When(is_gone, then=GONE), default=UNAVAILABLE),
                times_missing=F("times_missing") + 1,
                synced_at=now,
                refresh_at=now + RARE_LOOKS,
                pace=RARELY,
            )
        after = await _stored(workspace, refs)
        await _tell(workspace, before, after.values(), now)
        return after


@resilient
async def change(
    workspace: Workspace, changes: Sequence[tuple[ProductRef, PublisherFields]]
) -> dict[ProductRef, CatalogProduct | InvalidInput]:
    """Store what the publisher says of products; those that were not imported are absent.

    Of several changes of one product the last one counts, but for tags, where all do. Nothing is
    stored where one raises InvalidInput: see `check`; and nothing of a product that would have too
    many tags, of which the result says so.
    """
    for _, fields in changes:
        check(fields)
    async with statements.transaction():
        stored = await _stored(workspace, [ref for ref, _ in changes], locked=True)
        refused: dict[ProductRef, InvalidInput] = {}
        changed = dict(stored)
        for ref, fields in changes:
            try:
                if ref in stored:
                    changed[ref] = _changed(changed[ref], fields)
            except InvalidInput as error:
                refused[ref] = error
        kept = [product for ref, product in changed.items() if ref not in refused]
        for product in kept:
            await Product.filter(id=product.id).update(**product_rows.publisher_columns(product))
        await texts.keep(workspace.id, {one.id: product_rows.text_key(one) for one in kept})
        tagged = [one for one in kept if one.tags != stored[one.source.ref].tags]
        await tags.keep(workspace.id, tagged)
    return changed | refused


def check(fields: PublisherFields) -> None:
    """Raises InvalidInput for an amount that cannot be stored exactly."""
    price = fields.selling_price
    if isinstance(price, Money):
        try:
            rows.storable(price.amount)
        except ValueError as failure:
            raise InvalidInput(
                "A selling price has at most 16 digits before the point and 8 after it.",
                path=("sellingPrice",),
            ) from failure


async def _stored(
    workspace: Workspace, refs: Collection[ProductRef], *, locked: bool = False
) -> dict[ProductRef, CatalogProduct]:
    found = await _rows_of(workspace, refs, locked=locked)
    return {product_rows.ref(row): product_rows.catalog_product(row) for row in found}


async def _rows_of(
    workspace: Workspace, refs: Collection[ProductRef], *, locked: bool = False
) -> list[Row]:
    lock = " ORDER BY id FOR UPDATE" if locked and statements.is_postgres() else ""
    found: list[Row] = []
    for some in chunks(refs):
        for (marketplace, locale), external_ids in by_site(some).items():
            mode = workspace.mode(marketplace)
            found += await statements.rows(
                f"{BY_SITE} AND external_id {statements.in_list(external_ids, behind=4)}{lock}",
                (workspace.id, mode, marketplace, locale, *external_ids),
            )
    return found


async def _keep_or_split(
    task: _Import, products: Sequence[SourceProduct]
) -> dict[ProductRef, StoredProduct]:
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
async def _keep(
    task: _Import, products: Sequence[SourceProduct]
) -> dict[ProductRef, StoredProduct]:
    new_rows = {product.ref: product_rows.source_row(product) for product in products}
    partly_read = {product.ref: product for product in products if product.unreadable}
    kept: dict[ProductRef, StoredProduct] = {}
    writes: list[Row] = []
    async with statements.transaction():
        if task.lease is not None:
            await task.lease.require()
        await one_import_at_a_time(
            task.workspace.id, {product.ref.marketplace for product in products}
        )
        stored = await _stored(task.workspace, list(new_rows), locked=True)
        for ref, source in new_rows.items():
            before = stored.get(ref)
            if before is None and task.only_stored:
                continue
            if before and _is_older(source["observed_at"], before, task.now):
                kept[ref] = StoredProduct(product=before)
                continue
            if before and ref in partly_read:
                known = with_known(before.source, partly_read[ref])
                source = product_rows.source_row(known)
            row = _row(task, ref, source, before)
            writes.append(row)
            after = product_rows.catalog_product(row)
            row["margin_key"] = product_rows.margin_key(after)
            changed = changed_fields(before.source, after.source) if before else ()
            kept[ref] = StoredProduct(product=after, changed=changed)
        await statements.insert(Product, writes, on_conflict=IDENTITY, update=SYNCED)
        written = [kept[product_rows.ref(row)].product for row in writes]
        await beside.keep(task.workspace.id, stored, written)
        watched = [
            item.product
            for item in kept.values()
            if item.product.source.ref.marketplace in task.history_for
        ]
        await prices.observe(task.workspace.id, stored, watched)
        await _tell(task.workspace, stored, written, task.now, tracked=task.history_for)
    return kept


async def _tell(
    workspace: Workspace,
    before: Mapping[ProductRef, CatalogProduct],
    after: Collection[CatalogProduct],
    now: datetime,
    *,
    tracked: Collection[str] = (),
) -> None:
    """Record what happened to products, and to the links of those that are gone or returned."""
    found: dict[Mode, list[News]] = {}
    by_mode: dict[Mode, list[CatalogProduct]] = {}
    for product in after:
        if (known := before.get(product.source.ref)) is not None:
            found.setdefault(product.mode, []).extend(of_product(known, product, now))
            by_mode.setdefault(product.mode, []).append(product)
    for mode, news in found.items():
        came_or_went = {each.product: each for each in news if each.type in COMING_AND_GOING}
        keys = await links.keys_of(workspace, [ref for ref in came_or_went if ref])
        told = [of_link(key, came_or_went[key.ref]) for key in keys]
        fired = await watches.fired(workspace, before, by_mode[mode], tracked=tracked, now=now)
        await events.record(workspace.id, mode, [*news, *told, *fired])


def _is_older(observed_at: datetime, stored: CatalogProduct, now: datetime) -> bool:
    """Whether an answer was overtaken by the stored one."""
    return observed_at < stored.source.offer.observed_at <= now + CLOCKS_DIFFER


async def one_import_at_a_time(workspace_id: str, marketplaces: Collection[str]) -> None:
    """Products that are not there yet cannot be locked, so their marketplace is."""
    for marketplace in sorted(marketplaces):
        await statements.lock(f"keep {workspace_id} {marketplace}")


def _row(
    task: _Import, ref: ProductRef, source: dict[str, Any], before: CatalogProduct | None
) -> Row:
    back = before is not None and before.state is not ProductState.ACTIVE
    price = rows.money_or_none(source["price_amount"], source["price_currency"])
    is_tracked = ref.marketplace in task.history_for
    history = product_rows.history(before, source, price if is_tracked else None, task.now)
    wait = due_after(history, task.bounds.get(ref.marketplace, Bounds()))
    return {
        "id": before.id if before else str(uuid4()),
        "workspace_id": task.workspace.id,
        "mode": task.workspace.mode(ref.marketplace),
        "marketplace": ref.marketplace,
        "locale": ref.locale,
        "external_id": clean(ref.external_id),
        **source,
        "state": ProductState.ACTIVE,
        "state_since": task.now if back else before.state_since if before else None,
        "times_missing": 0,
        "imported_at": before.imported_at if before else task.now,
        # Never before the import, whatever the clock does: searches by both times count on it.
        "synced_at": max(task.now, before.imported_at) if before else task.now,
        **product_rows.own_columns(before),
        "has_link": False,
        **product_rows.refresh_columns(history, source["observed_at"] + wait),
        **product_rows.announced_columns(
            announced(before, price, task.rules, task.now) if is_tracked else Announced()
        ),
    }


def _changed(product: CatalogProduct, fields: PublisherFields) -> CatalogProduct:
    given = {"selling_price": fields.selling_price, "notes": fields.notes}
    values: dict[str, Any] = {
        name: clean(value) if isinstance(value, str) else value
        for name, value in given.items()
        if not isinstance(value, Unchanged)
    }
    now = domain_tags.changed(product.tags, add=fields.add_tags, remove=fields.remove_tags)
    return replace(product, tags=now, **values)
