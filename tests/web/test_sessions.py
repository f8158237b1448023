"""Signing in with a browser: the cookie, who may use it, and when it ends."""

from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.keys import Keys
from application.runtime import Overrides
from clients.registry import SETTINGS
from config import read_settings
from db import statements
from db.keys import KeyRing, new_key
from db.sessions import MOST
from domain.credentials import Secret
from server import build_app
from tests.graph import API_KEY, Clock, Graph
from web import sessions
from web.security import PREFLIGHT_HEADER
from web.sessions import StartLink

pytestmark = pytest.mark.anyio

OURS = {PREFLIGHT_HEADER: "1"}
PING = {"query": "{ viewer { name } }"}


async def sign_in(graph: Graph, key: str = API_KEY) -> httpx.Response:
    return await graph.http.post("/session", json={"key": key}, headers=OURS)


async def ask(graph: Graph, **headers: str) -> httpx.Response:
    return await graph.http.post("/graphql", json=PING, headers=headers)


def cookie(response: httpx.Response) -> "Morsel[str]":
    [morsel] = SimpleCookie(response.headers["set-cookie"]).values()
    return morsel


def code(response: httpx.Response) -> str:
    [error] = response.json()["errors"]
    return str(error["extensions"]["code"])


async def test_a_key_is_exchanged_for_a_cookie_that_no_script_can_read(graph: Graph) -> None:
    key = await graph.make_key("READ", "SYNC")

    response = await sign_in(graph, key)

    assert response.status_code == 200
    assert response.json() == {
        "name": "a test",
        "workspace": "default",
        "scopes": ["READ", "SYNC"],
    }
    given = cookie(response)
    assert given.key == "session"
    assert given["httponly"]
    assert given["samesite"] == "strict"
    assert (given["path"], given["max-age"], given["domain"]) == ("/", "43200", "")
    assert not given["secure"]
    assert key not in given.value


async def test_the_cookie_answers_queries_of_our_own_page(graph: Graph) -> None:
    await sign_in(graph, await graph.make_key("READ"))

    answer = await graph.http.post("/graphql", json=PING, headers=OURS)

    assert answer.json()["data"] == {"viewer": {"name": "a test"}}


async def test_the_cookie_carries_the_scopes_of_its_key(graph: Graph) -> None:
    await sign_in(graph, await graph.make_key("SYNC"))

    answer = await graph.http.post(
        "/graphql", json={"query": "{ products { nodes { id } } }"}, headers=OURS
    )

    assert code(answer) == "FORBIDDEN"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_the_header_the_cookie_opens_nothing(graph: Graph, method: str) -> None:
    await sign_in(graph)

    if method == "POST":
        answer = await graph.http.post("/graphql", json=PING)
    else:
        answer = await graph.http.get("/graphql", params=PING)

    assert answer.status_code == 403
    assert code(answer) == "FORBIDDEN"
    assert "data" not in answer.json()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_other_sites_can_neither_sign_in_nor_out(graph: Graph, method: str) -> None:
    await sign_in(graph)

    answer = await graph.http.request(method, "/session", json={"key": API_KEY})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert (await graph.http.get("/session")).status_code == 200


async def test_a_key_in_a_header_wins_over_the_cookie(graph: Graph) -> None:
    await sign_in(graph)

    answer = await ask(graph, **{"X-Api-Key": "wrong-key-0123456789"}, **OURS)

    assert answer.status_code == 401


async def test_a_wrong_key_signs_nobody_in(graph: Graph) -> None:
    answer = await sign_in(graph, "wrong-key-0123456789")

    assert answer.status_code == 401
    assert code(answer) == "UNAUTHENTICATED"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{}", b'{"key": 1}', b'{"key": " "}'])
async def test_an_unusable_body_is_told(graph: Graph, body: bytes) -> None:
    answer = await graph.http.post("/session", content=body, headers=OURS)

    assert answer.status_code == 400
    assert code(answer) == "BAD_REQUEST"


async def test_a_body_without_end_is_refused(graph: Graph) -> None:
    answer = await graph.http.post("/session", content=b"x" * (1024 * 1024 + 1), headers=OURS)

    assert answer.status_code == 413


async def test_who_is_signed_in_is_told(graph: Graph) -> None:
    before = await graph.http.get("/session")
    await sign_in(graph)
    after = await graph.http.get("/session")

    assert (before.status_code, code(before)) == (401, "UNAUTHENTICATED")
    assert after.json()["scopes"] == ["ADMIN"]


