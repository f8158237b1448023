"""What nodes have in common."""

import strawberry

from resolvers.context import Context

Info = strawberry.Info[Context, None]


@strawberry.interface(description="A thing with an id of its own, which `node` finds again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque; the same for ever.")
