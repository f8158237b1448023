"""The lock files agree: who adds an extra gets the same packages as everybody else."""

import re
from pathlib import Path

import pytest

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
