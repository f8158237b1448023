"""What Amazon tells and only Amazon has: nodes of its category tree."""

from dataclasses import dataclass

from domain.products import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowseNode:
    """A node of the category tree. `path` leads from the root to the node itself."""

    id: str
    name: str
    full_name: str | None = None  # the name that is clear without its ancestors
    is_root: bool = False
    path: tuple[Category, ...] = ()
    children: tuple[Category, ...] = ()
