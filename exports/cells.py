"""Cells of a table: how amounts, texts and pictures are written, and what makes them safe.

A spreadsheet runs a cell that begins with =, +, -, @, a tab or a return. Two cures, one for each
kind of reader: `quoted` puts an apostrophe in front (WooCommerce takes it off again when it
imports), `bare` takes the signs off, for readers that would show the apostrophe to buyers.
"""

import csv
import io
import re
from collections.abc import Sequence
from html import escape

from domain.exports import ExportedProduct
from domain.money import Money
from domain.products import Availability, ProductState

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def line(cells: Sequence[str], *, delimiter: str = ",") -> str:
    """One row as RFC 4180 has it, ended by a line feed."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return text.getvalue()


def quoted(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would run it."""
    clean = UNSEEN.sub("", re.sub("\r\n?", "\n", text))
    return f"'{clean}" if clean.lstrip(" \n").startswith(FORMULA_SIGNS) else clean


def bare(text: str) -> str:
    """The text in one line, without signs in front that a spreadsheet would run."""
    return " ".join(UNSEEN.sub("", text).split()).lstrip("=+-@ ")


def amount(money: Money | None) -> str:
    """Plain digits with a point, as they are stored; "" for none."""
    return "" if money is None else money.text


def amount_in(currency: str, money: Money | None) -> str:
    """As `amount`, but "" for money of another currency: nothing is converted."""
    return amount(money) if money is not None and money.currency == currency else ""


def handle(product: ExportedProduct) -> str:
    """The product's own part of an address in a shop."""
    return product.source.ref.handle


def can_be_bought(product: ExportedProduct) -> bool:
    """Whether the marketplace showed it when it was last asked, and did not call it sold out."""
    sold_out = product.source.offer.availability in (
        Availability.OUT_OF_STOCK,
        Availability.UNAVAILABLE,
    )
    return product.entry.state is ProductState.ACTIVE and not sold_out


def category_names(product: ExportedProduct) -> list[str]:
    """The category path, root first."""
    return [step.name for step in product.source.categories if step.name]


def html_list(lines: Sequence[str]) -> str:
    """Selling points as HTML; "" for none."""
    texts = (" ".join(UNSEEN.sub("", text).split()) for text in lines)
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""
