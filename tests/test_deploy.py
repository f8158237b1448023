"""What deploy/ holds, checked by the programs that will read it, where there are any here."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from clients.registry import SETTINGS
from config import known_names

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
OF_OTHERS = {"POSTGRES_PASSWORD", "PYTHONDONTWRITEBYTECODE"}


def program(name: str) -> str:
    """Where it is; skipped where it is not, which CI must have."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        message = f"There is no {name} on this machine: a file of deploy/ is not checked here."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def ran(*command: str | Path) -> tuple[int, str]:
    """How it ended, and what it said."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def test_caddy_takes_its_file() -> None:
    code, said = ran(
        *(program("caddy"), "validate", "--adapter", "caddyfile"),
        *("--config", DEPLOY / "Caddyfile"),
    )

    assert code == 0, said


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    site = (DEPLOY / "nginx.conf").read_text("utf-8")
    site = site.replace("/etc/ssl/affiliate-graph", str(tmp_path))
    (tmp_path / "site.conf").write_text(site)
    main = f"pid {tmp_path}/pid; events {{}} http {{ include {tmp_path}/site.conf; }}"
    (tmp_path / "main.conf").write_text(main)
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=example"),
            *("-keyout", tmp_path / "key.pem", "-out", tmp_path / "certificate.pem"),
        ],
        check=True,
        capture_output=True,
    )

    code, said = ran(program("nginx"), "-t", "-p", tmp_path, "-c", tmp_path / "main.conf")

    assert code == 0, said
    assert "warn" not in said


def test_systemd_takes_its_unit(tmp_path: Path) -> None:
    unit = (DEPLOY / "affiliate-graph.service").read_text("utf-8")
    here = unit.replace("/opt/affiliate-graph/.venv/bin/python", sys.executable)
    (tmp_path / "affiliate-graph.service").write_text(here)

    code, said = ran(program("systemd-analyze"), "verify", tmp_path / "affiliate-graph.service")

    assert (code, said) == (0, "")
    assert "KillMode=mixed" in unit  # else workers get the signal twice, from systemd too


def test_compose_is_what_its_schema_says() -> None:
    code, said = ran(
        *(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"),
        DEPLOY / "compose.yaml",
    )

    assert code == 0, said


def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile, with its continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [
        (name, rest.strip()) for name, _, rest in (line.strip().partition(" ") for line in lines)
    ]


def test_what_the_image_copies_is_there_and_everything_that_runs_is_copied() -> None:
    copied = {
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = set(project["tool"]["ruff"]["lint"]["isort"]["known-first-party"]) - {"tests"}
    runs = {name if (ROOT / name).is_dir() else f"{name}.py" for name in packages}

    assert [each for each in sorted(copied) if not (ROOT / each).exists()] == []
    assert runs | {"examples"} <= copied


def test_the_image_runs_as_nobody_special_and_tells_its_health() -> None:
    words = [name for name, _ in instructions()]
    users = [rest for name, rest in instructions() if name == "USER"]
    [entry] = [json.loads(rest) for name, rest in instructions() if name == "ENTRYPOINT"]

    assert words.count("FROM") == 3
    assert users == ["affiliate-graph"]
    assert "HEALTHCHECK" in words
    assert entry == [".venv/bin/python", "server.py"]


@pytest.mark.parametrize("name", ["compose.yaml", "affiliate-graph.service", "Dockerfile"])
def test_only_settings_are_set(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    patterns = {
        "compose.yaml": r"\$\{(\w+)|^      ([A-Z_]+):",
        "affiliate-graph.service": r"^Environment=(\w+)=",
        "Dockerfile": r"(?:^ENV | )([A-Z_]+)=",
    }
    found = {
        each for match in re.finditer(patterns[name], text, re.MULTILINE) for each in match.groups()
    } - {None, "POSTGRES_USER", "POSTGRES_DB"}

    assert found
    assert found - known_names(SETTINGS) - OF_OTHERS == set()
