"""What the page computes, tested by Node's own runner where Node is."""

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("page.test.mjs")


def test_what_the_page_computes_is_right() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not here; the browser tests are.")

    done = subprocess.run([node, "--test", str(TESTS)], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr
