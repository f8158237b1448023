"""Walks the served schema, so that a test covers every field of Query and Mutation, later ones too.

An operation is built for one root field, with a value for each argument and every field that can
be selected without arguments of its own.
"""

from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    is_enum_type,
    is_leaf_type,
)

from schema import schema

SERVED = build_schema(schema.as_str())
ANY_PRODUCT = "https://www.aliexpress.com/item/1005001234567890.html"
DEEPEST = 5


@dataclass(frozen=True, kw_only=True)
class RootField:
    """A field of Query or Mutation. `kind`: how an operation with it begins."""

    kind: str
    name: str
    field: GraphQLField


def root_fields() -> list[RootField]:
    """Every field of Query and Mutation."""
    roots = {"query": SERVED.query_type, "mutation": SERVED.mutation_type}
    return [
        RootField(kind=kind, name=name, field=field)
        for kind, root in roots.items()
        if root is not None
        for name, field in root.fields.items()
    ]


def least(root: RootField, id: str | None = None) -> str:
    """An operation of this field, with the least that it takes and only errors selected.

    With an id, every id that it takes is this one.
    """
    type_ = get_named_type(root.field.type)
    selection = "{ errors { code message path } }" if root.kind == "mutation" else "{ __typename }"
    return _operation(root, "" if is_leaf_type(type_) else selection, id=id and f'"{id}"')


def most(root: RootField) -> str:
    """An operation of this field in which every id is the variable $id, with everything selected.

    The variable is declared only where something takes an id.
    """
    return _operation(root, _everything(get_named_type(root.field.type), DEEPEST), id="$id")


def _operation(root: RootField, selection: str, *, id: str | None) -> str:
    """`id`: what stands where an id is taken, a literal or the variable $id."""
    given = ", ".join(
        f"{name}: {_value(argument.type, id)}"
        for name, argument in root.field.args.items()
        if _is_wanted(argument.type, id)
    )
    declared = "($id: ID!)" if "$id" in given else ""
    return f"{root.kind}{declared} {{ {root.name}{f'({given})' if given else ''} {selection} }}"


def _is_wanted(type_: Any, id: str | None) -> bool:
    """What must be given, and where an id is to be tried, what can hold one."""
    return isinstance(type_, GraphQLNonNull) or (id is not None and _holds_id(type_, DEEPEST))


def _holds_id(type_: Any, depth: int) -> bool:
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        return depth > 0 and any(
            _holds_id(field.type, depth - 1) for field in named.fields.values()
        )
    return str(named) == "ID"


def _value(type_: Any, id: str | None) -> str:
    """A literal that the type takes."""
    if isinstance(type_, GraphQLNonNull):
        return _value(type_.of_type, id)
    if isinstance(type_, GraphQLList):
        return f"[{_value(type_.of_type, id)}]"
    if isinstance(type_, GraphQLInputObjectType):
        if type_.is_one_of and "url" in type_.fields:
            return f"{{id: {id}}}" if id else f'{{url: "{ANY_PRODUCT}"}}'
        if type_.is_one_of:
            name, field = next(iter(type_.fields.items()))
            return f"{{{name}: {_value(GraphQLNonNull(field.type), id)}}}"
        given = ", ".join(
            f"{name}: {_value(field.type, id)}"
            for name, field in type_.fields.items()
            if _is_wanted(field.type, id)
        )
        return f"{{{given}}}"
    if is_enum_type(type_):
        return str(next(iter(type_.values)))
    if str(type_) == "ID" and id:
        return id
    of_types = {"Int": "1", "Boolean": "true", "DateTime": '"2026-01-01T00:00:00Z"'}
    return of_types.get(str(type_), '"1"')


def _everything(type_: Any, depth: int) -> str:
    """A selection of every field that takes no argument it must have; "" for a leaf."""
    if is_leaf_type(type_):
        return ""
    if isinstance(type_, GraphQLInterfaceType):
        of_each = " ".join(
            f"... on {each.name} {_everything(each, depth)}"
            for each in SERVED.get_possible_types(type_)
        )
        return f"{{ __typename {of_each} }}"
    assert isinstance(type_, GraphQLObjectType), f"Selections of {type_} are not written yet."
    fields = []
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if any(isinstance(argument.type, GraphQLNonNull) for argument in field.args.values()):
            continue
        if is_leaf_type(named):
            fields.append(name)
        elif depth > 1:
            fields.append(f"{name} {_everything(named, depth - 1)}")
    return f"{{ __typename {' '.join(_aliased(type_.name, fields))} }}"


def _aliased(owner: str, fields: list[str]) -> list[str]:
    """Types that share an interface may have fields of one name and different types."""
    return [f"{owner}_{field.split(' ')[0]}: {field}" for field in fields]
