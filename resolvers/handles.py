"""Handles of products as our exports write them, which name a product and its country site."""

from functools import lru_cache

from clients.base import Marketplace
from clients.registry import BY_CODE
from domain.exceptions import InvalidInput
from domain.products import ProductRef


def product_of(cell: str) -> ProductRef | None:
    """The product of a handle as our exports write it."""
    text = cell.strip("'").lower()
    prefix = max(filter(text.startswith, _handles()), key=len, default="")
    if not prefix:
        return None
    market, site = _handles()[prefix]
    try:
        return ProductRef(market.code, market.parse_id(text.removeprefix(prefix)), site)
    except InvalidInput:
        return None


@lru_cache(maxsize=1)
def _handles() -> dict[str, tuple[Marketplace, str]]:
    """What a handle begins with, for each country site."""
    return {
        ProductRef(market.code, "x", site).handle.removesuffix("x"): (market, site)
        for market in BY_CODE.values()
        for site in market.locales
    }
