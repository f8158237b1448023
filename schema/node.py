"""What lists and nodes have in common."""

from typing import TypeVar

import strawberry

from domain.catalog import Page
from resolvers import cursors
from resolvers.context import Context

Info = strawberry.Info[Context, None]
R = TypeVar("R")


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


def page_of(of_list: str, page: Page[R]) -> tuple[list[str], PageInfo]:
    """The cursors of a stored page's rows, and its PageInfo."""
    marks = [cursors.encode(of_list, position) for position, _ in page.rows]
    return marks, PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=marks[0] if marks else None,
        end_cursor=marks[-1] if marks else None,
    )
