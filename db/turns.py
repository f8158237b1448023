"""What is due of many owners, in one statement: some of each, by turns.

So none stands before the others, whatever it has: with more owners than a look takes, chance says
whose turn it is, and the next look says it anew.
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
    work on, which counts among the some.
    """

    owners: str
    rows: str
    owner: str
    open_owners: str
    due: str
    first: str
    held: str | None = None

    async def some(self, values: Sequence[object], *, of_each: int) -> list[Row]:
        """Id and tries of at most so many rows of each owner. `values`: of the conditions."""
        limit = len(values) + 1
        return await statements.rows(self._sql(f"${limit}"), [*values, of_each])

    def _sql(self, limit: str) -> str:
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
            turn += (
                f" + (SELECT COUNT(*) FROM {self.rows} h"
                f" WHERE h.{self.owner} = o.id AND {self.held})"
            )
        some = (
            f"SELECT d.id, d.tries, {turn} AS turn FROM {self.owners} o {joined}"
            f" WHERE {self.open_owners}"
        )
        return (
            f"SELECT * FROM ({some}) AS found WHERE turn <= {limit}"
            f" ORDER BY turn, RANDOM() LIMIT {MOST}"
        )
