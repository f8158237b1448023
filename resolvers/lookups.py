"""Which product is meant: an id of ours, a pasted address, or the marketplace's own id."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard, TypeVar

from clients.base import Marketplace
from clients.registry import BY_CODE, product_ref, typed_id
from domain.exceptions import AffiliateGraphError, InvalidInput, ShortLink
from domain.products import ProductRef
from resolvers.context import Context
from resolvers.marketplaces import locale_of

T = TypeVar("T")
RefOrError = ProductRef | AffiliateGraphError  # the product that an input names, or why none
MAX_ROWS = 250
LONG = 4_000  # characters, which take some two milliseconds to read
NOT_OURS = "This is not an id that was given out here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Exactly one of the three is given. `ref` comes with its marketplace and country site."""

    decoded_id: RefOrError | None = None
    url: str | None = None
    marketplace: Marketplace | None = None
    external_id: str = ""
    locale: str | None = None


def find(lookup: Lookup, *, path: tuple[str, ...]) -> ProductRef:
    """The product that a lookup names; nothing is opened or asked.

    The site of a bare id may be open; see `located`. Raises InvalidInput or one of its kinds, with
    the path of the field.
    """
    field = "url" if lookup.url is not None else "ref" if lookup.marketplace else "id"
    try:
        if lookup.url is not None:
            return product_ref(lookup.url)
        if lookup.marketplace is not None:
            return _typed(lookup.marketplace, lookup)
        if isinstance(lookup.decoded_id, AffiliateGraphError):
            raise lookup.decoded_id
        if lookup.decoded_id is None:
            raise InvalidInput("Name the product by id, url or ref.")
        return checked(lookup.decoded_id)
    except AffiliateGraphError as error:
        raise error.at((*path, field, *error.path)) from error


def _typed(marketplace: Marketplace, lookup: Lookup) -> ProductRef:
    locale = locale_of(marketplace, lookup.locale)
    try:
        external_id = typed_id(marketplace, lookup.external_id)
    except InvalidInput as error:
        raise error.at(("externalId",)) from error
    return ProductRef(marketplace.code, external_id, locale)


async def located(context: Context, rows: Sequence[RefOrError]) -> list[RefOrError]:
    """The same rows with bare ids at their site, and short links opened, where that is allowed."""
    if any(isinstance(row, ShortLink) for row in rows):
        rows = await _opened(context, rows)
    sites: dict[str, str] = {}
    for row in rows:
        if _is_open(row) and row.marketplace not in sites:
            sites[row.marketplace] = await site_of(context, BY_CODE[row.marketplace])
    return [replace(row, locale=sites[row.marketplace]) if _is_open(row) else row for row in rows]


def _is_open(row: RefOrError) -> TypeGuard[ProductRef]:
    return isinstance(row, ProductRef) and row.locale not in BY_CODE[row.marketplace].locales


async def site_of(context: Context, market: Marketplace) -> str:
    """The country site that bare ids are of: the first one connected, else the first of which some
    credentials are stored (links may need no more), else the first."""
    accounts = (await context.accounts.all()).values()
    stored = {
        account.key.locale: account.credentials
        for account in accounts
        if account.credentials and account.key.marketplace == market.code
    }
    complete = {site for site, given in stored.items() if not market.missing(tuple(given))}
    sites = (site for known in (complete, stored) for site in market.locales if site in known)
    return next(sites, market.locales[0])


async def _opened(context: Context, rows: Sequence[RefOrError]) -> Sequence[RefOrError]:
    """Equal short links are opened once.

    For a key for everybody none is opened: it must not make this server ask other hosts.
    """
    reader = context.upstream.short_links
    if reader is None or context.caller.is_public:
        return rows
    links = {row.address: row for row in rows if isinstance(row, ShortLink)}
    context.budget.is_used |= bool(links)

    async def read(address: str) -> RefOrError:
        try:
            return await reader.product(address, context.budget)
        except AffiliateGraphError as error:
            return error

    targets = dict(zip(links, await asyncio.gather(*map(read, links)), strict=True))

    def opened_row(row: RefOrError) -> RefOrError:
        if not isinstance(row, ShortLink):
            return row
        target = targets[row.address]
        if isinstance(target, AffiliateGraphError):
            return target.at((*row.path, *target.path))
        return target

    return [opened_row(row) for row in rows]


async def find_located(context: Context, lookup: Lookup, *, path: tuple[str, ...]) -> ProductRef:
    """As `find`, with a short link opened where that is allowed, and a bare id at its site."""
    try:
        found: RefOrError = await beside(len(lookup.url or ""), lambda: find(lookup, path=path))
    except ShortLink as link:
        found = link
    [target] = await located(context, [found])
    if isinstance(target, ProductRef):
        return target
    raise target from None


async def beside(characters: int, read: Callable[[], T]) -> T:
    """What `read` makes of so many characters, in a thread where they are many.

    The interpreter changes between threads every five milliseconds: requests go on meanwhile.
    """
    return await asyncio.to_thread(read) if characters > LONG else read()


def checked(ref: ProductRef) -> ProductRef:
    """The reference inside an id, which may be forged.

    Raises InvalidInput unless we could have given it out.
    """
    market = checked_site(ref.marketplace, ref.locale)
    try:
        is_canonical = market.parse_id(ref.external_id) == ref.external_id
    except InvalidInput:
        is_canonical = False
    if not is_canonical:
        raise InvalidInput(NOT_OURS)
    return ref


def checked_site(code: str, locale: str) -> Marketplace:
    """The marketplace with that code and site. Raises InvalidInput when there is none."""
    market = BY_CODE.get(code)
    if market is None or locale not in market.locales:
        raise InvalidInput(NOT_OURS)
    return market


def limit_rows(count: int, *, path: tuple[str, ...], most: int = MAX_ROWS) -> None:
    """Raises InvalidInput when a mutation asks for more than so many rows."""
    if count > most:
        raise InvalidInput(
            f"At most {most} rows a mutation; {count} were sent. Nothing was done: send them "
            "in several mutations.",
            path=path,
        )
