"""Tags: the collections into which a publisher sorts products."""

from functools import partial
from typing import Annotated

import strawberry

from domain.api_keys import Scope
from domain.tags import Tag as TagRecord
from resolvers import tags
from resolvers.cursors import ConnectionArgs
from schema.access import Needs
from schema.connections import Connection, Paged, StoredPage
from schema.made import made, stored
from schema.node import Info


@strawberry.type(description="A tag that products of the catalogue have. Without any it is gone.")
class Tag:
    name: str = strawberry.field(
        description="As it was written; of several spellings the first by the alphabet.",
        metadata=made("name"),
    )
    product_count: int = strawberry.field(
        description="How many products have it, exactly.", metadata=made("products")
    )

    @classmethod
    def of(cls, record: TagRecord) -> "Tag":
        return cls(name=record.name, product_count=record.products)


@strawberry.type
class TagQueries:
    """The fields of Query about tags."""

    @strawberry.field(
        description="The tags that products of the catalogue have, by their names. The products of "
        "one: products(filter: {tag}).",
        extensions=[Needs(Scope.READ), Paged(default=50)],
        metadata=stored(),
    )
    async def tags(
        self,
        info: Info,
        args: ConnectionArgs,
        text: Annotated[
            str | None,
            strawberry.argument(description="Only those with this text, in any case of letters."),
        ] = None,
    ) -> Connection[Tag]:
        page = StoredPage(*await tags.page(info.context, text or None, args))
        counted = partial(tags.count, info.context, text or None)
        return Connection(page=page, shown=Tag.of, counted=counted)
