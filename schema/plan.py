"""Runs a query by a plan: compiled once for a document, level by level, without a task per field.

The schema stays Strawberry's: types, fields, enums and scalars are read from it, resolvers run as
they do, with their checks. What a plan does not cover has none (`compiled` answers None), and an
error of any kind while it runs ends it: then graphql-core answers the operation. What the fields of
Query gave is kept for it, and the loaders of the request keep what they were told, so that nobody
is asked twice. See docs/decisions/0043-plans.md.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_argument_values,
    get_named_type,
    is_list_type,
    is_non_null_type,
    print_ast,
)
from graphql.execution import Executor
from graphql.pyutils import Path
from strawberry import Schema
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from domain.kept import Kept
from schema import made
from schema.made import MADE, STORED, Make, Part, Place, Uncovered, Whole
from schema.node import Info

Composite = GraphQLObjectType | GraphQLInterfaceType
Fragments = Mapping[str, FragmentDefinitionNode]
BACKREF = GraphQLCoreConverter.DEFINITION_BACKREF
TYPENAME = "__typename"
ROOT = (None,)  # of which object the fields of Query are asked
AS_IT_IS: Mapping[str, type] = {"String": str, "ID": str, "Boolean": bool}
VARIABLE = re.compile(r"\$(\w+)")
KEPT_VARIABLES = 10_000  # characters
EDGE = 2**31  # of what GraphQL calls Int


@dataclass(slots=True)
class Step:
    """One key of an answered object: how its values are had from the objects, and how written.

    `write`: of a leaf, a value as JSON has it. `below`: what is asked of its objects; None for a
    leaf. `waits`: its values, or something below them, have to be awaited. `part`: how the answer
    is made from a record of its object, where the field says so (schema/made.py). `variables`:
    those in its arguments, by these. `fixed`: the others' values; `arguments`: all of them, by what
    was sent as variables.
    """

    key: str
    of: GraphQLField
    parent: GraphQLObjectType
    nodes: list[FieldNode] = field(default_factory=list)
    write: Callable[[Any], Any] | None = None
    below: "dict[str, Selection] | None" = None
    is_list: bool = False
    may_be_null: bool = True
    items_may_be_null: bool = True
    waits: bool = False
    part: Part | None = None
    variables: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fixed: Mapping[str, Any] | None = None
    arguments: Kept[str, Mapping[str, Any]] = field(default_factory=lambda: Kept(KEPT_VARIABLES))

    @property
    def definition(self) -> StrawberryField:
        """The field as Strawberry knows it."""
        return cast(StrawberryField, self.of.extensions[BACKREF])


@dataclass(slots=True)
class Selection:
    """What is asked of the objects of one type.

    `of_object`, `of_record`: all of it, where nothing has to be asked otherwise. `make` answers an
    object at once, `make_in_part` of its record (`made_from`) so much as is made of that.
    """

    type: GraphQLObjectType
    steps: dict[str, Step | None]  # None: its __typename
    of_object: Whole | None = None
    of_record: Whole | None = None
    make: Make | None = None
    make_in_part: Make | None = None


def compiled(
    schema: Schema, operation: OperationDefinitionNode, fragments: Fragments
) -> Selection | None:
    """The plan of a valid query without directives, not of the schema itself; else None."""
    root = schema._schema.query_type
    if operation.operation is not OperationType.QUERY or root is None:
        return None
    try:
        return _Compiler(schema._schema, fragments).selection(root, [operation.selection_set])
    except Uncovered:
        return None


def rests_on_rows(selection: Selection) -> bool:
    """Whether all that it asks for follows from stored rows and the time."""
    return all(_rests_on_rows(step) for step in selection.steps.values() if step is not None)


def _rests_on_rows(step: Step) -> bool:
    if step.part is not None:
        return True
    of, resolver = step.definition, step.definition.base_resolver
    is_of_object = resolver is None or not (resolver.info_parameter or of.is_async)
    if STORED not in of.metadata and not of.is_basic_field and (of.extensions or not is_of_object):
        return False
    return all(map(rests_on_rows, (step.below or {}).values()))


@dataclass(frozen=True)
class _Compiler:
    """Reads an operation's selections against the schema."""

    schema: GraphQLSchema
    fragments: Fragments

    def selection(
        self, parent: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
    ) -> Selection:
        """What these selection sets ask of an object of that type."""
        steps: dict[str, Step | None] = {}
        for selection_set in selection_sets:
            self._collect(parent, selection_set, steps)
        for step in filter(None, steps.values()):
            self._complete(step)
        return _made_at_once(Selection(parent, steps))

    def _collect(
        self, parent: GraphQLObjectType, node: SelectionSetNode, steps: dict[str, Step | None]
    ) -> None:
        for selection in node.selections:
            if selection.directives:
                raise Uncovered
            if isinstance(selection, FieldNode):
                name = selection.name.value
                key = selection.alias.value if selection.alias else name
                if name == TYPENAME:
                    steps[key] = None
                    continue
                if name not in parent.fields:  # __schema and __type
                    raise Uncovered
                step = steps.setdefault(key, Step(key, parent.fields[name], parent))
                if step is not None:
                    step.nodes.append(selection)
                continue
            part: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                part = self.fragments[selection.name.value]
            condition = part.type_condition.name.value if part.type_condition else parent.name
            if condition in (parent.name, *(each.name for each in parent.interfaces)):
                self._collect(parent, part.selection_set, steps)

    def _complete(self, step: Step) -> None:
        definition = step.definition
        arguments = [each for node in step.nodes for each in node.arguments or ()]
        found = {each.name.value: VARIABLE.findall(print_ast(each)) for each in arguments}
        step.variables = {name: names for name, names in found.items() if names}
        step.waits = not definition.is_basic_field and definition.is_async
        type_, step.may_be_null = _opened(step.of.type)
        if is_list_type(type_):
            step.is_list = True
            type_, step.items_may_be_null = _opened(type_.of_type)
        if isinstance(type_, Composite):
            sets = [node.selection_set for node in step.nodes if node.selection_set is not None]
            types = self._possible(type_)
            step.below = {each.name: self.selection(each, sets) for each in types}
            step.waits |= any(
                s.waits for each in step.below.values() for s in each.steps.values() if s
            )
        elif is_list_type(type_):
            raise Uncovered
        else:
            step.write = _writer(get_named_type(type_))
        if place := definition.metadata.get(MADE):
            step.part = _part(step, place, of_record=True)

    def _possible(self, type_: Composite) -> Sequence[GraphQLObjectType]:
        if isinstance(type_, GraphQLObjectType):
            return [type_]
        return self.schema.get_possible_types(type_)


