"""Folders of listings, one product a line."""

import json
from pathlib import Path

from sandbox import GATEWAYS

FORMATS = {code: gateway.listings for code, gateway in GATEWAYS.items()}

KITE = {
    "product_id": 4000000001,
    "product_title": "Paper kite, red",
    "product_detail_url": "https://www.aliexpress.com/item/4000000001.html",
    "target_sale_price": "7.25",
    "target_sale_price_currency": "USD",
    "shop_name": None,
    "_page": {"search": "toy for windy days", "leaf_category_id": 55},
    "_source": {"key": "test"},
}


MUG = {
    "asin": "B0MUG00001",
    "detailPageURL": "https://www.amazon.com/dp/B0MUG00001",
    "itemInfo": {
        "title": {"displayValue": "Tin mug", "label": "Title", "_seen": 1},
        "features": {"displayValues": ["Holds tea"], "_where": {"line": 1}},
    },
    "offersV2": {
        "listings": [
            {"price": {"money": {"amount": 6.5, "currency": "USD", "_raw": "$6.50"}}, "_n": [1]}
        ]
    },
    "_page": {"search": "camping"},
}


def write(folder: Path, name: str, *listings: object) -> None:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in listings]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
