"""Fields that are made straight from a record, without the object that Strawberry has of it.

A field says beside its definition where its value stands in the record: `strawberry.field(...,
metadata=made("source.title"))`. What stands there is what the field's attribute or resolver gives;
of objects whose own fields are made from records, these records. A field that says nothing is
answered as everywhere, only slower.

What is asked of a record at once becomes one Python expression, which is compiled with the plan
(schema/plan.py): a function called for each value would cost more than all else. Into its text go
names of GraphQL, and places that fields name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

MADE = "made from a record"
STORED = "follows from stored rows"
Make = Callable[[Any], Any]


class Uncovered(Exception):
    """The plan does not cover this: graphql-core is to answer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field's value stands in the record. `is_written`: as the answer has it."""

    path: str
    is_written: bool = False


def made(path: str, *, is_written: bool = False) -> Mapping[str, Place]:
    """Metadata of a field."""
    return {MADE: Place(path, is_written)}


def stored() -> Mapping[str, bool]:
    """Metadata of a field that has nothing but from rows, or else notes what it asked or the time
    that it depends on (`Context.note_change`, `CallBudget.is_used`)."""
    return {STORED: True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One key of an answered object, and where its value stands.

    `below`: what is answered for the value, or for each of a list: so much of its own parts, what a
    function makes of it, or (None) itself.
    """

    path: str
    below: "Whole | Make | None"
    is_list: bool
    may_be_null: bool
    items_may_be_null: bool


# By the keys of the answered object; a text stands for itself.
Whole = dict[str, Part | str]


def compiled(whole: Whole) -> Make:
    """Makes the answered object of a record. Raises Uncovered for a null that may not be."""
    text = _Text()
    make: Make = eval(f"lambda record: {text.of_object(whole, 'record')}", text.names)
    return make


def _missing() -> NoReturn:
    raise Uncovered


class _Text:
    """Words an expression. `names`: what its names stand for, beside those it makes itself."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"missing": _missing}
        self._used = 0

    def of_object(self, whole: Whole, record: str) -> str:
        """The answered object of the record by that name."""
        values = [
            f"{key!r}: {repr(part) if isinstance(part, str) else self._value(part, record)}"
            for key, part in whole.items()
        ]
        return f"{{{', '.join(values)}}}"

    def _value(self, part: Part, record: str) -> str:
        found = f"{record}.{part.path}"
        if part.below is None and part.may_be_null and not part.is_list:
            return found
        name = self._fresh()
        if part.is_list:
            item = self._fresh()
            each = _or(self._made(part.below, item), item, may_be_null=part.items_may_be_null)
            made = f"[{each} for {item} in {name}]"
        else:
            made = self._made(part.below, name)
        return _or(made, f"({name} := {found})", may_be_null=part.may_be_null)

    def _made(self, below: Whole | Make | None, name: str) -> str:
        if below is None:
            return name
        if isinstance(below, dict):
            return self.of_object(below, name)
        function = self._fresh()
        self.names[function] = below
        return f"{function}({name})"

    def _fresh(self) -> str:
        self._used += 1
        return f"_{self._used}"


def _or(made: str, value: str, *, may_be_null: bool) -> str:
    """What is made of a value; where there is none, null or an error."""
    return f"({made} if {value} is not None else {'None' if may_be_null else 'missing()'})"
