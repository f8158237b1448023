"""Affiliate links of Amazon: written here, no call, no API access needed.

A link is built from a country site of our table, a checked ASIN, a checked tag and a
percent-encoded sub id. Nothing of a pasted address is carried over, so nobody else's tag can be.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote

from clients.amazon import urls
from clients.amazon.locales import Locale
from domain.exceptions import InvalidInput, MarketplaceError, ProductNotFound, WrongLocale
from domain.links import LinkKey
from domain.products import Mode

LONGEST_SUB_ID = 255
_TAG = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def link_host(locale: Locale, mode: Mode) -> str:
    """The host of tracked links. In SANDBOX one that can lead nowhere (RFC 2606)."""
    marketplace = locale.marketplace
    return f"{marketplace}.sandbox.invalid" if mode is Mode.SANDBOX else marketplace


def check_tag(tag: str, *, path: tuple[str, ...]) -> str:
    """The tag as it is. Raises InvalidInput unless it is 1 to 64 letters, digits and hyphens."""
    if not _TAG.fullmatch(tag):
        raise InvalidInput(
            "A Partner Tag is 1 to 64 letters, digits and hyphens, such as mystore-20. Take it "
            "from Associates Central, where it is called tracking id.",
            path=path,
        )
    return tag


def generate(
    keys: Sequence[LinkKey], *, locale: Locale, mode: Mode
) -> dict[LinkKey, str | MarketplaceError]:
    """A link for each key; ProductNotFound for an id that is no ASIN.

    Raises WrongLocale for a product of another country site, InvalidInput for a bad tag or sub id.
    """
    host = link_host(locale, mode)
    return {key: _link(key, locale, host) for key in keys}


def _link(key: LinkKey, locale: Locale, host: str) -> str | MarketplaceError:
    if key.ref.locale != locale.marketplace:
        raise WrongLocale(
            f"This product is of {key.ref.locale or 'no country site'}, the Partner Tag of "
            f"{locale.marketplace}. A tag earns on its own country site only: connect the other "
            "one, or take the product from there.",
            path=("locale",),
        )
    tag = check_tag(key.tracking_id, path=("trackingId",))
    sub_id = _check_sub_id(key.sub_id)
    asin = key.ref.external_id
    if not urls.is_asin(asin):
        return ProductNotFound("This is no Amazon product id (ASIN).", upstream_code="ItemNotFound")
    sub = f"&ascsubtag={quote(sub_id, safe='')}" if sub_id else ""
    return f"https://{host}/dp/{asin}?tag={tag}{sub}"


def _check_sub_id(sub_id: str) -> str:
    if len(sub_id) > LONGEST_SUB_ID or _UNPRINTABLE.search(sub_id):
        raise InvalidInput(
            f"A sub id is at most {LONGEST_SUB_ID} characters, without control characters.",
            path=("subId",),
        )
    return sub_id
