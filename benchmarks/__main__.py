"""`python -m benchmarks`: measure everything, print the table, write RESULTS.md."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import document, table
from benchmarks.rows import Row, all_rows

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"


async def measure() -> list[Row]:
    """All rows, each told on standard error when it is there."""
    rows = []
    async for row in all_rows():
        sys.stderr.write(f"{row.work}: {row.ours}\n")
        rows.append(row)
    return rows


def main() -> None:
    """Nothing is written unless every row was measured."""
    rows = asyncio.run(measure())
    RESULTS.write_text(document(rows, datetime.now(UTC)), "utf-8")
    sys.stdout.write(f"\n{table(rows)}\nWritten to benchmarks/{RESULTS.name}.\n")


if __name__ == "__main__":
    main()
