"""Exports: the catalogue page by page, with what the marketplaces' terms let others have."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from clients.registry import BY_CODE, product_ref
from db import catalog as stored_catalog
from db import exports as stored_exports
from db import links as stored_links
from db import products as stored_products
from domain.catalog import CatalogFilter, CatalogSort, PageArgs, Position
from domain.exceptions import AffiliateGraphError, InvalidInput, UnknownHost
from domain.exports import ExportedProduct, ExportFacts
from domain.links import Link
from domain.products import CatalogProduct, ProductRef
from resolvers.context import Context
from resolvers.products import Listing

PAGE = 100  # products in memory at a time; to write so many takes some milliseconds
SHORTENERS = frozenset(
    {"bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "cutt.ly"}
    | {"rebrand.ly", "shorturl.at", "s.id", "lnkd.in", "geni.us", "t.ly", "rb.gy"}
)
OWN_SHOP = (
    "Google Merchant takes products of your own shop only: affiliate links and links to a "
    "marketplace get an account suspended. Give the address of a product in your shop, such as "
    '"https://shop.example/products/{handle}".'
)


def marketplaces() -> Collection[str]:
    """The codes of the marketplaces that products may be of."""
    return BY_CODE.keys()


async def pages(
    context: Context, filter: CatalogFilter, refs: Sequence[ProductRef] = ()
) -> AsyncIterator[list[ExportedProduct]]:
    """The catalogue, last import first; with `refs` only those of them that are in it.

    What may be shown is decided by the time of the beginning. Raises DatabaseUnavailable, also in
    the middle.
    """
    now = context.now
    if refs:
        entries = await stored_products.by_refs(context.workspace, refs)
        for start in range(0, len(refs), PAGE):
            some = refs[start : start + PAGE]
            yield await _exported(context, now, [entries[ref] for ref in some if ref in entries])
        return
    after: Position | None = None
    while True:
        args = PageArgs(PAGE, after)
        page = await stored_catalog.page(context.workspace, filter, CatalogSort.IMPORTED_DESC, args)
        yield await _exported(context, now, page.records)
        if not page.has_next:
            return
        after = page.positions[-1]


async def facts(context: Context, filter: CatalogFilter) -> Counter[ExportFacts]:
    """What decides over the products of an export, counted as they are now.

    Raises DatabaseUnavailable.
    """
    policies = {code: market.policy for code, market in BY_CODE.items()}
    return await stored_exports.facts(
        context.workspace,
        filter,
        withheld={
            code: context.now - policy.withheld_after
            for code, policy in policies.items()
            if policy.withheld_after is not None
        },
        pictured=[code for code, policy in policies.items() if policy.lets_pictures_be_copied],
    )


def check_own_shop(link_template: str, *, path: tuple[str, ...] = ("link",)) -> None:
    """Raises InvalidInput unless this is an address of the user's own shop with a {handle}."""
    try:
        parts = urlsplit(link_template)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        raise InvalidInput(OWN_SHOP, path=path) from None
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"([\w-]+\.)+[\w-]+", host):
        raise InvalidInput(OWN_SHOP, path=path)
    if not re.fullmatch("[!-~]{1,1900}", link_template) or "{handle}" not in link_template:
        raise InvalidInput(
            'The address must be plain ASCII and hold "{handle}", which becomes the product\'s '
            'own part: "https://shop.example/products/{handle}".',
            path=path,
        )
    if host in SHORTENERS or _is_marketplace(host) or _is_marketplace(parts.netloc):
        raise InvalidInput(f"{host} is not your own shop. {OWN_SHOP}", path=path)


def _is_marketplace(host: str) -> bool:
    """Whether pages of that host are a marketplace's: then they are read as products or refused."""
    try:
        product_ref(f"https://{host}/")
    except UnknownHost:
        return False
    except AffiliateGraphError:
        return True
    return True


async def _exported(
    context: Context, now: datetime, entries: Sequence[CatalogProduct]
) -> list[ExportedProduct]:
    refs = [entry.source.ref for entry in entries]
    links = await stored_links.pages_of(context.workspace, refs, PageArgs(1))
    newest = {ref: page.records[0] for ref, page in links.items() if page.records}
    return [_one(now, entry, newest.get(entry.source.ref)) for entry in entries]


def _one(now: datetime, entry: CatalogProduct, link: Link | None) -> ExportedProduct:
    listing = Listing.of(entry)
    market = BY_CODE[listing.ref.marketplace]
    source = listing.shown(now)
    return ExportedProduct(
        entry=entry,
        source=source,
        marketplace_name=market.name,
        images=source.images if market.policy.lets_pictures_be_copied else (),
        affiliate_url=link.url if link else entry.source.tracked_url or "",
        disclosure=market.disclosure(listing.ref.locale),
    )
