"""Prices over time: each one was really seen."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from db import product_rows, rows, statements
from db.availability import resilient
from db.paging import NEWEST_FIRST, behind, order_by
from db.paging import page as page_of
from db.statements import Row, Values
from db.workspaces import REF_COLUMNS, among, chunks
from domain.catalog import Page, Position
from domain.marketplaces import Workspace
from domain.money import Money
from domain.products import CatalogProduct, PriceObservation, ProductRef

OBSERVE_AGAIN_AFTER = timedelta(hours=1)
OBSERVE = (
    "INSERT INTO price_observations (id, workspace_id, product_id, price_amount, price_currency,"
    " list_price_amount, list_price_currency, availability, observed_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
)


@resilient
async def price_history(
    workspace: Workspace,
    refs: Collection[ProductRef],
    *,
    first: int,
    after: Position | None,
    since: datetime | None,
) -> dict[ProductRef, Page[PriceObservation]]:
    """For each product its prices, newest first, from `since` on. One statement for all."""
    order = NEWEST_FIRST["observed_at"]
    found: dict[ProductRef, list[Row]] = {ref: [] for ref in refs}
    for some in chunks(refs):
        values = Values()
        conditions = ["TRUE"]
        if since is not None:
            conditions.append(f"observed_at >= {values.add(since)}")
        if after is not None:
            conditions.append(behind(order, after, values))
        for row in await statements.rows(
            f"SELECT * FROM (SELECT o.*, p.marketplace, p.locale, p.external_id, ROW_NUMBER() OVER"
            f" (PARTITION BY o.product_id ORDER BY o.observed_at DESC, o.id DESC) AS place"
            f" FROM (SELECT * FROM price_observations WHERE {' AND '.join(conditions)}) AS o"
            f" JOIN (SELECT id, {REF_COLUMNS} FROM products"
            f" WHERE {among(workspace, some, values)}) AS p ON p.id = o.product_id) AS numbered"
            f" WHERE place <= {values.add(first + 1)} ORDER BY {order_by(order)}",
            values.all,
        ):
            found[product_rows.ref(row)].append(row)
    return {
        ref: page_of(order, observed, product_rows.observation, first=first)
        for ref, observed in found.items()
    }


async def observe(
    workspace_id: str,
    stored: Mapping[ProductRef, CatalogProduct],
    products: Sequence[CatalogProduct],
) -> None:
    """Note prices that are new, changed, or were last seen more than an hour ago.

    `stored`: the products as they were before. Runs inside the transaction that keeps them.
    """
    last_seen = await _last_observed([p.id for p in products if p.source.ref in stored])
    observed = []
    for product in products:
        offer, last = product.source.offer, last_seen.get(product.id)
        before = stored.get(product.source.ref)
        if offer.price is None or (before is not None and before is product):
            continue
        same = before is not None and (
            (before.source.offer.price, before.source.offer.list_price)
            == (offer.price, offer.list_price)
            and before.source.offer.availability is offer.availability
        )
        if last is None or not same or offer.observed_at - last > OBSERVE_AGAIN_AFTER:
            observed.append(_values(workspace_id, product, offer.price))
    await statements.many(OBSERVE, observed)


def _values(workspace_id: str, product: CatalogProduct, price: Money) -> list[object]:
    offer = product.source.offer
    list_price = offer.list_price
    return [
        str(uuid4()),
        workspace_id,
        product.id,
        price.amount,
        price.currency,
        list_price.amount if list_price else None,
        list_price.currency if list_price else None,
        offer.availability,
        offer.observed_at,
    ]


async def _last_observed(product_ids: Sequence[str]) -> dict[str, datetime]:
    if not product_ids:
        return {}
    values = Values()
    found = await statements.rows(
        "SELECT product_id, max(observed_at) AS last FROM price_observations"
        f" WHERE product_id IN {values.row(product_ids)} GROUP BY product_id",
        values.all,
    )
    return {str(row["product_id"]): rows.moment(row["last"]) for row in found}
