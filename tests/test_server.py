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
from pathlib import Path

import httpx
import pytest

from application.runtime import SANDBOX_BASE, addresses, modes
from clients.registry import SETTINGS
from config import Settings, read_settings
from db.keys import new_key
from domain.products import Mode
from sandbox import Sandbox
from tests.processes import PLAIN, ROOT, ServerProcess, run_server, started_server
from tests.run import free_port
from web.security import PREFLIGHT_HEADER

KEY = "a-key-of-our-own-0123456789-abcdef"
PING = {"query": "{ __typename }"}
OURS = {PREFLIGHT_HEADER: "1"}


def printed_key(output: str) -> str:
    match = re.search(r"API key +(aff_admin_\S+)", output)
    assert match is not None, output
    return match.group(1)


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
        output = second.output

    assert answer.status_code == 200
    assert key not in output


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


def test_the_page_gives_the_key_to_this_machine_only(tmp_path: Path) -> None:
    with started_server(tmp_path, {"SANDBOX": "on", "ADMIN_API_KEY": KEY}) as server:
        html = {"Accept": "text/html"}
        with httpx.Client(base_url=server.address, headers=html) as browser:
            proxied = browser.get("/graphql")  # as of a proxy that adds no header
            browser.post("/session", json={"key": KEY}, headers=OURS)
            local = browser.get("/graphql")
            rebound = browser.get("/graphql", headers={"Host": "evil.example"})

    assert KEY in local.text
    assert KEY not in proxied.text + rebound.text


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


def test_a_wrong_encryption_key_is_refused_at_the_start(used_folder: Path) -> None:
    done = run_server(
        environ={"DATA_DIR": str(used_folder), "ENCRYPTION_KEYS": new_key(), "PORT": "0"}
    )

    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "key" in done.stderr


def test_a_key_file_that_others_can_read_is_refused(used_folder: Path) -> None:
    (used_folder / "encryption.key").chmod(0o644)

    done = run_server(environ={"DATA_DIR": str(used_folder), "PORT": "0"})

    assert done.returncode == 3
    assert "chmod 600" in done.stderr


def test_a_taken_port_is_told_in_one_line(tmp_path: Path, running_server: str) -> None:
    port = running_server.rpartition(":")[2]

    done = run_server(environ={"DATA_DIR": str(tmp_path), "PORT": port})

    assert done.returncode == 3
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_told(tmp_path: Path) -> None:
    done = run_server("serv", environ={"DATA_DIR": str(tmp_path)})

    assert done.returncode == 2
    assert "migrate" in done.stderr


def test_half_credentials_of_the_environment_are_kept_and_wrong_ones_refused(
    tmp_path: Path,
) -> None:
    wrong = {
        "AMAZON_CREDENTIAL_VERSION": "7.7",
        "AMAZON_CREDENTIAL_SECRET": "secret-marker",
        "AMAZON_PARTNER_TAG": "no tag",
        "ALIEXPRESS_APP_KEY": "a b",
    }

    done = run_server(environ={"DATA_DIR": str(tmp_path), "PORT": "0"} | wrong)

    assert done.returncode == 2
    assert "AMAZON_CREDENTIAL_VERSION" in done.stderr
    assert "AMAZON_PARTNER_TAG" in done.stderr
    assert "ALIEXPRESS_APP_KEY" in done.stderr
    assert "secret-marker" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lost_key_is_not_replaced_over_old_data(used_folder: Path) -> None:
    (used_folder / "encryption.key").unlink()

    done = run_server(environ={"DATA_DIR": str(used_folder), "PORT": "0"})

    assert done.returncode == 3
    assert not (used_folder / "encryption.key").exists()


def test_a_terminated_server_ends_in_order(tmp_path: Path) -> None:
    with started_server(tmp_path, {}) as server:
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(timeout=10)

    assert code in (0, -signal.SIGTERM, 143)
    assert "Traceback" not in server.output


def test_a_server_that_is_stopped_at_the_keyboard_ends_well(tmp_path: Path) -> None:
    with started_server(tmp_path, {}) as server:
        server.process.send_signal(signal.SIGINT)
        code = server.process.wait(timeout=10)

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


def test_postgres_without_a_key_is_refused() -> None:
    address = "postgres://user:password-marker@127.0.0.1:1/none"

    done = run_server(environ={"DATABASE_URL": address, "PORT": str(free_port())})

    assert done.returncode == 2
    assert "ENCRYPTION_KEYS" in done.stderr
    assert "password-marker" not in done.stderr


@pytest.mark.parametrize(
    ("_case", "settings", "word", "code"),
    [
        (
            "an empty catalogue folder",
            {"SANDBOX": "on", "SANDBOX_CATALOG": "{folder}"},
            "SANDBOX_CATALOG",
            2,
        ),
        ("a file as data folder", {"DATA_DIR": "{file}"}, "DATA_DIR", 3),
        ("no such address", {"HOST": "203.0.113.7"}, "HOST", 3),
    ],
)
def test_what_cannot_be_started_is_told_without_a_traceback(
    tmp_path: Path, _case: str, settings: dict[str, str], word: str, code: int
) -> None:
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    file.write_text("x")
    filled = {key: value.format(folder=folder, file=file) for key, value in settings.items()}

    done = run_server(environ={"DATA_DIR": str(tmp_path / "data"), "PORT": "0"} | filled)

    assert done.returncode == code
    assert word in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("_case", "text", "mode"), [("empty", "", 0o600), ("open", "x" * 40, 0o644)]
)
def test_an_unusable_admin_key_file_is_refused(
    tmp_path: Path, _case: str, text: str, mode: int
) -> None:
    place = tmp_path / "admin.key"
    place.write_text(text)
    place.chmod(mode)

    done = run_server(environ={"DATA_DIR": str(tmp_path), "PORT": "0"})

    assert done.returncode == 3
    assert "admin.key" in done.stderr


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


def test_a_public_address_keeps_the_key_out_of_the_page(tmp_path: Path) -> None:
    public = {"SANDBOX": "on", "ADMIN_API_KEY": KEY, "PUBLIC_URL": "https://graph.example"}

    with started_server(tmp_path, public) as server:
        page = httpx.get(f"{server.address}/graphql", headers={"Accept": "text/html"})

    assert KEY not in page.text
