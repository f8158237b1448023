"""The GraphiQL page: who gets it, and that nothing passed in becomes part of it."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.graph import API_KEY, Graph, running_graph
from web import assets, graphiql
from web.security import PREFLIGHT_HEADER

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


class Elements(HTMLParser):
    """Collects every element's attributes by tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, list[dict[str, str | None]]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.setdefault(tag, []).append(dict(attrs))


def html_of(api_key: str = "", examples: list[tuple[str, str]] | None = None, n: str = "") -> str:
    return bytes(graphiql.page(api_key, examples or [], n).body).decode()


@pytest.mark.parametrize(
    ("_case", "accept", "expected"),
    [
        ("browser", BROWSER, True),
        ("html alone", "text/html", True),
        ("capitals", "Text/HTML; Q=0.5", True),
        ("any text", "text/*", True),
        ("html over json", "application/json;q=0.5, text/html", True),
        ("curl", "*/*", False),
        ("none", "", False),
        ("json", "application/json", False),
        ("response json", "application/graphql-response+json, text/html;q=0.9", False),
        ("tie of named types", "text/html, application/json", False),
        ("json over html", "text/html;q=0.5, application/json;q=0.9", False),
        ("html refused", "text/html;q=0, */*", False),
        ("html refused, nothing else", "text/html;q=0", False),
        ("broken q", "text/html;q=x, */*;q=0.1", False),
        ("q out of range", "text/html;q=7", False),
        ("html by the family over a lower json", "text/*;q=0.9, application/*;q=0.8", True),
        ("noise", ",;,=;q", False),
    ],
)
def test_page_or_api(_case: str, accept: str, expected: bool) -> None:
    assert graphiql.wants_page(accept, has_query=False) is expected


def test_a_query_is_always_answered_by_the_api() -> None:
    assert not graphiql.wants_page(BROWSER, has_query=True)


def test_key_examples_and_notice_reach_the_page_as_data() -> None:
    evil = "\"'></main><script>alert(1)</script>$react_js ${x}"

    html = html_of(evil, [("List", "{ products }"), (evil, evil)], evil)
    found = Elements(html).found

    [main] = found["main"]
    assert main["data-api-key"] == evil
    assert json.loads(main["data-examples"] or "") == [
        "# List\n{ products }",
        f"# {evil}\n{evil}",
    ]
    assert all(script["src"] for script in found["script"])
    assert "<script>" not in html


async def shown(graph: Graph) -> str:
    """The key that the page of a browser on this machine holds."""
    answer = await graph.http.get("/graphql", headers={"Accept": BROWSER})
    [main] = Elements(answer.text).found["main"]
    return main["data-api-key"] or ""


@pytest.mark.anyio
async def test_a_stranger_behind_a_proxy_that_adds_no_header_gets_no_key(graph: Graph) -> None:
    assert await shown(graph) == ""


@pytest.mark.anyio
async def test_the_operators_browser_on_this_machine_gets_the_key(graph: Graph) -> None:
    await graph.http.post("/session", json={"key": API_KEY}, headers={PREFLIGHT_HEADER: "1"})

    assert await shown(graph) == API_KEY


@pytest.mark.anyio
async def test_another_session_gets_no_key(graph: Graph) -> None:
    key = await graph.make_key("ADMIN")
    await graph.http.post("/session", json={"key": key}, headers={PREFLIGHT_HEADER: "1"})

    assert await shown(graph) == ""


@pytest.mark.anyio
async def test_a_rebound_name_gets_no_key(graph: Graph) -> None:
    await graph.http.post("/session", json={"key": API_KEY}, headers={PREFLIGHT_HEADER: "1"})

    answer = await graph.http.get("/graphql", headers={"Accept": BROWSER, "Host": "evil.example"})

    assert API_KEY not in answer.text


@pytest.mark.anyio
async def test_at_a_public_address_nobody_gets_the_key(
    migrated_database: str, tmp_path: Path
) -> None:
    public = {"PUBLIC_URL": "https://graph.example"}
    async with running_graph(migrated_database, tmp_path, environ=public) as graph:
        signed_in = await graph.http.post(
            "/session", json={"key": API_KEY}, headers={PREFLIGHT_HEADER: "1"}
        )

        assert signed_in.status_code == 200
        assert await shown(graph) == ""


def test_nothing_comes_from_elsewhere() -> None:
    found = Elements(html_of()).found
    addresses = [tag["src"] for tag in found["script"]] + [tag["href"] for tag in found["link"]]

    assert all((address or "").startswith(("assets/graphiql/", "data:")) for address in addresses)


def test_no_notice_shows_none() -> None:
    assert "hidden" in Elements(html_of()).found["p"][0]
    assert "hidden" not in Elements(html_of(n="Sandbox")).found["p"][0]


def test_headers_forbid_inline_scripts_frames_and_caches() -> None:
    headers = graphiql.page("", [], "").headers

    assert "script-src 'self';" in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_without_the_assets_the_page_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(assets.FILES, "graphiql.js", "node_modules/not-there/graphiql.js")
    assets.load.cache_clear()

    html = html_of("the-key-of-the-server")

    assert "make setup" in html
    assert "the-key-of-the-server" not in html
