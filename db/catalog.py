"""The catalogue as a list: its filters and orders, and the way by which a page of it is found.

Products that are alike in marketplace, country site, state and currency make a group, and the index
of each order begins with the group. A filter by these is a choice of groups, and a page takes the
first rows of each. What else is asked (a condition) is met in one of three ways:

- few products meet one of the conditions by its own index: they are taken and sorted;
- many do: the order's index is walked until the page is full;
- they are many, but far behind in the order: the walk is given up, and all that the index of
  imports holds is looked through, or all that the text index finds.

Each way gives the same page. docs/decisions/0037 has the figures.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from db import paging, product_rows, product_views, statements, texts
from db.availability import resilient
from db.catalog_filters import conditions, grouped
from db.models import GROUP, Product
from db.paging import Column, Kind, Order
from db.statements import Row, Values
from domain import tags
from domain.catalog import (
    CatalogFilter,
    CatalogSort,
    Counted,
    CountPrecision,
    Page,
    PageArgs,
    Position,
)
from domain.marketplaces import Workspace
from domain.products import CatalogProduct, Mode

FEW = 5_000  # rows that are taken and sorted within some milliseconds
WALK = 0.5  # seconds for a walk, before another way is tried: generous, for cold or busy disks
COUNTED = 50_000  # rows that are counted exactly
KEPT_WALKS = 256  # statements of pages that were asked for lately

_IN_GROUP = " AND ".join(f"products.{key} = g.{key}" for key in GROUP)


def _next_group(place: int) -> str:
    """SQL for a product of the next group that differs from `g` in this column of it first.

    Not all columns compared as a row: of that SQLite takes only the first one to its index.
    """
    same = " AND ".join(f"o.{key} = g.{key}" for key in GROUP[:place])
    key, order = GROUP[place], ", ".join(f"o.{key}" for key in GROUP[place:])
    behind = f"{same} AND o.{key} > g.{key} ORDER BY {order} LIMIT 1"
    return f"(SELECT o.id FROM products AS o WHERE {behind})"


# The groups that there are: from one to the next by the index, without reading their products.
_GROUPS = f"""WITH RECURSIVE groups ({", ".join(GROUP)}) AS (
  SELECT * FROM (
    SELECT {", ".join(GROUP)} FROM products WHERE workspace_id = $1
    ORDER BY {", ".join(GROUP)} LIMIT 1
  ) AS first_of_all
  UNION ALL
  SELECT {", ".join(f"n.{key}" for key in GROUP)} FROM groups AS g CROSS JOIN products AS n
  WHERE n.id = COALESCE({", ".join(_next_group(place) for place in range(len(GROUP) - 1, 0, -1))})
)"""


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: by one key within each section, the sections one after another.

    Prices: a section for each currency. Orders upwards: one with the known numbers, one without.
    """

    key: str
    kind: Kind
    descending: bool = False
    section: str | None = None

    @property
    def columns(self) -> Order:
        """What a position tells."""
        own = (Column(self.key, self.kind, self.descending), Column("id", UUID, self.descending))
        return (Column("price_currency_key", str), *own) if self.section == "currency" else own


SORTS: dict[CatalogSort, Sort] = {
    CatalogSort.IMPORTED_ASC: Sort("imported_at", datetime),
    CatalogSort.IMPORTED_DESC: Sort("imported_at", datetime, descending=True),
    CatalogSort.SYNCED_ASC: Sort("synced_at", datetime),
    CatalogSort.SYNCED_DESC: Sort("synced_at", datetime, descending=True),
    CatalogSort.TITLE_ASC: Sort("title_key", str),
    CatalogSort.TITLE_DESC: Sort("title_key", str, descending=True),
    CatalogSort.PRICE_ASC: Sort("price_key", str, section="currency"),
    CatalogSort.PRICE_DESC: Sort("price_key", str, descending=True, section="currency"),
    CatalogSort.DISCOUNT_ASC: Sort("discount_percent", int),
    CatalogSort.DISCOUNT_DESC: Sort("discount_percent", int, descending=True),
    CatalogSort.ORDERS_ASC: Sort("orders_key", int, section="known"),
    CatalogSort.ORDERS_DESC: Sort("orders_key", int, descending=True),
}


