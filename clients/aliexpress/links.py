"""Finds each key's tracked link in an answer of link.generate, which keeps no order."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from clients.aliexpress import urls
from clients.aliexpress.credentials import not_connected
from clients.aliexpress.parse import read_rows
from clients.values import UNSTORABLE, Row, link, text
from domain.exceptions import AnswerInvalid, InvalidInput, MarketplaceError, NotInProgram
from domain.links import LinkKey

LONGEST_SOURCE = 2_000


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


def links_by_address(result: Row, tracking_id: str) -> dict[str, str | None]:
    """Links by source address and by the product id in it; the first link of each wins.

    None where an address earns no commission. Raises AnswerInvalid where the links were made for
    another tracking id.
    """
    if text(result.get("tracking_id")) not in (None, tracking_id):
        raise AnswerInvalid(
            "AliExpress made the links for another tracking ID than the one asked. They are not "
            "used; try again."
        )
    found: dict[str, str | None] = {}
    for source, url in read_rows(result, "promotion_links", "promotion_link", _entry)[0]:
        for name in (source, urls.product_id_of(source)):
            if name is not None:
                found[name] = found.get(name) or url
    return found


def _entry(row: Row) -> tuple[str, str | None] | None:
    source = text(row.get("source_value"), LONGEST_SOURCE)
    return (source, link(row.get("promotion_link"))) if source else None


def check_keys(keys: Sequence[LinkKey]) -> None:
    """Raises MarketplaceNotConnected without tracking id, InvalidInput for an unusable sub id."""
    tracking_ids = {key.tracking_id for key in keys}
    if len(tracking_ids) > 1:
        raise ValueError("One call makes the links of one tracking id.")
    if not tracking_ids.pop().strip():
        raise not_connected()
    if any(UNSTORABLE.search(key.sub_id) for key in keys):
        raise InvalidInput(
            "The sub id has characters that cannot be sent. Type it anew.", path=("subId",)
        )


def _with_sub_id(address: str, sub_id: str) -> str:
    if not sub_id:
        return address
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}af={quote(sub_id, safe='')}"
