"""`python -m tests.schema_guard [FOLDER]`: whether schema.graphql breaks callers, or lacks words.

Exit code 1 when it does. Compared with the commit where this branch left the main one (on it: with
the commit before).
"""

import sys
from pathlib import Path

from graphql import GraphQLError

from tests.schema_guard import findings, history

SCHEMA, CHANGELOG = "schema.graphql", "CHANGELOG.md"


def main(arguments: list[str]) -> int:
    """Look at the folder, this project's by default, and tell what was found."""
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent.parent
    try:
        problems = _broken(folder) + _bare(folder)
    except GraphQLError as error:
        problems = [f"A schema cannot be read: {error.message}"]
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


def _broken(folder: Path) -> list[str]:
    try:
        commit = history.base(folder)
    except history.NoHistory as missing:
        if missing.is_cut_off:
            return ["The clone is shallow: fetch more history, so that breaks can be found."]
        sys.stdout.write("There is no earlier commit: nothing to compare schema.graphql with.\n")
        return []
    before = history.file_at(folder, commit, SCHEMA)
    if before is None:
        sys.stdout.write(f"Commit {commit[:12]} has no {SCHEMA}: nothing to compare with.\n")
        return []
    return _told(folder, commit, before)


def _told(folder: Path, commit: str, before: str) -> list[str]:
    found = findings.breaks(before, (folder / SCHEMA).read_text("utf-8"))
    changelog = folder / CHANGELOG
    allowed = findings.allowed(
        changelog.read_text("utf-8") if changelog.exists() else "",
        history.file_at(folder, commit, CHANGELOG) or "",
    )
    for one in found:
        if one.coordinate in allowed:
            sys.stdout.write(f"Deliberate break: {one.description}\n")
    broken = [one for one in found if one.coordinate not in allowed]
    if not broken:
        sys.stdout.write(f"No unannounced break since {commit[:12]}.\n")
        return []
    named = ", ".join(dict.fromkeys(one.coordinate for one in broken))
    return [
        f"{SCHEMA} breaks callers of commit {commit[:12]}:",
        *(f"  {one.coordinate}: {one.description}" for one in broken),
        "Keep what callers use, with @deprecated. If the break is meant, say so under Unreleased",
        f'in {CHANGELOG}, in words and with "Breaking: {named}".',
    ]


def _bare(folder: Path) -> list[str]:
    bare = findings.undescribed((folder / SCHEMA).read_text("utf-8"))
    return [f"{SCHEMA}: {coordinate} has no description." for coordinate in bare]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
