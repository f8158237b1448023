"""Log lines: JSON, with the request's id, without a secret wherever somebody puts one."""

import io
import json
import logging

import httpx
import pytest

from domain.credentials import MASK, Secret
from tests.web.conftest import log_lines
from web import logs

SECRET = 'p@ss "wörd"/+ 1\\2'
log = logging.getLogger("affiliate.test")


class Failure(Exception):
    """What the failing route raises."""


pytestmark = pytest.mark.usefixtures("own_logging")


def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")

    log.info("two\nlines %s", "é", extra={"marketplace": "amazon", "calls": 3})
    log.debug("unseen")

    [line] = log_lines(capsys)
    assert line.pop("time")
    assert line == {
        "level": "INFO",
        "logger": "affiliate.test",
        "message": "two\nlines é",
        "marketplace": "amazon",
        "calls": 3,
    }


def test_a_registered_secret_is_masked_wherever_it_stands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")
    logs.register_secret(SECRET)
    quoted = httpx.QueryParams({"q": SECRET})

    try:
        raise Failure(SECRET)
    except Failure:
        log.exception(
            "%s %r %s %s", SECRET, [SECRET], json.dumps(SECRET), quoted, extra={"e": [SECRET]}
        )

    [line] = log_lines(capsys)
    shown = json.dumps(line, ensure_ascii=False)
    assert shown.count(MASK) >= 6
    assert not any(part in shown for part in ("p@ss", "p%40ss", "wörd", "w\\u00f6rd"))


def test_the_secrets_of_the_settings_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", [Secret(SECRET)])

    log.info("it is %s", SECRET)

    assert log_lines(capsys)[0]["message"] == f"it is {MASK}"


def test_short_texts_are_not_masked(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logs.register_secret("info")

    log.info("information")

    assert log_lines(capsys)[0]["message"] == "information"


def test_a_malformed_log_call_stops_nobody_and_shows_no_argument(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")

    log.info("%d calls", "not-a-number-but-a-secret")

    [line] = log_lines(capsys)
    assert line["message"] == "%d calls (arguments that do not fit)"


def test_chatty_libraries_stay_quiet_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("DEBUG")

    for name in (*logs.NOISY, "httpcore.http11"):
        logging.getLogger(name).info("GET https://example.com/?key=1")

    assert log_lines(capsys) == []


def test_a_traceback_follows_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", form="text")
    logs.register_secret(SECRET)

    try:
        raise Failure(SECRET)
    except Failure:
        log.exception("it failed")

    first, *others = capsys.readouterr().err.splitlines()
    assert first.endswith("ERROR   it failed")
    assert others[0].startswith("Traceback")
    assert others[-1].endswith(MASK)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_words_go_to_a_terminal_and_json_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr("sys.stderr", stream)
        logs.configure("INFO")
        log.info("here")
        written.append(stream.getvalue())

    assert written[0].endswith("INFO    here\n")
    assert json.loads(written[1])["message"] == "here"
