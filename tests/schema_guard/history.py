"""The commit that the present state is compared with."""

import subprocess
from pathlib import Path

MAIN = ("origin/main", "main", "origin/master", "master")


class NoHistory(Exception):
    """There is nothing to compare with. `is_cut_off`: only because the clone is shallow."""

    def __init__(self, *, is_cut_off: bool) -> None:
        super().__init__("no earlier commit")
        self.is_cut_off = is_cut_off


def base(folder: Path) -> str:
    """Where this branch left the main one; on the main branch, the commit before. Raises NoHistory.

    The hash of a commit.
    """
    head = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    for name in MAIN:
        fork = _git(folder, "merge-base", "HEAD", name)
        if fork is not None and fork != head:
            return fork
    before = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD~1^{commit}")
    if before is None:
        shallow = _git(folder, "rev-parse", "--is-shallow-repository")
        raise NoHistory(is_cut_off=shallow == "true")
    return before


def file_at(folder: Path, commit: str, path: str) -> str | None:
    """The text of a file as it was in a commit; None where it was not there."""
    return _git(folder, "show", f"{commit}:./{path}", strip=False)


def _git(folder: Path, *arguments: str, strip: bool = True) -> str | None:
    """What git prints, None when it fails or is not there."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, check=False, text=True
        )
    except OSError:
        return None
    if done.returncode != 0:
        return None
    return done.stdout.strip() if strip else done.stdout
