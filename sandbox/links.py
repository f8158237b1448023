"""Tracked links on hosts that lead nowhere (RFC 2606), and who made them."""

import base64
import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode, urlsplit

CLICK = "https://s.click.aliexpress.com.sandbox.invalid"
LONG_LINK = 1050  # characters, as the long links of product answers have
KEPT = 100_000  # short links that a sandbox remembers


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLink:
    """A link that the sandbox made.

    `account`: the app key; "" for an Amazon link, which its tag alone identifies. `tracking_id`: on
    Amazon the partner tag. `target`: what was asked for: an address, a product id or an ASIN.
    """

    account: str
    tracking_id: str
    target: str


class LinkMaker:
    """Makes links; the same question gets the same link. The last short ones are remembered."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._short: OrderedDict[str, MadeLink] = OrderedDict()

    def short(self, account: str, tracking_id: str, target: str, kind: str) -> str:
        """The short link of link.generate; `kind` is the promotion link type."""
        text = "\n".join((account, tracking_id, target, kind)).encode()
        code = base64.b32encode(hashlib.blake2b(text, digest_size=10).digest()).decode()
        url = f"{CLICK}/e/_c{code[:12]}"
        self._short[url] = MadeLink(account=account, tracking_id=tracking_id, target=target)
        self._short.move_to_end(url)
        if len(self._short) > self._kept:
            self._short.popitem(last=False)
        return url

    def long(self, account: str, tracking_id: str, product_id: str) -> str:
        """The long link of a product answer: it carries all that made it."""
        packed = base64.urlsafe_b64encode(
            json.dumps([account, tracking_id, product_id]).encode()
        ).decode()
        url = f"{CLICK}/s/{packed.rstrip('=')}."
        return url + "x" * (LONG_LINK - len(url))

    def made(self, url: str) -> MadeLink | None:
        """Who made a link, whether short, long or of Amazon. None: not this sandbox."""
        parts = urlsplit(url)
        if url in self._short:
            return self._short[url]
        if url.startswith(f"{CLICK}/s/"):
            packed = parts.path.removeprefix("/s/").partition(".")[0]
            padded = packed + "=" * (-len(packed) % 4)
            try:
                account, tracking_id, product_id = json.loads(base64.urlsafe_b64decode(padded))
            except ValueError:
                return None
            return MadeLink(account=account, tracking_id=tracking_id, target=product_id)
        tags = parse_qs(parts.query).get("tag")
        if tags and (parts.hostname or "").endswith(".sandbox.invalid"):
            asin = parts.path.removeprefix("/dp/")
            return MadeLink(account="", tracking_id=tags[0], target=asin)
        return None


def amazon_page(site: str, asin: str, tag: str, link_code: str) -> str:
    """An item's page: `link_code` ogi (getItems), osi (searchItems) or ogv (getVariations)."""
    query = urlencode({"tag": tag, "linkCode": link_code, "th": 1, "psc": 1})
    return f"https://{site}.sandbox.invalid/dp/{asin}?{query}"


def amazon_search(site: str, keywords: str, tag: str) -> str:
    """The address of a search's page."""
    return f"https://{site}.sandbox.invalid/s?k={quote(keywords)}&tag={tag}"