def _made_at_once(selection: Selection) -> Selection:
    """The selection, with what of it can be made at once."""
    steps = [step for step in selection.steps.values() if step is not None]
    selection.of_record = _whole(selection, lambda step: step.part)
    if _tells_records(selection.type):
        in_part: Whole = {step.key: step.part for step in steps if step.part is not None}
        selection.make_in_part = made.compiled(in_part) if in_part else None
    elif all(step.definition.is_basic_field for step in steps):
        selection.of_object = _whole(
            selection,
            lambda step: _part(step, Place(step.definition.python_name), of_record=False),
        )
        selection.make = made.compiled(selection.of_object) if selection.of_object else None
    return selection


def _whole(selection: Selection, part_of: Callable[[Step], Part | None]) -> Whole | None:
    parts = {
        key: selection.type.name if step is None else part_of(step)
        for key, step in selection.steps.items()
    }
    return None if None in parts.values() else cast(Whole, parts)


def _part(step: Step, place: Place, *, of_record: bool) -> Part | None:
    """None where what is below has to be asked otherwise."""
    below: Whole | Make | None
    if step.below is None:
        is_written = place.is_written or get_named_type(step.of.type).name in AS_IT_IS
        below = None if is_written else step.write
    else:
        if not isinstance(get_named_type(step.of.type), GraphQLObjectType):
            return None
        [selection] = step.below.values()
        fields = selection.type.extensions[BACKREF].fields
        has_records = of_record and any(MADE in each.metadata for each in fields)
        below = selection.of_record if has_records else selection.of_object
        if below is None:
            return None
    return Part(
        path=place.path,
        below=below,
        is_list=step.is_list,
        may_be_null=step.may_be_null,
        items_may_be_null=step.items_may_be_null,
    )


