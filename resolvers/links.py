"""Affiliate links: shown beside a product, or made and stored."""

import asyncio
from collections.abc import Sequence

from clients.registry import BY_CODE
from db import links as stored_links
from domain.api_keys import Scope
from domain.catalog import LinkFilter, Page, PageArgs
from domain.exceptions import (
    AffiliateGraphError,
    InvalidInput,
    MarketplaceNotConnected,
    NotFound,
    NotInProgram,
    TrackingIDRejected,
    WrongLocale,
)
from domain.links import Link, LinkKey
from domain.products import ProductRef, SourceProduct
from resolvers import cursors, lookups
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs
from resolvers.lookups import RefOrError
from resolvers.products import Listing
from resolvers.rows import Row

MAX_ID_LENGTH = 255


async def for_product(
    context: Context, listing: Listing, *, tracking_id: str | None, sub_id: str | None
) -> Link | None:
    """The tracked link of a product, stored or made now; nothing is stored.

    None when there is none to have (not in the programme, marketplace not connected). Raises
    MarketplaceError when the marketplace failed to answer, InvalidInput for unusable ids.
    """
    try:
        key = await _key(context, listing.ref, tracking_id, sub_id)
    except MarketplaceNotConnected:
        return None
    return await by_key(context, key, listing.source)


async def by_key(
    context: Context, key: LinkKey, source: SourceProduct | None = None
) -> Link | None:
    """The link of that key: the stored one, the one that came with `source`, or a new one."""
    stored = await context.dataloaders.stored_link.load(key)
    if stored is not None:
        return stored
    if source is not None and source.tracked_url and _fits(source, key):
        return _link(context, key, source.tracked_url)
    try:
        return _link(context, key, await context.dataloaders.new_link.load(key))
    except (NotInProgram, MarketplaceNotConnected):
        return None


async def generate(
    context: Context,
    refs: Sequence[RefOrError],
    *,
    tracking_id: str | None,
    sub_id: str | None,
) -> list[Row]:
    """Make, check and store links. One row each, in the order asked; a bad one spoils no other."""

    async def link_or_error(ref: RefOrError) -> Link | AffiliateGraphError:
        if isinstance(ref, AffiliateGraphError):
            return ref
        try:
            return await _make(context, await _key(context, ref, tracking_id, sub_id))
        except InvalidInput as error:
            return error if error.path[:1] == ("input",) else error.at(("input", *error.path))
        except TrackingIDRejected as error:
            return error if tracking_id is None else error.at(("input", "trackingId"))
        except AffiliateGraphError as error:
            return error

    links_or_errors = await asyncio.gather(
        *map(link_or_error, await lookups.located(context, refs))
    )
    links = {link.key: link for link in links_or_errors if isinstance(link, Link)}
    await stored_links.keep(context.workspace.id, list(links.values()), lease=context.lease)
    for key, link in links.items():
        context.dataloaders.stored_link.prime(key, link, force=True)
    return [
        Row(ref=link.key.ref, link=link.key) if isinstance(link, Link) else Row(error=link)
        for link in links_or_errors
    ]


async def delete(context: Context, keys: Sequence[LinkKey | AffiliateGraphError]) -> list[Row]:
    """Forget stored links. One row each, in the order asked."""

    async def row(key: LinkKey | AffiliateGraphError) -> Row:
        if isinstance(key, AffiliateGraphError):
            return Row(error=key)
        if not await stored_links.delete(context.workspace, key):
            return Row(error=NotFound("This link is not stored."))
        return Row(link=key)

    return [await row(key) for key in keys]


async def page(
    context: Context, filter: LinkFilter, args: ConnectionArgs
) -> tuple[str, Page[Link]]:
    """One page of the stored links, newest first, with the fingerprint of its cursors."""
    if (filter.sub_id or filter.tracking_id) and context.caller.is_public:
        context.caller.require(Scope.READ, "To filter by subId or trackingId")
    of_list = cursors.fingerprint("links", filter)
    return of_list, await stored_links.page(context.workspace, filter, args.page(of_list))


