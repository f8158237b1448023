"""Shopify's product CSV: draft products, in the admin's present header or the older one.

Columns are matched by name; a column that is not there leaves the shop's value alone, so only those
that carry data are written. Further pictures are rows with nothing but handle, picture and place.
"""

from dataclasses import dataclass

from domain.exports import ExportedProduct
from domain.money import Money
from exports.cells import amount_in, bare, category_names, handle, html_list, line

LINK_COLUMN = "Affiliate URL (product.metafields.custom.affiliate_url)"
# Column of the present header, column of the older one.
COLUMNS = (
    ("Title", "Title"),
    ("URL handle", "Handle"),
    ("Description", "Body (HTML)"),
    ("Vendor", "Vendor"),
    ("Type", "Type"),
    ("Tags", "Tags"),
    ("Published on online store", "Published"),
    ("Status", "Status"),
    ("SKU", "Variant SKU"),
    ("Option1 name", "Option1 Name"),
    ("Option1 value", "Option1 Value"),
    ("Price", "Variant Price"),
    ("Compare-at price", "Variant Compare At Price"),
    ("Cost per item", "Cost per item"),
    ("Requires shipping", "Variant Requires Shipping"),
    ("Fulfillment service", "Variant Fulfillment Service"),
    ("Gift card", "Gift Card"),
    ("Charge tax", "Variant Taxable"),
    ("Product image URL", "Image Src"),
    ("Image position", "Image Position"),
    ("Image alt text", "Image Alt Text"),
    (LINK_COLUMN, LINK_COLUMN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Which of the two headers to write."""

    is_legacy: bool = False

    def text(self) -> str:
        """The first row."""
        return line([old if self.is_legacy else new for new, old in COLUMNS])

    @property
    def draft(self) -> str:
        """The older header has its states in small letters."""
        return "draft" if self.is_legacy else "Draft"


def as_rows(product: ExportedProduct, header: Header, *, currency: str) -> str:
    """One product: a row, and one more for each further picture.

    It is sold at the publisher's selling price, else at the source's. Prices of another currency
    than the shop's are left empty.
    """
    rows = [_first_row(product, header, currency)]
    for place, image in enumerate(product.images[1:], start=2):
        rows.append(
            {"URL handle": handle(product), "Product image URL": image.url}
            | {"Image position": str(place)}
        )
    return "".join(line([row.get(name, "") for name, _ in COLUMNS]) for row in rows)


def _first_row(product: ExportedProduct, header: Header, currency: str) -> dict[str, str]:
    source, offer = product.source, product.source.offer
    price = product.entry.selling_price or offer.price
    names = [bare(name).replace(",", "") for name in category_names(product)]
    row = {
        "Title": bare(source.title),
        "URL handle": handle(product),
        "Description": html_list(source.features),
        "Vendor": bare(_vendor(product)),
        "Type": names[-1] if names else "",
        "Tags": ", ".join([product.marketplace_name, *names]),
        "Published on online store": "FALSE",
        "Status": header.draft,
        "SKU": handle(product),
        "Option1 name": "Title",
        "Option1 value": "Default Title",
        "Price": amount_in(currency, price),
        "Compare-at price": amount_in(currency, _higher(offer.list_price, price)),
        "Cost per item": amount_in(currency, offer.price),
        "Requires shipping": "TRUE",
        "Fulfillment service": "manual",
        "Gift card": "FALSE",
        "Charge tax": "TRUE",
        LINK_COLUMN: product.affiliate_url,
    }
    if product.images:
        row |= {"Product image URL": product.images[0].url, "Image position": "1"}
        row["Image alt text"] = bare(source.title)[:500]
    return row


def _vendor(product: ExportedProduct) -> str:
    source = product.source
    shop = source.seller.name if source.seller else None
    return source.brand or shop or product.marketplace_name


def _higher(list_price: Money | None, price: Money | None) -> Money | None:
    """The list price where it is above the price."""
    if list_price is None or price is None or list_price.currency != price.currency:
        return None
    return list_price if list_price.amount > price.amount else None