@resilient
async def page(
    workspace: Workspace,
    filter: CatalogFilter,
    sort: CatalogSort,
    args: PageArgs,
) -> Page[CatalogProduct]:
    """One page of the catalogue, whose products are for reading alone (db/product_views.py).

    Prices are ordered within their currency, currencies by their code. Raises InvalidInput for a
    position that this order does not give out.
    """
    order = SORTS[sort]
    if order.section is None and not conditions(filter):
        modes = tuple(sorted(workspace.modes.items(), key=itemgetter(0)))
        statement = _walk(workspace.id, modes, filter, sort, args, statements.is_postgres())
        return _page(order, await statements.records(*statement), args)
    search = await _search(workspace, filter)
    found: list[Row] = []
    for section in await _sections(search, order, args):
        found += await search.rows(order, section, args, args.size + 1 - len(found))
        if len(found) > args.size:
            break
    return _page(order, found, args)


def _page(order: Sort, rows: Sequence[Row], args: PageArgs) -> Page[CatalogProduct]:
    return paging.page(order.columns, rows, product_views.of_row, args)


@lru_cache(maxsize=KEPT_WALKS)
def _walk(
    workspace: str,
    modes: tuple[tuple[str, Mode], ...],
    filter: CatalogFilter,
    sort: CatalogSort,
    args: PageArgs,
    _is_postgres: bool,
) -> tuple[str, list[object]]:
    """The statement of a page of groups alone: to word it takes as long as to run it."""
    of_workspace = Workspace(workspace, dict(modes))
    search = _Search(of_workspace, grouped(of_workspace, filter), {}, {})
    order = SORTS[sort]
    paging.between(order.columns, args)  # looks at the positions
    return search.statement(search.walked, order, _section(order, "", args), args, args.size + 1)


@resilient
async def count(workspace: Workspace, filter: CatalogFilter) -> Counted:
    """How many products of the catalogue the filter lets through."""
    search = await _search(workspace, filter)
    total = await search.count(COUNTED + 1)
    if total <= COUNTED:
        return Counted(total=total)
    return Counted(total=COUNTED, precision=CountPrecision.AT_LEAST)


