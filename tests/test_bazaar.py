"""A further marketplace needs its own files and its registration, and nothing else.

In a copy of the house one that does not exist (tests/bazaar/) gets its folder, its
gateway in the sandbox, its tests and a line in both registries. Then the copy is asked.
"""

import difflib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REFERENCE

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path("tests/bazaar")
FILES = {
    "marketplace.py": "clients/bazaar/__init__.py",
    "gateway.py": "sandbox/bazaar/__init__.py",
    "sample.py": "tests/clients/bazaar/sample.py",
    "graph.py": "tests/clients/bazaar/test_graph.py",
}
# What a registry lists, and what comes behind the last of it.
REGISTRATIONS = {
    "clients/registry.py": (r"^    [A-Z]+ = \w+\.MARKETPLACE", "\n    BAZAAR = bazaar.MARKETPLACE"),
    "sandbox/registry.py": (r"\w+\.GATEWAY", ", bazaar.GATEWAY"),
}
UNNEEDED = shutil.ignore_patterns(
    ".*", "node_modules", "var", "build", "__pycache__", "payloads", "attacks", "peers"
)
ENUM_MEMBER = ["", '  """Bazaar, which does not exist."""', "  BAZAAR"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house in which the marketplace is registered."""
    copy = tmp_path_factory.mktemp("house") / "copy"
    shutil.copytree(ROOT, copy, ignore=UNNEEDED)
    for name, place in FILES.items():
        (copy / place).parent.mkdir(exist_ok=True)
        shutil.copyfile(copy / SOURCE / name, copy / place)
    for place, (entry, further) in REGISTRATIONS.items():
        register(copy / place, entry, further)
    return copy


def register(path: Path, entry: str, further: str) -> None:
    """Put the further entry behind the last one, and import what it names."""
    source = path.read_text("utf-8")
    last = list(re.finditer(entry, source, re.MULTILINE))[-1]
    source = f"{source[: last.end()]}{further}{source[last.end() :]}"
    folder = path.parent.name
    source, imports = re.subn(rf"^(from {folder} import .*)$", r"\1, bazaar", source, flags=re.M)
    assert imports == 1
    path.write_text(source, "utf-8")


def run(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """How Python ends in the copy, and what it prints."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=house,
        env=os.environ | {"REFERENCE_DIR": str(REFERENCE)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_schema_differs_by_one_member_of_an_enum(house: Path) -> None:
    present = (ROOT / "schema.graphql").read_text("utf-8")

    printed = run(house, "server.py", "schema").stdout
    differences = list(difflib.ndiff(present.splitlines(), printed.splitlines()))

    assert [line[2:] for line in differences if line.startswith("+ ")] == ENUM_MEMBER
    assert [line for line in differences if line.startswith("- ")] == []


def test_its_settings_follow_from_its_description(house: Path) -> None:
    printed = run(house, "server.py", "settings", "--env").stdout

    assert re.findall(r"^#(BAZAAR_\w+=.*)$", printed, re.MULTILINE) == [
        "BAZAAR_CALLS_PER_SECOND=5",
        "BAZAAR_CALLS_PER_DAY=1000",
        "BAZAAR_GATEWAY_URL=",
        "BAZAAR_API_SECRET=",
        "BAZAAR_PARTNER_ID=",
    ]


@pytest.mark.slow
def test_what_holds_for_every_marketplace_holds_for_it(house: Path) -> None:
    done = run(
        house,
        *("-m", "pytest", "-p", "no:cacheprovider"),
        "tests/clients/test_contract.py",
        "tests/clients/test_settings.py",
        "tests/clients/test_registry.py",
        "tests/sandbox/test_registry.py",
        "tests/clients/bazaar",
        "tests/test_architecture.py::test_no_file_names_a_marketplace_but_its_own",
    )

    assert done.returncode == 0, f"{done.stdout[-5000:]}\n{done.stderr[-2000:]}"
