"""What became of a row, as the graph shows it."""

from domain.exceptions import NotFound
from resolvers.products import Listing
from resolvers.rows import Row
from schema.errors import UserError, user_errors
from schema.node import Info
from schema.products import AffiliateLink, Product


async def product_of(info: Info, row: Row) -> tuple[Product | None, list[UserError]]:
    """The catalogue's product and what went wrong. A replayed answer's product may be deleted."""
    if row.ref is None:
        return None, user_errors(row.error)
    entry = await info.context.dataloaders.catalog_product.load(row.ref)
    if entry is None:
        return None, user_errors(NotFound("This product was deleted from the catalogue since."))
    return Product.of(Listing.of(entry)), user_errors(row.error)


async def link_of(info: Info, row: Row) -> tuple[AffiliateLink | None, list[UserError]]:
    """The stored link and what went wrong."""
    link = await info.context.dataloaders.stored_link.load(row.link) if row.link else None
    return AffiliateLink.of(link) if link else None, user_errors(row.error)
