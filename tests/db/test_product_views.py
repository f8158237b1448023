"""A view of a product is read as the whole record is."""

from dataclasses import fields
from typing import Any

import pytest

from db import catalog, product_rows, products
from domain.catalog import CatalogFilter, CatalogSort, PageArgs, PublisherFields
from domain.products import CatalogProduct, Offer, SourceProduct
from tests.db.records import OURS, full_product, keep, product, ref, usd

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]
PARTS = ("images", "categories", "seller", "reviews", "coupon", "shipping", "deal")


def told(record: Any, kind: type) -> dict[str, object]:
    """What each field says but the parts: those of a view are of another class."""
    names = [each.name for each in fields(kind) if each.name not in ("source", "offer", "kept")]
    return {name: getattr(record, name) for name in names if name not in PARTS}


def parts_of(record: CatalogProduct) -> list[list[object]]:
    """The parts' own fields."""
    source, offer = record.source, record.source.offer
    of_source = (*source.images, *source.categories, source.seller, source.reviews)
    return [_values(part) for part in (*of_source, offer.coupon, offer.shipping, offer.deal)]


def _values(part: Any) -> list[object]:
    names = getattr(part, "__struct_fields__", ()) or getattr(part, "__slots__", ())
    return [getattr(part, name) for name in names]


@pytest.mark.parametrize("is_full", [True, False], ids=["all is told", "hardly anything"])
async def test_a_view_tells_what_the_record_tells(is_full: bool) -> None:
    whole = full_product() if is_full else product(price=None)
    await keep([whole])
    if is_full:
        fields_of_mine = PublisherFields(
            notes="mine", selling_price=usd("30.00"), add_tags=("gifts", "summer")
        )
        await products.change(OURS, [(whole.ref, fields_of_mine)])

    page = await catalog.page(OURS, CatalogFilter(), CatalogSort.IMPORTED_DESC, PageArgs(1))
    [view] = page.records
    record = (await products.by_refs(OURS, [whole.ref]))[whole.ref]

    assert told(view, CatalogProduct) == told(record, CatalogProduct)
    assert told(view.source, SourceProduct) == told(record.source, SourceProduct)
    assert told(view.source.offer, Offer) == told(record.source.offer, Offer)
    assert view.source.offer.discount_percent == record.source.offer.discount_percent
    assert parts_of(view) == parts_of(record)


async def test_a_view_is_read_no_further_than_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await keep([product(1)])
    monkeypatch.setattr(product_rows, "VIEWED", None)

    page = await catalog.page(OURS, CatalogFilter(), CatalogSort.IMPORTED_DESC, PageArgs(1))

    assert [each.source.ref for each in page.records] == [ref(1)]
    assert [each.source.title for each in page.records] == ["Lamp 1"]
