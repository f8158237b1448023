"""What each field of Query and Mutation needs: the one place that lets through or refuses.

Every such field declares it, also when it needs nothing: `extensions=[Needs(Scope.READ)]` or
`[MutationNeeds(Scope.IMPORT)]`. It is asked before the field's resolver, so a refused field costs
no call and no statement.
"""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.base import StrawberryList, get_object_definition
from strawberry.types.field import StrawberryField

from domain.api_keys import Scope
from domain.exceptions import Forbidden
from resolvers.context import Context
from schema.errors import user_errors


class Needs(FieldExtension):
    """Refuses with an error whose code is FORBIDDEN. None: every valid key will do."""

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


class MutationNeeds(Needs):
    """Refuses in the payload's `errors`; a payload of rows has none, so there as `Needs` does."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._refuse: Callable[[Forbidden], object] | None = None

    def apply(self, field: StrawberryField) -> None:
        """Find out what the payload looks like."""
        super().apply(field)
        definition = get_object_definition(field.type)
        if definition is None or definition.get_field("errors") is None:
            return
        empty: dict[str, object] = {
            each.python_name: [] if isinstance(each.type, StrawberryList) else None
            for each in definition.fields
        }
        payload = definition.origin
        self._refuse = lambda error: payload(**(empty | {"errors": user_errors(error)}))

    async def resolve_async(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: strawberry.Info[Context, None],
        **arguments: Any,
    ) -> Any:
        """Ask the caller for the scope, then go on."""
        try:
            info.context.caller.require(self.scope, info.field_name)
        except Forbidden as error:
            if self._refuse is None:
                raise
            return self._refuse(error)
        return await next_(source, info, **arguments)
