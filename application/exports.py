"""GET /export/{format}: the catalogue as a file, streamed page by page.

    /export/json          everything, as one JSON array
    /export/csv           everything, as a table that is safe to open in a spreadsheet
    /export/woocommerce   for WooCommerce's importer        ?currency=USD
    /export/shopify       for Shopify's importer            ?currency=USD&header=legacy
    /export/merchant      Google Merchant, own shop only    ?link=https://shop.example/p/{handle}

Which products: `marketplace`, `text`, `state`, `minDiscountPercent`, as in the graph's products, or
`id`, once for each product. Everything is checked, and the first page read, before the answer
begins; a connection that breaks off later is an incomplete file.
"""

from collections.abc import AsyncIterator, Sequence

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from clients.registry import BY_CODE
from domain.api_keys import Scope
from domain.catalog import CatalogFilter
from domain.exceptions import AffiliateGraphError, Forbidden, InvalidInput, NotFound
from domain.exports import ExportedProduct
from domain.money import parse_currency
from domain.products import ProductRef, ProductState
from exports import formats
from resolvers import exports
from resolvers.context import Context
from schema import ids
from web.endpoint import error_response

MOST_IDS = 250
KNOWN = {
    "marketplace",
    "text",
    "state",
    "minDiscountPercent",
    "id",
    "currency",
    "header",
    "link",
}


async def answer(request: Request, context: Context) -> Response:
    """The file, or what is wrong with the request. Raises DatabaseUnavailable."""
    try:
        context.caller.require(Scope.READ, "An export")
        format = _format(request.path_params["format"], request.query_params)
        pages = exports.pages(context, _filter(request.query_params), _refs(request.query_params))
        first = await anext(pages)
    except (Forbidden, InvalidInput, NotFound) as error:
        return error_response(request, _status(error), error.message, error.code)
    return StreamingResponse(
        formats.written(format, _after(first, pages)),
        media_type=f"{format.media_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{format.file_name}"'},
    )


async def _after(
    first: list[ExportedProduct], rest: AsyncIterator[list[ExportedProduct]]
) -> AsyncIterator[Sequence[ExportedProduct]]:
    yield first
    async for page in rest:
        yield page


def _status(error: AffiliateGraphError) -> int:
    if isinstance(error, Forbidden):
        return 403
    return 404 if isinstance(error, NotFound) else 400


def _format(name: str, given: QueryParams) -> formats.Format:
    if name not in formats.NAMES:
        raise NotFound(f"There is no such export. There are: {', '.join(formats.NAMES)}.")
    unknown = sorted(set(given) - KNOWN)
    if unknown:
        raise InvalidInput(
            f"Unknown: {', '.join(unknown)}. An export takes: {', '.join(sorted(KNOWN))}."
        )
    header = given.get("header", "")
    if header not in ("", "legacy"):
        raise InvalidInput('The only other header is "legacy", of Shopify.', path=("header",))
    link = given.get("link", "")
    if name == "merchant":
        exports.check_own_shop(link)
    return formats.by_name(
        name,
        formats.Options(
            currency=parse_currency(given.get("currency", "USD"), path=("currency",)),
            legacy_header=header == "legacy",
            link_template=link,
        ),
    )


def _filter(given: QueryParams) -> CatalogFilter:
    marketplace, state = given.get("marketplace"), given.get("state")
    if marketplace is not None and marketplace.lower() not in BY_CODE:
        codes = ", ".join(code.upper() for code in BY_CODE)
        raise InvalidInput(f"marketplace is one of: {codes}.", path=("marketplace",))
    if state is not None and state not in ProductState.__members__:
        states = ", ".join(ProductState.__members__)
        raise InvalidInput(f"state is one of: {states}.", path=("state",))
    return CatalogFilter(
        marketplace=marketplace.lower() if marketplace else None,
        text=given.get("text") or None,
        state=ProductState(state) if state else None,
        min_discount_percent=_percent(given.get("minDiscountPercent")),
    )


def _percent(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or int(text[:4]) > 100:
        raise InvalidInput(
            "minDiscountPercent is a whole number from 0 to 100.", path=("minDiscountPercent",)
        )
    return int(text)


def _refs(given: QueryParams) -> list[ProductRef]:
    texts = given.getlist("id")
    if len(texts) > MOST_IDS:
        raise InvalidInput(f"At most {MOST_IDS} ids; leave them out to export all.", path=("id",))
    return list(dict.fromkeys(ids.product_ref(text) for text in texts))
