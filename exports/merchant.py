"""Google Merchant product data as tab-separated text, for products sold in the user's own shop.

Only what has a selling price of the user's and a picture that may be copied is written: Google asks
for both, and compares the price with the shop's page.
"""

from domain.exports import ExportedProduct, ExportFacts, LeftOut
from domain.money import Money
from exports.cells import can_be_bought, category_names, condition, handle, line, one_line

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


def left_out(facts: ExportFacts) -> LeftOut | None:
    """Why Google would refuse the product."""
    if facts.selling_price is None:
        return LeftOut.NO_SELLING_PRICE
    return None if facts.has_pictures else LeftOut.NO_PICTURE


def as_row(product: ExportedProduct, *, link_template: str) -> str:
    """One product that Google would not refuse."""
    source = product.source
    # Pictures are separated by commas.
    pictures = [image.url.replace(",", "%2C") for image in product.images]
    title = one_line(source.title)
    cells = (
        handle(product)[:LONGEST_ID],
        title[:LONGEST_TITLE],
        one_line(" ".join(source.features))[:LONGEST_DESCRIPTION] or title[:LONGEST_DESCRIPTION],
        link_template.replace(HANDLE, handle(product)),
        pictures[0],
        ",".join(pictures[1 : MOST_PICTURES + 1]),
        "in_stock" if can_be_bought(product) else "out_of_stock",
        _price(product.entry.selling_price),
        condition(product),
        one_line(source.brand or ""),
        "no",
        " > ".join(one_line(name) for name in category_names(product)),
    )
    return line(cells, delimiter="\t")


def _price(money: Money | None) -> str:
    return f"{money.text} {money.currency}" if money else ""
