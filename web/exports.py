"""GET /export/{format}: the catalogue as a file, streamed page by page.

    /export/json          everything, as one JSON array
    /export/csv           everything, as a table that is safe to open in a spreadsheet
    /export/woocommerce   for WooCommerce's importer        ?currency=USD&published=keep
    /export/shopify       for Shopify's importer            ?currency=USD&header=legacy
    /export/merchant      Google Merchant, own shop only    ?link=https://shop.example/p/{handle}
    /export/job/{id}      what a job of startExport has written

Which products: `marketplace`, `text`, `tag`, `state`, `minDiscountPercent`, `minMarginPercent`,
`hasSellingPrice`, `hasLink`, `syncedBefore`, as in the graph's products, or `id`, once for each
product. Everything is checked, and the first page
read, before the answer begins; a connection that breaks off later is an incomplete file.

How many products the file leaves out, and why, stands in headers: they are counted when the first
page was read, and what changes while the file is on its way may be counted or not.

The key's bucket pays for every product, page by page. One that is empty at the start refuses; one
that becomes empty on the way slows the file down to what flows in. What a job has written costs a
tenth.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TypeVar

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from domain import moments
from domain.api_keys import Scope
from domain.catalog import CatalogFilter
from domain.exceptions import AffiliateGraphError, Forbidden, InvalidInput, NotFound
from domain.exports import (
    ExportedProduct,
    LeftOut,
    Options,
    Pictures,
    Published,
    in_words,
    left_out,
)
from domain.money import parse_currency
from domain.products import ProductRef, ProductState
from exports import formats
from resolvers import export_jobs, exports
from resolvers.context import Context
from resolvers.export_jobs import FilePage
from schema import ids
from schema.answers import Buckets
from web.access import Access, CrossOrigin, Refused, refusal
from web.compression import chosen, packed
from web.endpoint import error_response, rate_limit, throttled_response

C = TypeVar("C", bound=Enum)
File = Callable[[Request, Context, Buckets, int], Awaitable[Response]]
Pay = Callable[[int], Awaitable[None]]

LEFT_OUT, LEFT_OUT_WORDS = "X-Left-Out", "X-Left-Out-Words"
MOST_IDS = 250
ROW_POINTS = 2  # about 35 microseconds each, as everywhere
PAGE_POINTS = exports.PAGE * ROW_POINTS
KNOWN = {
    "marketplace",
    "text",
    "tag",
    "state",
    "minDiscountPercent",
    "minMarginPercent",
    "hasSellingPrice",
    "hasLink",
    "syncedBefore",
    "id",
    "currency",
    "published",
    "pictures",
    "header",
    "link",
}


@dataclass(frozen=True, kw_only=True)
class Exports:
    """The route. `context`: of a caller who was let in. `capacity`: of a bucket."""

    access: Access
    cross_origin: CrossOrigin
    context: Callable[[Request], Context]
    buckets: Callable[[], Buckets]
    capacity: int

    def routes(self) -> list[Route]:
        """What the application mounts."""
        methods = ["GET", "OPTIONS"]
        return [
            Route("/export/job/{id}", partial(self.answer, _written), methods=methods),
            Route("/export/{format}", partial(self.answer, _file), methods=methods),
        ]

    async def answer(self, file: File, request: Request) -> Response:
        """The file, or why there is none. Raises DatabaseUnavailable."""
        if request.method == "OPTIONS":
            return await self.cross_origin.permission(request)
        caller = None
        try:
            caller = await self.access.let_in(request)
            response = await file(request, self.context(request), self.buckets(), self.capacity)
        except Refused as refused:
            response = refusal(request, refused)
        self.cross_origin.let_read(response, request, caller)
        return response


async def _file(request: Request, context: Context, buckets: Buckets, most: int) -> Response:
    """The file, or what is wrong with the request. `most`: what the bucket can hold.

    Raises DatabaseUnavailable.
    """
    points = min(PAGE_POINTS, most)
    caller = context.caller.identity
    state = await buckets.take(caller, points)
    if state.wait:
        return throttled_response(request, points, state)
    rows = 0
    try:
        context.caller.require(Scope.READ, "An export")
        format = _format(request.path_params["format"], request.query_params)
        filter, refs = _filter(request.query_params), _refs(request.query_params)
        pages = exports.pages(context, filter, refs)
        first = await anext(pages)
        rows = len(first)
        is_all = bool(refs) or rows < exports.PAGE
        lacking = await _left_out(context, format, filter, first if is_all else None)
    except (Forbidden, InvalidInput, NotFound) as error:
        return error_response(request, _status(error), error.message, error.code)
    finally:
        state = await buckets.give_back(caller, points - max(1, min(rows * ROW_POINTS, points)))
    paid = _paid(first, pages, partial(_pay, buckets, caller, most))
    file = formats.written(format, paid, Counter())
    return _sent(request, format, file, _told(lacking) | rate_limit(state))


async def _written(request: Request, context: Context, buckets: Buckets, most: int) -> Response:
    """As `_file`, of what a job has written."""
    caller, points = context.caller.identity, min(PAGE_POINTS, most)
    state = await buckets.take(caller, points)
    if state.wait:
        return throttled_response(request, points, state)
    try:
        context.caller.require(Scope.READ, "An export")
        written = await export_jobs.get(context, ids.job(request.path_params["id"]))
    except (Forbidden, InvalidInput, NotFound) as error:
        return error_response(request, _status(error), error.message, error.code)
    finally:
        state = await buckets.give_back(caller, points - 1)
    format = formats.by_name(written.format.value, written.options)
    pages = _read(export_jobs.pages(context, written), partial(_pay, buckets, caller, most))
    headers = ({} if written.left_out is None else _told(written.left_out)) | rate_limit(state)
    return _sent(request, format, formats.joined(format, pages), headers)


def _sent(
    request: Request, format: formats.Format, file: AsyncIterator[bytes], headers: dict[str, str]
) -> Response:
    headers["Content-Disposition"] = f'attachment; filename="{format.file_name}"'
    headers["Vary"] = "Accept-Encoding"
    media_type = f"{format.media_type}; charset=utf-8"
    if request.method == "HEAD":
        return Response(headers=headers, media_type=media_type)
    if coding := chosen(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"], file = coding, packed(file, coding)
    return StreamingResponse(file, media_type=media_type, headers=headers)


async def _left_out(
    context: Context,
    format: formats.Format,
    filter: CatalogFilter,
    products: Sequence[ExportedProduct] | None,
) -> Counter[LeftOut]:
    """What the file will lack. `products`: all of them, None where the database has to count.

    Raises DatabaseUnavailable.
    """
    if format.left_out is None:
        return Counter()
    if products is None:
        return left_out(format, await exports.facts(context, filter))
    return left_out(format, Counter(product.facts for product in products))


def _told(lacking: Counter[LeftOut]) -> dict[str, str]:
    """What the file lacks: for programs (an Item of RFC 9651), and in words where it lacks any."""
    reasons = [f";{one.value}={lacking[one]}" for one in LeftOut if lacking[one]]
    words = in_words(lacking)
    return {LEFT_OUT: f"{lacking.total()}{''.join(reasons)}"} | (
        {LEFT_OUT_WORDS: words} if words else {}
    )


async def _paid(
    first: list[ExportedProduct],
    rest: AsyncIterator[list[ExportedProduct]],
    pay: Pay,
) -> AsyncIterator[Sequence[ExportedProduct]]:
    """The pages, each when the bucket has paid for it; the first was paid for."""
    yield first
    async for page in rest:
        await pay(len(page) * ROW_POINTS)
        yield page


async def _read(pages: AsyncIterator[FilePage], pay: Pay) -> AsyncIterator[Sequence[str]]:
    async for page in pages:
        await pay(page.late * ROW_POINTS + len(page.texts) * ROW_POINTS // 10)
        yield page.texts


async def _pay(buckets: Buckets, caller: str, most: int, points: int) -> None:
    """Wait until the bucket has paid. `most`: what it can hold."""
    points = min(points, most)
    while wait := (await buckets.take(caller, points)).wait:  # noqa: ASYNC110 - others may be faster
        await asyncio.sleep(wait)


def _status(error: AffiliateGraphError) -> int:
    if isinstance(error, Forbidden):
        return 403
    return 404 if isinstance(error, NotFound) else 400


def _format(name: str, parameters: QueryParams) -> formats.Format:
    if name not in formats.NAMES:
        raise NotFound(f"There is no such export. There are: {', '.join(formats.NAMES)}.")
    unknown = sorted(set(parameters) - KNOWN)
    if unknown:
        raise InvalidInput(
            f"Unknown: {', '.join(unknown)}. An export takes: {', '.join(sorted(KNOWN))}."
        )
    header = parameters.get("header", "")
    if header not in ("", "legacy"):
        raise InvalidInput('The only other header is "legacy", of Shopify.', path=("header",))
    link = parameters.get("link", "")
    if name == "merchant":
        exports.check_own_shop(link)
    return formats.by_name(
        name,
        Options(
            currency=parse_currency(parameters.get("currency", "USD"), path=("currency",)),
            published=_choice(Published, parameters, "published") or Published.DRAFT,
            pictures=_choice(Pictures, parameters, "pictures") or Pictures.ALL,
            legacy_header=header == "legacy",
            link_template=link,
        ),
    )


def _choice(kind: type[C], parameters: QueryParams, name: str) -> C | None:
    values = {one.value: one for one in kind}
    text = parameters.get(name)
    if text is not None and text not in values:
        raise InvalidInput(f"{name} is one of: {', '.join(values)}.", path=(name,))
    return values[text] if text else None


def _filter(parameters: QueryParams) -> CatalogFilter:
    marketplace, state = parameters.get("marketplace"), parameters.get("state")
    if marketplace is not None and marketplace.lower() not in exports.marketplaces():
        codes = ", ".join(code.upper() for code in exports.marketplaces())
        raise InvalidInput(f"marketplace is one of: {codes}.", path=("marketplace",))
    if state is not None and state not in ProductState.__members__:
        states = ", ".join(ProductState.__members__)
        raise InvalidInput(f"state is one of: {states}.", path=("state",))
    least = _percent(parameters, "minMarginPercent")
    return CatalogFilter(
        marketplace=marketplace.lower() if marketplace else None,
        text=parameters.get("text") or None,
        tag=parameters.get("tag") or None,
        state=ProductState(state) if state else None,
        min_discount_percent=_percent(parameters, "minDiscountPercent"),
        min_margin_percent=None if least is None else Decimal(least),
        has_selling_price=_truth(parameters, "hasSellingPrice"),
        has_link=_truth(parameters, "hasLink"),
        synced_before=_moment(parameters, "syncedBefore"),
    )


def _truth(parameters: QueryParams, name: str) -> bool | None:
    text = parameters.get(name)
    if text not in (None, "true", "false"):
        raise InvalidInput(f"{name} is true or false.", path=(name,))
    return None if text is None else text == "true"


def _moment(parameters: QueryParams, name: str) -> datetime | None:
    text = parameters.get(name)
    if text is None:
        return None
    try:
        return moments.read(text)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f'{name} is an instant like "2026-05-01T12:00:00Z".', path=(name,)
        ) from None


def _percent(parameters: QueryParams, name: str) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or int(text[:4]) > 100:
        raise InvalidInput(f"{name} is a whole number from 0 to 100.", path=(name,))
    return int(text)


def _refs(parameters: QueryParams) -> list[ProductRef]:
    texts = parameters.getlist("id")
    if len(texts) > MOST_IDS:
        raise InvalidInput(f"At most {MOST_IDS} ids; leave them out to export all.", path=("id",))
    return list(dict.fromkeys(ids.product_ref(text) for text in texts))
