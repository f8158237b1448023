"""Finds each key's tracked link in an answer of link.generate, which keeps no order."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from clients import values
from clients.aliexpress import urls
from clients.aliexpress.gateway import not_connected
from clients.aliexpress.records import GeneratedLinks
from domain.exceptions import AnswerInvalid, InvalidInput, MarketplaceError, NotInProgram
from domain.links import LinkKey


def link_of(
    key: LinkKey, found: Mapping[str, str | None], *, host: str | None
) -> str | MarketplaceError:
    """The key's link with its sub id, or why there is none. `host`: its host must be that one."""
    address = found.get(urls.product_url(key.ref)) or found.get(key.ref.external_id)
    if address is None:
        return NotInProgram(
            "AliExpress made no tracked link for this product: it is not in the affiliate "
            "programme now. Choose another product, or try again another day."
        )
    if host not in (None, urlsplit(address).hostname):
        return AnswerInvalid(
            "AliExpress answered with a link to a host that is not its own. It is not used; "
            "try again."
        )
    return _with_sub_id(address, key.sub_id)


def links_by_address(answered: GeneratedLinks) -> dict[str, str | None]:
    """Links by source address and by the product id in it; the first link of each wins."""
    found: dict[str, str | None] = {}
    for entry in answered.entries:
        for name in (entry.source_value, urls.product_id_of(entry.source_value)):
            if name is not None:
                found[name] = found.get(name) or entry.url
    return found


def check_keys(keys: Sequence[LinkKey]) -> None:
    """Raises MarketplaceNotConnected without tracking id, InvalidInput for an unusable sub id."""
    tracking_ids = {key.tracking_id for key in keys}
    if len(tracking_ids) > 1:
        raise ValueError("One call makes the links of one tracking id.")
    if not tracking_ids.pop().strip():
        raise not_connected()
    if any(values.UNSTORABLE.search(key.sub_id) for key in keys):
        raise InvalidInput(
            "The sub id has characters that cannot be sent. Type it anew.", path=("subId",)
        )


def _with_sub_id(address: str, sub_id: str) -> str:
    if not sub_id:
        return address
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}af={quote(sub_id, safe='')}"
