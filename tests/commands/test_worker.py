"""The command `worker`: what it needs."""

import pytest

from commands.main import main


def test_a_worker_of_its_own_is_refused_on_sqlite(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")

    code = main(["worker"])

    assert code == 3
    assert "needs PostgreSQL and Redis" in capsys.readouterr().err
