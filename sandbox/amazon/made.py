"""Amazon items of our own making: the same ones at every start, in the Creators API's shape."""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any

from sandbox.amazon.listings import AmazonListing
from sandbox.amazon.sites import SITES, Site, money
from sandbox.currencies import RATES, rounded
from sandbox.listings import searchable
from sandbox.words import ADJECTIVES, COLORS, COMMON_WORD, GROUPS, USES, Group

# Items in each group: a multiple of eight, so that no family spans two groups.
COUNTS = (24, 24, 24, 16, 16, 16, 16, 16, 8)
BRANDS = ("Sandbox Works", "Sandbox Basics", "Sandbox Trail", "Sandbox Nest")
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FAMILY_EVERY, FAMILY_SIZE = 8, 4  # the first four of every eight items are one family
SCARCE_SITES = ("www.amazon.com", "www.amazon.de", "www.amazon.co.uk", "www.amazon.co.jp")
DEAL = {
    "accessType": "ALL", "badge": "Limited time deal",
    "startTime": "2026-01-01T05:00Z", "endTime": "2030-12-31T21:59:59Z",
}  # fmt: skip
PRIME_DEAL = DEAL | {
    "accessType": "PRIME_EXCLUSIVE", "badge": "Prime Member Deal", "percentClaimed": 38,
}  # fmt: skip
# Condition, subcondition, and the merchant's id and name.
NEW = ("New", "Unknown", "ASANDBOXSHOP", "Sandbox Shop")
USED = ("Used", "LikeNew", "ASANDBOXUSED", "Sandbox Second Hand")
REFURBISHED = ("Refurbished", "Refurbished", "ASANDBOXUSED", "Sandbox Second Hand")
SIZES = ("Small", "Medium", "Large")


def asin_of(number: int) -> str:
    """The made ASIN number n: B0SANDBX and two signs. Families count from 1000."""
    return f"B0SANDBX{DIGITS[number // 36]}{DIGITS[number % 36]}"


def is_member(number: int) -> bool:
    """Whether the item belongs to a family."""
    return number % FAMILY_EVERY < FAMILY_SIZE


@lru_cache(maxsize=8)
def made_listings(pictures: str) -> tuple[AmazonListing, ...]:
    """Every made item on every site that has it. `pictures`: address of the pictures' folder."""
    kinds = [group for group, n in zip(GROUPS, COUNTS, strict=True) for _ in range(n)]
    return tuple(
        _listing(number, group, site, pictures)
        for number, group in enumerate(kinds)
        for site in SITES.values()
        if _is_sold(number, site)
    )


def _is_sold(number: int, site: Site) -> bool:
    """Every third item is on all sites, the rest on four; 1 in 10 of those only in America."""
    if number % 3 == 0 or site.host == "www.amazon.com":
        return True
    return site.host in SCARCE_SITES and number % 10 != 1


