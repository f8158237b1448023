"""WooCommerce's product CSV, for its built-in importer: affiliate products, as drafts."""

from domain import moments
from domain.exports import ExportedProduct
from domain.money import discount_percent
from exports.cells import (
    amount_in,
    bare,
    can_be_bought,
    category_names,
    handle,
    html_list,
    line,
    quoted,
)

DRAFT = "-1"
COLUMNS = (
    "Type",
    "SKU",
    "Name",
    "Published",
    "Visibility in catalog",
    "Short description",
    "Description",
    "In stock?",
    "Sale price",
    "Regular price",
    "Categories",
    "Tags",
    "Images",
    "External URL",
    "Button text",
    "Meta: _source_marketplace",
    "Meta: _source_id",
    "Meta: _source_synced_at",
)


def header() -> str:
    """The first row."""
    return line(COLUMNS)


def as_row(product: ExportedProduct, *, currency: str) -> str:
    """One product. Prices of another currency than the shop's are left empty."""
    source, offer = product.source, product.source.offer
    is_reduced = discount_percent(offer.price, offer.list_price) > 0
    regular = offer.list_price if is_reduced else offer.price
    sale = offer.price if is_reduced else None
    cells = (
        "external",
        handle(product),
        source.title,
        DRAFT,
        "visible",
        product.disclosure,
        html_list(source.features),
        "1" if can_be_bought(product) else "0",
        amount_in(currency, sale),
        amount_in(currency, regular),
        _categories(product),
        _list_item(product.marketplace_name),
        ", ".join(image.url.replace(",", "%2C") for image in product.images),
        product.affiliate_url or source.url,
        f"View on {product.marketplace_name}",
        source.ref.marketplace,
        source.ref.external_id,
        moments.shown(product.entry.synced_at),
    )
    return line([cell if cell == DRAFT else quoted(cell) for cell in cells])


def _categories(product: ExportedProduct) -> str:
    return " > ".join(_list_item(bare(name)) for name in category_names(product))


def _list_item(name: str) -> str:
    """A comma and a > inside a name would begin another one."""
    return name.replace(",", "\\,").replace(">", "-")
