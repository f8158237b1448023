"""`python -m benchmarks.writer URL`: a commit for each line, which names a product by the
marketplace's id. It changes what no answer tells: how often a look found it changed."""

import asyncio
import sys

from db import statements
from db.connection import open_database

WRITE = (
    "UPDATE products SET changes_seen = changes_seen + 1 WHERE workspace_id = 'default'"
    " AND marketplace = 'aliexpress' AND external_id = $1 RETURNING id"
)


async def main(url: str) -> None:
    """Until the input ends; each commit is told by a line."""
    async with open_database(url):
        while line := await asyncio.to_thread(sys.stdin.readline):
            [_] = await statements.rows(WRITE, [line.strip()])
            sys.stdout.write("written\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
