"""Explore: a marketplace's own search, its pages joined behind one connection.

A cursor says where in the marketplace's list the reader stands: on which of its pages, behind how
many rows of it. Filters that the marketplace does not know are applied afterwards and named; a page
that they shorten is filled up from further pages of the marketplace. A sort that it does not know
orders the rows that were gathered: see `_sorted`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial

from clients.base import Marketplace
from domain.countries import parse_country
from domain.exceptions import AffiliateGraphError, InvalidInput
from domain.money import check_digits, parse_currency
from domain.search import (
    ProductSearch,
    ProductSearchSort,
    SearchPlan,
    passes,
    sort_value,
)
from resolvers import cursors
from resolvers.context import Context
from resolvers.marketplaces import locale_of
from resolvers.products import Listing, with_entries
from resolvers.search_pages import BEGINNING, Place, Row, SearchPages, Walk

LANGUAGE = re.compile("[A-Z]{2}")
NOT_A_CURSOR = "This is not a cursor of this search."


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A page of a search.

    `cursors` belong to `listings`; `end_cursor` is there even when every row was filtered away, so
    that the reader can go on. `cached_at`: when the oldest page that came from the cache was asked
    for; None when all came just now. `sorted_rows`: how many rows we put in order together, None
    where the marketplace sorted; `unknown_rows` of them do not tell what they are sorted by.
    """

    listings: Sequence[Listing] = ()
    cursors: Sequence[str] = ()
    end_cursor: str | None = None
    has_next: bool = False
    has_previous: bool = False
    total: int | None = None
    post_filters: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    sorted_rows: int | None = None
    unknown_rows: int | None = None
    error: AffiliateGraphError | None = None
    cached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where the reader stands: at `start`, or behind `read` rows of those that we put in order.

    Those are the rows from `start` to `end`.
    """

    start: Place = BEGINNING
    end: Place | None = None
    read: int = 0


@dataclass(frozen=True, slots=True)
class _Page:
    """Rows to show. `ends`: the position behind each; `end`: that behind the page."""

    rows: Sequence[Row]
    ends: Sequence[Position]
    end: Position
    has_next: bool
    sorted_rows: int | None = None
    unknown_rows: int | None = None


async def search(
    context: Context,
    marketplace: Marketplace,
    locale: str | None,
    wanted: ProductSearch,
    *,
    first: int | None,
    after: str | None,
) -> SearchResult:
    """Search one marketplace.

    A marketplace that cannot answer, or has no such site, is a result with `error` and no rows.
    Raises InvalidInput for a bad page size or cursor, which no other marketplace could answer
    either.
    """
    size = cursors.page_size(first)
    try:
        site = locale_of(marketplace, locale)
        wanted = _with_known_codes(wanted)
    except InvalidInput as error:
        return SearchResult(error=error)
    of_list = cursors.fingerprint("search", marketplace.code, site, wanted)
    position = _position(cursors.decode(of_list, after, path=("after",)), marketplace)
    key = context.workspace.account_key(marketplace.code, site)
    try:
        account = await context.accounts.get(key)
        plan = marketplace.connect(account, context.upstream, context.budget).plan_search(wanted)
        pages = SearchPages(context=context, account=key, plan=plan)
        fits = partial(passes, search=wanted, names=plan.post_filters)
        walk = Walk(pages, marketplace, position.start, fits)
        await _gather(walk, position, size, plan, marketplace, context)
    except AffiliateGraphError as error:
        return SearchResult(error=error)
    is_sorted_there = wanted.sort in marketplace.search_sorts
    if is_sorted_there:
        page = _in_its_order(walk, size)
    else:
        page = _sorted(walk, position, size, wanted.sort)
    marks = [cursors.encode(of_list, _parts(end)) for end in page.ends]
    return SearchResult(
        listings=await with_entries(context, [row.product for row in page.rows]),
        cursors=marks,
        end_cursor=marks[-1] if marks else cursors.encode(of_list, _parts(page.end)),
        has_next=page.has_next,
        has_previous=position != Position(),
        total=walk.total,
        post_filters=plan.post_filters if is_sorted_there else (*plan.post_filters, "sort"),
        unsupported=plan.unsupported,
        sorted_rows=page.sorted_rows,
        unknown_rows=page.unknown_rows,
        error=walk.error,
        cached_at=walk.cached_at,
    )


async def _gather(
    walk: Walk,
    position: Position,
    size: int,
    plan: SearchPlan,
    marketplace: Marketplace,
    context: Context,
) -> None:
    """The rows that are put in order together; else enough for a page, if few calls do.

    Raises AffiliateGraphError where there is nothing to show.
    """
    if position.end is not None:
        await walk.to(position.end)
        if walk.error is not None:
            raise walk.error
        return
    start = position.start
    pages, rest = divmod(start.offset + size, marketplace.search_page_size)
    await walk.to(Place(start.page + pages, rest))
    if plan.post_filters:
        await walk.until(size, calls=context.upstream.search_further_calls)


def _in_its_order(walk: Walk, size: int) -> _Page:
    rows = walk.rows[:size]
    is_cut = len(walk.rows) > size
    end = Position(rows[-1].end if is_cut else walk.end)
    ends = [Position(row.end) for row in rows]
    return _Page(rows, [*ends[:-1], end] if ends else [], end, is_cut or walk.has_more)


def _sorted(walk: Walk, position: Position, size: int, sort: ProductSearchSort) -> _Page:
    """The gathered rows, put in order together: as many as make whole pages.

    They are given out page by page, and gathered again for each; behind the last of them the next
    ones are gathered and put in order. So no row comes twice and none is lost.
    """
    every = walk.rows
    if position.end is not None:
        block = [row for row in every if row.end <= position.end]
    elif walk.has_more and len(every) > size:
        block = every[: len(every) // size * size]
    else:
        block = every
    block_end = position.end or (block[-1].end if len(block) < len(every) else walk.end)
    values = [sort_value(row.product, sort) for row in block]
    order = sorted(range(len(block)), key=lambda at: (values[at] is None, values[at] or Decimal(0)))
    rows = [block[at] for at in order[position.read : position.read + size]]
    read = position.read + len(rows)
    ends = [
        Position(position.start, block_end, number) if number < len(block) else Position(block_end)
        for number in range(position.read + 1, read + 1)
    ]
    return _Page(
        rows,
        ends,
        ends[-1] if ends else Position(block_end),
        has_next=read < len(every) or walk.has_more,
        sorted_rows=len(block),
        unknown_rows=values.count(None),
    )


def _position(parts: Sequence[cursors.CursorPart], marketplace: Marketplace) -> Position:
    """What `_parts` made. Raises InvalidInput for what it cannot have made."""
    numbers = [part for part in parts if isinstance(part, int) and part >= 0]
    if not parts:
        return Position()
    if len(numbers) == len(parts) == 2:
        position = Position(Place(*numbers))
    elif len(numbers) == len(parts) == 5:
        position = Position(Place(*numbers[:2]), Place(*numbers[2:4]), numbers[4])
    else:
        raise InvalidInput(NOT_A_CURSOR, path=("after",))
    furthest = position.end or position.start
    if position.start > furthest or not _is_in(marketplace, position.start, furthest):
        raise InvalidInput(NOT_A_CURSOR, path=("after",))
    return position


def _is_in(marketplace: Marketplace, *places: Place) -> bool:
    return all(
        1 <= place.page <= marketplace.search_last_page + 1
        and place.offset <= marketplace.search_page_size
        for place in places
    )


def _parts(position: Position) -> tuple[int, ...]:
    start, end = position.start, position.end
    if end is None:
        return start.page, start.offset
    return start.page, start.offset, end.page, end.offset, position.read


def _with_known_codes(search: ProductSearch) -> ProductSearch:
    """The search in a currency and to a country that there are, its prices as fine as the currency,
    its language two letters.

    Raises InvalidInput: a price that is rounded would filter by another one.
    """
    currency = parse_currency(search.currency, path=("search", "currencyCode"))
    for name, price in (("minPrice", search.min_price), ("maxPrice", search.max_price)):
        if price is not None:
            check_digits(price, currency, path=("search", name))
    if not LANGUAGE.fullmatch(search.language):
        raise InvalidInput('A language is its two letters, like "EN".', path=("search", "language"))
    country = search.ship_to_country
    if country is not None:
        country = parse_country(country, path=("search", "shipToCountry"))
    return replace(search, currency=currency, ship_to_country=country)
