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
    r"(?:customer|buyer|contact|recipient|home|work|shipping|billing|delivery|shipto|billto)?"
    r"(?:(?:mobile?|cell)?phone|telephone|telefon|tel|mobile?|cell|fax|whatsapp|handy"
    r"|tel[eé]fono|m[oó]vil|celular|t[eé]l[eé]phone|portable|cellulare|(?:номер)?телефона?"
    r"|電話(?:番号)?|携帯(?:電話|番号)?|电话|手机号?)(?:no|nr|number|nummer)?[0-9]{0,2}"
    r"|(?:(?:purchase)?order|po|invoice|receipt|shipment|parcel|transaction|payment|customer|ebay)"
    r"(?:item)?(?:id|no|nr|num|number|nummer|ref|reference)"
    r"|(?:order|receipt|tracking)|tracking(?:no|nr|number|nummer|code)"
    r"|(?:bestell|auftrags?|sendungs|rechnungs|kunden|liefer|paket|ruf|mobil)(?:nr|nummer|id)"
    r"|(?:n[uú]m(?:[eé]ro)?|n[ºo°]?)?(?:de)?(?:pedido|orden|commande|fact(?:ura|ure)|suivi|cliente?)"
    r"|n[uú]m[eé]ro(?:de)?t[eé]l[eé](?:phone|fono)|(?:номер)?заказа?|注文番号|追跡番号|伝票番号|订单号"
    r"|(?:created|updated|modified|added|ordered|order|purchase)?(?:at|on|date|time|timestamp)"
    r"|(?:sku|shop|store|seller|category|variant|variation|user|account|member|vendor|supplier)id"
)
# What is printed on the box: no product's id, but for a book's, which tells itself what it is.
BARCODE = re.compile(
    r"(?:product)?(?:ean|gtin|upc|jan|barcode|strichcode)(?:8|12|13|14|a)?(?:code|no|number)?s?"
)
MARKETPLACE = re.compile(r"(?:meta)?(?:source)?marketplace(?:name)?")
SITE = re.compile(r"locale|country(?:code|site)?|site|domain")
CHANNEL = re.compile(r"(?:sales)?channel|website|store|shop")  # a site, or anything else
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
