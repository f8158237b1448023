"""Conditions that Tortoise's filters have no word for, written with the builder under them."""

from collections.abc import Callable

from pypika_tortoise.queries import Table
from pypika_tortoise.terms import Criterion
from tortoise.expressions import Q, ResolveContext
from tortoise.models import Model
from tortoise.query_utils import QueryModifier


class Where(Q):
    """A condition on the table that is asked, to be used where a Q is."""

    def __init__(self, criterion: Callable[[Table], Criterion]) -> None:
        super().__init__()
        self.criterion = criterion

    def resolve(self, resolve_context: ResolveContext) -> QueryModifier:
        """The condition, for a query set."""
        return QueryModifier(where_criterion=self.criterion(resolve_context.table))


def criterion(model: type[Model], condition: Q) -> Criterion:
    """The condition on the model's table, for a query that is built by hand."""
    context = ResolveContext(model, model._meta.basetable, annotations={}, custom_filters={})
    return condition.resolve(context).where_criterion
