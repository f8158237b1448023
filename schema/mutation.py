"""Mutation: each field hands over to a resolver. Expected failures are data in the payload.

Every field starts with empty dataloaders: what an earlier field of the same request loaded may be
what this one is about to change.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated, Protocol, TypeVar

import strawberry
from strawberry import UNSET

from domain.api_keys import Scope
from domain.catalog import PublisherFields, Unchanged
from domain.exceptions import AffiliateGraphError, InvalidInput, NotFound
from domain.products import ProductRef
from resolvers import idempotency, imports, links, lookups, marketplaces, products
from resolvers.lookups import Wanted
from resolvers.rows import Row
from schema import ids
from schema.access import MutationNeeds
from schema.api_keys import ApiKeyMutations
from schema.errors import UserError, user_errors
from schema.inputs import (
    ConnectMarketplaceInput,
    DeleteProductInput,
    DisconnectMarketplaceInput,
    GenerateLinkInput,
    GenerateLinksInput,
    ImportProductInput,
    ImportProductsInput,
    ProductLookup,
    SyncProductInput,
    SyncProductsInput,
    UpdateProductInput,
    VerifyMarketplaceInput,
)
from schema.marketplaces import Marketplace
from schema.node import Info
from schema.payloads import (
    ConnectMarketplacePayload,
    DeleteProductPayload,
    DisconnectMarketplacePayload,
    GenerateLinkPayload,
    GenerateLinkResult,
    GenerateLinksPayload,
    ImportProductPayload,
    ImportProductResult,
    ImportProductsPayload,
    SyncProductPayload,
    SyncProductResult,
    SyncProductsPayload,
    UpdateProductPayload,
    VerifyMarketplacePayload,
)
from schema.products import AffiliateLink, Product

T = TypeVar("T")
MAX_NOTES_LENGTH = 10_000
# Control characters but tab, line feed and carriage return; half characters.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
Run = Callable[[], Awaitable[list[Row]]]
What = strawberry.argument(description="What to do.")


class Repeatable(Protocol):
    """An input that may be sent twice to have one effect."""

    idempotency_key: str | None


@strawberry.type(description="Everything that changes something. Fields run one after another.")
class Mutation(ApiKeyMutations):
    @strawberry.mutation(
        description="Store credentials of one marketplace, sealed. The status changes at once; "
        "verifyMarketplace tells whether they work.",
        extensions=[MutationNeeds(Scope.SETTINGS)],
    )
    async def connect_marketplace(
        self, info: Info, input: Annotated[ConnectMarketplaceInput, What]
    ) -> ConnectMarketplacePayload:
        info.context.forget_loaded()
        given = [(field.name, field.value) for field in input.credentials]
        try:
            connected = await marketplaces.connect(
                info.context, input.marketplace.value, input.locale, given
            )
        except AffiliateGraphError as error:
            return ConnectMarketplacePayload(marketplace=None, errors=user_errors(error))
        return ConnectMarketplacePayload(marketplace=Marketplace.of(connected), errors=[])

    @strawberry.mutation(
        description="Erase the stored credentials of one marketplace. Products and links stay.",
        extensions=[MutationNeeds(Scope.SETTINGS)],
    )
    async def disconnect_marketplace(
        self, info: Info, input: Annotated[DisconnectMarketplaceInput, What]
    ) -> DisconnectMarketplacePayload:
        info.context.forget_loaded()
        try:
            connected = await marketplaces.disconnect(
                info.context, input.marketplace.value, input.locale
            )
        except AffiliateGraphError as error:
            return DisconnectMarketplacePayload(marketplace=None, errors=user_errors(error))
        return DisconnectMarketplacePayload(marketplace=Marketplace.of(connected), errors=[])

    @strawberry.mutation(
        description="Makes the cheapest real calls that prove the credentials, and updates "
        "`health`.",
        extensions=[MutationNeeds(Scope.SETTINGS)],
    )
    async def verify_marketplace(
        self, info: Info, input: Annotated[VerifyMarketplaceInput, What]
    ) -> VerifyMarketplacePayload:
        info.context.forget_loaded()
        try:
            connected, failure = await marketplaces.verify(
                info.context, input.marketplace.value, input.locale
            )
        except AffiliateGraphError as error:
            return VerifyMarketplacePayload(marketplace=None, errors=user_errors(error))
        return VerifyMarketplacePayload(
            marketplace=Marketplace.of(connected), errors=user_errors(failure)
        )

    @strawberry.mutation(
        description="Fetch a product and keep it in the catalogue. Importing it again refreshes "
        "it.",
        extensions=[MutationNeeds(Scope.IMPORT)],
    )
    async def import_product(
        self, info: Info, input: Annotated[ImportProductInput, What]
    ) -> ImportProductPayload:
        wanted = [_wanted(input.product, ("input", "product"))]
        row = await _row(
            info,
            input,
            "import",
            lambda: imports.import_products(info.context, wanted),
            at=("input", "product"),
        )
        product, errors = await _shown(info, row)
        return ImportProductPayload(product=product, errors=errors)

    @strawberry.mutation(
        description="Import up to 250 products; they share marketplace calls.",
        extensions=[MutationNeeds(Scope.IMPORT)],
    )
    async def import_products(
        self, info: Info, input: Annotated[ImportProductsInput, What]
    ) -> ImportProductsPayload:
        wanted = _all_wanted(input.products)
        rows = await _rows(
            info,
            input,
            "import",
            lambda: imports.import_products(info.context, wanted),
            at=("input", "products"),
        )
        return ImportProductsPayload(
            results=[
                ImportProductResult(product=product, errors=errors)
                for product, errors in await _all(_shown, info, rows)
            ]
        )

    @strawberry.mutation(
        description="Set the publisher's own fields of a catalogue product; every sync keeps them.",
        extensions=[MutationNeeds(Scope.IMPORT)],
    )
    async def update_product(
        self, info: Info, input: Annotated[UpdateProductInput, What]
    ) -> UpdateProductPayload:
        info.context.forget_loaded()
        try:
            listing = await products.change(
                info.context, _ref(input.id, ("input", "id")), _publisher_fields(input)
            )
        except AffiliateGraphError as error:
            return UpdateProductPayload(product=None, errors=user_errors(error))
        return UpdateProductPayload(product=Product.of(listing), errors=[])

    @strawberry.mutation(
        description="Take a product out of the catalogue. Its links stay.",
        extensions=[MutationNeeds(Scope.IMPORT)],
    )
    async def delete_product(
        self, info: Info, input: Annotated[DeleteProductInput, What]
    ) -> DeleteProductPayload:
        info.context.forget_loaded()
        try:
            await products.delete(info.context, _ref(input.id, ("input", "id")))
        except AffiliateGraphError as error:
            return DeleteProductPayload(deleted_id=None, errors=user_errors(error))
        return DeleteProductPayload(deleted_id=input.id, errors=[])

    @strawberry.mutation(
        description="Sync from Source: fetch the live data of a catalogue product anew. Selling "
        "price and notes stay.",
        extensions=[MutationNeeds(Scope.SYNC)],
    )
    async def sync_product(
        self, info: Info, input: Annotated[SyncProductInput, What]
    ) -> SyncProductPayload:
        wanted = [_ref_or_error(input.id, ("input", "id"))]
        row = await _row(
            info,
            input,
            "sync",
            lambda: imports.sync_products(info.context, wanted),
            at=("input", "id"),
        )
        product, errors = await _shown(info, row)
        return SyncProductPayload(product=product, changed=list(row.changed), errors=errors)

    @strawberry.mutation(
        description="Sync up to 250 products; they share marketplace calls.",
        extensions=[MutationNeeds(Scope.SYNC)],
    )
    async def sync_products(
        self, info: Info, input: Annotated[SyncProductsInput, What]
    ) -> SyncProductsPayload:
        lookups.limit_rows(len(input.ids), path=("input", "ids"))
        wanted = [_ref_or_error(id, ("input", "ids", str(row))) for row, id in enumerate(input.ids)]
        rows = await _rows(
            info,
            input,
            "sync",
            lambda: imports.sync_products(info.context, wanted),
            at=("input", "ids"),
        )
        shown = zip(rows, await _all(_shown, info, rows), strict=True)
        return SyncProductsPayload(
            results=[
                SyncProductResult(product=product, changed=list(row.changed), errors=errors)
                for row, (product, errors) in shown
            ]
        )

    @strawberry.mutation(
        description="Make, check and store a tracked link. Made again for the same product, "
        "tracking id and sub id it replaces the stored one.",
        extensions=[MutationNeeds(Scope.LINK)],
    )
    async def generate_link(
        self, info: Info, input: Annotated[GenerateLinkInput, What]
    ) -> GenerateLinkPayload:
        wanted = [_wanted(input.product, ("input", "product"))]
        row = await _row(
            info,
            input,
            "link",
            lambda: _generate(info, wanted, input),
            at=("input", "product"),
        )
        link, errors = await _linked(info, row)
        return GenerateLinkPayload(affiliate_link=link, errors=errors)

    @strawberry.mutation(
        description="Make up to 250 links; they share marketplace calls.",
        extensions=[MutationNeeds(Scope.LINK)],
    )
    async def generate_links(
        self, info: Info, input: Annotated[GenerateLinksInput, What]
    ) -> GenerateLinksPayload:
        wanted = _all_wanted(input.products)
        rows = await _rows(
            info,
            input,
            "link",
            lambda: _generate(info, wanted, input),
            at=("input", "products"),
        )
        return GenerateLinksPayload(
            results=[
                GenerateLinkResult(affiliate_link=link, errors=errors)
                for link, errors in await _all(_linked, info, rows)
            ]
        )


def _wanted(lookup: ProductLookup, path: tuple[str, ...]) -> Wanted:
    try:
        return lookups.find(lookup.record(), path=path)
    except AffiliateGraphError as error:
        return error


def _all_wanted(given: Sequence[ProductLookup]) -> list[Wanted]:
    path = ("input", "products")
    lookups.limit_rows(len(given), path=path)
    return [_wanted(lookup, (*path, str(row))) for row, lookup in enumerate(given)]


def _ref(id: str, path: tuple[str, ...]) -> ProductRef:
    try:
        return lookups.checked(ids.product_ref(id))
    except InvalidInput as error:
        raise error.at(path) from error


def _ref_or_error(id: str, path: tuple[str, ...]) -> Wanted:
    try:
        return _ref(id, path)
    except InvalidInput as error:
        return error


def _publisher_fields(input: UpdateProductInput) -> PublisherFields:
    notes = Unchanged.UNCHANGED if input.notes is UNSET else _notes(input.notes)
    if input.selling_price is UNSET:
        return PublisherFields(notes=notes)
    price = input.selling_price
    selling = price.record(("input", "sellingPrice")) if price else None
    return PublisherFields(selling_price=selling, notes=notes)


def _notes(text: str | None) -> str | None:
    at = ("input", "notes")
    if text is not None and len(text) > MAX_NOTES_LENGTH:
        raise InvalidInput(f"Notes hold at most {MAX_NOTES_LENGTH} characters.", path=at)
    if text is not None and UNSTORABLE.search(text):
        raise InvalidInput(
            "Notes hold no control characters but tabs and line breaks. Take them out.", path=at
        )
    return text


async def _generate(
    info: Info, wanted: Sequence[Wanted], input: GenerateLinkInput | GenerateLinksInput
) -> list[Row]:
    return await links.generate(
        info.context, wanted, tracking_id=input.tracking_id, sub_id=input.sub_id
    )


async def _once(info: Info, input: Repeatable, operation: str, run: Run) -> list[Row]:
    info.context.forget_loaded()
    return await idempotency.once(
        info.context,
        input.idempotency_key,
        operation=operation,
        given=idempotency.raw(input),
        run=run,
    )


async def _rows(
    info: Info, input: Repeatable, operation: str, run: Run, *, at: tuple[str, ...]
) -> list[Row]:
    """The rows of a bulk mutation. An error that names no field is about its row of `at`."""
    rows = await _once(info, input, operation, run)
    return [_placed(row, (*at, str(number))) for number, row in enumerate(rows)]


async def _row(
    info: Info, input: Repeatable, operation: str, run: Run, *, at: tuple[str, ...]
) -> Row:
    """The row of a mutation for one product. An error that names no field is about `at`."""
    try:
        [row] = await _once(info, input, operation, run)
    except AffiliateGraphError as error:
        return Row(error=error)
    return _placed(row, at)


def _placed(row: Row, at: tuple[str, ...]) -> Row:
    if row.error is None or row.error.path:
        return row
    return replace(row, error=row.error.at(at))


async def _all(
    show: Callable[[Info, Row], Awaitable[tuple[T, list[UserError]]]],
    info: Info,
    rows: Sequence[Row],
) -> list[tuple[T, list[UserError]]]:
    """What `show` makes of each row; all rows are read from the storage together."""
    return await asyncio.gather(*(show(info, row) for row in rows))


async def _shown(info: Info, row: Row) -> tuple[Product | None, list[UserError]]:
    """The catalogue's product and what went wrong. A replayed answer's product may be deleted."""
    if row.ref is None:
        return None, user_errors(row.error)
    entry = await info.context.dataloaders.catalog_product.load(row.ref)
    if entry is None:
        return None, user_errors(NotFound("This product was deleted from the catalogue since."))
    return Product.of_entry(entry), user_errors(row.error)


async def _linked(info: Info, row: Row) -> tuple[AffiliateLink | None, list[UserError]]:
    """The stored link and what went wrong."""
    link = await info.context.dataloaders.stored_link.load(row.link) if row.link else None
    return AffiliateLink.of(link) if link else None, user_errors(row.error)
