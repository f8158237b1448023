"""Addresses of Amazon on hosts that lead nowhere (RFC 2606), with the tag that earns."""

from urllib.parse import parse_qs, quote, urlencode, urlsplit

from sandbox.amazon.accounts import AmazonWorld
from sandbox.amazon.sites import SITES
from sandbox.gateway import MadeLink

RESERVED = ".sandbox.invalid"


def item_page(site: str, asin: str, tag: str, link_code: str) -> str:
    """An item's page: `link_code` ogi (getItems), osi (searchItems) or ogv (getVariations)."""
    query = urlencode({"tag": tag, "linkCode": link_code, "th": 1, "psc": 1})
    return f"https://{site}{RESERVED}/dp/{asin}?{query}"


def search_page(site: str, keywords: str, tag: str) -> str:
    """The address of a search's page."""
    return f"https://{site}{RESERVED}/s?k={quote(keywords)}&tag={tag}"


def made_link(_world: AmazonWorld, url: str) -> MadeLink | None:
    """The tag alone says whose link it is. None: not of an Amazon site here."""
    parts = urlsplit(url)
    site = (parts.hostname or "").removesuffix(RESERVED)
    tags = parse_qs(parts.query).get("tag")
    if not tags or site == parts.hostname or site not in SITES:
        return None
    asin = parts.path.removeprefix("/dp/")
    page = f"https://{site}/dp/{asin}"
    return MadeLink(account="", tracking_id=tags[0], target=asin, leads_to=page)
