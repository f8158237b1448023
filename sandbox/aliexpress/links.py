"""Tracked links of AliExpress on a host that leads nowhere (RFC 2606), and who made them."""

import base64
import hashlib
import json
from collections import OrderedDict
from urllib.parse import urlsplit

from sandbox.gateway import MadeLink

CLICK = "https://s.click.aliexpress.com.sandbox.invalid"
LONG_LINK = 1050  # characters, as the long links of product answers have
REMEMBERED = 100_000  # short links


class LinkMaker:
    """Makes links; the same call gets the same link. The last short ones are remembered."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._short: OrderedDict[str, MadeLink] = OrderedDict()

    def short(self, account: str, tracking_id: str, target: str, kind: str) -> str:
        """The short link of link.generate; `kind` is the promotion link type."""
        text = "\n".join((account, tracking_id, target, kind)).encode()
        code = base64.b32encode(hashlib.blake2b(text, digest_size=10).digest()).decode()
        url = f"{CLICK}/e/_c{code[:12]}"
        self._short[url] = _made(account, tracking_id, target)
        self._short.move_to_end(url)
        if len(self._short) > self._remembered:
            self._short.popitem(last=False)
        return url

    def long(self, account: str, tracking_id: str, product_id: str) -> str:
        """The long link of a product answer: it carries all that made it."""
        made = json.dumps([account, tracking_id, product_id])
        packed = base64.urlsafe_b64encode(made.encode()).decode()
        url = f"{CLICK}/s/{packed.rstrip('=')}."
        return url + "x" * (LONG_LINK - len(url))

    def made(self, url: str) -> MadeLink | None:
        """Who made a link, whether short or long. None: nobody here."""
        if url in self._short:
            return self._short[url]
        if not url.startswith(f"{CLICK}/s/"):
            return None
        packed = urlsplit(url).path.removeprefix("/s/").partition(".")[0]
        padded = packed + "=" * (-len(packed) % 4)
        try:
            account, tracking_id, product_id = json.loads(base64.urlsafe_b64decode(padded))
        except ValueError:
            return None
        return _made(account, tracking_id, product_id)


def _made(account: str, tracking_id: str, target: str) -> MadeLink:
    return MadeLink(account=account, tracking_id=tracking_id, target=target, leads_to=target)
