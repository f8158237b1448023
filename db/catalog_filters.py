"""Which products of the catalogue a filter lets through, as conditions on their rows."""

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from typing import Any, cast

from pypika_tortoise.queries import Table
from pypika_tortoise.terms import Criterion, CustomFunction, Term
from tortoise.expressions import Q
from tortoise.models import Model

from db import product_rows, rows, statements, texts
from db.conditions import Where
from db.models import ProductCategory, ProductTag, ProductText
from db.workspaces import visible
from domain import tags
from domain.catalog import CatalogFilter
from domain.marketplaces import Workspace


def filtered(workspace: Workspace, filter: CatalogFilter) -> Q:
    """The condition that a product is of this workspace's catalogue and meets the filter."""
    return Q(grouped(workspace, filter), *conditions(filter).values())


def grouped(workspace: Workspace, filter: CatalogFilter) -> Q:
    """The conditions on the group of a product."""
    asked: dict[str, Any] = {
        "marketplace": filter.marketplace,
        "locale": filter.locale,
        "state": filter.state,
        "price_currency_key": filter.currency,
    }
    return Q(
        visible(workspace), **{key: value for key, value in asked.items() if value is not None}
    )


def conditions(filter: CatalogFilter) -> dict[str, Q]:
    """The conditions beside the group, each by the column or the table that it looks at."""
    ranges = {
        "price_key": (_price_key(filter.min_price), _price_key(filter.max_price)),
        "discount_percent": (filter.min_discount_percent, None),
        "imported_at": (filter.imported_after, filter.imported_before),
        "synced_at": (filter.synced_after, filter.synced_before),
    }
    conditions = {
        key: Q(**_bounds(key, low, high))
        for key, (low, high) in ranges.items()
        if low is not None or high is not None
    }
    if filter.min_margin_percent is not None:
        conditions["margin"] = Q(margin_key__gte=_margin_at_least(filter.min_margin_percent))
    if filter.has_selling_price is not None:
        conditions["selling"] = Q(selling_price_amount__isnull=not filter.has_selling_price)
    if filter.has_link is not None:
        conditions["link"] = Q(has_link=filter.has_link)
    if filter.category_id is not None:
        category = filter.category_id
        conditions["category"] = _beside(
            ProductCategory, lambda table: table.category_id == category
        )
    if filter.tag is not None:
        tag = tags.key(filter.tag)
        conditions["tag"] = _beside(ProductTag, lambda table: table.tag_key == tag)
    if filter.text is not None:
        where = _anywhere if filter.looks_into_notes else _behind_notes
        conditions["text"] = _beside(ProductText, where(texts.folded(filter.text)))
    if filter.notes is not None:
        conditions["notes"] = _beside(ProductText, _in_notes(texts.folded(filter.notes)))
    return conditions


def _bounds(key: str, low: Any, high: Any) -> dict[str, Any]:
    upper = "lte" if key == "price_key" else "lt"
    bounds = {f"{key}__gte": low, f"{key}__{upper}": high}
    return {name: value for name, value in bounds.items() if value is not None}


def _price_key(amount: Decimal | None) -> str | None:
    return None if amount is None else rows.amount_key(amount)


def _margin_at_least(percent: Decimal) -> int:
    """The least `margin_key` of that margin or more."""
    least = int((percent * 100).to_integral_value(ROUND_CEILING))
    return max(-product_rows.LARGEST, min(least, product_rows.LARGEST - 1))


def _beside(model: type[Model], condition: Callable[[Table], Criterion]) -> Where:
    """The condition that a row of another table of the product meets a condition."""

    def has_one(products: Table) -> Criterion:
        table = model._meta.basetable
        query = statements.connection().query_class.from_(table).select(table.product_id)
        own = query.where(table.product_id == products.id).where(condition(table))
        return cast(Criterion, products.id.isin(own))

    return Where(has_one)


def place(text: Term, part: str) -> Term:
    """Where the part begins in the text, from 1; 0: nowhere. Not LIKE: nothing to escape."""
    position = "strpos" if statements.is_postgres() else "instr"
    return CustomFunction(position, ["text", "part"])(text, part)


def _anywhere(text: str) -> Callable[[Table], Criterion]:
    return lambda table: place(table.text_key, text) > 0


def _in_notes(text: str) -> Callable[[Table], Criterion]:
    def begins_in_notes(table: Table) -> Criterion:
        begins = place(table.text_key, text)
        return (begins > 0) & (begins < place(table.text_key, texts.PARTS))

    return begins_in_notes


def _behind_notes(text: str) -> Callable[[Table], Criterion]:
    def found(table: Table) -> Criterion:
        behind = CustomFunction("substr", ["text", "start"])
        return place(behind(table.text_key, place(table.text_key, texts.PARTS)), text) > 0

    return found