async def test_signing_out_ends_the_session_everywhere(graph: Graph) -> None:
    token = cookie(await sign_in(graph)).value

    answer = await graph.http.delete("/session", headers=OURS)

    assert answer.status_code == 204
    assert cookie(answer)["max-age"] == "0"
    kept = {"Cookie": f"session={token}", **OURS}  # as a thief would have kept it
    assert (await ask(graph, **kept)).status_code == 401


async def test_signing_out_twice_is_harmless(graph: Graph) -> None:
    assert (await graph.http.delete("/session", headers=OURS)).status_code == 204


async def test_a_session_lasts_half_a_day(graph: Graph) -> None:
    await sign_in(graph)

    graph.clock.advance(hours=11, minutes=59)
    before = await ask(graph, **OURS)
    graph.clock.advance(minutes=1)

    assert before.status_code == 200
    assert (await ask(graph, **OURS)).status_code == 401


async def test_the_end_of_the_key_is_the_end_of_its_sessions(graph: Graph) -> None:
    await sign_in(graph, await graph.make_key("READ", expiresAt="2026-11-21T13:00:00Z"))

    before = await ask(graph, **OURS)
    graph.clock.advance(hours=1)

    assert before.status_code == 200
    assert (await ask(graph, **OURS)).status_code == 401


async def test_a_revoked_key_ends_its_sessions_at_once(graph: Graph) -> None:
    await sign_in(graph, await graph.make_key("ADMIN"))
    query = "{ apiKeys { nodes { id } } }"
    [key] = (await graph.run(query))["apiKeys"]["nodes"]

    await graph.run(
        "mutation R($id: ID!) { revokeApiKey(input: {id: $id}) { errors { code } } }",
        {"id": key["id"]},
    )

    assert (await ask(graph, **OURS)).status_code == 401


async def test_the_token_is_stored_only_as_a_hash(graph: Graph) -> None:
    token = cookie(await sign_in(graph)).value

    [row] = await statements.rows("SELECT * FROM sessions")

    assert token not in str(row)
    assert API_KEY not in str(row)


async def test_sessions_at_their_end_are_swept_away(graph: Graph) -> None:
    await sign_in(graph)
    graph.clock.advance(hours=12)

    await sign_in(graph)

    [counted] = await statements.rows("SELECT count(*) AS total FROM sessions")
    assert counted["total"] == 1


@pytest.mark.parametrize("token", ["", "nonsense", "\u00e9"])
async def test_a_forged_cookie_opens_nothing(graph: Graph, token: str) -> None:
    forged = {b"cookie": f"session={token}".encode(), PREFLIGHT_HEADER.encode(): b"1"}

    answer = await graph.http.post("/graphql", json=PING, headers=list(forged.items()))

    assert answer.status_code == 401


async def test_another_admin_key_ends_the_sessions_of_the_old_one(
    migrated_database: str, tmp_path: Path
) -> None:
    settings = read_settings(
        {"DATABASE_URL": migrated_database, "DATA_DIR": str(tmp_path), "SANDBOX": "on"}
        | {"ENCRYPTION_KEYS": new_key(), "ADMIN_API_KEY": API_KEY},
        SETTINGS,
    )
    ring = KeyRing.from_text(new_key())
    clock, statuses = Clock(), []
    cookies = httpx.Cookies()

    for admin in (API_KEY, API_KEY, "another-key-0123456789-0123456789"):
        keys = Keys(ring=ring, admin=Secret(admin), admin_place="tests")
        app = build_app(settings, keys, Overrides(now=clock))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1", cookies=cookies
            ) as http,
        ):
            if not cookies:
                await http.post("/session", json={"key": admin}, headers=OURS)
                cookies = http.cookies
            statuses.append((await http.get("/session")).status_code)
            if admin != API_KEY:
                await statements.rows("DELETE FROM sessions RETURNING id")

    assert statuses == [200, 200, 401]


async def test_with_https_the_cookie_is_bound_to_this_host(
    migrated_database: str, tmp_path: Path
) -> None:
    settings = read_settings(
        {"DATABASE_URL": migrated_database, "DATA_DIR": str(tmp_path)}
        | {"PUBLIC_URL": "https://graph.example.com"}
        | {"ENCRYPTION_KEYS": new_key(), "ADMIN_API_KEY": API_KEY},
        SETTINGS,
    )
    keys = Keys(ring=KeyRing.from_text(new_key()), admin=Secret(API_KEY), admin_place="tests")
    app = build_app(settings, keys)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="https://graph.example.com"
        ) as http,
    ):
        given = cookie(await http.post("/session", json={"key": API_KEY}, headers=OURS))
        told = await http.get("/session")
        await statements.rows("DELETE FROM sessions RETURNING id")

    assert given.key == "__Host-session"
    assert given["secure"]
    assert told.status_code == 200


