"""Leases: whoever works on a batch writes only as long as it is still theirs.

Each claim gives the batch a new token. A process that was stopped, and whose batch another one has
claimed meanwhile, finds its token gone in the very transaction in which it would write.
"""

from dataclasses import dataclass

from db import statements

HELD = "UPDATE job_batches SET token = token WHERE id = $1 AND token = $2 RETURNING id"


class LeaseLost(Exception):
    """Somebody else works on the batch now: nothing of it may be written here."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The claim on a batch."""

    batch: str
    token: str

    async def require(self) -> None:
        """Inside a transaction: nobody else claims the batch until its end. Raises LeaseLost."""
        if not await statements.rows(HELD, [self.batch, self.token]):
            raise LeaseLost
