"""Google Merchant product data as tab-separated text, for products sold in the user's own shop.

Only what has a selling price of the user's and a picture that may be copied is written: Google asks
for both, and compares the price with the shop's page.
"""

from domain.exports import ExportedProduct
from domain.money import Money
from exports.cells import bare, can_be_bought, category_names, handle, line

LONGEST_ID, LONGEST_TITLE, LONGEST_DESCRIPTION, MOST_PICTURES = 50, 150, 5000, 10
HANDLE = "{handle}"
COLUMNS = (
    "id",
    "title",
    "description",
    "link",
    "image_link",
    "additional_image_link",
    "availability",
    "price",
    "condition",
    "brand",
    "identifier_exists",
    "product_type",
)


def header() -> str:
    """The first row."""
    return line(COLUMNS, delimiter="\t")


def as_row(product: ExportedProduct, *, link_template: str) -> str:
    """One product, or "" for one that Google would refuse."""
    source, price = product.source, product.entry.selling_price
    if price is None or price.amount <= 0 or not product.images:
        return ""
    # Pictures are separated by commas.
    pictures = [image.url.replace(",", "%2C") for image in product.images]
    title = bare(source.title)
    cells = (
        handle(product)[:LONGEST_ID],
        title[:LONGEST_TITLE],
        bare(" ".join(source.features))[:LONGEST_DESCRIPTION] or title[:LONGEST_DESCRIPTION],
        link_template.replace(HANDLE, handle(product)),
        pictures[0],
        ",".join(pictures[1 : MOST_PICTURES + 1]),
        "in_stock" if can_be_bought(product) else "out_of_stock",
        _price(price),
        "new",
        bare(source.brand or ""),
        "no",
        " > ".join(bare(name) for name in category_names(product)),
    )
    return line(cells, delimiter="\t")


def _price(money: Money) -> str:
    return f"{money.text} {money.currency}"
