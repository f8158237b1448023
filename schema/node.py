"""What lists and nodes have in common."""

from collections.abc import Sequence
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
    start_cursor: str | None = strawberry.field(description="Cursor of the first row.")
    end_cursor: str | None = strawberry.field(
        description="Send it as `after` to read on. In searches it is there even when every row of "
        "a page was filtered away."
    )


def page_of(of_list: str, page: Page[R], after: str | None) -> tuple[list[str], PageInfo]:
    """The cursors of a stored page's rows, and its PageInfo."""
    marks = [cursors.encode(of_list, position) for position, _ in page.rows]
    return marks, page_info(marks, has_next=page.has_next, has_previous=after is not None)


def page_info(marks: Sequence[str], *, has_next: bool, has_previous: bool) -> PageInfo:
    """PageInfo of rows with these cursors."""
    return PageInfo(
        has_next_page=has_next,
        has_previous_page=has_previous,
        start_cursor=marks[0] if marks else None,
        end_cursor=marks[-1] if marks else None,
    )
