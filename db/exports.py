"""Which products an export has, and what decides whether files take them, counted by the
database."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from pypika_tortoise.enums import Order
from pypika_tortoise.functions import Cast, Count
from pypika_tortoise.queries import Table
from pypika_tortoise.terms import Case, CustomFunction, Function, Term

from db import statements
from db.availability import resilient
from db.catalog_filters import filtered
from db.models import Product
from db.statements import Row
from domain.catalog import CatalogFilter
from domain.exports import ExportFacts
from domain.marketplaces import Workspace
from domain.products import ProductRef, ProductState

YES, NO = "YES", "NO"  # PostgreSQL takes a parameter of a CASE for a text


@resilient
async def refs(workspace: Workspace, filter: CatalogFilter, *, most: int) -> list[ProductRef]:
    """Which products meet the filter, last import first, at most so many. One statement."""
    products = Product._meta.basetable
    named = (products.marketplace, products.external_id, products.locale)
    query = statements.select(Product, filtered(workspace, filter), *named)
    query = query.orderby(products.imported_at, products.id, order=Order.desc).limit(most)
    found = await statements.records(*query.get_parameterized_sql())
    # Of a hundred thousand it takes a moment, and nobody else is to wait for that.
    return await asyncio.to_thread(lambda: [ProductRef(*row) for row in found])


@resilient
async def facts(
    workspace: Workspace,
    filter: CatalogFilter,
    *,
    withheld: Mapping[str, datetime],
    pictured: Collection[str],
) -> Counter[ExportFacts]:
    """How many products there are of each kind that matters to a file. One statement.

    `withheld`: of a marketplace a moment; what was seen then or before may not be shown.
    `pictured`: the marketplaces whose pictures may be copied.
    """
    products = Product._meta.basetable
    groups = [
        products.marketplace,
        products.state,
        _is_shown(products, withheld).as_("is_shown"),
        _above_zero(products.price_amount, products.price_currency).as_("price"),
        _above_zero(products.selling_price_amount, products.selling_price_currency).as_("selling"),
        Case().when(_pictures(products) > 0, YES).else_(NO).as_("has_pictures"),
    ]
    counted = Count("*").as_("counted")
    query = statements.select(Product, filtered(workspace, filter), *groups, counted)
    found: Counter[ExportFacts] = Counter()
    for row in await statements.built(query.groupby(*groups)):
        found[_facts(row, pictured)] += row["counted"]
    return found


def _facts(row: Row, pictured: Collection[str]) -> ExportFacts:
    is_shown = row["is_shown"] == YES
    return ExportFacts(
        state=ProductState(row["state"]),
        price=row["price"] if is_shown else None,
        selling_price=row["selling"],
        has_pictures=is_shown and row["has_pictures"] == YES and row["marketplace"] in pictured,
    )


def _is_shown(products: Table, withheld: Mapping[str, datetime]) -> Term:
    shown = Case().when(products.marketplace == "", NO)  # without a condition it is no CASE
    for code, moment in withheld.items():
        is_old = products.observed_at <= statements.adapted(statements.utc(moment))
        shown = shown.when((products.marketplace == code) & is_old, NO)
    return shown.else_(YES)


def _above_zero(amount: Term, currency: Term) -> Term:
    return Case().when(Cast(amount, "REAL") > 0, currency)


def _pictures(products: Table) -> Function:
    """How many there are. NULL for none told."""
    if statements.is_postgres():
        images = CustomFunction("jsonb_extract_path", ["document", "name"])
        return CustomFunction("jsonb_array_length", ["list"])(images(products.details, "images"))
    return CustomFunction("json_array_length", ["document", "path"])(products.details, "$.images")
