"""The workspaces, and whose rows a statement sees: one workspace, of each marketplace one mode."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from db import rows, statements
from db.availability import resilient
from db.statements import Values
from domain.marketplaces import Workspace
from domain.products import Mode, ProductRef
from domain.workspaces import WorkspaceSummary

REF_COLUMNS = "mode, marketplace, locale, external_id"


@resilient
async def create(name: str, now: datetime) -> bool:
    """Make a workspace. False: there is one of that name."""
    made = await statements.rows(
        "INSERT INTO workspaces (id, created_at) VALUES ($1, $2)"
        " ON CONFLICT (id) DO NOTHING RETURNING id",
        (name, now),
    )
    return bool(made)


@resilient
async def exists(name: str) -> bool:
    """Whether there is a workspace of that name."""
    return bool(await statements.rows("SELECT id FROM workspaces WHERE id = $1", [name]))


@resilient
async def every() -> list[WorkspaceSummary]:
    """All workspaces, by name."""
    found = await statements.rows(
        "SELECT id, created_at,"
        " (SELECT count(*) FROM products WHERE workspace_id = workspaces.id) AS products,"
        " (SELECT count(*) FROM api_keys WHERE workspace_id = workspaces.id) AS api_keys"
        " FROM workspaces ORDER BY id"
    )
    return [
        WorkspaceSummary(
            name=row["id"],
            created_at=rows.moment(row["created_at"]),
            products=row["products"],
            api_keys=row["api_keys"],
        )
        for row in found
    ]


def mode_of(workspace: Workspace, marketplace: str) -> Mode:
    """The mode in which the workspace runs the marketplace; LIVE unless it says otherwise."""
    return workspace.modes.get(marketplace, Mode.LIVE)


def visible(workspace: Workspace, values: Values) -> str:
    """The condition that a row is of this workspace, in the present mode of its marketplace."""
    own = f"workspace_id = {values.add(workspace.id)}"
    sandboxed = sorted(code for code, mode in workspace.modes.items() if mode is Mode.SANDBOX)
    if not sandboxed:
        return f"{own} AND mode = 'LIVE'"
    codes = values.row(sandboxed)
    return f"{own} AND mode = CASE WHEN marketplace IN {codes} THEN 'SANDBOX' ELSE 'LIVE' END"


def among(workspace: Workspace, refs: Iterable[ProductRef], values: Values) -> str:
    """The condition that a row is of this workspace and names one of these products."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for ref in refs:
        mode = mode_of(workspace, ref.marketplace)
        place = (workspace.id, mode, ref.marketplace, ref.locale)
        groups.setdefault(place, []).append(ref.external_id)
    return one_of("workspace_id, mode, marketplace, locale", "external_id", groups, values)


def one_of(
    columns: str, last: str, groups: Mapping[tuple[object, ...], Sequence[str]], values: Values
) -> str:
    """The condition that the columns are those of a group, and the last one among its texts.

    Spelled out, since SQLite finds no index for a list of whole rows. At most 500 groups: its
    expressions may be a thousand deep.
    """
    ways = []
    for place, texts in groups.items():
        same = zip(columns.split(", "), place, strict=True)
        conditions = [f"{column} = {values.add(value)}" for column, value in same]
        ways.append(" AND ".join([*conditions, f"{last} IN {values.row(texts)}"]))
    return f"(({') OR ('.join(ways)}))"


def chunks(refs: Collection[ProductRef]) -> list[list[ProductRef]]:
    """Few enough that SQLite takes the parameters, in an order that all writers share."""
    ordered = sorted(set(refs), key=lambda ref: (ref.marketplace, ref.locale, ref.external_id))
    return [ordered[start : start + 500] for start in range(0, len(ordered), 500)]
