"""Google's reader of tab-separated products, by its help centre's product data specification."""

import csv
import io
import re

AVAILABILITIES = ("in_stock", "out_of_stock", "preorder", "backorder")
CONDITIONS = ("new", "refurbished", "used")
REQUIRED = ("id", "title", "description", "link", "image_link", "availability", "price")
LONGEST = {"id": 50, "title": 150, "description": 5000, "link": 2000}


def products(file: str) -> dict[str, dict[str, str]]:
    """Every product by its id. Fails for what Google would refuse."""
    found: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(io.StringIO(file, newline=""), delimiter="\t", strict=True):
        assert all(row[name] for name in REQUIRED)
        assert all(len(row[name]) <= most for name, most in LONGEST.items())
        assert not [text for text in row.values() if re.search("[\t\r\n]", text)]
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)? [A-Z]{3}", row["price"])
        assert row["availability"] in AVAILABILITIES
        assert row["condition"] in CONDITIONS
        assert row["link"].isascii()
        assert row["id"] not in found
        found[row["id"]] = row
    return found
