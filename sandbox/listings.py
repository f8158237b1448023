"""Listings: what the catalogue holds of a product, and how a folder of real ones is read.

A folder holds `*.jsonl`: one product a line, in its marketplace's own shape (AliExpress rows have
`product_id`, Amazon rows `asin`). Keys that begin with "_" are notes about the row. They help to
find it and are never served.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.sites import SITES

DEFAULT_SITE = "www.amazon.com"
SHOWN_PROBLEMS = 10


class BadListings(ValueError):
    """The folder cannot be served. The message names each file and line with what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AliExpressListing:
    """One AliExpress product. `fields`: as on the wire, prices in the currencies named there."""

    fields: dict[str, Any]
    haystack: str
    categories: frozenset[int] = frozenset()
    in_program: bool = True
    on_sale: bool = True
    delivery_days: int = 10
    is_hot: bool = True
    not_sold_to: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The product id as text."""
        return str(self.fields["product_id"])

    def is_offered(self, country: str = "") -> bool:
        """Whether the affiliate interface tells anything about it."""
        return self.in_program and self.on_sale and country.upper() not in self.not_sold_to


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonListing:
    """One Amazon item on one site. `item`: everything the API could say, in camel case.

    `siblings`: items of the same family that are known by name only.
    """

    site: str
    item: dict[str, Any]
    haystack: str
    index: str = "All"
    nodes: frozenset[str] = frozenset()
    siblings: tuple[dict[str, Any], ...] = field(default=())

    @property
    def asin(self) -> str:
        """The item's id."""
        return str(self.item["asin"])

    @property
    def parent(self) -> str | None:
        """The family's id."""
        return self.item.get("parentASIN")


def searchable(*texts: object) -> str:
    """What keywords are looked up in."""
    return " ".join(str(text) for text in texts if text).casefold()


def has_words(haystack: str, keywords: str) -> bool:
    """Whether every word of `keywords` occurs."""
    return all(word in haystack for word in keywords.casefold().split())


@dataclass(slots=True)
class ReadListings:
    """What a folder holds, first of each id, in the order of files and lines."""

    aliexpress: dict[str, AliExpressListing] = field(default_factory=dict)
    amazon: dict[tuple[str, str], AmazonListing] = field(default_factory=dict)


def read_folder(folder: Path) -> ReadListings:
    """Read every `*.jsonl` of the folder. Raises BadListings."""
    found = ReadListings()
    problems: list[str] = []
    for path in sorted(folder.glob("*.jsonl")):
        _read_file(path, found, problems)
    if problems:
        more = len(problems) - SHOWN_PROBLEMS
        shown = problems[:SHOWN_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
        raise BadListings("These listings cannot be read:\n" + "\n".join(shown))
    if not found.aliexpress and not found.amazon:
        raise BadListings(f"{folder} holds no listings: no line in any file ending in .jsonl.")
    return found


def _read_file(path: Path, found: ReadListings, problems: list[str]) -> None:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        problems.append(f"{path.name}: not UTF-8 at byte {error.start}")
        return
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _add(json.loads(line), found)
        except (ValueError, RecursionError) as error:
            problems.append(f"{path.name}, line {number}: {error}")


def _add(row: object, found: ReadListings) -> None:
    if not isinstance(row, dict):
        raise BadListings("a line must hold one JSON object")
    if "product_id" in row:
        listing = _aliexpress(row)
        found.aliexpress.setdefault(listing.id, listing)
    elif "asin" in row:
        item = _amazon(row)
        found.amazon.setdefault((item.site, item.asin), item)
    else:
        raise BadListings("neither product_id (AliExpress) nor asin (Amazon)")


def _aliexpress(row: dict[str, Any]) -> AliExpressListing:
    product_id = row["product_id"]
    if isinstance(product_id, bool) or not str(product_id).isdecimal():
        raise BadListings("product_id must be a whole number")
    _require_text(row, "product_title")
    fields = without_notes(row) | {"product_id": int(product_id)}
    page = _notes(row)
    ids = (
        fields.get("first_level_category_id"),
        fields.get("second_level_category_id"),
        page.get("leaf_category_id"),
    )
    return AliExpressListing(
        fields=fields,
        haystack=searchable(
            fields["product_title"],
            fields.get("first_level_category_name"),
            fields.get("second_level_category_name"),
            page.get("search"),
        ),
        categories=frozenset(int(one) for one in ids if one is not None),
    )


def _amazon(row: dict[str, Any]) -> AmazonListing:
    _require_text(row, "asin")
    item = without_notes(row)
    title = ((item.get("itemInfo") or {}).get("title") or {}).get("displayValue")
    if not isinstance(title, str):
        raise BadListings("itemInfo.title.displayValue must be a text")
    page = _notes(row)
    site = page.get("marketplace") or urlsplit(str(item.get("detailPageURL") or "")).hostname
    if (site or DEFAULT_SITE) not in SITES:
        raise BadListings(f"{site} is no Amazon site")
    nodes = list(_node_names(item))
    brand = (((item.get("itemInfo") or {}).get("byLineInfo") or {}).get("brand") or {}).get(
        "displayValue"
    )
    return AmazonListing(
        site=site or DEFAULT_SITE,
        item=item,
        haystack=searchable(title, brand, page.get("search"), *(name for _, name in nodes)),
        nodes=frozenset(node for node, _ in nodes if node),
        siblings=tuple(_sibling(one, item) for one in page.get("variations") or ()),
    )


def _sibling(row: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    title = {"displayValue": row.get("title") or row["asin"], "label": "Title"}
    return {
        "asin": row["asin"],
        "parentASIN": item.get("parentASIN"),
        "itemInfo": {"title": title},
        "variationAttributes": row.get("dimensions") or [],
    }


def _node_names(item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in (item.get("browseNodeInfo") or {}).get("browseNodes") or ():
        node: dict[str, Any] | None = entry
        while node:
            yield str(node.get("id") or ""), str(node.get("displayName") or "")
            node = node.get("ancestor")


def _notes(row: dict[str, Any]) -> dict[str, Any]:
    notes = row.get("_page")
    return notes if isinstance(notes, dict) else {}


def _require_text(row: dict[str, Any], name: str) -> None:
    if not isinstance(row.get(name), str) or not row[name]:
        raise BadListings(f"{name} must be a text")


def without_notes(value: Any) -> Any:
    """The value without any key that begins with "_", at all levels."""
    if isinstance(value, dict):
        return {
            key: without_notes(inner) for key, inner in value.items() if not key.startswith("_")
        }
    if isinstance(value, list):
        return [without_notes(inner) for inner in value]
    return value
