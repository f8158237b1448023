"""Rows of a folder, and what a new price takes along."""

from pathlib import Path
from typing import Any

from sandbox.catalog import Catalogs
from sandbox.listings import read_folder
from tests.sandbox.callers import AMERICA, ITEM, made_catalogs
from tests.sandbox.folders import FORMATS, MUG, write


def price_of(catalog: Catalogs, site: str = AMERICA) -> dict[str, Any]:
    listing = catalog["amazon"].listing(ITEM, site)
    assert listing is not None
    [offer] = [one for one in listing.fields["offersV2"]["listings"] if one["isBuyBoxWinner"]]
    price: dict[str, Any] = offer["price"]
    return price


def test_the_site_of_an_item_is_told_by_its_notes_or_its_address(tmp_path: Path) -> None:
    german = MUG | {"_page": {"marketplace": "www.amazon.de"}}
    british = MUG | {"_page": None, "detailPageURL": "https://www.amazon.co.uk/dp/B0MUG00001"}
    write(tmp_path, "a.jsonl", german, british, MUG | {"detailPageURL": None})

    sites = [one.site for one in read_folder(tmp_path, FORMATS)["amazon"]]

    assert sites == ["www.amazon.de", "www.amazon.co.uk", AMERICA]


def test_a_new_price_on_amazon_is_for_one_site() -> None:
    catalog = made_catalogs()
    german = price_of(catalog, "www.amazon.de")

    catalog.set_price(ITEM, "12.34")

    assert price_of(catalog) == {
        "money": {"amount": 12.34, "currency": "USD", "displayAmount": "$12.34"}
    }
    assert price_of(catalog, "www.amazon.de") == german
