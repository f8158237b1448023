"""Log lines: JSON, with the request's id, without a secret wherever somebody puts one."""

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from domain.api_keys import APIKey, Caller, Scope
from domain.credentials import MASK, Secret
from domain.metering import OperationNote, OperationOutcome
from web import logs

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SECRET = 'p@ss "wörd"/+ 1\\2'
log = logging.getLogger("affiliate.test")


class Failure(Exception):
    """What the failing route raises."""


@pytest.fixture(autouse=True)
def _own_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(logs, "_masks", logs._Masks())
    levels = {name: logging.getLogger(name).level for name in ("", *logs.NOISY)}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def get(path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    async def operate(request: Request) -> PlainTextResponse:
        key = APIKey(
            id="key-1",
            workspace="shop",
            name="the blog",
            prefix="aff_1",
            last_four="wxyz",
            scopes=frozenset({Scope.READ}),
            created_at=NOW,
        )
        request.state.caller = Caller(workspace="shop", name=key.name, scopes=key.scopes, key=key)
        request.state.operation = OperationNote(
            name="Products",
            kind="query",
            points=12,
            calls=2,
            outcome=OperationOutcome.OK,
            codes={"NOT_FOUND", "MARKETPLACE_UNAVAILABLE"},
        )
        return PlainTextResponse("hello")

    async def answer(request: Request) -> PlainTextResponse:
        log.info("inside")
        return PlainTextResponse("hello")

    async def fail(request: Request) -> PlainTextResponse:
        raise Failure

    routes = [Route("/answer", answer), Route("/fail", fail), Route("/readyz", answer)]
    app = logs.RequestLog(Starlette(routes=[*routes, Route("/graphql", operate)]))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(path, headers=headers)


def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")

    log.info("two\nlines %s", "é", extra={"marketplace": "amazon", "calls": 3})
    log.debug("unseen")

    [line] = lines(capsys)
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

    [line] = lines(capsys)
    shown = json.dumps(line, ensure_ascii=False)
    assert shown.count(MASK) >= 6
    assert not any(part in shown for part in ("p@ss", "p%40ss", "wörd", "w\\u00f6rd"))


def test_the_secrets_of_the_settings_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", [Secret(SECRET)])

    log.info("it is %s", SECRET)

    assert lines(capsys)[0]["message"] == f"it is {MASK}"


def test_short_texts_are_not_masked(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logs.register_secret("info")

    log.info("information")

    assert lines(capsys)[0]["message"] == "information"


def test_a_malformed_log_call_stops_nobody_and_shows_no_argument(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")

    log.info("%d calls", "not-a-number-but-a-secret")

    [line] = lines(capsys)
    assert line["message"] == "%d calls (arguments that do not fit)"


def test_chatty_libraries_stay_quiet_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("DEBUG")

    for name in (*logs.NOISY, "httpcore.http11"):
        logging.getLogger(name).info("GET https://example.com/?key=1")

    assert lines(capsys) == []


@pytest.mark.anyio
async def test_a_request_is_one_line_with_the_id_of_its_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")

    answer = await get("/answer?query=private", {"X-Request-Id": "caller-7_abc"})

    inside, line = lines(capsys)
    assert answer.headers["x-request-id"] == "caller-7_abc"
    assert inside["requestId"] == line["requestId"] == "caller-7_abc"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/answer", 200)
    assert "private" not in json.dumps(line)


@pytest.mark.anyio
@pytest.mark.parametrize("offered", ["short", "x" * 65, 'a"b{}12345', "a b c d e f", ""])
async def test_an_odd_request_id_is_replaced(offered: str) -> None:
    answer = await get("/answer", {"X-Request-Id": offered})

    assert answer.headers["x-request-id"] != offered
    assert logs.SANE_ID.fullmatch(answer.headers["x-request-id"])


@pytest.mark.anyio
async def test_a_failed_request_is_logged_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")

    answer = await get("/fail")

    assert answer.status_code == 500
    assert lines(capsys)[-1]["status"] == 500
    assert logs.request_id.get() is None


@pytest.mark.anyio
async def test_a_request_tells_who_asked_for_what_and_how_it_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")

    await get("/graphql")

    [line] = lines(capsys)
    assert {name: line[name] for name in ("workspace", "caller", "apiKey")} == {
        "workspace": "shop",
        "caller": "the blog",
        "apiKey": "key-1",
    }
    assert {name: line[name] for name in ("operation", "type", "outcome", "points", "calls")} == {
        "operation": "Products",
        "type": "query",
        "outcome": "ok",
        "points": 12,
        "calls": 2,
    }
    assert line["codes"] == ["MARKETPLACE_UNAVAILABLE", "NOT_FOUND"]


@pytest.mark.anyio
async def test_a_good_probe_is_no_line_and_a_failure_is_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")

    await get("/readyz")
    await get("/fail")

    levels = [line["level"] for line in lines(capsys) if line["message"] != "inside"]
    assert levels == ["WARNING"]


@pytest.mark.anyio
async def test_a_line_for_a_terminal_is_words(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", form="text")

    await get("/graphql", {"X-Request-Id": "caller-7_abc"})

    line = capsys.readouterr().err
    assert re.match(r"\d\d:\d\d:\d\d INFO    GET /graphql  status=200  ms=[\d.]+  ", line)
    assert line.endswith(
        '  workspace=shop  caller="the blog"  apiKey=key-1  operation=Products  type=query'
        "  outcome=ok  points=12  calls=2  codes=MARKETPLACE_UNAVAILABLE,NOT_FOUND"
        "  requestId=caller-7_abc\n"
    )


@pytest.mark.anyio
async def test_an_address_neither_breaks_a_line_nor_colours_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO", form="text")

    await get("/%0a12:00:00 INFO all is well%1b[31m")

    output = capsys.readouterr().err
    assert output.count("\n") == 1
    assert "GET /\\n12:00:00 INFO all is well\\x1b[31m" in output


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
