"""Headings in any case, spacing and punctuation."""

import pytest

from reading import headings


@pytest.mark.parametrize(
    "heading",
    [
        *("ProductId", "product_id", "PRODUCT ID", "Product-ID", " Product URL ", "Product Link"),
        *("External URL", "Promotion Url", "url", "URL", "id", "ASIN", "isbn-13", "Item Number"),
        *("detailPageURL", "product_detail_url", "Meta: _source_id", "SKU", "Variant SKU"),
        *("URL handle", "Handle", "\ufeffurl", "affiliate_url", "Product URL (EN)"),
        *("product.id", "node.url", "data.product.productUrl"),
        "Affiliate URL (product.metafields.custom.affiliate_url)",
    ],
)
def test_headings_of_products_are_known(heading: str) -> None:
    assert headings.is_of_product(heading)


@pytest.mark.parametrize(
    "heading",
    [
        *("Image Url", "Video Url", "shop_url", "Title", "", "  ", "sku_id", "category_id"),
        *("shop id", "EAN", "Number", "Page", "order id", "image_link", "(id)", "hidden"),
        *("shop.id", "product.shop.url"),
    ],
)
def test_other_headings_are_not(heading: str) -> None:
    assert not headings.is_of_product(heading)


def test_places_are_those_of_the_headings() -> None:
    head = ["Title", "Marketplace", "Product URL", "asin"]

    assert headings.places(head, headings.PRODUCT) == [2, 3]
    assert headings.places(head, headings.MARKETPLACE) == [1]


@pytest.mark.parametrize("heading", ["Phone", "Tel.", "Customer phone no", "Order ID", "sku_id"])
def test_headings_of_other_long_numbers_are_known(heading: str) -> None:
    assert headings.places([heading], headings.OTHER_NUMBER) == [0]


@pytest.mark.parametrize("heading", ["Nr", "EAN", "Order link", "Article", "tracking id"])
def test_other_columns_may_hold_products(heading: str) -> None:
    assert not headings.places([heading], headings.OTHER_NUMBER)


@pytest.mark.parametrize(
    "heading", ["EAN", "ean-13", "GTIN", "GTIN14", "UPC", "UPC-A", "Barcode (EAN)", "Product EAN"]
)
def test_headings_of_barcodes_are_known(heading: str) -> None:
    assert headings.is_of_barcodes(heading)


@pytest.mark.parametrize("heading", ["Meaning", "ASIN", "JSON", "Product ID", ""])
def test_other_headings_are_not_of_barcodes(heading: str) -> None:
    assert not headings.is_of_barcodes(heading)
