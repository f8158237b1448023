"""export: the whole catalogue as a file, in the formats that /export/{format} answers."""

import argparse
import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from commands.arguments import Commands, add_command
from commands.context import open_context, read_settings
from domain.catalog import CatalogFilter
from domain.exceptions import InvalidInput
from domain.exports import LeftOut, Options, Pictures, Published, in_words
from domain.money import parse_currency
from exports import formats
from resolvers import exports


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, shared, "export", "write the whole catalogue to standard output or a file", run
    )
    parser.add_argument(
        "--format",
        choices=formats.NAMES,
        default="json",
        help="json: one array; csv: a table; or for an importer (default: %(default)s)",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="the file to write (default: standard output)"
    )
    parser.add_argument(
        "--currency",
        default="USD",
        metavar="CODE",
        help="woocommerce, shopify: the shop's currency (default: %(default)s)",
    )
    parser.add_argument(
        "--published",
        choices=[one.value for one in Published],
        default=Published.DRAFT.value,
        help="woocommerce, shopify: draft for a first import; yes: buyers see it at once; keep: "
        "refresh what the shop has, whose status stays; what it lacks is published "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--pictures",
        choices=[one.value for one in Pictures],
        default=Pictures.ALL.value,
        help="woocommerce, shopify: first: the shop copies one a product (default: %(default)s)",
    )
    parser.add_argument(
        "--legacy-header", action="store_true", help="shopify: the older names of its columns"
    )
    parser.add_argument(
        "--link",
        default="",
        metavar="URL",
        help="merchant: a product's address in your own shop: https://shop.example/p/{handle}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write it, page by page. A file is replaced only when all of it was written.

    What it leaves out is told on standard error.

    Raises InvalidInput.
    """
    if arguments.format == "merchant":
        exports.check_own_shop(arguments.link)
    format = formats.by_name(
        arguments.format,
        Options(
            currency=parse_currency(arguments.currency, path=("currency",)),
            published=Published(arguments.published),
            pictures=Pictures(arguments.pictures),
            legacy_header=arguments.legacy_header,
            link_template=arguments.link,
        ),
    )
    with _output(arguments.output) as output:
        left_out = asyncio.run(_export(arguments.workspace, format, output))
    if words := in_words(left_out):
        print(words, file=sys.stderr)
    return 0


async def _export(workspace: str, format: formats.Format, output: BinaryIO) -> Counter[LeftOut]:
    left_out: Counter[LeftOut] = Counter()
    async with open_context(read_settings(), workspace) as context:
        pages = exports.pages(context, CatalogFilter())
        async for piece in formats.written(format, pages, left_out):
            output.write(piece)
    return left_out


@contextlib.contextmanager
def _output(file: str | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that takes its name when it is complete. Raises InvalidInput."""
    if file is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    aside = Path(f"{file}.part")
    try:
        with aside.open("wb") as output:
            yield output
        os.replace(aside, file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}.") from None
    finally:
        aside.unlink(missing_ok=True)
