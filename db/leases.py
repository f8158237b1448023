"""Leases: whoever works on a row writes only as long as it is still theirs.

Each claim gives the row a new token. A process that was stopped, and whose row another one has
claimed meanwhile, finds its token gone in the very transaction in which it would write.
"""

from dataclasses import dataclass

from db import statements

HELD = "UPDATE job_batches SET token = token WHERE id = $1 AND token = $2 RETURNING id"


class LeaseLost(Exception):
    """Somebody else works on it now: nothing of it may be written here."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The claim on a row, a batch of a job if nothing else. `held`: finds it by id and token, and
    locks it."""

    id: str
    token: str
    held: str = HELD

    async def require(self) -> None:
        """Inside a transaction: nobody else claims the row until its end. Raises LeaseLost."""
        if not await statements.rows(self.held, [self.id, self.token]):
            raise LeaseLost
