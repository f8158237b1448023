"""The standalone sandbox in a process of its own."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from tests.processes import PLAIN, ROOT


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[str]:
    """The address of a sandbox in a process of its own; terminated at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", *arguments],
        cwd=ROOT,
        env=PLAIN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            greeting = process.stdout.readline()
            assert greeting.startswith("SANDBOX at http://127.0.0.1:"), greeting
            yield greeting.split()[2]
        finally:
            process.terminate()