def _listing(number: int, group: Group, site: Site, pictures: str) -> AmazonListing:
    title = " ".join(_title(number, group))
    item: dict[str, Any] = {
        "asin": asin_of(number),
        "images": _images(number, pictures),
        "itemInfo": _info(number, group, site, title),
        "browseNodeInfo": _nodes(group, number),
        "customerReviews": {
            "count": number * 7 % 900,
            "starRating": {"value": round(3 + number % 20 / 10, 1)},
        },
    }
    listings = list(_offers(number, group, site))
    if listings:
        item["offersV2"] = {"listings": listings}
    if is_member(number):
        item["parentASIN"] = asin_of(1000 + number // FAMILY_EVERY)
        item["variationAttributes"] = _attributes(number)
    return AmazonListing(
        id=asin_of(number),
        title=title,
        site=site.host,
        fields=item,
        haystack=searchable(title, group.root[1], group.leaf[1], _brand(number)),
        index=group.department,
        nodes=frozenset({str(group.root[0]), str(group.leaf[0])}),
    )


def _title(number: int, group: Group) -> Iterator[str]:
    base = number - number % FAMILY_EVERY if is_member(number) else number
    chance = Random(f"amazon {base}")
    yield _brand(base)
    if base % 5 < 3:
        yield COMMON_WORD
    yield chance.choice(ADJECTIVES)
    yield group.nouns[base % len(group.nouns)]
    yield chance.choice(USES)
    if is_member(number):
        yield "- " + ", ".join(part["value"] for part in _attributes(number))
    else:
        yield f"- {_color(number)}, A{1000 + number}"


def _color(number: int) -> str:
    return COLORS[number % 2 if is_member(number) else number % len(COLORS)]


def _brand(number: int) -> str:
    return BRANDS[(number - number % FAMILY_EVERY) // FAMILY_EVERY % len(BRANDS)]


def _attributes(number: int) -> list[dict[str, str]]:
    return [
        {"name": "size_name", "value": SIZES[number % FAMILY_EVERY // 2]},
        {"name": "color_name", "value": _color(number)},
    ]


def _images(number: int, pictures: str) -> dict[str, Any]:
    def sizes(position: int) -> dict[str, Any]:
        url = f"{pictures}/{asin_of(number)}-{position}.svg"
        sides = {"small": 75, "medium": 160, "large": 500, "hiRes": 1500}
        return {name: {"url": url, "width": n, "height": n} for name, n in sides.items()}

    return {"primary": sizes(1), "variants": [sizes(n) for n in range(2, 2 + number % 4)]}


def _info(number: int, group: Group, site: Site, title: str) -> dict[str, Any]:
    language = site.languages[0]

    def text(value: object, label: str) -> dict[str, Any]:
        return {"displayValue": value, "label": label, "locale": language}

    features = [f"{word} and made for the sandbox." for word in ADJECTIVES[number % 9 :][:3]]
    return {
        "title": text(title, "Title"),
        "features": {"displayValues": features, "label": "Features", "locale": language},
        "byLineInfo": {
            "brand": text(_brand(number), "Brand"),
            "manufacturer": text("Sandbox Manufacturing", "Manufacturer"),
        },
        "classifications": {
            "binding": text(group.leaf[1], "Binding"),
            "productGroup": text(group.root[1], "ProductGroup"),
        },
        "productInfo": {
            "color": text(_color(number), "Color"),
            "isAdultProduct": {"displayValue": False, "label": "IsAdultProduct", "locale": "en_US"},
        },
        "manufactureInfo": {"model": text(f"A{1000 + number}", "Model")},
    }


def _nodes(group: Group, number: int) -> dict[str, Any]:
    def node(part: tuple[int, str]) -> dict[str, Any]:
        return {"id": str(part[0]), "displayName": part[1], "contextFreeName": part[1]}

    root, leaf = node(group.root), node(group.leaf)
    leaf |= {"isRoot": False, "salesRank": number * 13 + 1, "ancestor": root}
    return {"browseNodes": [leaf], "websiteSalesRank": root | {"salesRank": number * 131 + 7}}


def _offers(number: int, group: Group, site: Site) -> Iterator[dict[str, Any]]:
    """No offer for 1 in 13; else a used and cheap one for 1 in 7, then the New buy box.

    1 in 24 costs members less, 1 in 48 only members can buy; 2 in 32 nobody sells new any more.
    """
    if number % 13 == 9:
        return
    chance = Random(f"offer {number}")
    low, high = group.prices
    dollars = Decimal(chance.randrange(low * 100, high * 100)) / 100
    price = _shelf_price(dollars, site.currency)
    cheap = rounded(price * 7 / 10, site.currency)
    if number % 32 in (20, 28):
        yield _offer(site, cheap, USED if number % 32 == 20 else REFURBISHED)
        return
    if number % 7 == 2:
        yield _offer(site, cheap, USED) | {"isBuyBoxWinner": False}
    if number % 24 == 17 or number % 48 == 31:
        members = rounded(price * 8 / 10, site.currency)
        yield _offer(site, members, NEW) | {"dealDetails": PRIME_DEAL, "isBuyBoxWinner": False}
    if number % 48 == 31:
        return
    new = _offer(site, price, NEW, scarce=number % 17 == 6)
    percent = 0 if number % 4 == 1 else chance.randrange(5, 50)
    if percent:
        was = rounded(price * 100 / (100 - percent), site.currency)
        new["price"] |= savings(site, price, was, listed=number % 3 != 1)
    if number % 23 == 14:  # the seller may not advertise the price
        new["violatesMAP"] = True
        del new["price"]
    yield new | _extras(number, site)


def _extras(number: int, site: Site) -> dict[str, Any]:
    extras: dict[str, Any] = {"dealDetails": DEAL} if number % 19 == 8 else {}
    if site.host == "www.amazon.co.jp":
        extras["loyaltyPoints"] = {"points": number % 30 + 1}
    return extras


def _shelf_price(dollars: Decimal, currency: str) -> Decimal:
    whole = (dollars * RATES[currency]).to_integral_value() + 1
    return rounded(whole - Decimal("0.01"), currency)


def _offer(
    site: Site, price: Decimal, told: tuple[str, str, str, str], *, scarce: bool = False
) -> dict[str, Any]:
    condition, subcondition, merchant, name = told
    stock = {"type": "IN_STOCK", "message": "In Stock"}
    if scarce:
        stock = {"type": "IN_STOCK_SCARCE", "message": "Only a few left"}
    return {
        "availability": stock | {"minOrderQuantity": 1, "maxOrderQuantity": 30},
        "condition": {"value": condition, "subCondition": subcondition, "conditionNote": ""},
        "isBuyBoxWinner": True,
        "merchantInfo": {"id": merchant, "name": name},
        "price": {"money": money(site, price, site.currency)},
        "violatesMAP": False,
    }


def savings(site: Site, price: Decimal, was: Decimal, *, listed: bool) -> dict[str, Any]:
    """`savingBasis` and `savings` of a price that is struck through."""
    return {
        "savingBasis": {
            "money": money(site, was, site.currency),
            "savingBasisType": "LIST_PRICE" if listed else "WAS_PRICE",
            "savingBasisTypeLabel": "List Price" if listed else "Was",
        },
        "savings": {
            "money": money(site, was - price, site.currency),
            "percentage": int(rounded((1 - price / was) * 100, "JPY")),
        },
    }