def _tells_records(type_: GraphQLObjectType) -> bool:
    """Whether its objects tell the records that they are of."""
    return hasattr(type_.extensions[BACKREF].origin, "made_from")


def _opened(type_: GraphQLOutputType) -> tuple[Any, bool]:
    return (type_.of_type, False) if is_non_null_type(type_) else (type_, True)


def _writer(type_: Any) -> Callable[[Any], Any]:
    """How a value of a leaf type is written; as graphql-core writes it."""
    write: Callable[[Any], Any] = type_.coerce_output_value
    if isinstance(type_, CustomGraphQLEnumType):
        members: Iterable[Any] = type_.wrapped_cls
        names = {id(each): write(each) for each in members}  # their hashes are slow
        return lambda value: names.get(id(value)) or write(value)
    if type_.name == "Int":
        return lambda value: value if type(value) is int and -EDGE <= value < EDGE else write(value)
    kind = AS_IT_IS.get(type_.name)
    return (lambda value: value if type(value) is kind else write(value)) if kind else write


@dataclass
class Run:
    """One run of a plan. Where it fails, graphql-core begins anew, with it as its middleware.

    `root`: what the fields of Query gave, values and exceptions.
    """

    plan: Selection
    executor: "Executor[Any]"
    schema: Schema
    variables: Mapping[str, object] | None = None
    root: dict[str, Any] = field(default_factory=dict)

    async def data(self) -> dict[str, Any]:
        """The answer's data. Raises Uncovered, or what a resolver raised: see above."""
        [data] = await self._objects(self.plan, ROOT)
        return data

    def resolve(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: "GraphQLResolveInfo[Any]",
        **arguments: Any,
    ) -> Any:
        """Does not run again what ran: a search costs a call. Raises what it raised."""
        if info.path.prev is not None or info.path.key not in self.root:
            return next_(source, info, **arguments)
        outcome = self.root[str(info.path.key)]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _objects(self, selection: Selection, sources: Sequence[Any]) -> list[dict[str, Any]]:
        """The answered objects, one for each source, all of one type."""
        if make := selection.make:
            return [make(source) for source in sources]
        answers: list[dict[str, Any]] = [dict.fromkeys(selection.steps) for _ in sources]
        if make := selection.make_in_part:
            for answer, source in zip(answers, sources, strict=True):
                answer.update(make(source.made_from(self.executor.context_value)))
        waiting = []
        for key, step in selection.steps.items():
            if step is None:
                for answer in answers:
                    answer[key] = selection.type.name
            elif step.part is not None and selection.make_in_part:
                continue
            elif step.waits:
                waiting.append(step)
            else:
                await self._fill(step, self._values(step, sources), answers)
        _raise_first(await _outcomes([self._awaited(each, sources, answers) for each in waiting]))
        return answers

    async def _awaited(
        self, step: Step, sources: Sequence[Any], answers: list[dict[str, Any]]
    ) -> None:
        values = self._values(step, sources)
        if not step.definition.is_basic_field and step.definition.is_async:
            values = await _outcomes(list(values))
            if sources is ROOT:
                [self.root[step.key]] = values
            _raise_first(values)
        await self._fill(step, values, answers)

    def _values(self, step: Step, sources: Sequence[Any]) -> Iterable[Any]:
        """A value, or an awaitable of it, for each source."""
        definition = step.definition
        resolver = definition.base_resolver
        if definition.is_basic_field or resolver is None:
            return map(attrgetter(definition.python_name), sources)
        path = Path(None, step.key, step.parent.name)
        raw = self.executor.build_resolve_info(step.of, step.nodes, step.parent, path)
        info = self.schema.config.info_class(_raw_info=raw, _field=definition)
        call = cast(Callable[..., Any], resolver.wrapped_func)
        for extension in definition.extensions:
            call = partial(extension.resolve_async, call)
        given = self._arguments(step, info)
        if resolver.info_parameter or definition.extensions:
            given = {**given, "info": info}
        return [call(source, **given) for source in sources]

    def _arguments(self, step: Step, info: Info) -> Mapping[str, Any]:
        """What a field is given; kept by what was sent for it, since it takes long to read."""
        sent, used = self.variables or {}, chain.from_iterable(step.variables.values())
        given = repr([sent.get(name, TYPENAME) for name in used])
        arguments = step.arguments.get(given)
        if arguments is None:
            values = get_argument_values(step.of, step.nodes[0], self.executor.variable_values)
            varying = {name: values.pop(name) for name in step.variables if name in values}
            if step.fixed is None:
                step.fixed = self._converted(step, values, info)
            arguments = {**step.fixed, **self._converted(step, varying, info)}
            step.arguments.keep(given, arguments, len(given) + 1)
        return arguments

    def _converted(self, step: Step, values: dict[str, Any], info: Info) -> Mapping[str, Any]:
        return convert_arguments(
            values,
            [step.of.args[name].extensions[BACKREF] for name in values],
            scalar_registry=self.schema.schema_converter.scalar_registry,
            config=self.schema.config,
            info=info,
        )

    async def _fill(
        self, step: Step, values: Iterable[Any], answers: Sequence[dict[str, Any]]
    ) -> None:
        """Writes the values of one key. Raises Uncovered for what its type does not allow."""
        values = list(values)
        if not step.may_be_null and None in values:
            raise Uncovered
        rows = values
        if step.is_list:
            rows = [row for value in values if value is not None for row in value]
            if not step.items_may_be_null and None in rows:
                raise Uncovered
        written = iter(await self._written(step, rows))
        for answer, value in zip(answers, values, strict=True):
            if not step.is_list:
                answer[step.key] = next(written)
            elif value is not None:
                answer[step.key] = [next(written) for _ in value]

    async def _written(self, step: Step, rows: Sequence[Any]) -> list[Any]:
        if step.write is not None:
            write = step.write
            return [None if row is None else write(row) for row in rows]
        assert step.below is not None
        written: list[Any] = [None] * len(rows)
        places: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            if row is not None:
                places.setdefault(_type_name(row, step.below), []).append(place)
        for name, of_type in places.items():
            objects = await self._objects(step.below[name], [rows[place] for place in of_type])
            for place, answer in zip(of_type, objects, strict=True):
                written[place] = answer
        return written


async def _outcomes(pending: Sequence[Awaitable[Any]]) -> list[Any]:
    """What each gives, or the exception it raises, once all have ended.

    One alone is no task: it begins at once, also where no time is left.
    """
    if len(pending) == 1:
        try:
            return [await pending[0]]
        except Exception as failure:
            return [failure]
    return await asyncio.gather(*pending, return_exceptions=True)


def _raise_first(outcomes: Iterable[Any]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


def _type_name(row: Any, below: Mapping[str, Selection]) -> str:
    """Raises AttributeError for what is no object of the schema, such as an exception in a list."""
    definition = row.__strawberry_definition__
    # A generic type does not know of which type it is one: it stands where there is no choice.
    return next(iter(below)) if len(below) == 1 else str(definition.name)
