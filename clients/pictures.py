"""Addresses of pictures, which browsers load without being asked: only public https hosts by name.

Protects whoever looks at a product from an answer that makes their browser call their own machine
or network. A public name that leads to a private address is not found out: nothing is looked up.
"""

import re
from urllib.parse import urlsplit

from domain.parsers import is_loopback

LONGEST = 4_096
ODD = re.compile(r"[\x00-\x20\x7f\"<>\\\ud800-\udfff]")
SCHEME = re.compile(r"(https?:)?//", re.IGNORECASE)
LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"({LABEL}\.)+([a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")
PRIVATE = (
    "arpa", "corp", "home", "internal", "intranet", "lan", "local", "localdomain", "localhost",
    "onion", "private",
)  # fmt: skip


def picture(address: str, *, may_be_local: bool = False) -> str | None:
    """The address with https, None unless it is one of a public name.

    `may_be_local`: the marketplace is a gateway of this machine, which has its pictures here too
    and no certificate for them.
    """
    scheme = SCHEME.match(address)
    if scheme is None or len(address) > LONGEST or ODD.search(address):
        return None
    rest = address[scheme.end() :]
    try:
        parts = urlsplit(f"https://{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if "@" in parts.netloc:
        return None
    if may_be_local and is_loopback(host) and scheme[0].lower() == "http://":
        return f"http://{rest}"
    return f"https://{rest}" if port in (None, 443) and _is_public_name(host) else None


def _is_public_name(host: str) -> bool:
    name = host.removesuffix(".")
    return bool(NAME.fullmatch(name)) and name.rpartition(".")[2] not in PRIVATE
