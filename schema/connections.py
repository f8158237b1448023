"""Lists: the one maker of pages, edges and the arguments that say which page."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from domain.catalog import Page
from resolvers import cursors
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs
from schema.made import made

N = TypeVar("N")
R = TypeVar("R")

First = Annotated[
    int | None, strawberry.argument(description="How many rows: 1 to 250; null: the default.")
]
After = Annotated[
    str | None, strawberry.argument(description="An endCursor, to read on behind it.")
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description="How many rows from the end, in the same order: 1 to 250. `first` does not "
        "count then."
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(description="A startCursor, to read what stands before it."),
]


class Paged(FieldExtension):
    """Gives the field of a stored list `first`, `after`, `last` and `before`.

    Its resolver takes them as `args`, a ConnectionArgs.
    """

    def __init__(self, *, default: int = 20) -> None:
        self._default = default

    def apply(self, field: StrawberryField) -> None:
        """Put them before the field's own."""
        own = [each for each in field.arguments if each.python_name != "args"]
        field.arguments = [*_arguments(self._default), *own]

    async def resolve_async(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: strawberry.Info[Context, None],
        *,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        **arguments: Any,
    ) -> Any:
        """Hand them on as one."""
        args = ConnectionArgs(first, after, last, before)
        return await next_(source, info, args=args, **arguments)


def _arguments(default: int) -> list[StrawberryArgument]:
    def page(
        first: First = default, after: After = None, last: Last = None, before: Before = None
    ) -> None: ...

    return StrawberryResolver(page).arguments


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


@strawberry.type(description="A row of a list, with its cursor.")
class Edge(Generic[N]):
    cursor: str = strawberry.field(
        description="Send it as `after` to read on behind this row.", metadata=made("cursor")
    )
    node: N = strawberry.field(description="The row.", metadata=made("node"))


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

    @property
    def cursors(self) -> list[str]:
        """Of each record."""
        return [cursors.encode(self.of_list, position) for position in self.page.positions]

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


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    """`shown` makes a node of a record, `counted` tells how many rows the whole list has."""

    page: strawberry.Private[StoredPage[Any]]
    shown: strawberry.Private[Callable[[Any], Any]]
    counted: strawberry.Private[Callable[[], Awaitable[int | None]]]

    @strawberry.field(description="The rows with their cursors.", metadata=made("edges"))
    def edges(self) -> list[Edge[N]]:
        return edges_of(self.page.cursors, self.nodes())

    @strawberry.field(description="The rows alone.", metadata=made("nodes"))
    def nodes(self) -> list[N]:
        return [self.shown(row) for row in self.page.rows]

    @strawberry.field(description="Where this page stands.")
    def page_info(self) -> PageInfo:
        return self.page.info()

    @strawberry.field(description="How many rows the whole list has.")
    async def total_count(self) -> int | None:
        return await self.counted()


def edges_of(marks: Iterable[str], nodes: Iterable[N]) -> list[Edge[N]]:
    """Each node with its cursor."""
    return [Edge(cursor=mark, node=node) for mark, node in zip(marks, nodes, strict=True)]
