"""A running server and a browser that reaches nothing but this machine."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, Playwright, Request, Route, sync_playwright

from tests.processes import ROOT, started_server
from web.page import operations

SCREENSHOTS = ROOT / "build" / "screenshots"
OPERATIONS = operations()
ARGUMENTS = [
    "--no-sandbox",  # needed by root, as in continuous integration
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

CONNECTED = {
    "ALIEXPRESS_APP_KEY": "500100",
    "ALIEXPRESS_APP_SECRET": "sandbox-app-secret",
    "ALIEXPRESS_TRACKING_ID": "sandbox_blog",
}

# Where real listings have their pictures. The test answers in their place.
PICTURE_HOSTS = (
    ".alicdn.com",
    ".aliexpress-media.com",
    ".media-amazon.com",
    ".ssl-images-amazon.com",
)
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><rect width="4" height="3"'
    ' fill="#cfd8d6"/><circle cx="2" cy="1.5" r="0.8" fill="#0f766e"/></svg>'
)


@dataclass(frozen=True)
class Server:
    """A server process: its address, the API key it was given, and what its catalogue has.

    `words` find more than a page of products; `products` are three AliExpress ids.
    """

    url: str
    api_key: str
    output: Path  # what it printed
    name: str = "made"
    words: str = "phone case"
    products: tuple[str, str, str] = ("1005000000001121", "1005000000001122", "1005000000001123")


REAL = partial(
    Server,
    name="real",
    words="drill",
    products=("1005002908822281", "4001065559489", "4000689570791"),
)


@dataclass
class Visit:
    """A browser page with what it did wrong: console errors, requests that left this machine.

    `pictures`: addresses of the marketplaces' own pictures, which were answered here.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    upstream: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


def is_picture(host: str, kind: str) -> bool:
    """Whether a browser asks for a picture of a marketplace's own host."""
    return kind == "image" and host.endswith(PICTURE_HOSTS)


@contextlib.contextmanager
def running_server(
    folder: Path, more: Mapping[str, str] | None = None, *, catalog: Path | None = None
) -> Iterator[Server]:
    """The real server as a process, on a free port, with its own data folder.

    `catalog`: a folder of real listings in the place of the made ones.
    """
    key = secrets.token_urlsafe(24)
    environ = {
        "ADMIN_API_KEY": key,
        "SANDBOX": "on",
        **({"SANDBOX_CATALOG": str(catalog)} if catalog else {}),
        **(more or {}),
    }
    with started_server(folder, environ) as process:
        yield (REAL if catalog else Server)(process.address, key, process.output_file)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose AliExpress is connected. Links that a test makes stay for the next ones."""
    with running_server(tmp_path_factory.mktemp("server"), CONNECTED) as server:
        yield server


@pytest.fixture
def emptied(server: Server) -> Iterator[Server]:
    """The server of `server`; what the test imported is deleted after it."""
    yield server
    while ids := [each["id"] for each in ask(server, OPERATIONS["ids"])["products"]["nodes"]]:
        ask(server, OPERATIONS["delete"], ids=ids)


def have(server: Server, *products: str) -> list[str]:
    """Import AliExpress products by their ids; the ids of the server."""
    lookups = [{"ref": {"marketplace": "ALIEXPRESS", "externalId": each}} for each in products]
    rows = ask(server, OPERATIONS["import"], products=lookups)["importProducts"]["results"]
    return [row["product"]["id"] for row in rows]


def ask(server: Server, query: str, **variables: Any) -> Any:
    """The data of an operation, by the API key."""
    answer = httpx.post(
        f"{server.url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {server.api_key}"},
        trust_env=False,
        timeout=30,
    ).json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives Chromium. One to a process: it brings a loop of its own."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is needed: apt-get install chromium fonts-liberation")
    return path


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """Headless Chromium, of which every test takes a context with nothing in it."""
    launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
    yield launched
    launched.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A new page. Every request outside 127.0.0.1 is cut off and noted."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        visit = Visit(context.new_page())
        _watch(visit)
        yield visit


def _watch(visit: Visit) -> None:
    def guard(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.hostname == "127.0.0.1" or parts.scheme in ("data", "blob"):
            route.continue_()
        elif is_picture(parts.hostname or "", route.request.resource_type):
            visit.pictures.append(route.request.url)
            route.fulfill(body=PICTURE, content_type="image/svg+xml")
        else:
            visit.upstream.append(route.request.url)
            route.abort()

    visit.page.route("**/*", guard)
    visit.page.on(
        "console",
        lambda said: visit.complaints.append(said.text) if said.type == "error" else None,
    )
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("requestfailed", lambda request: visit.complaints.extend(_failure(request)))


def _failure(request: Request) -> list[str]:
    """Why it failed; nothing of one that the page itself gave up, as a page that is left does."""
    if request.failure == "net::ERR_ABORTED":
        return []
    return [f"{request.url} {request.failure}"]
