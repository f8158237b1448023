"""How a mutation fails: an expected failure is data in its payload, whoever raised it.

A top-level error would null the answers of the mutations beside it, which were done.
"""

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.base import StrawberryList, get_object_definition
from strawberry.types.field import StrawberryField

from domain.api_keys import Scope
from domain.exceptions import AffiliateGraphError
from resolvers.context import Context
from resolvers.lookups import MAX_ROWS
from schema.access import Needs
from schema.errors import UserError, user_errors

Payload = Callable[[list[UserError], int], object]
T = TypeVar("T")

ERRORS = "What did not work; empty when all did."
BULK_ERRORS = (
    "What went wrong with the call as a whole: each result, up to 250 of them, tells it too. Empty "
    "when the rows were gone through; what did not work of a row, its result tells."
)


def mutation(scope: Scope | None, *, description: str) -> Any:
    """A field of Mutation, as `strawberry.mutation` makes it. Every one is made here.

    `scope` None: which one is needed depends on the input, and its resolver asks for it.
    """
    # The last one is asked first: a missing scope is an expected failure too.
    return strawberry.mutation(
        description=description, extensions=[Needs(scope), ExpectedFailures()]
    )


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def payload(description: str, *, errors: str = ERRORS) -> Callable[[type[T]], type[T]]:
    """Makes a class what a mutation answers: what it declares, and behind that `errors`, empty."""
    field = strawberry.field(description=errors, default_factory=list)

    def make(cls: type[T]) -> type[T]:
        cls.__annotations__["errors"] = list[UserError]
        cls.errors = field  # type: ignore[attr-defined]
        return strawberry.type(cls, description=description)

    return make


class ExpectedFailures(FieldExtension):
    """Answers an AffiliateGraphError with a payload whose `errors` tell it, all else null or empty.

    A payload of `results` has one for each row of the input, up to the most that are taken, and
    each tells the same: a caller who reads only the results is told of no success.

    Every field starts with empty dataloaders: what an earlier field of the same request loaded may
    be what this one is about to change.
    """

    def apply(self, field: StrawberryField) -> None:
        """Learn what the payload looks like."""
        self._payload = _payload_of(field.type)

    async def resolve_async(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: strawberry.Info[Context, None],
        **arguments: Any,
    ) -> Any:
        """Run the mutation."""
        info.context.forget_loaded()
        try:
            return await next_(source, info, **arguments)
        except AffiliateGraphError as error:
            return self._payload(user_errors(error), _row_count(arguments["input"]))


def _payload_of(type_: object) -> Payload:
    """Makes the failed payload, or result, of that type from errors and the number of rows."""
    definition = get_object_definition(type_, strict=True)
    lists = {
        field.python_name: field.type.of_type
        for field in definition.fields
        if isinstance(field.type, StrawberryList)
    }
    empty: dict[str, object] = {
        field.python_name: [] if field.python_name in lists else None for field in definition.fields
    }
    result = _payload_of(lists["results"]) if "results" in lists else None

    def payload(errors: list[UserError], rows: int) -> object:
        results = {"results": [result(errors, 0) for _ in range(rows)]} if result else {}
        return definition.origin(**(empty | results | {"errors": errors}))

    return payload


def _row_count(input: object) -> int:
    """How many rows a bulk mutation was sent: its input holds no other list."""
    rows = next((value for value in vars(input).values() if isinstance(value, list)), [])
    return min(len(rows), MAX_ROWS)
