"""WooCommerce's product CSV, for its built-in importer: affiliate products.

What the importer does with a cell decides how it is written; docs/exports.md says what that is and
where it was read. It takes the apostrophe of a spreadsheet's escape off lists and numbers only. So
a text that a spreadsheet would run has a blank in front: no spreadsheet runs that, and it is taken
off when WordPress saves a name and when the importer reads a list.
"""

import re
from html import unescape

from domain import moments
from domain.exports import ExportedProduct, ExportFacts, LeftOut, Options, Pictures, Published
from domain.money import discount_percent
from domain.products import ProductState
from exports.cells import (
    FORMULA_SIGNS,
    amount_in,
    can_be_bought,
    category_names,
    handle,
    html_list,
    is_ruined,
    line,
    one_line,
)

STATUSES = {Published.DRAFT: "-1", Published.YES: "1"}
PRIVATE = "0"
PUBLISHED = "Published"
COLUMNS = (
    "Type",
    "SKU",
    "Name",
    PUBLISHED,
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
    "Meta: _source_condition",
    "Meta: _source_synced_at",
)
# WordPress prints a name as it is, and takes for HTML what looks like a tag.
TAG = re.compile(r"<(?=[A-Za-z/!?])")


def header(options: Options) -> str:
    """The first row."""
    return line(_columns(options))


def left_out(facts: ExportFacts) -> LeftOut | None:
    """Without the column of the status: what is gone, since nothing could hide it then."""
    return LeftOut.GONE if facts.state is ProductState.GONE else None


def as_row(product: ExportedProduct, *, options: Options) -> str:
    """One product. Prices of another currency than the shop's are left empty."""
    source, offer = product.source, product.source.offer
    is_reduced = discount_percent(offer.price, offer.list_price) > 0
    regular = offer.list_price if is_reduced else offer.price
    sale = offer.price if is_reduced else None
    pictures = product.images[:1] if options.pictures is Pictures.FIRST else product.images
    condition = product.entry.source.offer.condition
    values = (
        "external",
        handle(product),
        _as_html(one_line(source.title)),
        _status(product, options),
        "visible",
        product.disclosure,
        html_list(source.features).replace("\\", "&#92;"),  # "\n" would be a line break
        "1" if can_be_bought(product) else "0",
        amount_in(options.currency, sale),
        amount_in(options.currency, regular),
        " > ".join(_list_item(one_line(name)) for name in category_names(product)),
        ", ".join(map(_list_item, [product.marketplace_name, *product.entry.tags])),
        ", ".join(image.url.replace(",", "%2C") for image in pictures),
        product.affiliate_url or source.url,
        f"View on {product.marketplace_name}",
        source.ref.marketplace,
        _meta(source.ref.external_id),
        condition.value.lower() if condition else "",
        moments.shown(product.entry.synced_at),
    )
    cells = dict(zip(COLUMNS, values, strict=True))
    return line([_safe(name, cells[name]) for name in _columns(options)])


def _columns(options: Options) -> list[str]:
    is_kept = options.published is Published.KEEP
    return [name for name in COLUMNS if not (is_kept and name == PUBLISHED)]


def _status(product: ExportedProduct, options: Options) -> str:
    """An external product has no stock: what is gone has to be hidden."""
    if product.entry.state is ProductState.GONE:
        return PRIVATE
    return STATUSES.get(options.published, "")


def _safe(column: str, text: str) -> str:
    return f" {text}" if column != PUBLISHED and text.startswith(FORMULA_SIGNS) else text


def _as_html(text: str) -> str:
    if unescape(text) != text:  # "&copy" would be a sign
        text = text.replace("&", "&amp;")
    return TAG.sub("&lt;", text).replace("\\", "&#92;")  # a backslash is dropped at saving


def _meta(text: str) -> str:
    """An empty tag keeps a long number a text; the importer takes it away (wp_kses_post)."""
    return f"<>{text}" if is_ruined(text) else text


def _list_item(name: str) -> str:
    """A comma and a > inside a name would begin another one."""
    return name.replace(",", "\\,").replace(">", "-")
