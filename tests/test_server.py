"""The server as its operator meets it: first start, second start, refusals, signals."""

import json
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from application.runtime import SANDBOX_BASE, addresses, modes
from clients.registry import SETTINGS
from config import Settings, read_settings
from domain.products import Mode
from sandbox import Sandbox
from tests.processes import PLAIN, ROOT, ServerProcess, run_server, started_server
from web.security import PREFLIGHT_HEADER

KEY = "a-key-of-our-own-0123456789-abcdef"
PING = {"query": "{ __typename }"}
OURS = {PREFLIGHT_HEADER: "1"}


def printed_key(output: str) -> str:
    match = re.search(r"API key +(aff_admin_\S+)", output)
    assert match is not None, output
    return match.group(1)


def test_the_collector_works_and_leaves_the_modules_alone() -> None:
    program = (
        "import atexit, gc, runpy, sys; sys.argv = ['server.py', '--version'];"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 50_000));"
        "runpy.run_path('server.py', run_name='__main__')"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.split()[-2:] == ["True", "True"]


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server over an empty folder, with the sandbox."""
    folder = tmp_path_factory.mktemp("first") / "data"
    with started_server(folder, {"SANDBOX": "on"}, migrated=False) as server:
        yield server


@pytest.fixture(scope="module")
def live_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a server that ran once without the sandbox, and what it printed."""
    folder = tmp_path_factory.mktemp("live")
    with started_server(folder, {}) as server:
        return folder, server.output


