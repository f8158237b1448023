"""A page of another origin in a real browser: what it may send, and what it may read."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright

from tests.e2e.conftest import ARGUMENTS, Server, Visit, running_server

pytestmark = pytest.mark.browser

FETCH = """async ([address, headers, method]) => {
  const body = method === "POST" ? JSON.stringify({query: "{ __typename }"}) : undefined;
  try {
    const answer = await fetch(address, {method, headers, body});
    return [answer.status, (await answer.text()).length, answer.headers.get("ratelimit"),
            answer.headers.get("content-disposition")];
  } catch (failure) {
    return String(failure);
  }
}"""
USUAL = {
    "Content-Type": "application/json",
    "apollographql-client-name": "a shop",
    "apollographql-client-version": "1",
    "x-apollo-operation-name": "Name",
    "apollo-require-preflight": "true",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "a=b",
    "baggage": "a=b",
    "sentry-trace": "a-b",
    "cache-control": "no-cache",
    "x-requested-with": "XMLHttpRequest",
}


class Blank(BaseHTTPRequestHandler):
    """Another site: an empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Nothing is told."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of another site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def extensions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of two browser extensions with a page each; the server lists the first."""
    folder = tmp_path_factory.mktemp("extensions")
    return extension(folder / "listed"), extension(folder / "other")


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, site: str, extensions: tuple[Path, Path]
) -> Iterator[Server]:
    listed = f"{site},{origin_of(extensions[0])}"
    more = {"ALLOWED_ORIGINS": listed, "ALLOWED_HEADERS": "X-Shop-Version"}
    with running_server(tmp_path_factory.mktemp("server"), more) as running:
        yield running


@pytest.fixture
def visit(visit: Visit) -> Visit:
    """Without the guard, which answers in the server's place what a browser asks beforehand."""
    visit.page.unroute("**/*")
    return visit


def fetched(visit: Visit, server: Server, path: str, method: str, **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {server.api_key}"} | headers
    return visit.page.evaluate(FETCH, [server.url + path, sent, method])


def test_a_listed_page_sends_what_clients_send_and_reads_the_answer(
    visit: Visit, server: Server, site: str
) -> None:
    visit.page.goto(site)

    status, length, points, _ = fetched(
        visit, server, "/graphql", "POST", **USUAL, **{"X-Shop-Version": "2"}
    )

    assert (status, length > 0) == (200, True)
    assert points.startswith('"points"')


def test_a_listed_page_reads_a_file(visit: Visit, server: Server, site: str) -> None:
    visit.page.goto(site)

    status, _, _, disposition = fetched(visit, server, "/export/csv", "GET", **USUAL)

    assert (status, disposition) == (200, 'attachment; filename="products.csv"')


def test_a_browser_extension_reads_what_it_is_listed_for(
    tmp_path: Path,
    playwright: Playwright,
    chromium: str,
    server: Server,
    extensions: tuple[Path, Path],
) -> None:
    asked = (("/graphql", "POST"), ("/export/csv", "GET"))
    answers = []
    with browser_with(extensions, tmp_path, playwright, chromium) as visit:
        for folder in extensions:
            visit.page.goto(f"{origin_of(folder)}/page.html")
            answers.append([fetched(visit, server, *each, **USUAL) for each in asked])

    [listed, other] = answers
    assert [answer[0] for answer in listed] == [200, 200]
    assert other == ["TypeError: Failed to fetch"] * 2


def extension(folder: Path) -> Path:
    """Make a browser extension there, with one page."""
    folder.mkdir()
    manifest = {"manifest_version": 3, "name": folder.name, "version": "1"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "page.html").write_text("<!doctype html>")
    return folder


def origin_of(folder: Path) -> str:
    """Chromium names an unpacked extension after its folder, in the letters a to p."""
    digits = hashlib.sha256(str(folder).encode()).hexdigest()[:32]
    return "chrome-extension://" + "".join(chr(97 + int(digit, 16)) for digit in digits)


@contextlib.contextmanager
def browser_with(
    extensions: tuple[Path, Path], folder: Path, playwright: Playwright, chromium: str
) -> Iterator[Visit]:
    """Headless Chromium with these extensions."""
    folders = ",".join(map(str, extensions))
    loading = (f"--disable-extensions-except={folders}", f"--load-extension={folders}")
    context = playwright.chromium.launch_persistent_context(
        folder / "profile",
        executable_path=chromium,
        headless=False,  # Playwright's own kind of headless has no extensions
        args=[*ARGUMENTS, "--headless=new", *loading],
    )
    yield Visit(context.new_page())
    context.close()


def test_a_page_sends_no_header_that_nobody_listed(visit: Visit, server: Server, site: str) -> None:
    visit.page.goto(site)

    answer = fetched(visit, server, "/graphql", "POST", **USUAL, **{"GraphQL-Preflight": "1"})

    assert answer == "TypeError: Failed to fetch"


def test_a_page_of_another_site_reads_nothing(
    visit: Visit, server: Server, site: str, tmp_path: Path
) -> None:
    other = site.replace("127.0.0.1", "localhost")
    visit.page.goto(other)

    answers = [
        fetched(visit, server, path, method, **USUAL)
        for path, method in (("/graphql", "POST"), ("/export/csv", "GET"))
    ]

    assert answers == ["TypeError: Failed to fetch"] * 2
