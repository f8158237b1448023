"""What each field of Query and Mutation needs: the one place that lets through or refuses.

Every such field declares it, also when it needs nothing: `extensions=[Needs(Scope.READ)]`, or by
`schema.failures.mutation`. It is asked before the field's resolver, so a refused field costs no
call and no statement.
"""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from domain.api_keys import Scope
from resolvers.context import Context


class Needs(FieldExtension):
    """Raises Forbidden for a caller without the scope. None: every valid key will do."""

    def __init__(self, scope: Scope | None) -> None:
        self.scope = scope

    def apply(self, field: StrawberryField) -> None:
        """Say it in the field's description too."""
        if self.scope is not None:
            field.description = f"{field.description} Scope: {self.scope.name}."

    async def resolve_async(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: strawberry.Info[Context, None],
        **arguments: Any,
    ) -> Any:
        """Ask the caller for the scope, then go on."""
        info.context.caller.require(self.scope, info.field_name)
        return await next_(source, info, **arguments)
