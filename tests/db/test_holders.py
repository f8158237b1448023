"""Processes of this machine, told from those that died."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from db.holders import has_died, this_process
from tests.db.processes import ROOT

NAME = "from db.holders import this_process; print(this_process(), flush=True); input()"


@contextmanager
def living() -> Iterator[str]:
    """The name of another process that lives inside."""
    code = [sys.executable, "-c", NAME]
    with subprocess.Popen(
        code, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate("\n")


def test_a_process_has_died_when_it_ended() -> None:
    with living() as name:
        before = has_died(name)

    assert name != this_process()
    assert (before, has_died(name)) == (False, True)
    assert not has_died(this_process())


def test_a_process_that_has_the_id_of_another_is_not_that_one() -> None:
    place, pid, began = this_process().split(" ")

    assert has_died(f"{place} {pid} {int(began) - 1}")


@pytest.mark.parametrize("name", ["", "another-machine/pid:[1] 1 1"])
def test_of_others_nobody_knows(name: str) -> None:
    assert not has_died(name)
