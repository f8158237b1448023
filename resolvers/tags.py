"""Tags: which there are."""

from db import tags as stored_tags
from domain.catalog import Page
from domain.tags import Tag
from resolvers import cursors
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs

PAGE = 50  # tags, unless another number is asked for


async def page(context: Context, text: str | None, args: ConnectionArgs) -> tuple[str, Page[Tag]]:
    """One page of the tags that hold a text, with the fingerprint that its cursors carry."""
    of_list = cursors.fingerprint("tags", text)
    asked = args.page(of_list, default=PAGE)
    return of_list, await stored_tags.page(context.workspace, text, asked)


async def count(context: Context, text: str | None) -> int:
    """How many tags hold a text."""
    return await stored_tags.count(context.workspace, text)
