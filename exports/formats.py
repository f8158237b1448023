"""The formats of an export by name, and a stream of products as the bytes of a file."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from domain.exports import ExportedProduct
from exports import merchant, own, shopify, woocommerce

NAMES = ("json", "csv", "woocommerce", "shopify", "merchant")
CSV = "text/csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How a file is written: `head`, then a text for each product ("" leaves it out), then `tail`.

    `between` stands between two products.
    """

    media_type: str
    file_name: str
    head: str
    product: Callable[[ExportedProduct], str]
    between: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a caller may choose. `currency`: of the shop that imports the file."""

    currency: str = "USD"
    legacy_header: bool = False
    link_template: str = ""


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
    format: Format, pages: AsyncIterator[Sequence[ExportedProduct]]
) -> AsyncIterator[bytes]:
    """The file, page by page: nothing of an earlier page is kept."""
    yield format.head.encode()
    between = ""
    async for page in pages:
        texts = [text for product in page if (text := format.product(product))]
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
        head=woocommerce.header(),
        product=partial(woocommerce.as_row, currency=options.currency),
    )


def _shopify(options: Options) -> Format:
    header = shopify.Header(is_legacy=options.legacy_header)
    return Format(
        media_type=CSV,
        file_name="products-shopify.csv",
        head=header.text(),
        product=partial(shopify.as_rows, header=header, currency=options.currency),
    )


def _merchant(options: Options) -> Format:
    return Format(
        media_type="text/tab-separated-values",
        file_name="products-merchant.tsv",
        head=merchant.header(),
        product=partial(merchant.as_row, link_template=options.link_template),
    )
