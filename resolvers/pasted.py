"""Every product that a text names, each with its place: found without a call, asked together."""

import asyncio
from dataclasses import dataclass, replace

from clients.base import Marketplace
from clients.registry import BY_CODE, MARKETPLACE_NAMES, Found, read_text
from domain.exceptions import AffiliateGraphError, InvalidInput, InvalidURL, WrongLocale
from domain.products import ProductRef
from resolvers import lookups, products
from resolvers.context import Context
from resolvers.lookups import MAX_ROWS, beside
from resolvers.marketplaces import locale_of
from resolvers.products import Listing

LONGEST = 100_000  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PastedProduct:
    """A place of the text, counted in characters, and what it names or why it cannot be shown."""

    start: int
    end: int
    words: str
    product: Listing | AffiliateGraphError


async def products_in(
    context: Context, text: str, marketplace: Marketplace | None, locale: str | None
) -> list[PastedProduct]:
    """What the text names, in order; the marketplaces are asked in as few calls as can be.

    Raises InvalidInput for a text that is too long or names too much, WrongLocale.
    """
    found = await beside(len(text), lambda: find(text, marketplace, locale, path=()))
    named = await lookups.located(context, [each.product for each in found])

    async def shown(product: ProductRef | AffiliateGraphError) -> Listing | AffiliateGraphError:
        if isinstance(product, AffiliateGraphError):
            return product
        try:
            return await products.get(context, product)
        except AffiliateGraphError as error:
            return error

    return [
        PastedProduct(
            start=each.start, end=each.end, words=text[each.start : each.end], product=product
        )
        for each, product in zip(found, await asyncio.gather(*map(shown, named)), strict=True)
    ]


def find(
    text: str,
    marketplace: Marketplace | None,
    locale: str | None,
    *,
    path: tuple[str, ...],
    most: int = MAX_ROWS,
) -> list[Found]:
    """What the text names, in order, at most so many.

    Bare ids are of `marketplace`, where it is given. Their site is `locale`; without one it may be
    open, see `lookups.located`. Raises InvalidInput or WrongLocale with the path of the field.
    """
    if most == MAX_ROWS and len(text.encode(errors="replace")) > LONGEST:
        raise InvalidInput(
            f"A text has at most {LONGEST // 1000} kB. Nothing was asked: send it in parts.",
            path=(*path, "text"),
        )
    sites = {} if locale is None else _named_sites(marketplace, locale, (*path, "locale"))
    found = read_text(text, sites=sites, owner=marketplace)
    if len(found) > most:
        raise InvalidInput(
            f"At most {most:,} products a text; this one names {len(found)}. Nothing was asked: "
            "send it in parts.",
            path=(*path, "text"),
        )
    return found


def rows(
    text: str,
    marketplace: Marketplace | None,
    locale: str | None,
    *,
    path: tuple[str, ...],
    most: int = MAX_ROWS,
) -> list[Found]:
    """What the text of a bulk mutation names; refusals say where the text is.

    Raises as `find`, and where the text names nothing.
    """
    found = find(text, marketplace, locale, path=path, most=most)
    if not found:
        raise InvalidURL(
            f"There is no address and no id of {MARKETPLACE_NAMES} in the text.",
            path=(*path, "text"),
        )
    return [
        replace(each, product=each.product.at((*path, "text")))
        if isinstance(each.product, InvalidInput)
        else each
        for each in found
    ]


async def sites_of_ids(
    context: Context, marketplace: Marketplace | None, locale: str | None, *, path: tuple[str, ...]
) -> dict[str, str]:
    """The site of bare ids: the one named, else the first one that is connected."""
    if locale is not None:
        return _named_sites(marketplace, locale, path)
    return {market.code: await lookups.site_of(context, market) for market in BY_CODE.values()}


def _named_sites(
    marketplace: Marketplace | None, locale: str, path: tuple[str, ...]
) -> dict[str, str]:
    """The site in each marketplace that has it. Raises WrongLocale where none has."""
    sites: dict[str, str] = {}
    refusal: WrongLocale | None = None
    for market in [marketplace] if marketplace else BY_CODE.values():
        try:
            sites[market.code] = locale_of(market, locale, path=path)
        except WrongLocale as error:
            refusal = error
    if not sites and refusal is not None:
        raise refusal
    return sites
