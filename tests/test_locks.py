"""The lock files agree with each other and are complete, whatever is released after them."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def pinned(name: str) -> dict[str, str]:
    """Versions by package."""
    text = (ROOT / name).read_text("utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", ["requirements-dev.lock", "requirements-opentelemetry.lock"])
def test_a_larger_lock_holds_the_smaller_one(name: str) -> None:
    ours, larger = pinned("requirements.lock"), pinned(name)

    assert ours
    assert {package: larger.get(package) for package in ours} == ours


def test_tracing_is_tested_with_what_the_extra_installs() -> None:
    extra, tested = pinned("requirements-opentelemetry.lock"), pinned("requirements-dev.lock")

    assert "opentelemetry-sdk" in extra
    assert {package: tested.get(package) for package in extra} == extra


LOCKS = [
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-opentelemetry.lock",
]


def lacking(lock: dict[str, str], required_by: Callable[[str], Iterable[str]]) -> list[str]:
    """What packages of a lock need, here and now, and the lock does not pin as they need it."""
    problems = []
    wanted: list[tuple[str, str]] = [(name, "") for name in lock]
    for name, extra in wanted:
        for line in required_by(name):
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            needed = canonicalize_name(requirement.name)
            if needed not in lock or lock[needed] not in requirement.specifier:
                problems.append(f"{name} needs {line}")
            wanted += [
                (needed, asked)
                for asked in sorted(requirement.extras)
                if needed in lock and (needed, asked) not in wanted
            ]
    return problems


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_its_packages_need_extras_included(name: str) -> None:
    applies = {
        package: version
        for package, version in pinned(name).items()
        if package in {canonicalize_name(found.name) for found in metadata.distributions()}
    }

    assert len(applies) > 20
    assert lacking(applies, lambda package: metadata.requires(package) or []) == []


def test_an_extra_that_is_asked_for_and_not_pinned_is_found() -> None:
    needs = {"reporter": ["meter[toml]>=1"], "meter": ["tomlreader; extra == 'toml'"]}

    problems = lacking({"reporter": "1.0", "meter": "1.0"}, needs.__getitem__)

    assert problems == ["meter needs tomlreader; extra == 'toml'"]


def wheel(folder: Path, name: str, version: str, *needs: str) -> str:
    """A package in a folder that serves as an index; its hash."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{about}/METADATA": "\n".join(
            [*lines, "Provides-Extra: toml", *(f"Requires-Dist: {need}" for need in needs), ""]
        ),
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in files.items():
            archive.writestr(place, text)
        archive.writestr(f"{about}/RECORD", "".join(f"{place},,\n" for place in files))
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def install(folder: Path, lock: str) -> subprocess.CompletedProcess[str]:
    """The project's own installer in an empty folder that sees an index of its own only."""
    (folder / "some.lock").write_text(lock)
    return subprocess.run(
        [ROOT / ".ci" / "install", "some.lock"],
        cwd=folder,
        env=os.environ
        | {
            "PYTHON": os.environ.get("PYTHON", sys.executable),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_newer_releases_in_the_index_change_nothing(tmp_path: Path) -> None:
    lock = wheel(tmp_path, "reporter", "1.0", "meter[toml]>=1") + wheel(tmp_path, "meter", "1.0")
    wheel(tmp_path, "meter", "2.0")

    done = install(tmp_path, lock)

    assert done.returncode == 0, done.stderr
    asked = "import meter; print(meter.VERSION)"
    found = subprocess.run(
        [tmp_path / ".venv/bin/python", "-c", asked], capture_output=True, text=True, check=True
    )
    assert found.stdout == "1.0\n"


@pytest.mark.slow
def test_a_lock_that_lacks_a_package_is_told_by_its_name(tmp_path: Path) -> None:
    lock = wheel(tmp_path, "reporter", "1.0", "meter>=1")
    wheel(tmp_path, "meter", "2.0")

    done = install(tmp_path, lock)

    assert done.returncode == 1
    assert "meter" in done.stderr
    assert "some.lock does not hold everything" in done.stderr


@pytest.mark.slow
def test_what_pip_said_is_shown(tmp_path: Path) -> None:
    done = install(tmp_path, f"absent==1.0 --hash=sha256:{'0' * 64}\n")

    assert done.returncode == 1
    assert "No matching distribution found for absent==1.0" in done.stderr
    assert "network" not in done.stderr


UV = """#!/bin/sh
printf '%s\\n' "$*" "index=$UV_DEFAULT_INDEX" "more=$UV_INDEX" "links=$UV_FIND_LINKS" >> asked
exit {code}
"""


def installed_beside_uv(folder: Path, code: int, **settings: str) -> list[str]:
    """What a uv on the PATH, which ends with that code, was asked while a lock was installed."""
    (folder / "uv").write_text(UV.format(code=code))
    (folder / "uv").chmod(0o755)
    lock = wheel(folder, "reporter", "1.0")
    (folder / "some.lock").write_text(lock)
    environ = os.environ | {
        "PYTHON": os.environ.get("PYTHON", sys.executable),
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": str(folder),
    }
    subprocess.run(
        [ROOT / ".ci" / "install", "some.lock"], cwd=folder, env=environ | settings, check=True
    )
    return (folder / "asked").read_text().splitlines() if (folder / "asked").exists() else []


@pytest.mark.slow
def test_uv_is_told_what_pip_was_told(tmp_path: Path) -> None:
    indexes = {
        "PIP_INDEX_URL": "https://one.example/",
        "PIP_EXTRA_INDEX_URL": "https://two.example/",
    }

    asked = installed_beside_uv(tmp_path, 0, **indexes)

    assert "--no-deps --require-hashes" in asked[0]
    assert asked[1:4] == [
        "index=https://one.example/",
        "more=https://two.example/",
        f"links={tmp_path}",
    ]
    assert asked[4].startswith("pip check")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("_case", "code", "setting", "lines"),
    [
        ("uv fails", 1, {"PIP_NO_INPUT": "1"}, 4),
        ("uv has no word for a setting", 0, {"PIP_NO_INDEX": "1"}, 0),
    ],
)
def test_pip_installs_where_uv_cannot(
    tmp_path: Path, _case: str, code: int, setting: dict[str, str], lines: int
) -> None:
    asked = installed_beside_uv(tmp_path, code, PIP_INDEX_URL="https://absent.invalid/", **setting)

    assert len(asked) == lines
    assert [*(tmp_path / ".venv").glob("lib/*/site-packages/reporter.py")]


def made_anew(folder: Path) -> bool:
    """Whether the Makefile's check takes the environment of a folder away."""
    environ = os.environ | {"PYTHON": sys.executable}
    subprocess.run([ROOT / ".ci" / "fresh-venv"], cwd=folder, env=environ, check=True)
    return not (folder / ".venv").exists()


@pytest.mark.parametrize(
    ("_case", "interpreter", "made_by", "is_made_anew"),
    [
        ("as it was made", sys.executable, f"{sys.version} {sys.base_prefix}", False),
        ("another Python", sys.executable, "2.7 /usr", True),
        ("a copy from elsewhere, or an interrupted set-up", sys.executable, None, True),
        ("its Python is gone", "/nowhere/python", f"{sys.version} {sys.base_prefix}", True),
    ],
)
def test_an_environment_of_another_python_is_made_anew(
    tmp_path: Path, _case: str, interpreter: str, made_by: str | None, is_made_anew: bool
) -> None:
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to(interpreter)
    if made_by is not None:
        (tmp_path / ".venv" / ".python").write_text(f"{made_by}\n")

    assert made_anew(tmp_path) == is_made_anew


def test_a_set_up_fetches_no_more_than_the_server_needs() -> None:
    # What is unpacked, since no lock tells what is sent.
    installed = sum(
        file.size or 0
        for package in pinned("requirements.lock")
        if package in {canonicalize_name(found.name) for found in metadata.distributions()}
        for file in metadata.files(package) or ()
    )
    of_npm = json.loads((ROOT / "web/package-lock.json").read_text("utf-8"))["packages"]

    assert 20_000_000 < installed < 80_000_000  # a fifth of it comes with PgQueuer
    assert len(of_npm) <= 16  # GraphiQL's own file holds what it needs: decision 0010
