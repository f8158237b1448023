"""Import and sync: the marketplace's present data goes into the catalogue.

No network inside a transaction: everything is asked first, then written at once. The publisher's
own fields (selling price, notes) survive; a product that an answer lacks keeps its data.
"""

import asyncio
from collections.abc import Mapping, Sequence

from strawberry.dataloader import DataLoader

from clients.registry import BY_CODE
from db import products as stored_products
from domain.catalog import StoredProduct
from domain.exceptions import AffiliateGraphError, AnswerInvalid, NotFound, ProductNotFound
from domain.products import CatalogProduct, ProductRef, SourceProduct
from domain.refresh import Bounds
from resolvers import lookups
from resolvers.context import Context
from resolvers.lookups import RefOrError
from resolvers.rows import Row

Live = SourceProduct | AffiliateGraphError


async def import_products(
    context: Context, named: Sequence[RefOrError], *, only_new: bool = False
) -> list[Row]:
    """Fetch products and keep them. One row each, in the order asked; bad ones spoil no other.

    `only_new`: what the catalogue has is skipped.
    """
    located = await lookups.located(context, named)
    refs = [ref for ref in located if isinstance(ref, ProductRef)]
    known = set(await stored_products.by_refs(context.workspace, refs)) if only_new else set()
    live = await _fetch(context.dataloaders.live_product, [ref for ref in refs if ref not in known])
    stored = await _store(context, live, only_stored=False)

    def row(ref: RefOrError) -> Row:
        if isinstance(ref, AffiliateGraphError):
            return Row(error=ref)
        if ref in known:
            return Row(ref=ref, skipped=True)
        if ref in stored:
            return Row(ref=ref)
        answer = live[ref]
        return Row(error=answer if isinstance(answer, AffiliateGraphError) else _unstorable())

    return [row(ref) for ref in located]


async def sync_products(context: Context, named: Sequence[RefOrError]) -> list[Row]:
    """Fetch catalogue products anew. One row each, telling what changed.

    A product missing from the answer becomes UNAVAILABLE, keeps its data, and its row says
    NOT_FOUND; a marketplace that fails to answer changes nothing. A product that was deleted
    meanwhile stays deleted.
    """
    refs = list(dict.fromkeys(ref for ref in named if isinstance(ref, ProductRef)))
    entries = await context.dataloaders.catalog_product.load_many(refs)
    before = {ref: entry for ref, entry in zip(refs, entries, strict=True) if entry is not None}
    live = await _fetch(context.dataloaders.fresh_product, list(before))
    stored = await _store(context, live, only_stored=True)
    missing = await _mark_missing(context, live)
    deleted = await _deleted(context, [ref for ref in before if ref not in stored | missing])
    changes = {
        ref: (*after.changed, *_state_change(before[ref], after.product))
        for ref, after in (stored | missing).items()
    }

    def row(ref: RefOrError) -> Row:
        if isinstance(ref, AffiliateGraphError):
            return Row(error=ref)
        if ref not in before:
            return Row(error=NotFound("This product is not in the catalogue. Import it first."))
        if ref in deleted:
            return Row(error=NotFound("This product was deleted meanwhile. Import it anew."))
        answer = live[ref]
        if isinstance(answer, SourceProduct):
            error = None if ref in stored else _unstorable()
        else:
            error = answer
        return Row(ref=ref, changed=changes.get(ref, ()), error=error)

    return [row(ref) for ref in named]


def _unstorable() -> AffiliateGraphError:
    return AnswerInvalid("The marketplace's data of this product cannot be stored.")


async def _fetch(
    loader: DataLoader[ProductRef, SourceProduct], refs: Sequence[ProductRef]
) -> dict[ProductRef, Live]:
    async def one(ref: ProductRef) -> Live:
        try:
            return await loader.load(ref)
        except AffiliateGraphError as error:
            return error

    distinct = list(dict.fromkeys(refs))
    return dict(zip(distinct, await asyncio.gather(*map(one, distinct)), strict=True))


async def _store(
    context: Context, live: Mapping[ProductRef, Live], *, only_stored: bool
) -> dict[ProductRef, StoredProduct]:
    """Put what the marketplaces showed into the catalogue."""
    products = [product for product in live.values() if isinstance(product, SourceProduct)]
    stored = await stored_products.keep(
        context.workspace,
        products,
        now=context.now,
        history_for=[
            market.code for market in BY_CODE.values() if market.policy.keeps_price_history
        ],
        only_stored=only_stored,
        rules=context.events,
        lease=context.lease,
        bounds={market.code: Bounds.of(market.policy) for market in BY_CODE.values()},
    )
    for ref, entry in stored.items():
        context.dataloaders.catalog_product.prime(ref, entry.product, force=True)
    return stored


async def _mark_missing(
    context: Context, live: Mapping[ProductRef, Live]
) -> dict[ProductRef, StoredProduct]:
    """Note what the marketplace no longer shows."""
    refs = [ref for ref, answer in live.items() if isinstance(answer, ProductNotFound)]
    missing = await stored_products.mark_missing(
        context.workspace, refs, now=context.now, lease=context.lease
    )
    for ref, entry in missing.items():
        context.dataloaders.catalog_product.prime(ref, entry, force=True)
    return {ref: StoredProduct(product=entry) for ref, entry in missing.items()}


async def _deleted(context: Context, refs: Sequence[ProductRef]) -> set[ProductRef]:
    """Those that left the catalogue since they were loaded."""
    if not refs:
        return set()
    stored = await stored_products.by_refs(context.workspace, refs)
    gone = set(refs) - set(stored)
    for ref in gone:
        context.dataloaders.catalog_product.prime(ref, None, force=True)
    return gone


def _state_change(before: CatalogProduct, after: CatalogProduct) -> tuple[str, ...]:
    return ("state",) if after.state is not before.state else ()
