"""The table as Markdown, and what must be known to read it."""

import os
import platform
from collections.abc import Sequence
from datetime import datetime

from benchmarks.rows import Row

HEAD = ("work", "naive client", "ours", "must", "met")
NOTES = """\
- Each cell: calls counted at the sandbox gateway, and seconds from the first request to the last
  answer. The gateway takes 100 ms for each call. Token requests are counted apart.
- The naive client is this server in the same run with call sharing and the cache taken out: every
  GraphQL request makes calls of its own, and whoever finds no token fetches one. Both get the same
  requests, all at once, on a new SQLite database, a new application and a new gateway.
- Every answer is checked for the id (or link) that was asked for. A row with an unanswered request
  is not met.
- The marketplaces are the bundled sandbox with made listings; no real marketplace is contacted.
- Rows without "over HTTP" run in one process (ASGI). Over HTTP, the server and its gateway are a
  process of their own under uvicorn; this process sends the requests, on the same machine, with a
  plain client that opens all connections at once.
- The limit of calls a second is the real one, in real time, for Amazon. It is off for AliExpress,
  so that those rows show call sharing and not waiting.
- The rows over 3 processes: three `server.py` processes on one SQLite file and a Redis that is
  started for them, and one gateway process, all on this machine; this process sends every request
  at once, each over a connection of its own, 20 lookups or one link in a request. "In a second"
  counts the calls by the times at which the gateway got them, in every window of a second, wherever
  it begins. The naive client is the same without Redis: each process keeps to the limit by itself.
  Queries may take longer there than by default, and one API key may spend more points.
- "Asked again": everything is asked twice, and only the second time is counted.
- The credential sets: one process; each set has a workspace, an API key and accounts of its own,
  ten operations in a request; each call takes up to 50 ms at random, and the limits of calls a
  second are off. The gateways write into each link whose credentials asked for it. Looked at are
  every answer, everything that is put into the cache or found there, every stored product and link,
  and at the gateways with whose credentials the products were asked for that only one set knows.
  tests/test_isolation.py shows that a planted mix-up is found.
- The flood: a key with the scope READ keeps 25 searches of one account under way, each for other
  words. The naive client serves whoever came first. A permit comes every second and a call's way.
- Accounts at once: each asks for one product the whole way through the pipeline; the ledger books
  in memory and the network answers after 20 ms, so that what is measured is ours.
- `{ __typename }`: the naive client is the same server on asyncio and h11, in place of uvloop and
  httptools. No log is written.
- The longest block of the loop: the most that its thread works between two turns of a task that
  asks for one every millisecond. The naive client reads the texts where it stands.
- The lone request: shared and direct calls in turns in one application, each for a product that was
  not asked for before; "added" is the difference of the two medians.
"""


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, ("---",) * len(HEAD), *(_cells(row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def document(rows: Sequence[Row], at: datetime) -> str:
    """RESULTS.md."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return (
        "# Marketplace calls spent\n\n"
        f"Written by `make bench` on {at:%Y-%m-%d %H:%M} UTC; Python {platform.python_version()}, "
        f"{machine}.\n\n{table(rows)}\n## Notes\n\n{NOTES}"
    )


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "**no**", None: "-"}[row.is_met]
    return row.work, row.naive, row.ours, row.must, met
