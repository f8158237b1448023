"""Files of the catalogue as their importers read them."""

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

from domain.exports import ExportedProduct, LeftOut, Options
from domain.money import Money
from domain.products import (
    CatalogProduct,
    Image,
    Mode,
    SourceProduct,
)
from exports import formats
from tests.db.records import NOW, full_product

SHOP = "https://shop.example/products/{handle}"
PICTURES = tuple(Image(url=f"https://img.example/{n},x.jpg") for n in range(1, 4))


def exported(
    source: SourceProduct | None = None,
    *,
    images: tuple[Image, ...] = PICTURES,
    selling: Money | None = None,
    **entry: Any,
) -> ExportedProduct:
    source = source or full_product()
    return ExportedProduct(
        entry=CatalogProduct(
            id="1",
            source=source,
            mode=Mode.LIVE,
            imported_at=NOW,
            synced_at=NOW,
            selling_price=selling,
            **entry,
        ),
        source=source,
        marketplace_name="AliExpress",
        images=images,
        affiliate_url="https://s.click.example/e/1",
        disclosure="We earn a commission.",
    )


async def file(
    name: str,
    products: Sequence[ExportedProduct],
    *,
    size: int = 2,
    left_out: Counter[LeftOut] | None = None,
    **options: Any,
) -> str:
    async def pages() -> AsyncIterator[Sequence[ExportedProduct]]:
        for start in range(0, len(products), size):
            yield products[start : start + size]

    format = formats.by_name(name, Options(**options))
    counted = Counter() if left_out is None else left_out
    return b"".join([part async for part in formats.written(format, pages(), counted)]).decode()


async def table(name: str, *products: ExportedProduct, **options: Any) -> list[dict[str, str]]:
    text = await file(name, products, **options)
    assert "\r" not in text
    delimiter = "\t" if name == "merchant" else ","
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
