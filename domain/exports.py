"""What an export tells of a catalogue product, before it is put into the words of a file format."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from domain.money import Money
from domain.products import CatalogProduct, Image, ProductState, SourceProduct


class ExportFormat(Enum):
    """The files that there are, by what stands in their addresses."""

    JSON = "json"
    CSV = "csv"
    WOOCOMMERCE = "woocommerce"
    SHOPIFY = "shopify"
    MERCHANT = "merchant"


class Published(Enum):
    """Whether buyers see what is imported. KEEP: as the shop has it, for products it has."""

    DRAFT = "draft"
    YES = "yes"
    KEEP = "keep"


class Pictures(Enum):
    """How many of a product's pictures the shop copies."""

    ALL = "all"
    FIRST = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a caller may choose of a file. `currency`: of the shop that imports it.
    `link_template`: of a product in that shop."""

    currency: str = "USD"
    published: Published = Published.DRAFT
    pictures: Pictures = Pictures.ALL
    legacy_header: bool = False
    link_template: str = ""


class LeftOut(Enum):
    """Why a product is not in a file: a code for programs."""

    GONE = "gone"
    NO_PRICE = "no-price"
    OTHER_CURRENCY = "other-currency"
    NO_SELLING_PRICE = "no-selling-price"
    NO_PICTURE = "no-picture"


WORDS = {
    LeftOut.GONE: "gone from the marketplace",
    LeftOut.NO_PRICE: "without a price that may be told",
    LeftOut.OTHER_CURRENCY: "priced in another currency",
    LeftOut.NO_SELLING_PRICE: "without a selling price of yours",
    LeftOut.NO_PICTURE: "without a picture that may be copied",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFacts:
    """What decides whether a product goes into a file.

    `price`, `selling_price`: the currency of one above zero, None for none. `has_pictures`: some
    that may be copied.
    """

    state: ProductState
    price: str | None
    selling_price: str | None
    has_pictures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedProduct:
    """A catalogue product with what goes beside it into a file.

    `source`: the marketplace's data as far as its terms let them be shown now. `images`: the
    pictures that its terms let others copy. `affiliate_url`: the link made last, else the one that
    came with the last answer, "" where there is none.
    """

    entry: CatalogProduct
    source: SourceProduct
    marketplace_name: str
    images: tuple[Image, ...]
    affiliate_url: str
    disclosure: str

    @property
    def facts(self) -> ExportFacts:
        """What decides whether it goes into a file."""
        return ExportFacts(
            state=self.entry.state,
            price=_currency(self.source.offer.price),
            selling_price=_currency(self.entry.selling_price),
            has_pictures=bool(self.images),
        )


class FileFormat(Protocol):
    """How a product is written; `left_out` is None where every one goes in."""

    @property
    def product(self) -> Callable[[ExportedProduct], str]:
        """The text that stands for it in the file."""

    @property
    def left_out(self) -> Callable[[ExportFacts], LeftOut | None] | None:
        """Why one does not go in."""


Formats = Callable[[str, Options], FileFormat]  # by their names


def options_of(stored: Mapping[str, Any]) -> Options:
    """The options that `pack_fields` (domain/packing.py) made JSON of."""
    published, pictures = Published(stored["published"]), Pictures(stored["pictures"])
    return Options(**{**stored, "published": published, "pictures": pictures})


def left_out(format: FileFormat, facts: Mapping[ExportFacts, int]) -> Counter[LeftOut]:
    """How many of so many products the file leaves out, and why."""
    counted: Counter[LeftOut] = Counter()
    for some, count in facts.items():
        if format.left_out and (reason := format.left_out(some)):
            counted[reason] += count
    return counted


def in_words(left_out: Counter[LeftOut]) -> str:
    """How many products a file lacks, and why, in a sentence; "" for none."""
    total = left_out.total()
    if not total:
        return ""
    reasons = ", ".join(f"{left_out[one]} {WORDS[one]}" for one in LeftOut if left_out[one])
    return f"{total} {'product is' if total == 1 else 'products are'} left out: {reasons}."


def _currency(money: Money | None) -> str | None:
    return money.currency if money is not None and money.amount > 0 else None
