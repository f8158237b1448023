"""Country sites as people write them: by host, by the address of a page there, by country."""

import re

from clients.base import Marketplace
from reading.cleaning import INVISIBLE

SITE = re.compile(r"\s*(?:https?://)?([a-z0-9.-]+?)\.?(?:[/?#]\S*)?\s*", re.ASCII)


def site_of(market: Marketplace, written: str) -> str | None:
    """The site that is meant; None where there is no such site, or only one catalogue."""
    match = SITE.fullmatch(INVISIBLE.sub("", written).lower())
    name = match[1] if match else ""
    site = name if name in market.locales else market.locale_names.get(name)
    return site or None
