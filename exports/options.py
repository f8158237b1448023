"""What a caller may choose of a file."""

from dataclasses import dataclass
from enum import Enum


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
    """`currency`: of the shop that imports the file. `link_template`: of a product in that shop."""

    currency: str = "USD"
    published: Published = Published.DRAFT
    pictures: Pictures = Pictures.ALL
    legacy_header: bool = False
    link_template: str = ""