Finder = Callable[["_Search", Values], str]  # SQL for ids of products, in a column `id`
Way = Callable[[Values, "_Section", str], str]
BESIDE = ("text", "notes", "category", "tag")  # what the index of imports does not hold


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of an order, between the positions of a page that lie in it."""

    of_groups: Q
    of_rows: Q


@dataclass(slots=True)
class _Search:
    """What is looked for: in which groups, under which conditions, each of which may have an index
    that finds the products that may meet it."""

    workspace: Workspace
    grouped: Q
    conditions: dict[str, Q]
    finders: dict[str, Finder]
    narrowest: str | None = None  # the condition that the fewest meet
    least: int = 0  # how many these are, at most FEW + 1

    async def look(self) -> None:
        """Learn how many products meet each condition that has an index, as far as FEW."""
        if not self.finders:
            self.least = FEW + 1
            return
        values = self._begun()
        counted = ", ".join(
            f"(SELECT count(*) FROM ({finder(self, values)} LIMIT {FEW + 1}) AS few) AS {name}"
            for name, finder in self.finders.items()
        )
        [row] = await statements.rows(f"{_GROUPS} SELECT {counted}", values.all)
        self.narrowest = min(row, key=row.__getitem__)
        self.least = row[self.narrowest]

    async def rows(
        self, order: Sort, section: _Section, args: PageArgs, limit: int
    ) -> Sequence[Row]:
        """The first rows of a section."""
        if not self.conditions.keys() - {order.key}:
            return await self._read(self.walked, order, section, args, limit)
        if self.least <= FEW:
            return await self._read(self._taken, order, section, args, limit)
        try:
            async with asyncio.timeout(WALK):
                return await self._read(self.walked, order, section, args, limit)
        except TimeoutError:
            return await self._read(self._taken, order, section, args, limit)

    async def count(self, limit: int) -> int:
        """How many rows there are, as far as the limit."""
        values = self._begun()
        found = self._looked_through(values) if self.conditions else self.of_groups(values)
        sql = f"{_GROUPS} SELECT count(*) AS total FROM ({found} LIMIT {limit}) AS counted"
        [row] = await statements.rows(sql, values.all)
        return int(row["total"])

    async def _read(
        self,
        way: Way,
        order: Sort,
        section: _Section,
        args: PageArgs,
        limit: int,
    ) -> Sequence[Row]:
        return await statements.records(*self.statement(way, order, section, args, limit))

    def statement(
        self,
        way: Way,
        order: Sort,
        section: _Section,
        args: PageArgs,
        limit: int,
    ) -> tuple[str, list[object]]:
        """What finds the first rows of a section in that way, with its values."""
        values = self._begun()
        direction = "DESC" if order.descending != args.from_end else "ASC"
        ordered = f"ORDER BY {{0}}.{order.key} {direction}, {{0}}.id {direction} LIMIT {limit}"
        found = way(values, section, ordered)
        read = dict.fromkeys([*product_rows.COLUMNS, *(each.name for each in order.columns)])
        columns = ", ".join(f"products.{name}" for name in read)
        sql = (
            f"{_GROUPS} SELECT {columns} FROM products WHERE products.{_place()} IN"
            f" (SELECT id FROM ({found}) AS found) {ordered.format('products')}"
        )
        return sql, values.all

    async def currencies(self) -> list[str]:
        """Of the products of the groups, in order."""
        values = self._begun()
        groups = _of_table("g", values.text(Product, self.grouped))
        found = await statements.rows(
            f"{_GROUPS} SELECT DISTINCT price_currency_key AS code FROM groups AS g WHERE {groups}",
            values.all,
        )
        return sorted(row["code"] for row in found)

    def _begun(self) -> Values:
        """Of a statement that begins with the groups."""
        values = Values()
        values.add(self.workspace.id)
        return values

    def walked(self, values: Values, section: _Section, ordered: str) -> str:
        """The first ones of each group by the order's index, and of those the first."""
        groups = _of_table("g", values.text(Product, Q(self.grouped, section.of_groups)))
        condition = values.text(Product, Q(section.of_rows, *self.conditions.values()))
        first = (
            f"SELECT products.* FROM products WHERE {_IN_GROUP}"
            f" AND {condition} {ordered.format('products')}"
        )
        if statements.is_postgres():
            each = f"CROSS JOIN LATERAL ({first}) AS a WHERE {groups}"
        else:
            first = first.replace("products.*", "products.rowid", 1)
            each = f"CROSS JOIN products AS a WHERE {groups} AND a.rowid IN ({first})"
        return f"SELECT a.{_place()} AS id FROM groups AS g {each} {ordered.format('a')}"

    def _taken(self, values: Values, section: _Section, ordered: str) -> str:
        """Those that meet the condition that the fewest meet, sorted."""
        of_section = values.text(Product, Q(section.of_groups, section.of_rows))
        found = f"{self._looked_through(values)} AND {of_section}"
        return f"{found} {ordered.format('products')}"

    def _looked_through(self, values: Values) -> str:
        """SQL for the ids of all that are looked for, without walking by an order."""
        condition = values.text(Product, Q(self.grouped, *self.conditions.values()))
        beside = next((name for name in BESIDE if name in self.finders), None)
        name = self.narrowest if self.least <= FEW else beside
        if name is not None:
            few = self.finders[name](self, values)
            return (
                f"SELECT products.{_place()} AS id"
                f" FROM (SELECT * FROM ({few}) AS f LIMIT {2**31}) AS few"
                f" CROSS JOIN products WHERE products.id = few.id AND {condition}"
            )
        by = "" if statements.is_postgres() else "INDEXED BY idx_products_imported"
        return f"SELECT products.{_place()} AS id FROM products {by} WHERE {condition}"

    def of_groups(self, values: Values) -> str:
        """SQL for the ids of all products of the groups."""
        groups = _of_table("g", values.text(Product, self.grouped))
        return (
            "SELECT products.id FROM groups AS g CROSS JOIN products"
            f" WHERE {_IN_GROUP} AND {groups}"
        )


def _place() -> str:
    """The column by which rows are joined: SQLite's own number spares it the index of ids."""
    return "id" if statements.is_postgres() else "rowid"


