"""Shopify's product CSV, in the admin's present header or the older one.

Columns are matched by name; a column that is not there leaves the shop's value alone, so only those
that carry data are written. Further pictures are rows with nothing but handle, picture and place.
Texts are written as they are: the importer takes no escape of a spreadsheet off.
"""

from domain.exports import ExportedProduct, ExportFacts, LeftOut, Options, Pictures, Published
from domain.money import Money
from domain.products import ProductState
from exports.cells import (
    amount_in,
    category_names,
    condition,
    handle,
    html_list,
    line,
    one_line,
)

PUBLISHED, STATUS = "Published on online store", "Status"
CONDITION = "Google Shopping / Condition"
LINK_COLUMN = "Affiliate URL (product.metafields.custom.affiliate_url)"
# Column of the present header, column of the older one.
COLUMNS = (
    ("Title", "Title"),
    ("URL handle", "Handle"),
    ("Description", "Body (HTML)"),
    ("Vendor", "Vendor"),
    ("Type", "Type"),
    ("Tags", "Tags"),
    (PUBLISHED, "Published"),
    (STATUS, STATUS),
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
    (CONDITION, CONDITION),
    (LINK_COLUMN, LINK_COLUMN),
)


# Status, and whether the online store shows it. KEEP has neither column.
STATUSES = {
    Published.DRAFT: ("Draft", "FALSE"),
    Published.YES: ("Active", "TRUE"),
}
GONE = ("Archived", "FALSE")
LONGEST_TITLE, LONGEST_ALT_TEXT = 255, 500


def header(options: Options) -> str:
    """The first row."""
    return line([old if options.legacy_header else new for new, old in _columns(options)])


def left_out(facts: ExportFacts, *, options: Options) -> LeftOut | None:
    """Why the shop would have something wrong: an empty price is one of 0 there."""
    if facts.state is ProductState.GONE and options.published is Published.KEEP:
        return LeftOut.GONE
    currency = facts.selling_price or facts.price
    if currency is None:
        return LeftOut.NO_PRICE
    return None if currency == options.currency else LeftOut.OTHER_CURRENCY


def as_rows(product: ExportedProduct, *, options: Options) -> str:
    """One product: a row, and one more for each further picture.

    It is sold at the publisher's selling price, else at the source's, which is in the shop's
    currency.
    """
    rows = [_first_row(product, options)]
    further = () if options.pictures is Pictures.FIRST else product.images[1:]
    for place, image in enumerate(further, start=2):
        rows.append(
            {"URL handle": handle(product), "Product image URL": image.url}
            | {"Image position": str(place)}
        )
    columns = _columns(options)
    return "".join(line([row.get(name, "") for name, _ in columns]) for row in rows)


def _columns(options: Options) -> list[tuple[str, str]]:
    is_kept = options.published is Published.KEEP
    return [names for names in COLUMNS if not (is_kept and names[0] in (PUBLISHED, STATUS))]


def _first_row(product: ExportedProduct, options: Options) -> dict[str, str]:
    source, offer = product.source, product.source.offer
    price = _price(product)
    names = [one_line(name).replace(",", "") for name in category_names(product)]
    row = {
        "Title": one_line(source.title)[:LONGEST_TITLE],
        "URL handle": handle(product),
        "Description": html_list(source.features),
        "Vendor": one_line(_vendor(product)),
        "Type": names[-1] if names else "",
        "Tags": ", ".join([product.marketplace_name, *names, *product.entry.tags]),
        "SKU": handle(product),
        "Option1 name": "Title",
        "Option1 value": "Default Title",
        "Price": amount_in(options.currency, price),
        "Compare-at price": amount_in(options.currency, _higher(offer.list_price, price)),
        "Cost per item": amount_in(options.currency, offer.price),
        "Requires shipping": "TRUE",
        "Fulfillment service": "manual",
        "Gift card": "FALSE",
        "Charge tax": "TRUE",
        CONDITION: condition(product),
        LINK_COLUMN: product.affiliate_url,
    }
    if options.published is not Published.KEEP:
        is_gone = product.entry.state is ProductState.GONE
        status, row[PUBLISHED] = GONE if is_gone else STATUSES[options.published]
        row[STATUS] = status.lower() if options.legacy_header else status
    if product.images:
        row |= {"Product image URL": product.images[0].url, "Image position": "1"}
        row["Image alt text"] = one_line(source.title)[:LONGEST_ALT_TEXT]
    return row


def _price(product: ExportedProduct) -> Money | None:
    selling = product.entry.selling_price
    return selling if selling and selling.amount > 0 else product.source.offer.price


def _vendor(product: ExportedProduct) -> str:
    source = product.source
    shop = source.seller.name if source.seller else None
    return source.brand or shop or product.marketplace_name


def _higher(list_price: Money | None, price: Money | None) -> Money | None:
    """The list price where it is above the price."""
    if list_price is None or price is None or list_price.currency != price.currency:
        return None
    return list_price if list_price.amount > price.amount else None
