"""Mutation: each field hands over to a resolver; what it raises, schema/failures.py tells.

A mutation of many products is that of one product with more rows: a row carries its own error.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated, Protocol, TypeVar

import strawberry

from domain.api_keys import Scope
from domain.exceptions import InvalidInput
from resolvers import idempotency, imports, links, marketplaces, products, refresh
from resolvers.lookups import RefOrError
from resolvers.rows import Row
from schema import ids
from schema.api_keys import ApiKeyMutations
from schema.errors import UserError, user_errors
from schema.export_mutations import ExportMutations
from schema.failures import mutation
from schema.inputs import (
    ConnectMarketplaceInput,
    DeleteLinkInput,
    DeleteProductInput,
    DeleteProductsInput,
    DisconnectMarketplaceInput,
    GenerateLinkInput,
    GenerateLinksInput,
    ImportProductInput,
    ImportProductsInput,
    RestoreProductsInput,
    SyncProductInput,
    SyncProductsInput,
    VerifyMarketplaceInput,
)
from schema.job_mutations import JobMutations
from schema.marketplaces import Marketplace, SetRefreshPolicyInput
from schema.naming import (
    IDS,
    PRODUCTS,
    Path,
    link_key,
    named_by,
    place_of,
    ref_of,
    ref_of_id,
    ref_of_lookup,
    row_paths,
)
from schema.node import Info
from schema.outcomes import link_of, product_of
from schema.payloads import (
    ConnectMarketplacePayload,
    DeleteLinkPayload,
    DeleteProductPayload,
    DeleteProductResult,
    DeleteProductsPayload,
    DisconnectMarketplacePayload,
    GenerateLinkPayload,
    GenerateLinkResult,
    GenerateLinksPayload,
    ImportProductPayload,
    ImportProductResult,
    ImportProductsPayload,
    RestoreProductResult,
    RestoreProductsPayload,
    SetRefreshPolicyPayload,
    SyncProductPayload,
    SyncProductResult,
    SyncProductsPayload,
    UpdateProductPayload,
    UpdateProductResult,
    UpdateProductsPayload,
    VerifyMarketplacePayload,
)
from schema.publisher_fields import UpdateProductInput, UpdateProductsInput, publisher_fields
from schema.watches import WatchMutations
from schema.webhook_mutations import WebhookMutations

T = TypeVar("T")
INPUT, ID, PRODUCT = ("input",), ("input", "id"), ("input", "product")
What = strawberry.argument(description="What to do.")


class Repeatable(Protocol):
    """An input that may be sent twice to have one effect."""

    idempotency_key: str | None


@strawberry.type(description="Everything that changes something. Fields run one after another.")
class Mutation(ApiKeyMutations, ExportMutations, JobMutations, WatchMutations, WebhookMutations):
    @mutation(
        Scope.SETTINGS,
        description="Store credentials of one marketplace, sealed. The status changes at once; "
        "verifyMarketplace tells whether they work.",
    )
    async def connect_marketplace(
        self, info: Info, input: Annotated[ConnectMarketplaceInput, What]
    ) -> ConnectMarketplacePayload:
        marketplace = input.marketplace.value
        credentials = [(field.name, field.value) for field in input.credentials]
        if input.use_sandbox_credentials:
            credentials = marketplaces.sandbox_credentials(
                info.context, marketplace, input.locale, credentials
            )
        connected = await marketplaces.connect(info.context, marketplace, input.locale, credentials)
        return ConnectMarketplacePayload(
            marketplace=Marketplace.of(connected), errors=[], warnings=list(connected.warnings)
        )

    @mutation(
        Scope.SETTINGS,
        description="Erase the stored credentials of one marketplace. Products and links stay.",
    )
    async def disconnect_marketplace(
        self, info: Info, input: Annotated[DisconnectMarketplaceInput, What]
    ) -> DisconnectMarketplacePayload:
        connected = await marketplaces.disconnect(
            info.context, input.marketplace.value, input.locale
        )
        return DisconnectMarketplacePayload(marketplace=Marketplace.of(connected))

    @mutation(
        Scope.SETTINGS,
        description="Makes the cheapest real calls that prove the credentials, and updates "
        "`health`.",
    )
    async def verify_marketplace(
        self, info: Info, input: Annotated[VerifyMarketplaceInput, What]
    ) -> VerifyMarketplacePayload:
        connected, failure = await marketplaces.verify(
            info.context, input.marketplace.value, input.locale
        )
        return VerifyMarketplacePayload(
            marketplace=Marketplace.of(connected), errors=user_errors(failure)
        )

    @mutation(
        Scope.SETTINGS,
        description="Set how many calls a day keep the products of a marketplace fresh by "
        "themselves, or that none does.",
    )
    async def set_refresh_policy(
        self, info: Info, input: Annotated[SetRefreshPolicyInput, What]
    ) -> SetRefreshPolicyPayload:
        connected = await refresh.set_calls(
            info.context, input.marketplace.value, input.locale, input.calls_per_day
        )
        return SetRefreshPolicyPayload(marketplace=Marketplace.of(connected))

    @mutation(
        Scope.IMPORT,
        description="Fetch a product and keep it in the catalogue. Importing it again refreshes "
        "it.",
    )
    async def import_product(
        self, info: Info, input: Annotated[ImportProductInput, What]
    ) -> ImportProductPayload:
        refs = [ref_of_lookup(input.product, PRODUCT)]
        [row] = await _rows(
            info, input, "import", lambda: imports.import_products(info.context, refs), PRODUCT
        )
        product, errors = await product_of(info, row)
        return ImportProductPayload(product=product, errors=errors)

    @mutation(
        Scope.IMPORT,
        description="Import up to 250 products; they share marketplace calls.",
    )
    async def import_products(
        self, info: Info, input: Annotated[ImportProductsInput, What]
    ) -> ImportProductsPayload:
        named = await named_by(input)

        async def run() -> list[Row]:
            return named.placed(await imports.import_products(info.context, named.refs))

        rows = await _rows(info, input, "import", run, named.path)
        products_of_rows = await _all(product_of, info, rows)
        return ImportProductsPayload(
            results=[
                ImportProductResult(product=product, errors=errors, **place_of(row, input))
                for row, (product, errors) in zip(rows, products_of_rows, strict=True)
            ],
        )

    @mutation(
        Scope.IMPORT,
        description="Set the publisher's own fields of a catalogue product; every sync keeps them.",
    )
    async def update_product(
        self, info: Info, input: Annotated[UpdateProductInput, What]
    ) -> UpdateProductPayload:
        change = ref_of(input.id, ID), publisher_fields(input, INPUT)
        [row] = await products.change(info.context, [change])
        at = (*INPUT, "addTags") if isinstance(row.error, InvalidInput) else ID
        product, errors = await product_of(info, _placed(row, at))
        return UpdateProductPayload(product=product, errors=errors)

    @mutation(
        Scope.IMPORT,
        description="Set the publisher's own fields of up to 250 catalogue products.",
    )
    async def update_products(
        self, info: Info, input: Annotated[UpdateProductsInput, What]
    ) -> UpdateProductsPayload:
        changes = list(map(_change, input.products, row_paths("products", input.products)))
        rows = await _rows(
            info, input, "update", lambda: products.change(info.context, changes), PRODUCTS
        )
        return UpdateProductsPayload(
            results=[
                UpdateProductResult(product=product, errors=errors)
                for product, errors in await _all(product_of, info, rows)
            ],
        )

    @mutation(
        Scope.IMPORT,
        description="Take a product out of the catalogue. Its links stay. For a day "
        "restoreProducts puts it back.",
    )
    async def delete_product(
        self, info: Info, input: Annotated[DeleteProductInput, What]
    ) -> DeleteProductPayload:
        [row] = await products.delete(info.context, [ref_of(input.id, ID)])
        deleted_id, errors = _deleted(_placed(row, ID))
        return DeleteProductPayload(deleted_id=deleted_id, errors=errors)

    @mutation(
        Scope.IMPORT,
        description="Take up to 250 products out of the catalogue. Their links stay. For a day "
        "restoreProducts puts them back.",
    )
    async def delete_products(
        self, info: Info, input: Annotated[DeleteProductsInput, What]
    ) -> DeleteProductsPayload:
        refs = list(map(ref_of_id, input.ids, row_paths("ids", input.ids)))
        rows = await _rows(info, input, "delete", lambda: products.delete(info.context, refs), IDS)
        return DeleteProductsPayload(
            results=[
                DeleteProductResult(deleted_id=deleted_id, errors=errors)
                for deleted_id, errors in map(_deleted, rows)
            ],
        )

    @mutation(
        Scope.IMPORT,
        description="Put back up to 250 products that were deleted within the last day, with "
        "notes, selling prices and price history. One that was imported again meanwhile stays as "
        "it is.",
    )
    async def restore_products(
        self, info: Info, input: Annotated[RestoreProductsInput, What]
    ) -> RestoreProductsPayload:
        refs = list(map(ref_of_id, input.ids, row_paths("ids", input.ids)))
        rows = await _rows(
            info, input, "restore", lambda: products.restore(info.context, refs), IDS
        )
        return RestoreProductsPayload(
            results=[
                RestoreProductResult(product=product, errors=errors)
                for product, errors in await _all(product_of, info, rows)
            ],
        )

    @mutation(
        Scope.SYNC,
        description="Sync from Source: fetch the live data of a catalogue product anew. Selling "
        "price and notes stay.",
    )
    async def sync_product(
        self, info: Info, input: Annotated[SyncProductInput, What]
    ) -> SyncProductPayload:
        refs = [ref_of_id(input.id, ID)]
        [row] = await _rows(
            info, input, "sync", lambda: imports.sync_products(info.context, refs), ID
        )
        product, errors = await product_of(info, row)
        return SyncProductPayload(product=product, changed=list(row.changed), errors=errors)

    @mutation(
        Scope.SYNC,
        description="Sync up to 250 products; they share marketplace calls.",
    )
    async def sync_products(
        self, info: Info, input: Annotated[SyncProductsInput, What]
    ) -> SyncProductsPayload:
        refs = list(map(ref_of_id, input.ids, row_paths("ids", input.ids)))
        rows = await _rows(
            info, input, "sync", lambda: imports.sync_products(info.context, refs), IDS
        )
        products_of_rows = await _all(product_of, info, rows)
        return SyncProductsPayload(
            results=[
                SyncProductResult(product=product, changed=list(row.changed), errors=errors)
                for row, (product, errors) in zip(rows, products_of_rows, strict=True)
            ],
        )

    @mutation(
        Scope.LINK,
        description="Make, check and store a tracked link. Made again for the same product, "
        "tracking id and sub id it replaces the stored one.",
    )
    async def generate_link(
        self, info: Info, input: Annotated[GenerateLinkInput, What]
    ) -> GenerateLinkPayload:
        refs = [ref_of_lookup(input.product, PRODUCT)]
        [row] = await _rows(info, input, "link", lambda: _generate(info, refs, input), PRODUCT)
        link, errors = await link_of(info, row)
        return GenerateLinkPayload(affiliate_link=link, errors=errors)

    @mutation(
        Scope.LINK,
        description="Make up to 250 links; they share marketplace calls.",
    )
    async def generate_links(
        self, info: Info, input: Annotated[GenerateLinksInput, What]
    ) -> GenerateLinksPayload:
        named = await named_by(input)

        async def run() -> list[Row]:
            return named.placed(await _generate(info, named.refs, input))

        rows = await _rows(info, input, "link", run, named.path)
        links_of_rows = await _all(link_of, info, rows)
        return GenerateLinksPayload(
            results=[
                GenerateLinkResult(affiliate_link=link, errors=errors, **place_of(row, input))
                for row, (link, errors) in zip(rows, links_of_rows, strict=True)
            ],
        )

    @mutation(
        Scope.LINK,
        description="Forget a stored link. At the marketplace it goes on earning wherever it "
        "stands.",
    )
    async def delete_link(
        self, info: Info, input: Annotated[DeleteLinkInput, What]
    ) -> DeleteLinkPayload:
        keys = [link_key(input.id, ID)]
        [row] = await _rows(
            info, input, "delete link", lambda: links.delete(info.context, keys), ID
        )
        deleted_id, errors = _deleted(row)
        return DeleteLinkPayload(deleted_id=deleted_id, errors=errors)


def _change(input: UpdateProductInput, path: Path) -> products.ChangeOrError:
    try:
        return ref_of(input.id, (*path, "id")), publisher_fields(input, path)
    except InvalidInput as error:
        return error


async def _generate(
    info: Info, refs: Sequence[RefOrError], input: GenerateLinkInput | GenerateLinksInput
) -> list[Row]:
    return await links.generate(
        info.context, refs, tracking_id=input.tracking_id, sub_id=input.sub_id
    )


async def _rows(
    info: Info,
    input: Repeatable,
    operation: str,
    run: Callable[[], Awaitable[list[Row]]],
    path: Path,
) -> list[Row]:
    """What `run` made of each row, once for an idempotency key.

    An error that names no field is about `path`: its element, where that is a list.
    """
    rows = await idempotency.once(
        info.context,
        input.idempotency_key,
        operation=operation,
        input_text=idempotency.raw(input),
        run=run,
    )
    is_list = path in (IDS, PRODUCTS)
    return [
        _placed(row, (*path, str(number)) if is_list else path) for number, row in enumerate(rows)
    ]


def _placed(row: Row, path: Path) -> Row:
    if row.error is None or row.error.path:
        return row
    return replace(row, error=row.error.at(path))


async def _all(
    read: Callable[[Info, Row], Awaitable[tuple[T, list[UserError]]]],
    info: Info,
    rows: Sequence[Row],
) -> list[tuple[T, list[UserError]]]:
    """What `read` makes of each row; all rows are read from the storage together."""
    return await asyncio.gather(*(read(info, row) for row in rows))


def _deleted(row: Row) -> tuple[strawberry.ID | None, list[UserError]]:
    """The id of what was deleted, and what went wrong."""
    if row.link is not None:
        return ids.of_link(row.link), user_errors(row.error)
    return ids.of_product(row.ref) if row.ref else None, user_errors(row.error)
