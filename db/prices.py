"""Prices over time: each one was really seen."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from pypika_tortoise.enums import SqlTypes
from pypika_tortoise.functions import Cast, Count
from pypika_tortoise.queries import QueryBuilder
from pypika_tortoise.terms import Criterion, Term
from tortoise.expressions import Q
from tortoise.functions import Max

from db import paging, product_rows, rows, statements
from db.availability import resilient
from db.conditions import criterion
from db.models import PriceObservation as Observation
from db.models import Product
from db.paging import Column, Order
from db.statements import Row
from db.workspaces import among, chunks
from domain.catalog import Page, PageArgs
from domain.marketplaces import Workspace
from domain.money import Money
from domain.products import CatalogProduct, PriceObservation, ProductRef

OBSERVE_AGAIN_AFTER = timedelta(hours=1)
ORDER = paging.NEWEST_FIRST["observed_at"]


@resilient
async def price_history(
    workspace: Workspace,
    refs: Collection[ProductRef],
    args: PageArgs,
    *,
    since: datetime | None = None,
) -> dict[ProductRef, Page[PriceObservation]]:
    """For each product its prices, newest first, from `since` on. One statement for all."""
    observations = Observation._meta.basetable
    condition = _seen(since) & paging.between(ORDER, args)
    found: dict[ProductRef, list[Row]] = {ref: [] for ref in refs}
    for some in chunks(refs):
        for row in await paging.read_groups(
            _of_products(workspace, some, condition).select(observations.star),
            ORDER,
            args,
            by=[observations.product_id],
            columns=[observations.observed_at, observations.id],
        ):
            found[product_rows.ref(row)].append(row)
    return {
        ref: paging.page(ORDER, observed, product_rows.observation, args)
        for ref, observed in found.items()
    }


@resilient
async def lowest_since(
    workspace: Workspace, refs: Collection[ProductRef], since: datetime
) -> dict[ProductRef, PriceObservation | None]:
    """For each product the lowest price that was seen from `since` on, in the currency that it has
    now; of several the last one."""
    return await lowest_since_within(workspace, refs, since)


async def lowest_since_within(
    workspace: Workspace, refs: Collection[ProductRef], since: datetime
) -> dict[ProductRef, PriceObservation | None]:
    """As `lowest_since`, inside a transaction."""
    observations, products = Observation._meta.basetable, Product._meta.basetable
    amount = Cast(observations.price_amount, SqlTypes.NUMERIC)  # SQLite keeps amounts as texts
    same = observations.price_currency == products.price_currency
    order = (Column("price_amount", str), *ORDER)
    columns = [amount, observations.observed_at, observations.id]
    return await _first_of_each(workspace, refs, _seen(since), order, columns, same)


@resilient
async def as_of(
    workspace: Workspace, refs: Collection[ProductRef], moment: datetime
) -> dict[ProductRef, PriceObservation | None]:
    """For each product the last price that was seen until then, the moment itself included."""
    return await as_of_within(workspace, refs, moment)


async def as_of_within(
    workspace: Workspace, refs: Collection[ProductRef], moment: datetime
) -> dict[ProductRef, PriceObservation | None]:
    """As `as_of`, inside a transaction."""
    observations = Observation._meta.basetable
    columns: list[Term] = [observations.observed_at, observations.id]
    return await _first_of_each(workspace, refs, Q(observed_at__lte=moment), ORDER, columns)


async def _first_of_each(
    workspace: Workspace,
    refs: Collection[ProductRef],
    condition: Q,
    order: Order,
    columns: Sequence[Term],
    also: Criterion | None = None,
) -> dict[ProductRef, PriceObservation | None]:
    """Of each product's prices that meet the conditions the first one, by `columns` in order."""
    observations = Observation._meta.basetable
    found: dict[ProductRef, PriceObservation | None] = dict.fromkeys(refs)
    for some in chunks(refs):
        query = _of_products(workspace, some, condition).select(observations.star)
        for row in await paging.read_groups(
            query.where(also) if also else query,
            order,
            PageArgs(1),
            by=[observations.product_id],
            columns=columns,
        ):
            if row["place"] == 1:
                found[product_rows.ref(row)] = product_rows.observation(row)
    return found


@resilient
async def counts_of(
    workspace: Workspace, refs: Collection[ProductRef], since: datetime | None = None
) -> dict[ProductRef, int]:
    """For each product, how many prices were seen from `since` on."""
    counts = dict.fromkeys(refs, 0)
    for some in chunks(refs):
        query = _of_products(workspace, some, _seen(since)).select(Count("*").as_("total"))
        for row in await statements.built(query.groupby(*_ref_columns())):
            counts[product_rows.ref(row)] = row["total"]
    return counts


def _seen(since: datetime | None) -> Q:
    return Q() if since is None else Q(observed_at__gte=since)


def _of_products(workspace: Workspace, refs: Collection[ProductRef], condition: Q) -> QueryBuilder:
    """Prices of these products, with what names the product of each, and nothing else yet."""
    observations, products = Observation._meta.basetable, Product._meta.basetable
    return (
        statements.select(Observation, condition, *_ref_columns())
        .join(products)
        .on(products.id == observations.product_id)
        .where(criterion(Product, among(workspace, refs)))
    )


def _ref_columns() -> list[Term]:
    products = Product._meta.basetable
    return [products.marketplace, products.locale, products.external_id]


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
            observed.append(_row(workspace_id, product, offer.price))
    await statements.insert(Observation, observed)


def _row(workspace_id: str, product: CatalogProduct, price: Money) -> Row:
    offer = product.source.offer
    list_price = offer.list_price
    return {
        "id": str(uuid4()),
        "workspace_id": workspace_id,
        "product_id": product.id,
        "price_amount": price.amount,
        "price_currency": price.currency,
        "list_price_amount": list_price.amount if list_price else None,
        "list_price_currency": list_price.currency if list_price else None,
        "availability": offer.availability,
        "observed_at": offer.observed_at,
        "is_settled": False,
    }


async def _last_observed(product_ids: Sequence[str]) -> dict[str, datetime]:
    if not product_ids:
        return {}
    last = Observation.filter(product_id__in=product_ids).annotate(last=Max("observed_at"))
    times = await last.group_by("product_id").values_list("product_id", "last")
    return {str(product_id): rows.moment(time) for product_id, time in times}
