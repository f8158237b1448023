"""Rows of a folder, and what a new price takes along."""

from decimal import Decimal
from pathlib import Path

from sandbox.aliexpress.made import FIRST_ID
from sandbox.listings import read_folder
from tests.sandbox.callers import made_catalogs
from tests.sandbox.folders import FORMATS, KITE, write


def test_ids_are_read_as_numbers_and_as_text(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", KITE | {"product_id": "4000000002"}, KITE)

    text, number = read_folder(tmp_path, FORMATS)["aliexpress"]

    assert (text.id, number.id) == ("4000000002", "4000000001")
    assert text.fields["product_id"] == 4000000002


def test_a_new_price_takes_discount_and_app_price_along() -> None:
    catalog = made_catalogs()
    before = catalog["aliexpress"].listings()[0]
    half = Decimal(before.fields["target_original_price"]) / 2

    catalog.set_price(str(FIRST_ID), half)

    fields = catalog["aliexpress"].listings()[0].fields
    assert Decimal(fields["target_sale_price"]) == half
    assert Decimal(fields["target_app_sale_price"]) == half
    assert fields["discount"] == "50%"
    assert before.fields["target_sale_price"] != str(half)
