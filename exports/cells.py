"""Cells of a table: how amounts, texts and pictures are written, and what makes them safe.

A spreadsheet runs a cell that begins with =, +, -, @, a tab or a return, and saves a long number
with fewer digits. `quoted` puts an apostrophe in front of both: every spreadsheet then keeps the
cell as the text it is. For importers, which would show the apostrophe to buyers, each has its own
way, or none: what it imports has to be right first.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from html import escape

from domain.exports import ExportedProduct
from domain.money import Money
from domain.products import Availability, Condition, ProductState

# The wide forms are run too, where Japanese or Chinese is written.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Shown as 1.00501E+15 and saved as shown; and a zero in front is dropped.
RUINED_NUMBER = re.compile(r"[0-9]{12,}|0[0-9]+")
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
RETURNS = re.compile("\r\n?")
# Most cells: nothing is to be done. A letter first, or digits that are not enough to be ruined.
PLAIN = re.compile(
    "(?:[A-Za-z][^\x00-\x1f\x7f]*|[1-9][0-9]{0,10}(?:[^0-9\x00-\x1f\x7f][^\x00-\x1f\x7f]*)?)?"
)


class _Given:
    """A file that gives back what is written to it."""

    @staticmethod
    def write(text: str) -> str:
        return text


WRITERS = {sign: csv.writer(_Given, delimiter=sign, lineterminator="\n") for sign in ",\t"}


def line(cells: Sequence[str], *, delimiter: str = ",") -> str:
    """One row as RFC 4180 has it, ended by a line feed."""
    text: str = WRITERS[delimiter].writerow(cells)
    return text


def safe(texts: Iterable[str]) -> list[str]:
    """The cells, each as `quoted` has it."""
    return [text if PLAIN.fullmatch(text) else quoted(text) for text in texts]


def quoted(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would run or ruin it."""
    clean = UNSEEN.sub("", RETURNS.sub("\n", text))
    is_at_risk = clean.lstrip(" \n'").startswith(FORMULA_SIGNS) or is_ruined(clean)
    return f"'{clean}" if is_at_risk else clean


def is_ruined(text: str) -> bool:
    """Whether a spreadsheet takes it for a number and saves it with other digits."""
    return RUINED_NUMBER.fullmatch(text.strip()) is not None


def one_line(text: str) -> str:
    """The text in one line, without what nobody sees."""
    return " ".join(UNSEEN.sub("", text).split())


def amount(money: Money | None) -> str:
    """Plain digits with a point, as they are stored; "" for none."""
    return "" if money is None else money.text


def amount_in(currency: str, money: Money | None) -> str:
    """As `amount`, but "" for money of another currency: nothing is converted."""
    return amount(money) if money is not None and money.currency == currency else ""


def handle(product: ExportedProduct) -> str:
    """The product's own part of an address in a shop."""
    return product.source.ref.handle


def condition(product: ExportedProduct) -> str:
    """As Google's products have it, and Shopify's for Google: what is not told to be used is new.

    Also where the rest of the offer is too old to be shown: a used thing does not become new.
    """
    return (product.entry.source.offer.condition or Condition.NEW).value.lower()


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
    items = "".join(f"<li>{escape(one_line(text))}</li>" for text in lines)
    return f"<ul>{items}</ul>" if items else ""
