"""Who is let in over HTTP, and how the others are refused."""

from typing import Any

import httpx
import pytest
from starlette.datastructures import Headers

from db import api_keys, statements
from db.exceptions import DatabaseUnavailable
from domain.api_keys import checksum
from tests.graph import API_KEY, Graph
from web.access import bearer_key

pytestmark = pytest.mark.anyio

PING = {"query": "{ __typename }"}
PAGE = "https://shop.example.com"


async def ask(graph: Graph, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await graph.http.post("/graphql", json=PING, headers=named)


def only_error(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert set(body) == {"errors"}
    [error] = body["errors"]
    return dict(error)


async def refused_keys(graph: Graph) -> dict[str, str]:
    """Keys that are refused, by what is wrong with them."""
    expired = await graph.make_key("READ", expiresAt="2026-11-21T12:30:00Z")
    revoked = await graph.make_key("READ")
    await statements.rows(
        "UPDATE api_keys SET revoked_at = created_at WHERE last_four = $1 RETURNING id",
        [revoked[-4:]],
    )
    graph.clock.advance(hours=1)
    body = "aff_test_" + "0" * 37
    return {
        "wrong": "wrong-key-0123456789",
        "unknown": body + checksum(body),
        "expired": expired,
        "revoked": revoked,
        "an admin key that is none": "aff_admin_0123456789",
    }


async def test_refused_keys_are_all_told_the_same(graph: Graph) -> None:
    answers = {
        what: await ask(graph, X_Api_Key=key) for what, key in (await refused_keys(graph)).items()
    }

    for answer in answers.values():
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert [only_error(answer) for answer in answers.values()] == [
        {
            "message": "This API key is not valid here.",
            "extensions": {"code": "UNAUTHENTICATED"},
        }
    ] * len(answers)


async def test_a_mistyped_key_is_told_without_asking_the_database(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await graph.make_key("READ")

    async def unreachable(*_: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(api_keys, "by_text", unreachable)

    answer = await ask(graph, X_Api_Key=key[:-1])

    assert answer.status_code == 401
    assert only_error(answer)["message"].startswith("This API key is not valid here: ")


async def test_a_request_without_a_key_says_how_to_send_one(graph: Graph) -> None:
    answer = await ask(graph)

    assert answer.status_code == 401
    assert "Authorization: Bearer" in only_error(answer)["message"]


async def test_a_key_of_a_web_page_is_for_that_page(graph: Graph) -> None:
    key = await graph.make_key("READ", origins=[PAGE])

    allowed = await ask(graph, X_Api_Key=key, Origin=PAGE)
    elsewhere = await ask(graph, X_Api_Key=key, Origin="https://evil.example")
    no_page = await ask(graph, X_Api_Key=key)

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == PAGE
    for answer in (elsewhere, no_page):
        assert answer.status_code == 403
        assert only_error(answer)["extensions"]["code"] == "FORBIDDEN"
        assert "access-control-allow-origin" not in answer.headers


async def test_other_keys_never_open_the_answer_to_a_foreign_page(graph: Graph) -> None:
    answer = await ask(graph, X_Api_Key=API_KEY, Origin=PAGE)

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


async def test_a_browser_may_ask_before_it_sends_a_key_but_no_cookie(graph: Graph) -> None:
    await graph.make_key("READ", origins=[PAGE])

    answer = await graph.http.options(
        "/graphql",
        headers={
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type, x-api-key",
        },
    )

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "x-api-key" in answer.headers["access-control-allow-headers"].lower()
    assert "graphql-preflight" not in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in answer.headers


async def test_the_log_names_the_key_by_its_id(
    graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    key = await graph.make_key("READ")
    [stored] = await statements.rows("SELECT id FROM api_keys")

    await ask(graph, X_Api_Key=key)
    await ask(graph, X_Api_Key="wrong-key-0123456789")

    made, _, used, refused = [
        vars(record) for record in caplog.records if record.name.startswith(("web", "affiliate"))
    ]
    assert (made["apiKey"], made["by"]) == (str(stored["id"]), "the operator's key")
    assert (used["apiKey"], used["workspace"]) == (str(stored["id"]), "default")
    assert "apiKey" not in refused
    assert key not in caplog.text


async def test_a_silent_database_is_told_as_such(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await graph.make_key("READ")

    async def silent(*_: object) -> None:
        raise DatabaseUnavailable("The database does not answer.", retryable=True)

    monkeypatch.setattr(api_keys, "by_text", silent)

    answer = await ask(graph, X_Api_Key=key)

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert only_error(answer)["extensions"]["code"] == "DATABASE_UNAVAILABLE"


async def test_a_database_that_cannot_be_written_still_lets_in(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await graph.make_key("READ")

    async def full(*_: object) -> None:
        raise DatabaseUnavailable("The disk is full.", retryable=False)

    monkeypatch.setattr(api_keys, "note_use", full)

    assert (await ask(graph, X_Api_Key=key)).status_code == 200


async def test_the_operators_key_needs_no_database(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(*_: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(api_keys, "by_text", unreachable)

    assert (await ask(graph, X_Api_Key=API_KEY)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"Authorization": "Bearer abc"}, "abc"),
        ({"authorization": "bearer   abc "}, "abc"),
        ({"X-Api-Key": " abc "}, "abc"),
        ({"Authorization": "Bearer one", "X-Api-Key": "two"}, "one"),
        ({"Authorization": "Basic b25l", "X-Api-Key": "two"}, "two"),
        ({"Authorization": "Bearer ", "X-Api-Key": "two"}, "two"),
        ({"Authorization": "Basic b25l"}, None),
        ({"Authorization": "Bearer"}, None),
        ({"X-Api-Key": " "}, None),
        ({}, None),
    ],
)
def test_key_of_a_request(headers: dict[str, str], key: str | None) -> None:
    assert bearer_key(Headers(headers)) == key
