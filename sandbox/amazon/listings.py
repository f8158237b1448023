"""Amazon items as the catalogue holds them: one for each site that sells it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self
from urllib.parse import urlsplit

from sandbox.amazon.sites import SITES, money
from sandbox.bending import RowForm
from sandbox.currencies import rounded
from sandbox.listings import (
    BadListings,
    Listing,
    Row,
    notes_of,
    require_text,
    searchable,
    without_notes,
)

DEFAULT_SITE = "www.amazon.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonListing(Listing):
    """One item on one site, in camel case.

    `siblings`: items of the same family that are known by name only.
    """

    index: str = "All"
    nodes: frozenset[str] = frozenset()
    siblings: tuple[Row, ...] = ()

    @property
    def parent(self) -> str | None:
        """The family's id."""
        return self.fields.get("parentASIN")

    def repriced(self, price: Decimal) -> Self:
        """With another price at its New listings; what it saved is left out."""
        site = SITES[self.site]
        offers = (self.fields.get("offersV2") or {}).get("listings") or []
        listings = [
            entry
            if (entry.get("condition") or {}).get("value") == "Used"
            else entry | {"price": {"money": money(site, price, site.currency)}}
            for entry in offers
        ]
        return replace(self, fields=self.fields | {"offersV2": {"listings": listings}})


def read_row(row: Row) -> AmazonListing:
    """One line of a folder. Raises BadListings."""
    require_text(row, "asin")
    item = without_notes(row)
    info = item.get("itemInfo") or {}
    title = (info.get("title") or {}).get("displayValue")
    if not isinstance(title, str):
        raise BadListings("itemInfo.title.displayValue must be a text")
    page = notes_of(row)
    site = page.get("marketplace") or urlsplit(str(item.get("detailPageURL") or "")).hostname
    if (site or DEFAULT_SITE) not in SITES:
        raise BadListings(f"{site} is no Amazon site")
    nodes = list(_node_names(item))
    brand = ((info.get("byLineInfo") or {}).get("brand") or {}).get("displayValue")
    return AmazonListing(
        id=row["asin"],
        title=title,
        site=site or DEFAULT_SITE,
        fields=item,
        haystack=searchable(title, brand, page.get("search"), *(name for _, name in nodes)),
        nodes=frozenset(node for node, _ in nodes if node),
        siblings=tuple(_sibling(one, item) for one in page.get("variations") or ()),
    )


def _sibling(row: Row, item: Row) -> Row:
    title = {"displayValue": row.get("title") or row["asin"], "label": "Title"}
    return {
        "asin": row["asin"],
        "parentASIN": item.get("parentASIN"),
        "itemInfo": {"title": title},
        "variationAttributes": row.get("dimensions") or [],
    }


def _node_names(item: Row) -> Iterator[tuple[str, str]]:
    for entry in (item.get("browseNodeInfo") or {}).get("browseNodes") or ():
        node: Row | None = entry
        while node:
            yield str(node.get("id") or ""), str(node.get("displayName") or "")
            node = node.get("ancestor")


def _reprice(row: Row, hundredths: int) -> None:
    for listing in (row.get("offersV2") or {}).get("listings") or ():
        price = (listing.get("price") or {}).get("money")
        if price:
            step = Decimal(hundredths) / (1 if price["currency"] == "JPY" else 100)
            amount = rounded(Decimal(str(price["amount"])) + step, price["currency"])
            price["amount"] = float(amount)
            price.pop("displayAmount", None)


def _retitle(row: Row, title: str) -> None:
    row.setdefault("itemInfo", {})["title"] = {"displayValue": title, "label": "Title"}


ROW_FORM = RowForm(id_field="asin", reprice=_reprice, retitle=_retitle)
