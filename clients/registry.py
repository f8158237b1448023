"""The only module that knows every marketplace, and the one reader of pasted addresses."""

import re
from enum import Enum
from urllib.parse import urlsplit

from clients import aliexpress, amazon, settings
from clients.base import Marketplace, PageKind
from domain.exceptions import InvalidURL, NotAProduct, ShortLink, UnknownHost
from domain.products import ProductRef


class MarketplaceCode(Enum):
    """The registration: one line a marketplace; the graph's enum follows."""

    ALIEXPRESS = aliexpress.MARKETPLACE
    AMAZON = amazon.MARKETPLACE


BY_CODE: dict[str, Marketplace] = {member.value.code: member.value for member in MarketplaceCode}
MARKETPLACE_NAMES = " or ".join(market.name for market in BY_CODE.values())
SETTINGS = tuple(map(settings.of, BY_CODE.values()))
# Behind every host that the sandbox's links name (RFC 2606): they lead nowhere on the network.
SANDBOX_LINK = re.compile(r"\s*https://[a-z0-9.-]+\.sandbox\.invalid/\S*\s*", re.ASCII)


def product_ref(text: str) -> ProductRef:
    """The product that a pasted address or id names. Nothing is opened.

    Raises ShortLink, NotAProduct, UnknownHost or InvalidURL.
    """
    if is_sandbox_link(text):
        raise ShortLink.of(
            text,
            "This is a link that the sandbox made: it leads nowhere. The sandbox itself reads it "
            "when its operator sets SHORT_LINKS=on.",
        )
    readings = [(market, market.read_page(text)) for market in BY_CODE.values()]
    for market, reading in readings:
        if reading.kind is PageKind.PRODUCT and reading.ref is not None:
            return reading.ref
        if reading.kind is PageKind.SHORT_LINK:
            raise ShortLink.of(
                text,
                f"This is a shortened {market.name} link. Open it in your browser and paste the "
                "address of the product page that it leads to. The operator of this server can "
                "have short links opened here: SHORT_LINKS=on.",
            )
    for market, reading in readings:
        if reading.kind is PageKind.NOT_A_PRODUCT:
            raise NotAProduct(
                f"This is a page of {market.name}, but not of a product. Paste the address of a "
                "product page."
            )
    raise _foreign(text)


def is_sandbox_link(text: str) -> bool:
    """Whether the text is a tracked link as the sandbox makes them."""
    return SANDBOX_LINK.fullmatch(text) is not None


def _foreign(text: str) -> UnknownHost | InvalidURL:
    if _is_web_address(text.strip()):
        return UnknownHost(
            f"This address is not of {MARKETPLACE_NAMES}. Paste the address of a product there."
        )
    return InvalidURL(
        f"This is not a web address. Paste the address of a product of {MARKETPLACE_NAMES}."
    )


def _is_web_address(text: str) -> bool:
    """http or https with a host; without a scheme, something like "shop.example/item"."""
    if len(text.split()) != 1:
        return False
    has_scheme = re.match(r"(https?:)?//", text, re.IGNORECASE) is not None
    try:
        host = urlsplit(re.sub(r"^(https?:)?//|^", "https://", text, count=1, flags=re.I)).hostname
    except ValueError:
        return False
    if has_scheme:
        return bool(host)
    before_path = re.split(r"[/?#]", text, maxsplit=1)[0]
    return re.fullmatch(r"([\w-]+\.)+[^\W\d_]{2,}(:\d+)?", before_path) is not None