async def page_of(
    context: Context, ref: ProductRef, args: ConnectionArgs
) -> tuple[str, Page[Link]]:
    """As `page`, for the links of one product; products of one turn share the statement."""
    of_list = cursors.fingerprint("links", LinkFilter(product=ref))
    return of_list, await context.dataloaders.links_of.load((ref, args.page(of_list)))


async def count(context: Context, filter: LinkFilter) -> int | None:
    """How many stored links the filter lets through; products of one turn share the statement."""
    if filter.product is not None and filter == LinkFilter(product=filter.product):
        return await context.dataloaders.link_count.load(filter.product)
    counted = await stored_links.page(context.workspace, filter, PageArgs(1), count=True)
    return counted.total


async def _make(context: Context, key: LinkKey) -> Link:
    market = BY_CODE[key.ref.marketplace]
    if market.prefers_answered_link:
        entry = await context.dataloaders.catalog_product.load(key.ref)
        if entry is not None and entry.source.tracked_url and _fits(entry.source, key):
            return _link(context, key, entry.source.tracked_url)
    return _link(context, key, await context.dataloaders.new_link.load(key))


async def _key(
    context: Context, ref: ProductRef, tracking_id: str | None, sub_id: str | None
) -> LinkKey:
    """Which link is meant. Raises MarketplaceNotConnected without any tracking id to use."""
    market = BY_CODE[ref.marketplace]
    sub_id = _clean("subId", sub_id or "")
    if tracking_id is None:
        account = await context.accounts.get(
            context.workspace.account_key(ref.marketplace, ref.locale)
        )
        stored = account.credentials.get(market.tracking_field)
        if stored is None:
            site = f" for {ref.locale}" if ref.locale else ""
            raise MarketplaceNotConnected(
                f"{market.name} is not connected{site}: there is no tracking id to earn with. "
                "Add one in connectMarketplace."
            )
        tracking_id = stored.value.reveal()
    else:
        tracking_id = _clean("trackingId", tracking_id)
        if not tracking_id:
            raise InvalidInput("Name a tracking id, or leave it out.", path=("trackingId",))
        await _refuse_foreign_tag(context, ref, tracking_id)
    return LinkKey(ref, tracking_id, sub_id)


async def _refuse_foreign_tag(context: Context, ref: ProductRef, tracking_id: str) -> None:
    """A tag belongs to one country site: refuse one that is stored for another."""
    market = BY_CODE[ref.marketplace]
    if len(market.locales) == 1:
        return
    tagged = {
        account.key.locale
        for account in (await context.accounts.all()).values()
        if account.key.marketplace == market.code
        and (stored := account.credentials.get(market.tracking_field)) is not None
        and stored.value.reveal() == tracking_id
    }
    owners = [site for site in market.locales if site in tagged]
    if owners and ref.locale not in owners:
        raise WrongLocale(
            f"This tag belongs to {owners[0]}; it earns nothing on {ref.locale}. Use a tag of "
            f"{ref.locale}.",
            path=("trackingId",),
        )


def _clean(name: str, text: str) -> str:
    if len(text) > MAX_ID_LENGTH or not text.isprintable():
        raise InvalidInput(f"At most {MAX_ID_LENGTH} printable characters.", path=(name,))
    return text.strip()


def _fits(source: SourceProduct, key: LinkKey) -> bool:
    return source.tracked_with == key.tracking_id and key.sub_id == ""


def _link(context: Context, key: LinkKey, url: str) -> Link:
    market = BY_CODE[key.ref.marketplace]
    context.note_change(context.now)
    return Link(
        key=key,
        url=url,
        source_url=market.product_url(key.ref),
        mode=context.workspace.mode(market.code),
        created_at=context.now,
    )
