"""What lists and nodes have in common."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import strawberry

from domain.catalog import Page
from resolvers import cursors
from resolvers.context import Context

Info = strawberry.Info[Context, None]
R = TypeVar("R")
E = TypeVar("E")


@strawberry.interface(description="A thing with an id of its own, which `node` finds again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque; the same for ever.")


@strawberry.type(description="Where a page of a list stands.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether rows follow behind endCursor.")
    has_previous_page: bool = strawberry.field(description="Whether rows stand before this page.")
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first row. Stored lists take it as `before`, to read backwards."
    )
    end_cursor: str | None = strawberry.field(
        description="Send it as `after` to read on. In searches it is there even when every row of "
        "a page was filtered away."
    )


@dataclass(frozen=True, slots=True)
class StoredPage(Generic[R]):
    """A page of a stored list, of which only that is made which is asked for.

    `of_list`: the fingerprint of the list, which its cursors carry.
    """

    of_list: str
    page: Page[R]

    @property
    def rows(self) -> Sequence[R]:
        """The page's records."""
        return self.page.records

    def edges(self, edge: Callable[..., E], nodes: Iterable[object]) -> list[E]:
        """The nodes of the records, each in an `edge` with its cursor."""
        marks = [cursors.encode(self.of_list, position) for position in self.page.positions]
        return edges_of(edge, marks, nodes)

    def info(self) -> PageInfo:
        """Where the page stands."""
        positions = self.page.positions
        ends = [cursors.encode(self.of_list, positions[n]) for n in (0, -1) if positions]
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=ends[0] if ends else None,
            end_cursor=ends[1] if ends else None,
        )


def edges_of(edge: Callable[..., E], marks: Iterable[str], nodes: Iterable[object]) -> list[E]:
    """An `edge` for each cursor and its node."""
    return [edge(cursor=mark, node=node) for mark, node in zip(marks, nodes, strict=True)]
