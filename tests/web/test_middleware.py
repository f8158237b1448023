"""What every request passes, and every answer carries."""

import json
import logging
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.api_keys import APIKey, Caller, Scope
from domain.metering import OperationNote, OperationOutcome
from tests.graph import API_KEY, Graph, running_graph
from tests.web.conftest import log_lines
from web import logs
from web.middleware import SANE_ID, RequestBoundary

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 2, tzinfo=UTC)
log = logging.getLogger("affiliate.test")
KEY = {"Authorization": f"Bearer {API_KEY}"}
PING = {"query": "{ __typename }"}


class Failure(Exception):
    """What the failing route raises."""


@pytest.fixture
async def graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """The server has a public name."""
    settings = {"PUBLIC_URL": "https://graph.example"}
    async with running_graph(migrated_database, tmp_path, environ=settings) as running:
        yield running


async def ask(graph: Graph, **headers: str) -> httpx.Response:
    return await graph.http.post("/graphql", json=PING, headers=KEY | headers)


async def test_a_body_of_two_lengths_is_refused_and_the_connection_closed(graph: Graph) -> None:
    answer = await ask(graph, **{"Content-Length": "4", "Transfer-Encoding": "chunked"})

    assert (answer.status_code, answer.headers["connection"]) == (400, "close")
    assert "not both" in answer.text


@pytest.mark.parametrize("host", ["graph.example", "GRAPH.example:443", "localhost", "127.0.0.1:1"])
async def test_its_names_are_answered(graph: Graph, host: str) -> None:
    answer = await ask(graph, Host=host)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "graph.example.evil.example", "192.0.2.7", "", "a b"]
)
@pytest.mark.parametrize("path", ["/graphql", "/", "/session", "/graphiql/nothing"])
async def test_other_names_are_not(graph: Graph, host: str, path: str) -> None:
    answer = await graph.http.get(path, headers=KEY | {"Host": host})

    assert answer.status_code == 421
    assert "ALLOWED_HOSTS" in answer.json()["errors"][0]["message"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("/shop/api/graphql?query={__typename}", 200),
        ("/graphql?query={__typename}", 200),  # a proxy took the path off
        ("/shop/api/", 200),
        ("/shop/api", 200),
        ("/shop/apigraphql", 404),
        ("/shop/graphql", 404),
    ],
)
async def test_below_a_path_it_answers_with_and_without_it(
    migrated_database: str, tmp_path: Path, asked: str, status: int
) -> None:
    settings = {"PUBLIC_URL": "https://graph.example/shop/api/"}
    async with running_graph(migrated_database, tmp_path, environ=settings) as graph:
        answer = await graph.http.get(asked, headers=KEY)

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "asked", "leads_to"),
    [
        ("", "/graphql/?query=x", "/graphql?query=x"),
        ("/shop", "/shop/export/csv/", "/shop/export/csv"),
        ("/shop", "/graphql/", "/shop/graphql"),
    ],
)
async def test_a_last_slash_leads_to_the_address_as_callers_see_it(
    migrated_database: str, tmp_path: Path, path: str, asked: str, leads_to: str
) -> None:
    settings = {"PUBLIC_URL": f"https://graph.example{path}"}
    async with running_graph(migrated_database, tmp_path, environ=settings) as graph:
        answer = await graph.http.get(asked, headers=KEY)

    assert (answer.status_code, answer.headers["location"]) == (307, leads_to)


async def test_a_redirect_names_no_host() -> None:
    away = Response(status_code=307, headers={"Location": "http://a.example//evil.example/x"})
    transport = httpx.ASGITransport(RequestBoundary(away))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.get("/")

    assert answer.headers["location"] == "/evil.example/x"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_may_come_by_any_name(graph: Graph, path: str) -> None:
    answer = await graph.http.get(path, headers={"Host": "10.1.2.3:8000"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/graphql", 405, "BAD_REQUEST"),
        ("DELETE", "/graphql", 405, "BAD_REQUEST"),
        ("POST", "/export/json", 405, "BAD_REQUEST"),
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/sandbox/nothing", 404, "NOT_FOUND"),
    ],
)
async def test_wrong_addresses_and_methods_are_told_as_errors(
    graph: Graph, method: str, path: str, status: int, code: str
) -> None:
    answer = await graph.http.request(method, path, headers=KEY)

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)
    assert answer.headers.get("allow", "GET").split(", ")[0] in error["message"] + "GET"


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
    app = RequestBoundary(Starlette(routes=[*routes, Route("/graphql", operate)]))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(path, headers=headers)


@pytest.mark.usefixtures("own_logging")
async def test_a_request_is_one_line_with_the_id_of_its_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")

    answer = await get("/answer?query=private", {"X-Request-Id": "caller-7_abc"})

    inside, line = log_lines(capsys)
    assert answer.headers["x-request-id"] == "caller-7_abc"
    assert inside["requestId"] == line["requestId"] == "caller-7_abc"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/answer", 200)
    assert "private" not in json.dumps(line)


@pytest.mark.parametrize("offered", ["short", "x" * 65, 'a"b{}12345', "a b c d e f", ""])
async def test_an_odd_request_id_is_replaced(offered: str) -> None:
    answer = await get("/answer", {"X-Request-Id": offered})

    assert answer.headers["x-request-id"] != offered
    assert SANE_ID.fullmatch(answer.headers["x-request-id"])


@pytest.mark.usefixtures("own_logging")
async def test_a_failed_request_is_logged_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")

    answer = await get("/fail")

    assert answer.status_code == 500
    assert log_lines(capsys)[-1]["status"] == 500
    assert logs.request_id.get() is None


async def test_every_answer_carries_the_headers_unless_it_sets_its_own() -> None:
    async def own(request: object) -> PlainTextResponse:
        return PlainTextResponse("", headers={"Cache-Control": "max-age=1"})

    app = RequestBoundary(Starlette(routes=[Route("/own", own)]))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as client:
        found, missing = await client.get("/own"), await client.get("/missing")

    assert found.headers["cache-control"] == "max-age=1"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert missing.headers["cache-control"] == "no-store"
    assert missing.headers["x-frame-options"] == "DENY"


@pytest.mark.usefixtures("own_logging")
async def test_a_request_tells_who_asked_for_what_and_how_it_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")

    await get("/graphql")

    [line] = log_lines(capsys)
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


@pytest.mark.usefixtures("own_logging")
async def test_a_good_probe_is_no_line_and_a_failure_is_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")

    await get("/readyz")
    await get("/fail")

    levels = [line["level"] for line in log_lines(capsys) if line["message"] != "inside"]
    assert levels == ["WARNING"]


@pytest.mark.usefixtures("own_logging")
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


@pytest.mark.usefixtures("own_logging")
async def test_an_address_neither_breaks_a_line_nor_colours_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO", form="text")

    await get("/%0a12:00:00 INFO all is well%1b[31m")

    output = capsys.readouterr().err
    assert output.count("\n") == 1
    assert "GET /\\n12:00:00 INFO all is well\\x1b[31m" in output
