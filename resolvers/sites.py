"""Whose the ids are that stand in a file: what its rows say of marketplaces and sites, and what
handles, as our exports write them, say of themselves."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import lru_cache

from clients.base import Marketplace
from clients.registry import BY_CODE, MARKETPLACE_NAMES, Found
from clients.sites import site_of
from domain.exceptions import InvalidInput, WrongLocale
from domain.products import ProductRef
from reading.text import PageKind

CORRECT = "Correct it, take the column out, or give the address of the product."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Whose bare ids are: the country site by marketplace code, and the marketplace where only one
    is meant. `told`: marketplaces whose site the row tells; `refused`: why what it says of them, by
    code, cannot be meant."""

    sites: Mapping[str, str] = field(default_factory=dict)
    owner: Marketplace | None = None
    told: AbstractSet[str] = frozenset()
    refused: Mapping[str, InvalidInput] = field(default_factory=dict)


OF_ADDRESSES = Sites()


def told(bare: Sites, name: str, *, is_site: bool) -> Sites:
    """What a cell says of its row: a marketplace, or a country site of one.

    Ids are never taken for those of a site that the row does not mean.
    """
    for market in BY_CODE.values():
        if _is_named(market, name):
            return replace(bare, owner=market)
    for market in BY_CODE.values():
        if (site := site_of(market, name)) is not None:
            if market.code in bare.told and bare.sites[market.code] != site:
                two = WrongLocale(f"The row names two country sites of {market.name}. {CORRECT}")
                return replace(bare, refused={**bare.refused, market.code: two})
            return replace(
                bare, sites={**bare.sites, market.code: site}, told=bare.told | {market.code}
            )
    refusal = InvalidInput(f"{name[:60]} is not {MARKETPLACE_NAMES}, nor a site there. {CORRECT}")
    if is_site:
        refusal = WrongLocale(f"{name[:60]} is no country site of {MARKETPLACE_NAMES}. {CORRECT}")
    meant = [market for market in BY_CODE.values() if not is_site or len(market.locales) > 1]
    return replace(bare, refused={**bare.refused, **{each.code: refusal for each in meant}})


def is_told(name: str) -> bool:
    """Whether it is a marketplace or a country site of one."""
    return any(
        _is_named(market, name) or site_of(market, name) is not None for market in BY_CODE.values()
    )


def is_host(name: str) -> bool:
    """Whether it is the host of a site."""
    return "." in name and "/" not in name and is_told(name)


def _is_named(market: Marketplace, name: str) -> bool:
    """Whether it is the marketplace as a whole: by its name, or by an address of its one site."""
    if name.casefold() in (market.code, market.name.casefold()):
        return True
    has_one_site = len(market.locales) == 1 and any(map(str.isalpha, name))  # a number is an id
    return has_one_site and market.read_page(name).kind is not PageKind.FOREIGN


def told_apart(found: Found, bare: Sites) -> Found:
    """An id that stood alone, as good as an address where its row or marketplace tells the site.

    Anything else is given back as it is.
    """
    ref = found.product
    if not found.is_bare or not isinstance(ref, ProductRef):
        return found
    if refusal := bare.refused.get(ref.marketplace):
        return replace(found, product=refusal)
    is_told = ref.marketplace in bare.told or len(BY_CODE[ref.marketplace].locales) == 1
    return replace(found, is_bare=not is_told)


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