@pytest.fixture
def used_folder(live_start: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of the folder of a server that ran once; it holds a key."""
    return Path(shutil.copytree(live_start[0], tmp_path / "used"))


def test_the_first_start_makes_and_prints_what_is_needed(first_start: ServerProcess) -> None:
    output = first_start.output
    key = printed_key(output)

    answer = httpx.post(f"{first_start.address}/graphql", json=PING, headers={"X-Api-Key": key})

    assert answer.json()["data"] == {"__typename": "Query"}
    assert "SANDBOX" in output
    for name in ("encryption.key", "admin.key"):
        place = first_start.output_file.parent / name
        assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_the_printed_link_signs_a_browser_in_once(first_start: ServerProcess) -> None:
    link = re.search(r"Sign in +(\S+)", first_start.output)
    assert link is not None, first_start.output

    token = link.group(1).partition("#sign-in=")[2]
    with httpx.Client(base_url=first_start.address, headers=OURS) as browser:
        preview = browser.get(link.group(1))
        first, second = (browser.post("/session", json={"link": token}) for _ in range(2))
        told = browser.get("/session")

    log = first_start.output.replace(link.group(0), "")
    assert [each.status_code for each in (preview, first, second)] == [200, 200, 401]
    assert told.json()["scopes"] == ["ADMIN"]
    assert token not in log


def test_a_live_start_prints_no_link(live_start: tuple[Path, str]) -> None:
    _, output = live_start

    assert "Sign in" not in output
    assert "API key" in output


def test_the_printed_curl_line_works_when_pasted(tmp_path: Path) -> None:
    demo = {
        "SANDBOX": "on",
        "ALIEXPRESS_APP_KEY": "500100",
        "ALIEXPRESS_APP_SECRET": "sandbox-app-secret",
        "ALIEXPRESS_TRACKING_ID": "sandbox_blog",
    }
    outputs = []
    for _ in range(2):  # the second start prints no key; its line must work all the same
        with started_server(tmp_path / "data", demo) as server:
            line = re.search(r"^  (curl (?:.*\\\n)*.*)$", server.output, re.MULTILINE)
            assert line is not None, server.output
            done = subprocess.run(
                ["bash", "-c", line.group(1)], capture_output=True, text=True, check=True
            )
            outputs.append(json.loads(done.stdout))

    for answer in outputs:
        assert answer["data"]["searchProducts"]["errors"] == []
        assert answer["data"]["searchProducts"]["nodes"][0]["offer"]["price"]["amount"]


def test_the_key_is_printed_once_and_works_for_ever(
    live_start: tuple[Path, str], used_folder: Path
) -> None:
    key = printed_key(live_start[1])

    with started_server(used_folder, {}) as second:
        answer = httpx.post(f"{second.address}/graphql", json=PING, headers={"X-Api-Key": key})
        second.process.send_signal(signal.SIGTERM)
        code = second.process.wait(timeout=30)

    assert answer.status_code == 200
    assert key not in second.output
    assert code in (0, -signal.SIGTERM, 143)
    assert "Traceback" not in second.output


@pytest.mark.parametrize(
    ("_case", "headers"),
    [
        ("no key", {}),
        ("a wrong key", {"X-Api-Key": "wrong"}),
        ("a wrong bearer", {"Authorization": "Bearer wrong"}),
        ("the key as basic", {"Authorization": f"Basic {KEY}"}),
        ("a longer key", {"X-Api-Key": KEY + "x"}),
        ("no ASCII", {"X-Api-Key": "schl\u00fcssel".encode()}),
    ],
)
def test_without_the_key_nothing_is_answered(
    running_server: str, _case: str, headers: dict[str, str]
) -> None:
    answer = httpx.post(f"{running_server}/graphql", json=PING, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in answer.json()


@pytest.fixture(scope="module")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> object:
    folder = tmp_path_factory.mktemp("server")
    with started_server(folder, {"ADMIN_API_KEY": KEY}) as server:
        yield server.address


def test_a_live_start_shows_graphiql_without_any_key(running_server: str) -> None:
    page = httpx.get(f"{running_server}/graphql", headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert KEY not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_health_needs_no_key(running_server: str) -> None:
    assert httpx.get(f"{running_server}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{running_server}/readyz").json() == {"status": "ready"}


def test_every_answer_carries_a_request_id(running_server: str) -> None:
    own = httpx.get(f"{running_server}/healthz", headers={"X-Request-Id": "order-12345"})
    made = httpx.get(f"{running_server}/healthz", headers={"X-Request-Id": "a b"})

    assert own.headers["x-request-id"] == "order-12345"
    assert made.headers["x-request-id"] != "a b"


def test_all_mistyped_settings_are_told_at_once(tmp_path: Path) -> None:
    wrong = {
        "DATA_DIR": str(tmp_path),
        "PORT": "eighty",
        "SANDBOX": "perhaps",
        "LOG_LEVEL": "LOUD",
        "ALIEXPRESS_GATEWAY_URL": "http://gateway.example/sync",
        "ENCRYPTION_KEYS": "short-secret-marker",
        "SANDBOX_CATALOGUE": "x",
    }

    done = run_server(environ=wrong)

    assert done.returncode == 2
    for name in wrong.keys() - {"DATA_DIR"}:
        assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert "short-secret-marker" not in done.stderr


def test_the_log_tells_start_and_stop_and_what_differs_from_the_defaults(tmp_path: Path) -> None:
    with started_server(tmp_path, {"SANDBOX": "on", "ADMIN_API_KEY": KEY}) as server:
        server.process.terminate()
        server.process.wait(timeout=20)

    told = [json.loads(line) for line in server.output.splitlines() if line.startswith('{"time"')]
    lines = {line["message"]: line for line in told if line["logger"] == "affiliate_graph.server"}
    assert list(lines) == ["started", "stopping", "stopped"]
    assert lines["stopping"]["signal"] == "SIGTERM"
    assert lines["started"]["mode"] == "SANDBOX"
    assert lines["started"]["loop"] == ("uvloop" if find_spec("uvloop") else "asyncio")
    settings = dict(each.split("=", 1) for each in lines["started"]["settings"])
    assert (settings["SANDBOX"], settings["ADMIN_API_KEY"]) == ("on", "********")
    assert "LOG_LEVEL" not in settings  # as it is by itself
    assert KEY not in server.output


def test_a_server_that_is_stopped_at_the_keyboard_ends_well(tmp_path: Path) -> None:
    with started_server(tmp_path, {}) as server:
        server.process.send_signal(signal.SIGINT)
        code = server.process.wait(timeout=30)

    assert code == 0  # `make run` tells any other one as its own error
    assert "Traceback" not in server.output


def test_without_its_packages_it_says_the_one_command() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "server.py"],
        cwd=ROOT,
        env=PLAIN,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stdout) == (3, "")
    assert "make run" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_half_replaced_marketplace_is_never_answered_by_the_sandbox() -> None:
    replaced = {"AMAZON_PAAPI_URL": "https://proxy.example", "SANDBOX": "on"}

    settings = read_settings(replaced, SETTINGS)
    found = addresses(settings, sandbox_of(settings))

    assert modes(settings) == {"aliexpress": Mode.SANDBOX, "amazon": Mode.LIVE}
    assert [name for name, url in found.items() if url.startswith(SANDBOX_BASE)] == [
        "ALIEXPRESS_GATEWAY_URL"
    ]


def sandbox_of(settings: Settings) -> Sandbox:
    return Sandbox(public_url=settings.public_url, now=lambda: datetime.now(UTC))
