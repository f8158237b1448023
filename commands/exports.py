"""export: the whole catalogue, page by page, as the graph answers it.

A format turns products (as JSON objects) into pieces of text. A new one is a function and a line
in FORMATS.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from commands.arguments import Commands, add_command
from commands.office import open_context, read_settings
from domain.exceptions import AffiliateGraphError, InvalidInput
from resolvers.context import Context
from schema import execution
from schema.execution import Operation

Product = dict[str, Any]
Format = Callable[[AsyncIterator[Product]], AsyncIterator[str]]

PAGE = """
query Export($after: String) {
  products(first: 250, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id marketplace { code } externalId locale url title features brand
      images { url width height } videoUrl
      categories { externalId name }
      seller { externalId name url }
      offer {
        price { amount currencyCode } listPrice { amount currencyCode } discountPercent
        availability coupon { code description } observedAt expiresAt
      }
      isStale
      reviews { positivePercent averageRating count }
      ordersLast30Days demand
      commission { ratePercent }
      state stateSince importedAt syncedAt
      sellingPrice { amount currencyCode } notes
    }
  }
}
"""


class ExportFailed(AffiliateGraphError):
    """A page could not be read."""


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, shared, "export", "write the whole catalogue to standard output or a file", run
    )
    parser.add_argument(
        "--format",
        choices=sorted(FORMATS),
        default="json",
        help="json: one array; jsonl: one object a line (default: %(default)s)",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="the file to write (default: standard output)"
    )


def run(given: argparse.Namespace) -> int:
    """Write it, piece by piece. A file is replaced only when all of it was written."""
    with _output(given.output) as output:
        asyncio.run(_export(given, output))
    return 0


async def _export(given: argparse.Namespace, output: TextIO) -> None:
    async with open_context(read_settings(), given.workspace) as context:
        async for piece in FORMATS[given.format](catalog(context)):
            output.write(piece)


async def catalog(context: Context) -> AsyncIterator[Product]:
    """Every product of the catalogue, last imported first. Raises ExportFailed."""
    after: str | None = None
    while True:
        context.forget_loaded()
        outcome = await execution.run(Operation(query=PAGE, variables={"after": after}), context)
        if "errors" in outcome.body:
            raise ExportFailed(f"The catalogue cannot be read: {outcome.body['errors']}")
        data: Any = outcome.body["data"]
        for product in data["products"]["nodes"]:
            yield product
        if not data["products"]["pageInfo"]["hasNextPage"]:
            return
        after = data["products"]["pageInfo"]["endCursor"]


async def as_array(products: AsyncIterator[Product]) -> AsyncIterator[str]:
    """One JSON array, a product a line."""
    between = "[\n"
    async for product in products:
        yield between + json.dumps(product, ensure_ascii=False)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


async def as_lines(products: AsyncIterator[Product]) -> AsyncIterator[str]:
    """JSON Lines."""
    async for product in products:
        yield json.dumps(product, ensure_ascii=False) + "\n"


FORMATS: dict[str, Format] = {"json": as_array, "jsonl": as_lines}


@contextlib.contextmanager
def _output(file: str | None) -> Iterator[TextIO]:
    """Standard output, or a file that takes its name when it is complete. Raises InvalidInput."""
    if file is None:
        yield sys.stdout
        return
    aside = Path(f"{file}.part")
    try:
        with aside.open("w", encoding="utf-8") as output:
            yield output
        os.replace(aside, file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}.") from None
    finally:
        aside.unlink(missing_ok=True)
