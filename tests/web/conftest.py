"""What tests of logged lines share."""

import json
import logging
from collections.abc import Iterator

import pytest

from web import logs


@pytest.fixture
def own_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(logs, "_masks", logs._Masks())
    levels = {name: logging.getLogger(name).level for name in ("", *logs.NOISY)}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]
