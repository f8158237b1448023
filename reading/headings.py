"""What the headings of tables say: in which columns a product stands, and its marketplace."""

import re
from collections.abc import Sequence

# Of headings in small letters and digits only; what stands in brackets is not looked at.
PRODUCT = re.compile(
    r"(?:meta)?(?:(?:product)?detail|(?:product)?detailpage|product|item|goods|source|external"
    r"|original|affiliate|promotion|tracking|short|share|click)?(?:id|url|link|address|href)s?"
    r"|(?:product|item)(?:no|number|page)|(?:product)?asin|isbn(?:10|13)?|deeplink"
)
# Of our own exports: they hold a shop's name of the product, which tells it too.
HANDLE = re.compile(r"(?:variant)?sku|(?:url)?handle")
# Numbers as long as a product's that are something else, whatever the column holds.
OTHER_NUMBER = re.compile(
    r"(?:customer|buyer|contact)?(?:phone|telephone|telefon|tel|mobile|fax|whatsapp)"
    r"(?:no|nr|number|nummer)?"
    r"|(?:order|invoice|shipment|parcel|transaction|payment|customer)(?:id|no|nr|number|nummer)"
    r"|tracking(?:no|nr|number|nummer)|(?:sku|shop|store|seller|category)id"
)
# What is printed on the box: no product's id, but for a book's, which tells itself what it is.
BARCODE = re.compile(
    r"(?:product)?(?:ean|gtin|upc|jan|barcode)(?:8|12|13|14|a)?(?:code|no|number)?s?"
)
MARKETPLACE = re.compile(r"(?:meta)?(?:source)?marketplace")
SITE = re.compile(r"locale|country(?:code|site)?|site|domain")
BRACKETED = re.compile(r"\(.*|\[.*", re.DOTALL)
WRAPPER = re.compile(r"\A(?:(?:node|data|product|item)\.)+", re.IGNORECASE)  # of JSON's objects
SIGNS = re.compile(r"[\W_]+")
LONGEST = 100


def normal(cell: str) -> str:
    """A heading in any case, spacing and punctuation -> its letters and digits."""
    return SIGNS.sub("", BRACKETED.sub("", WRAPPER.sub("", cell[:LONGEST]))).lower()


def is_of_product(cell: str) -> bool:
    """Whether a column with this heading tells the product."""
    heading = normal(cell)
    return (PRODUCT.fullmatch(heading) or HANDLE.fullmatch(heading)) is not None


def is_of_barcodes(cell: str) -> bool:
    """Whether a column with this heading tells what is printed on the box."""
    return BARCODE.fullmatch(normal(cell)) is not None


def places(head: Sequence[str], names: re.Pattern[str]) -> list[int]:
    """The columns with such a heading."""
    return [at for at, cell in enumerate(head) if names.fullmatch(normal(cell))]


def is_of_others(cell: str) -> bool:
    """Whether numbers behind this heading or label are telephones, orders or barcodes."""
    label = normal(cell)
    return OTHER_NUMBER.fullmatch(label) is not None or BARCODE.fullmatch(label) is not None