def test_a_start_link_opens_once() -> None:
    link, clock = StartLink(), Clock()
    token = link.issue(clock())

    opened = [link.redeem(token, clock()) for _ in range(2)]

    assert opened == [True, False]


def test_a_start_link_opens_for_ten_minutes() -> None:
    link, clock = StartLink(), Clock()
    token = link.issue(clock())

    clock.advance(minutes=10)

    assert not link.redeem(token, clock())


@pytest.mark.parametrize("token", ["", "wrong", "\ud800"])
def test_a_wrong_token_opens_nothing_and_spends_nothing(token: str) -> None:
    link, clock = StartLink(), Clock()
    assert not link.redeem(token, clock())
    right = link.issue(clock())

    assert not link.redeem(token, clock())
    assert link.redeem(right, clock())


async def by_link(
    database: str, folder: Path, *, tries: int = 1, proxy: str = ""
) -> tuple[list[httpx.Response], httpx.Response]:
    """What each try of the printed link is answered, and who is signed in afterwards."""
    settings: dict[str, Any] = {"DATABASE_URL": database, "DATA_DIR": str(folder), "SANDBOX": "on"}
    forwarded = {"X-Forwarded-For": proxy} if proxy else {}
    overrides = Overrides(now=Clock())
    token = overrides.start_link.issue(overrides.now())
    keys = Keys(ring=KeyRing.from_text(new_key()), admin=Secret(API_KEY), admin_place="tests")
    settings |= {"ENCRYPTION_KEYS": new_key(), "ADMIN_API_KEY": API_KEY}
    app = build_app(read_settings(settings, SETTINGS), keys, overrides)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000"
        ) as http,
    ):
        for method in ("HEAD", "GET"):  # what previews send
            await http.request(method, f"/#sign-in={token}")
        answers = [
            await http.post("/session", json={"link": token}, headers=OURS | forwarded)
            for _ in range(tries)
        ]
        told = await http.get("/session")
        await statements.rows("DELETE FROM sessions RETURNING id")
        return answers, told


async def test_the_printed_link_signs_in_by_post_and_once(
    migrated_database: str, tmp_path: Path
) -> None:
    [first, second], told = await by_link(migrated_database, tmp_path, tries=2)

    assert first.status_code == 200
    assert (second.status_code, code(second)) == (401, "UNAUTHENTICATED")
    assert "ten minutes" in second.text
    assert told.json()["scopes"] == ["ADMIN"]


async def test_the_printed_link_is_for_this_machine_and_says_so(
    migrated_database: str, tmp_path: Path
) -> None:
    [answer], told = await by_link(migrated_database, tmp_path, proxy="192.0.2.7")

    assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")
    assert "of the machine on which the server runs" in answer.text
    assert told.status_code == 401


async def test_the_cookie_of_a_key_of_web_pages_works_from_them_alone(graph: Graph) -> None:
    page = "https://shop.example.com"
    key = await graph.make_key("READ", origins=[page])

    response = await graph.http.post("/session", json={"key": key}, headers=OURS | {"Origin": page})
    statuses = [
        (await ask(graph, **OURS, **origin)).status_code
        for origin in ({"Origin": page}, {"Origin": "https://other.example.com"}, {})
    ]

    assert response.status_code == 200
    assert statuses == [200, 403, 403]


async def test_signing_in_anew_ends_the_session_that_this_browser_had(graph: Graph) -> None:
    former = cookie(await sign_in(graph)).value

    await sign_in(graph, await graph.make_key("READ"))

    assert (await ask(graph, **OURS)).status_code == 200
    graph.http.cookies.clear()
    assert (await ask(graph, Cookie=f"session={former}", **OURS)).status_code == 401


async def test_a_key_has_a_number_of_sessions_at_most(graph: Graph) -> None:
    other = cookie(await sign_in(graph, await graph.make_key("READ"))).value
    tokens = [other]
    for _ in range(MOST + 2):
        graph.http.cookies.clear()
        graph.clock.advance(seconds=1)
        tokens.append(cookie(await sign_in(graph)).value)
    graph.http.cookies.clear()

    statuses = [(await ask(graph, Cookie=f"session={t}", **OURS)).status_code for t in tokens]

    assert statuses == [200, 401, 401] + [200] * MOST


async def test_signing_in_costs_points(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SIGN_IN_POINTS", 2_000_000_000)

    answer = await sign_in(graph)

    assert (answer.status_code, code(answer)) == (429, "THROTTLED")
    assert "set-cookie" not in answer.headers
