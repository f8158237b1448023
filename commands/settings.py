"""settings: what docs/configuration.md and .env.example say of each setting, made from them."""

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from clients.registry import SETTINGS
from commands.arguments import Commands, add_command
from config import every_setting
from domain.exceptions import InvalidInput
from domain.settings import Setting

EACH_MARKETPLACE = "each marketplace"  # stands in the page for the tables of all of them
TABLE = re.compile(r"(<!-- settings: ([^\n]+) -->\n).*?(\n<!-- end -->)", re.DOTALL)
HEAD = "| Name | Default | Values | What it is |\n| --- | --- | --- | --- |\n"
EXAMPLE = (
    "# Copy what you need into the environment of the server; this file itself is not read.\n"
    "# Every setting is explained in docs/configuration.md; this file is made by `make settings`.\n"
)


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, shared, "settings", "print what can be set", run)
    parser.add_argument("page", nargs="?", type=Path, help="print this page, its tables renewed")
    parser.add_argument("--env", action="store_true", help="print them as .env.example has them")


def run(arguments: argparse.Namespace) -> int:
    """Print the tables, a page with them, or the lines of an environment."""
    if arguments.env:
        print(example(), end="")
    elif arguments.page:
        print(renewed(arguments.page.read_text("utf-8")), end="")
    else:
        print("\n\n".join(f"## {name}\n\n{_table(group)}" for name, group in groups().items()))
    return 0


def groups() -> dict[str, list[Setting]]:
    """The settings by the heading under which they stand."""
    by_group: dict[str, list[Setting]] = {}
    for each in every_setting(SETTINGS):
        by_group.setdefault(each.group, []).append(each)
    return by_group


def renewed(page: str) -> str:
    """The page with each table made anew: it stands between `settings: its group` and `end`.

    Raises InvalidInput for a group that does not exist.
    """
    tables = {name: _table(group) for name, group in groups().items()}
    names = [marketplace.calls_per_day.group for marketplace in SETTINGS]
    tables[EACH_MARKETPLACE] = "\n\n".join(f"### {name}\n\n{tables[name]}" for name in names)
    unknown = {match[2] for match in TABLE.finditer(page)} - tables.keys()
    if unknown:
        raise InvalidInput(f"There are no settings of {', '.join(sorted(unknown))}.")
    return TABLE.sub(lambda match: f"{match[1]}\n{tables[match[2]]}\n{match[3]}", page)


def example() -> str:
    """Every setting as a line that somebody may copy."""
    blocks = (
        f"\n# {name}\n" + "".join(f"#{each.name}={each.example}\n" for each in group)
        for name, group in groups().items()
    )
    return EXAMPLE + "".join(blocks)


def _table(settings: Iterable[Setting]) -> str:
    return HEAD + "\n".join(map(_row, settings))


def _row(setting: Setting) -> str:
    default = setting.unset or " ".join(filter(None, (setting.example, setting.unit)))
    cells: Sequence[str] = (
        f"`{setting.name}`",
        default or "not set",
        setting.parser.expects,
        setting.help,
    )
    return f"| {' | '.join(cells)} |"