async def _search(workspace: Workspace, filter: CatalogFilter) -> _Search:
    asked = conditions(filter)
    has_texts = bool({"text", "notes"} & asked.keys()) and await texts.has_index()
    finders = _finders(filter, asked, has_texts=has_texts)
    search = _Search(workspace, grouped(workspace, filter), asked, finders)
    if asked:
        await search.look()
    return search


async def _sections(search: _Search, order: Sort, args: PageArgs) -> list[_Section]:
    """The sections of the page, in the order in which they are read. Raises InvalidInput."""
    paging.between(order.columns, args)  # looks at the positions
    names: Sequence[str | int] = (0, 1) if order.section == "known" else ("",)
    if order.section == "currency":
        names = await search.currencies()
    after, before = (_name_of(order, position) for position in (args.after, args.before))
    chosen = [
        name
        for name in names
        if (after is None or after <= name) and (before is None or name <= before)
    ]
    return [
        _section(
            order,
            name,
            PageArgs(
                args.size,
                args.after if name == after else None,
                args.before if name == before else None,
            ),
        )
        for name in (reversed(chosen) if args.from_end else chosen)
    ]


def _name_of(order: Sort, position: Position | None) -> Any:
    """The section in which a position lies."""
    if position is None:
        return None
    if order.section == "currency":
        return position[0]
    return int(int(position[0] or 0) < 0) if order.section == "known" else ""


def _section(order: Sort, name: str | int, args: PageArgs) -> _Section:
    within = order.columns[-2:]
    of_rows = paging.between(
        within,
        replace(
            args,
            after=args.after and args.after[-2:],
            before=args.before and args.before[-2:],
        ),
    )
    if order.section == "currency":
        return _Section(Q(price_currency_key=name), of_rows)
    if order.section == "known":
        return _Section(Q(), Q(of_rows, Q(orders_key__lt=0) if name else Q(orders_key__gte=0)))
    return _Section(Q(), of_rows)


def _finders(
    filter: CatalogFilter, conditions: Mapping[str, Q], *, has_texts: bool
) -> dict[str, Finder]:
    """What finds, by an index, the products that may meet a condition."""
    finders: dict[str, Finder] = {
        name: partial(_by_order, conditions[name])
        for name in ("price_key", "discount_percent", "imported_at", "synced_at")
        if name in conditions
    }
    sold = Q(selling_price_amount__isnull=False)
    if "margin" in conditions:
        finders["margin"] = partial(_by_rows, Q(sold, conditions["margin"]))
    if filter.has_selling_price:
        finders["selling"] = partial(_by_rows, sold)
    if filter.has_link:
        finders["link"] = partial(_by_rows, conditions["link"])
    if filter.category_id is not None:
        finders["category"] = partial(_by_category, filter.category_id)
    if filter.tag is not None:
        finders["tag"] = partial(_by_tag, tags.key(filter.tag))
    for name, text in (("text", filter.text), ("notes", filter.notes)):
        if text is not None and has_texts and texts.candidates(texts.folded(text), Values()):
            finders[name] = partial(_by_text, texts.folded(text))
    return finders


def _by_order(condition: Q, search: _Search, values: Values) -> str:
    return f"{search.of_groups(values)} AND {values.text(Product, condition)}"


def _by_rows(condition: Q, search: _Search, values: Values) -> str:
    return (
        "SELECT products.id FROM products WHERE products.workspace_id = $1"
        f" AND {values.text(Product, condition)}"
    )


def _by_category(category_id: str, search: _Search, values: Values) -> str:
    return (
        "SELECT product_id AS id FROM product_categories WHERE workspace_id = $1"
        f" AND category_id = {values.add(category_id)}"
    )


def _by_tag(key: str, search: _Search, values: Values) -> str:
    return (
        "SELECT product_id AS id FROM product_tags WHERE workspace_id = $1"
        f" AND tag_key = {values.add(key)}"
    )


def _by_text(text: str, search: _Search, values: Values) -> str:
    return texts.candidates(text, values) or ""


def _of_table(name: str, condition: str) -> str:
    """A condition on products as one on another table that has the same columns."""
    return condition.replace('"products".', f"{name}.")
