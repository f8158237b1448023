"""What is due of many owners, in one statement: some of each, by turns.

So none stands before the others, whatever it has: with more owners than a look takes, chance says
whose turn it is, and the next look says it anew. Where owners are of workspaces, no workspace holds
more than its share.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from db import statements
from db.statements import Row

MOST = 200  # in one look


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Where the rows `d` of owners `o` are. `owner`: the column that names it; `first`: the order.

    `open_owners`, `due`: conditions on `o` and on `d`; `held`: on a row `h` that somebody is at
    work on, which counts among the some, and in the share of its workspace. `last`: on an `o` that
    comes after the others of its workspace, since its rows hold their places for long.
    """

    owners: str
    rows: str
    owner: str
    open_owners: str
    due: str
    first: str
    held: str | None = None
    last: str = "1 = 0"

    async def some(self, values: Sequence[object], *, of_each: int) -> list[Row]:
        """Id and tries of at most so many rows of each owner. `values`: of the conditions."""
        some = self._some(f"${len(values) + 1}")
        return await statements.rows(
            f"{some} ORDER BY turn, RANDOM() LIMIT {MOST}", [*values, of_each]
        )

    async def shared(
        self, values: Sequence[object], *, of_each: int, of_workspace: int
    ) -> list[Row]:
        """As `some`, and of each workspace at most so many, the workspaces by turns.

        Which ones a workspace gives does not change while they wait: so with what was found by
        earlier looks and is not held yet, there are no more.
        """
        limit, share = (f"${len(values) + number}" for number in (1, 2))
        held = (
            f"SELECT o.workspace_id, SUM({self._held}) AS places FROM {self.owners} o"
            " WHERE o.workspace_id IN (SELECT workspace_id FROM ready) GROUP BY o.workspace_id"
        )
        place = (
            "ROW_NUMBER() OVER (PARTITION BY ready.workspace_id ORDER BY turn, last, due_at, id)"
        )
        placed = (
            f"SELECT id, tries, {place} + held.places AS place FROM ready"
            " JOIN held ON held.workspace_id = ready.workspace_id"
        )
        return await statements.rows(
            f"WITH ready AS ({self._some(limit)}), held AS ({held}), placed AS ({placed})"
            f" SELECT * FROM placed WHERE place <= {share} ORDER BY place, RANDOM() LIMIT {MOST}",
            [*values, of_each, of_workspace],
        )

    @property
    def _held(self) -> str:
        """How many rows of an owner `o` are held."""
        return f"(SELECT COUNT(*) FROM {self.rows} h WHERE h.{self.owner} = o.id AND {self.held})"

    def _some(self, limit: str) -> str:
        def of_one(columns: str) -> str:
            return (
                f"SELECT {columns} FROM {self.rows} d WHERE d.{self.owner} = o.id AND {self.due}"
                f" ORDER BY {self.first} LIMIT {limit}"
            )

        joined = f"JOIN {self.rows} d ON d.id IN ({of_one('d.id')})"
        if statements.is_postgres():  # which would look at each row for each owner
            joined = f"CROSS JOIN LATERAL ({of_one('d.*')}) d"
        turn = f"ROW_NUMBER() OVER (PARTITION BY o.id ORDER BY {self.first})"
        if self.held is not None:
            turn += f" + {self._held}"
        some = (
            f"SELECT d.id, d.tries, d.due_at, o.workspace_id, {turn} AS turn, {self.last} AS last"
            f" FROM {self.owners} o {joined} WHERE {self.open_owners}"
        )
        return f"SELECT * FROM ({some}) AS found WHERE turn <= {limit}"
