"""AliExpress products as the catalogue holds them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from sandbox.bending import RowForm
from sandbox.currencies import RATES, convert, rounded
from sandbox.listings import (
    BadListings,
    Listing,
    Row,
    notes_of,
    require_text,
    searchable,
    without_notes,
)

PRICES = ("sale_price", "target_sale_price", "target_app_sale_price", "app_sale_price")


@dataclass(frozen=True, slots=True, kw_only=True)
class AliExpressListing(Listing):
    """One product; prices in the currencies named beside them."""

    categories: frozenset[int] = frozenset()
    in_program: bool = True
    on_sale: bool = True
    delivery_days: int = 10
    not_sold_to: frozenset[str] = frozenset()

    def is_offered(self, country: str = "") -> bool:
        """Whether the affiliate interface tells anything about it."""
        return self.in_program and self.on_sale and country.upper() not in self.not_sold_to

    def repriced(self, price: Decimal) -> Self:
        """With another target sale price; shop price, discount and app price follow."""
        fields = self.fields
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
        return replace(self, fields=changed)


def read_row(row: Row) -> AliExpressListing:
    """One line of a folder. Raises BadListings."""
    product_id = row["product_id"]
    if isinstance(product_id, bool) or not str(product_id).isdecimal():
        raise BadListings("product_id must be a whole number")
    require_text(row, "product_title")
    fields = without_notes(row) | {"product_id": int(product_id)}
    page = notes_of(row)
    categories = (
        fields.get("first_level_category_id"),
        fields.get("second_level_category_id"),
        page.get("leaf_category_id"),
    )
    return AliExpressListing(
        id=str(fields["product_id"]),
        title=fields["product_title"],
        fields=fields,
        haystack=haystack_of(fields, page.get("search")),
        categories=frozenset(int(one) for one in categories if one is not None),
    )


def haystack_of(fields: Row, *more: object) -> str:
    """What keywords are looked up in: the title and the categories' names."""
    names = (f"{level}_level_category_name" for level in ("first", "second"))
    return searchable(fields["product_title"], *(fields.get(name) for name in names), *more)


def _reprice(row: Row, hundredths: int) -> None:
    for name in PRICES:
        if row.get(name):
            row[name] = str(Decimal(row[name]) + Decimal(hundredths) / 100)


def _retitle(row: Row, title: str) -> None:
    row["product_title"] = title


ROW_FORM = RowForm(id_field="product_id", reprice=_reprice, retitle=_retitle)
