"""What mutations answer: the thing, and expected failures beside it."""

import strawberry

from schema.errors import UserError
from schema.failures import BULK_ERRORS, ERRORS, payload
from schema.marketplaces import Marketplace
from schema.products import AffiliateLink, Product

START = "Where it begins in the text, in characters (code points) from 0; null without a text."
END = "Where it ends in the text: the first character behind it."
WORDS = "What stands there in the text."


@strawberry.type(description="Answer of connectMarketplace.")
class ConnectMarketplacePayload:
    marketplace: Marketplace | None = strawberry.field(
        description="With its new status; null when nothing was stored."
    )
    errors: list[UserError] = strawberry.field(description=ERRORS)
    warnings: list[str] = strawberry.field(
        default_factory=list,
        description="What was stored all the same, but looks wrong; `health` has it as well.",
    )


@payload("Answer of disconnectMarketplace.")
class DisconnectMarketplacePayload:
    marketplace: Marketplace | None = strawberry.field(description="Without credentials now.")


@strawberry.type(description="Answer of verifyMarketplace.")
class VerifyMarketplacePayload:
    marketplace: Marketplace | None = strawberry.field(description="With its new health.")
    errors: list[UserError] = strawberry.field(
        description="What the marketplace refused; `health` says what to do."
    )


@payload("Answer of setRefreshPolicy.")
class SetRefreshPolicyPayload:
    marketplace: Marketplace | None = strawberry.field(description="With its new `refreshPolicy`.")


@strawberry.type(description="Answer of importProduct.")
class ImportProductPayload:
    product: Product | None = strawberry.field(description="As it stands in the catalogue now.")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What became of one row of importProducts.")
class ImportProductResult:
    product: Product | None = strawberry.field(description="As it stands in the catalogue now.")
    errors: list[UserError] = strawberry.field(description=ERRORS)
    start: int | None = strawberry.field(default=None, description=START)
    end: int | None = strawberry.field(default=None, description=END)
    words: str | None = strawberry.field(default=None, description=WORDS)


@payload("Answer of importProducts.", errors=BULK_ERRORS)
class ImportProductsPayload:
    results: list[ImportProductResult] = strawberry.field(
        description="One a row, in the order asked; a bad row never spoils another."
    )


@strawberry.type(description="Answer of updateProduct.")
class UpdateProductPayload:
    product: Product | None = strawberry.field(description="With the new values.")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What became of one row of updateProducts.")
class UpdateProductResult:
    product: Product | None = strawberry.field(description="With the new values.")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@payload("Answer of updateProducts.", errors=BULK_ERRORS)
class UpdateProductsPayload:
    results: list[UpdateProductResult] = strawberry.field(
        description="One a row, in the order asked; a bad row never spoils another."
    )


@strawberry.type(description="Answer of deleteProduct.")
class DeleteProductPayload:
    deleted_id: strawberry.ID | None = strawberry.field(description="What was taken out.")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What became of one row of deleteProducts.")
class DeleteProductResult:
    deleted_id: strawberry.ID | None = strawberry.field(description="What was taken out.")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@payload("Answer of deleteProducts.", errors=BULK_ERRORS)
class DeleteProductsPayload:
    results: list[DeleteProductResult] = strawberry.field(
        description="One a row, in the order asked; a bad row never spoils another."
    )


@strawberry.type(description="What became of one row of restoreProducts.")
class RestoreProductResult:
    product: Product | None = strawberry.field(description="As it stands in the catalogue now.")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@payload("Answer of restoreProducts.", errors=BULK_ERRORS)
class RestoreProductsPayload:
    results: list[RestoreProductResult] = strawberry.field(
        description="One a row, in the order asked; a bad row never spoils another."
    )


@strawberry.type(description="Answer of syncProduct.")
class SyncProductPayload:
    product: Product | None = strawberry.field(description="As it stands in the catalogue now.")
    changed: list[str] = strawberry.field(description="Names of the fields that changed.")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What became of one row of syncProducts.")
class SyncProductResult:
    product: Product | None = strawberry.field(description="As it stands in the catalogue now.")
    changed: list[str] = strawberry.field(description="Names of the fields that changed.")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@payload("Answer of syncProducts.", errors=BULK_ERRORS)
class SyncProductsPayload:
    results: list[SyncProductResult] = strawberry.field(
        description="One a row, in the order asked."
    )


@strawberry.type(description="Answer of generateLink.")
class GenerateLinkPayload:
    affiliate_link: AffiliateLink | None = strawberry.field(description="The stored link.")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What became of one row of generateLinks.")
class GenerateLinkResult:
    affiliate_link: AffiliateLink | None = strawberry.field(description="The stored link.")
    errors: list[UserError] = strawberry.field(description=ERRORS)
    start: int | None = strawberry.field(default=None, description=START)
    end: int | None = strawberry.field(default=None, description=END)
    words: str | None = strawberry.field(default=None, description=WORDS)


@payload("Answer of generateLinks.", errors=BULK_ERRORS)
class GenerateLinksPayload:
    results: list[GenerateLinkResult] = strawberry.field(
        description="One a row, in the order asked."
    )


@strawberry.type(description="Answer of deleteLink.")
class DeleteLinkPayload:
    deleted_id: strawberry.ID | None = strawberry.field(description="What was forgotten.")
    errors: list[UserError] = strawberry.field(description=ERRORS)
