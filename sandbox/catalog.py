"""The sandbox's shelves: made products or a folder of real listings, and the hand that moves them.

Listings are never changed in place: a control puts a new one where the old one was.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.currencies import RATES, convert, rounded
from sandbox.listings import (
    AliExpressListing,
    AmazonListing,
    ReadListings,
    read_folder,
    searchable,
)
from sandbox.made_aliexpress import made_aliexpress
from sandbox.made_amazon import made_amazon, money
from sandbox.sites import SITES

DEFAULT_SITE = "www.amazon.com"


class Catalog:
    """What the marketplaces hold. Amazon items are kept by site and ASIN."""

    def __init__(self, *, pictures: str, folder: Path | None = None) -> None:
        """`pictures`: address of the folder of pictures. Raises BadListings for a bad folder."""
        read = read_folder(folder) if folder else _made(pictures)
        self.is_made = folder is None  # nothing is made up about real listings
        self._first = read
        self.aliexpress = dict(read.aliexpress)
        self.amazon = dict(read.amazon)
        self.removed: set[tuple[str, str]] = set()  # ("", product id) or (site, ASIN)

    def aliexpress_listing(self, product_id: str) -> AliExpressListing | None:
        """The product, unless it is unknown or removed."""
        return None if ("", product_id) in self.removed else self.aliexpress.get(product_id)

    def amazon_listing(self, site: str, asin: str) -> AmazonListing | None:
        """The item as sold on the site, unless it is unknown there or removed."""
        return None if (site, asin) in self.removed else self.amazon.get((site, asin))

    def aliexpress_listings(self) -> list[AliExpressListing]:
        """Every product that is not removed."""
        return [one for one in self.aliexpress.values() if ("", one.id) not in self.removed]

    def amazon_listings(self, site: str) -> list[AmazonListing]:
        """Every item of the site that is not removed."""
        return [
            one for key, one in self.amazon.items() if one.site == site and key not in self.removed
        ]

    def set_price(self, product: str, amount: Decimal | str, *, site: str = DEFAULT_SITE) -> None:
        """Give a product a new price: in its target currency on AliExpress (US dollars), in the
        site's currency on Amazon. Raises KeyError for an unknown id."""
        price = Decimal(amount)
        if product.isdecimal() and product in self.aliexpress:
            listing = self.aliexpress[product]
            fields = repriced_aliexpress(listing.fields, price)
            self.aliexpress[product] = replace(listing, fields=fields)
        else:
            item = self.amazon[site, product]
            changed = repriced_amazon(item.item, price, item.site)
            self.amazon[site, product] = replace(item, item=changed)

    def remove(self, product: str, *, site: str | None = None) -> None:
        """Take a product off the shelves; an Amazon item on every site unless one is named."""
        self.removed |= self._places(product, site)

    def restore(self, product: str, *, site: str | None = None) -> None:
        """Put a removed product back."""
        self.removed -= self._places(product, site)

    def add(self, fields: Mapping[str, Any], *, site: str = DEFAULT_SITE) -> None:
        """Put a new product on the shelves, in its marketplace's own shape (see listings.py)."""
        if "product_id" in fields:
            listing = AliExpressListing(
                fields=dict(fields), haystack=searchable(fields.get("product_title"))
            )
            self.aliexpress[listing.id] = listing
        else:
            title = fields["itemInfo"]["title"]["displayValue"]
            item = AmazonListing(site=site, item=dict(fields), haystack=searchable(title))
            self.amazon[site, item.asin] = item

    def reset(self) -> None:
        """Everything as it was at the start."""
        self.aliexpress = dict(self._first.aliexpress)
        self.amazon = dict(self._first.amazon)
        self.removed.clear()

    def _places(self, product: str, site: str | None) -> set[tuple[str, str]]:
        if product in self.aliexpress:
            return {("", product)}
        places = {key for key in self.amazon if key[1] == product and site in (None, key[0])}
        if not places:
            raise KeyError(product)
        return places


def _made(pictures: str) -> ReadListings:
    return ReadListings(
        aliexpress={one.id: one for one in made_aliexpress(pictures)},
        amazon={(one.site, one.asin): one for one in made_amazon(pictures)},
    )


def repriced_aliexpress(fields: dict[str, Any], price: Decimal) -> dict[str, Any]:
    """The fields with another target sale price; shop price, discount and app price follow."""
    currency = fields.get("target_sale_price_currency") or "USD"
    shop = fields.get("sale_price_currency") or currency
    in_shop = convert(price, currency, shop) if {currency, shop} <= RATES.keys() else price
    changed = fields | {"target_sale_price": str(price), "sale_price": str(in_shop)}
    if fields.get("target_app_sale_price"):
        changed |= {"target_app_sale_price": str(price), "app_sale_price": str(in_shop)}
    original = fields.get("target_original_price")
    if original and Decimal(original) > 0:
        share = max(Decimal(0), 1 - price / Decimal(original))
        changed["discount"] = f"{rounded(share * 100, 'JPY')}%"
    return changed


def repriced_amazon(item: dict[str, Any], price: Decimal, site: str) -> dict[str, Any]:
    """The item with another price at its New listings; what it saved is left out."""
    offers = (item.get("offersV2") or {}).get("listings") or []
    listings = [
        entry
        if (entry.get("condition") or {}).get("value") == "Used"
        else entry | {"price": {"money": money(SITES[site], price, SITES[site].currency)}}
        for entry in offers
    ]
    return item | {"offersV2": {"listings": listings}}
