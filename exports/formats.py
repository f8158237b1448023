"""The formats of an export by name, and a stream of products as the bytes of a file."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from domain.exports import (
    ExportedProduct,
    ExportFacts,
    ExportFormat,
    LeftOut,
    Options,
    Published,
)
from exports import merchant, own, shopify, woocommerce

NAMES = tuple(each.value for each in ExportFormat)
CSV = "text/csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How a file is written: `head`, then a text for each product that is not `left_out`, `tail`.

    `left_out` is None where every product goes in. `between` stands between two products.
    """

    media_type: str
    file_name: str
    head: str
    product: Callable[[ExportedProduct], str]
    left_out: Callable[[ExportFacts], LeftOut | None] | None = None
    between: str = ""
    tail: str = ""


def by_name(name: str, options: Options) -> Format:
    """The format of that name. Raises KeyError for none of NAMES."""
    made: dict[str, Callable[[Options], Format]] = {
        "json": _json,
        "csv": _csv,
        "woocommerce": _woocommerce,
        "shopify": _shopify,
        "merchant": _merchant,
    }
    return made[name](options)


async def written(
    format: Format,
    pages: AsyncIterator[Sequence[ExportedProduct]],
    left_out: Counter[LeftOut],
) -> AsyncIterator[bytes]:
    """The file, page by page: nothing of an earlier page is kept. `left_out` is counted up."""

    def texts(page: Sequence[ExportedProduct]) -> Iterable[str]:
        for product in page:
            if format.left_out and (reason := format.left_out(product.facts)):
                left_out[reason] += 1
            else:
                yield format.product(product)

    async for piece in joined(format, (list(texts(page)) async for page in pages)):
        yield piece


async def joined(format: Format, pages: AsyncIterator[Sequence[str]]) -> AsyncIterator[bytes]:
    """The file of these texts of products, page by page."""
    yield format.head.encode()
    between = ""
    async for texts in pages:
        if texts:
            yield (between + format.between.join(texts)).encode("utf-8", "replace")
            between = format.between
    yield format.tail.encode()


def _json(_options: Options) -> Format:
    return Format(
        media_type="application/json",
        file_name="products.json",
        head="[\n",
        product=own.as_json,
        between=",\n",
        tail="\n]\n",
    )


def _csv(_options: Options) -> Format:
    return Format(media_type=CSV, file_name="products.csv", head=own.header(), product=own.as_row)


def _woocommerce(options: Options) -> Format:
    return Format(
        media_type=CSV,
        file_name="products-woocommerce.csv",
        head=woocommerce.header(options),
        product=partial(woocommerce.as_row, options=options),
        left_out=woocommerce.left_out if options.published is Published.KEEP else None,
    )


def _shopify(options: Options) -> Format:
    return Format(
        media_type=CSV,
        file_name="products-shopify.csv",
        head=shopify.header(options),
        product=partial(shopify.as_rows, options=options),
        left_out=partial(shopify.left_out, options=options),
    )


def _merchant(options: Options) -> Format:
    return Format(
        media_type="text/tab-separated-values",
        file_name="products-merchant.tsv",
        head=merchant.header(),
        product=partial(merchant.as_row, link_template=options.link_template),
        left_out=merchant.left_out,
    )
