"""AliExpress products of our own making: the same ones at every start, in the wire's own shape."""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any

from sandbox.aliexpress.listings import AliExpressListing, haystack_of
from sandbox.currencies import RATES, rounded
from sandbox.words import ADJECTIVES, COLORS, COMMON_WORD, GROUPS, USES, Group

COUNTS = (75, 45, 50, 35, 30, 25, 25, 20, 15)  # of products in each group
SHOPS = (
    "Sandbox Corner Store", "Sandbox Workshop Store", "Sandbox Daily Goods Store",
    "Sandbox Harbour Store", "Sandbox Meadow Store", "Sandbox Lantern Store",
)  # fmt: skip
FIRST_ID = 1005000000001001
VIDEOS = "https://video.aliexpress.com.sandbox.invalid"
FIRST_SKU = 12000000000100101
OUT_OF_PROGRAM = frozenset({1005000000001014, 1005000000001127, 1005000000001236})
OFF_SALE = frozenset({1005000000001042, 1005000000001158, 1005000000001290})
NOT_TO_EVERYONE = frozenset({"BR", "RU"})
ORDERS = (0, 0, 2, 7, 11, 38, 120, 490, 505, 1400, 5200, 21000, 64000)
RATES_OF_COMMISSION = ("3.0%", "5.0%", "7.0%", "7.0%", "8.5%", "9.0%")


@lru_cache(maxsize=8)
def made_listings(pictures: str) -> tuple[AliExpressListing, ...]:
    """Every made product. `pictures`: address of the folder that serves the pictures."""
    kinds = (group for group, n in zip(GROUPS, COUNTS, strict=True) for _ in range(n))
    return tuple(_listing(FIRST_ID + number, group, pictures) for number, group in enumerate(kinds))


def _listing(product_id: int, group: Group, pictures: str) -> AliExpressListing:
    chance = Random(f"aliexpress {product_id}")
    fields = _described(product_id, group, chance, pictures) | _priced(product_id, group, chance)
    number = product_id - FIRST_ID
    return AliExpressListing(
        id=str(product_id),
        title=fields["product_title"],
        fields=fields,
        haystack=haystack_of(fields),
        categories=frozenset({group.root[0], group.leaf[0]}),
        in_program=product_id not in OUT_OF_PROGRAM,
        on_sale=product_id not in OFF_SALE,
        delivery_days=chance.choice((3, 5, 7, 10, 20)),
        not_sold_to=NOT_TO_EVERYONE if number % 29 == 7 else frozenset(),
    )


def _described(product_id: int, group: Group, chance: Random, pictures: str) -> dict[str, Any]:
    number = product_id - FIRST_ID
    images = [f"{pictures}/{product_id}-{n}.svg" for n in range(1, 2 + number % 6)]
    shop = number % len(SHOPS)
    rate = "" if number % 11 == 5 else f"{chance.randrange(800, 1000) / 10:.1f}%"
    return {
        "product_id": product_id,
        "sku_id": FIRST_SKU + number * 10,
        "product_title": " ".join(_title(number, group, chance)),
        "product_detail_url": f"https://www.aliexpress.com/item/{product_id}.html",
        "product_main_image_url": images[0],
        "product_small_image_urls": {"string": images},
        "product_video_url": "" if number % 5 else f"{VIDEOS}/{product_id}.mp4",
        "first_level_category_id": group.root[0],
        "first_level_category_name": group.root[1],
        "second_level_category_id": group.leaf[0],
        "second_level_category_name": group.leaf[1],
        "shop_id": 910000001 + shop,
        "shop_name": SHOPS[shop],
        "shop_url": f"https://www.aliexpress.com/store/{910000001 + shop}",
        "evaluate_rate": rate,
        "lastest_volume": _orders(number, chance),
        "commission_rate": chance.choice(RATES_OF_COMMISSION),
        "hot_product_commission_rate": "0.0%" if number % 4 else "10.5%",
        "tax_rate": "0.00",
        **_coupon(number),
    }


def _title(number: int, group: Group, chance: Random) -> Iterator[str]:
    if number % 5 < 3:
        yield COMMON_WORD
    yield from chance.sample(ADJECTIVES, 2)
    yield group.nouns[number % len(group.nouns)]
    yield chance.choice(USES)
    yield f"{chance.choice(COLORS)} S{1000 + number}"


def _orders(number: int, chance: Random) -> int:
    rough = ORDERS[number % len(ORDERS)]
    return rough + (chance.randrange(rough // 10) if rough > 100 else 0)


def _priced(product_id: int, group: Group, chance: Random) -> dict[str, Any]:
    number = product_id - FIRST_ID
    percent = 0 if number % 6 == 2 else chance.randrange(5, 71)
    low, high = group.prices
    original = Decimal(chance.randrange(low * 100, high * 100)) / 100
    sale = rounded(original * (100 - percent) / 100, "USD")
    shop_currency = "USD" if number % 3 == 1 else "CNY"
    fields: dict[str, Any] = {}
    for name in ("sale", "original", *(["app_sale"] if percent > 0 and number % 7 != 3 else [])):
        dollars = original if name == "original" else sale
        fields[f"{name}_price"] = str(rounded(dollars * RATES[shop_currency], shop_currency))
        fields[f"{name}_price_currency"] = shop_currency
        fields[f"target_{name}_price"] = str(dollars)
        fields[f"target_{name}_price_currency"] = "USD"
    return fields | {"discount": f"{percent}%"}


def _coupon(number: int) -> dict[str, Any]:
    if number % 9 != 4:
        return {}
    return {
        "promo_code_info": {
            "promo_code": f"SANDBOX{number % 90 + 10}",
            "code_value": "On order over USD 20, get USD 3 off",
            "code_mini_spend": "20",
            "code_quantity": str(50 + number),
            "code_availabletime_start": "2026-01-01 00:00:00",
            "code_availabletime_end": "2030-12-31 23:59:59",
            "code_campaigntype": "0",
            "code_promotionurl": "https://www.aliexpress.com.sandbox.invalid/promotion",
        }
    }
