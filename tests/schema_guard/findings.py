"""What is wrong with a schema, by itself and beside an earlier one. Pure: text in, findings out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

COORDINATE = r"@?\w+(?:\.\w+)?(?:\(\w+:\))?"
MEMBER = re.compile(r"@\w+(?:\(\w+:\))?|\w+\.\w+(?:\(\w+:\))?")
ALLOWANCE = re.compile(rf"\bBreaking: ((?:`?{COORDINATE}`?(?:, )?)+)")
SECTION = re.compile(r"^## (.+?)$\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
UNRELEASED = "Unreleased"


@dataclass(frozen=True, slots=True)
class Break:
    """A change that can stop a caller's document from working, at a schema coordinate."""

    coordinate: str
    description: str


def breaks(before: str, after: str) -> list[Break]:
    """What breaks for callers between two schemas, given as SDL."""
    old, new = build_schema(before), build_schema(after)
    return [
        Break(_coordinate(change.description, old), change.description)
        for change in find_breaking_changes(old, new)
    ]


def _coordinate(description: str, old: GraphQLSchema) -> str:
    """What a sentence of graphql-core is about: Type, Type.member, Type.field(argument:)."""
    member = MEMBER.search(description)
    if member is not None:
        return member.group()
    union = re.search(r"from union type (\w+)", description)
    words = [union[1]] if union else re.findall(r"\w+", description)
    return next((word for word in words if word in old.type_map), description)


def allowed(changelog: str, before: str = "") -> set[str]:
    """Coordinates that lines "Breaking: Type.field, Other.field" name, of the part Unreleased and
    of releases that the changelog of before has not.

    So a break stays announced in the commit that gives Unreleased the number of its release.
    """
    released = {heading for heading, _ in SECTION.findall(before)} - {UNRELEASED}
    named = [
        line
        for heading, text in SECTION.findall(changelog)
        if heading not in released
        for line in ALLOWANCE.findall(text)
    ]
    return {coordinate for line in named for coordinate in re.findall(COORDINATE, line)}


def undescribed(text: str) -> list[str]:
    """Coordinates of everything without a description in a schema, given as SDL."""
    return [
        coordinate
        for coordinate, description in _everything(build_schema(text))
        if not (description or "").strip()
    ]


def _everything(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Each type, member, argument and directive that is ours, with its description."""
    for name, named in schema.type_map.items():
        if not is_introspection_type(named) and not is_specified_scalar_type(named):
            yield name, named.description
            yield from _members(name, named)
    for directive in schema.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description
            yield from _arguments(f"@{directive.name}", directive.args)


def _members(name: str, named: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        for field_name, field in named.fields.items():
            yield f"{name}.{field_name}", field.description
            yield from _arguments(f"{name}.{field_name}", field.args)
    elif isinstance(named, GraphQLInputObjectType):
        for field_name, input_field in named.fields.items():
            yield f"{name}.{field_name}", input_field.description
    elif isinstance(named, GraphQLEnumType):
        for value_name, value in named.values.items():
            yield f"{name}.{value_name}", value.description


def _arguments(
    owner: str, arguments: dict[str, GraphQLArgument]
) -> Iterator[tuple[str, str | None]]:
    for name, argument in arguments.items():
        yield f"{owner}({name}:)", argument.description
