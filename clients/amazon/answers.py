"""An answer to a catalogue call, opened: its content, or nothing found, or our exception."""

from dataclasses import dataclass
from datetime import datetime

from clients.amazon import errors, values
from clients.amazon.values import JSON
from domain.exceptions import AnswerInvalid
from upstream.contract import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing the catalogue is asked. `name` as the Creators API spells it, `results` the
    members of which one holds the answer."""

    name: str
    results: tuple[str, ...]


# One page of the documentation spells the first `itemResults`.
GET_ITEMS = Operation(name="getItems", results=("itemsResult", "itemResults"))
SEARCH_ITEMS = Operation(name="searchItems", results=("searchResult",))
GET_VARIATIONS = Operation(name="getVariations", results=("variationsResult",))
# What stands beside a result, or in place of one that has no rows. Another code tells of no row.
ABOUT_ROWS = {"InvalidParameterValue", "ItemNotAccessible", "ItemNotFound", "NoResults"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came back at `at` (UTC). `result` and `problems` are empty where nothing was found.

    `problems` are the partial errors `{code, message}` that stand beside the result;
    `has_broken_rows`: something else stands between the rows.
    """

    at: datetime
    result: JSON
    problems: tuple[JSON, ...] = ()
    has_broken_rows: bool = False


def read(answer: Answer, operation: Operation) -> Reading:
    """Open an answer. Raises MarketplaceError for a refusal, AnswerInvalid for another shape."""
    if errors.says_nothing_found(answer):
        return Reading(at=answer.received_at, result={})
    if answer.status != 200:
        raise errors.refusal(answer)
    body = values.load(answer.body)
    known = {*operation.results, "errors"}
    if body is None or not known.intersection(body):
        raise AnswerInvalid(errors.UNREADABLE)
    results = (body[name] for name in operation.results if body.get(name) is not None)
    result: object = next(results, {})
    problems = tuple(values.nodes(body, "errors"))
    codes = (errors.code_of(values.text(problem.get("code"))) for problem in problems)
    strange = next((code for code in codes if code not in ABOUT_ROWS), None)
    if strange and not result:
        raise AnswerInvalid(errors.UNREADABLE, upstream_code=strange)
    return Reading(
        at=answer.received_at,
        result=result if isinstance(result, dict) else {},
        problems=problems,
        has_broken_rows=_has_broken_rows(result),
    )


def _has_broken_rows(result: object) -> bool:
    """Whether some rows are none. Raises AnswerInvalid where all are: that is no empty list."""
    rows = values.member(result, "items")
    if not isinstance(result, dict) or not (rows is None or isinstance(rows, list)):
        raise AnswerInvalid(errors.UNREADABLE)
    usable = [row for row in rows or () if values.text(values.member(row, "asin"))]
    if rows and not usable:
        raise AnswerInvalid(errors.UNREADABLE)
    return len(usable) < len(rows or ())
