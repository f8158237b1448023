"""The example programs do the main job against the real server, and tell failures apart."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.processes import PLAIN, UNHURRIED, started_server

ROOT = Path(__file__).resolve().parent.parent
TYPESCRIPT = ROOT / "examples" / "typescript"
KEY = "a-key-of-our-own-0123456789-abcdef"
PROGRAMS = [
    pytest.param(
        [sys.executable, "examples/python/main_job.py"], id="python", marks=pytest.mark.slow
    ),
    pytest.param(
        ["node", "examples/typescript/dist/main.js"], id="typescript", marks=pytest.mark.typescript
    ),
]
THROTTLED = {
    "code": "THROTTLED",
    "message": "Too fast. Try again at retryAt.",
    "path": ["input", "product"],
    "retryAt": "2026-01-01T00:00:00.5Z",  # long ago, so nobody waits
}
ANSWERS = {
    "Search": {
        "aliexpress": {
            "totalCount": 1,
            "postFilters": [],
            "pageInfo": {"hasNextPage": False, "endCursor": None},
            "nodes": [
                {
                    "externalId": "1005000000001001",
                    "title": "Case",
                    "ordersLast30Days": None,
                    "demand": "UNKNOWN",
                    "offer": {"price": None, "discountPercent": None},
                    "affiliateLink": None,
                }
            ],
            "errors": [],
        },
        "amazon": None,
    },
    "Import": {
        "importProduct": {
            "product": {
                "id": "x",
                "externalId": "1005000000001001",
                "title": "Case",
                "importedAt": None,
                "state": "ACTIVE",
            },
            "errors": [],
        }
    },
    "GenerateLinks": {
        "generateLinks": {
            "results": [
                {
                    "affiliateLink": {
                        "url": "https://links.example/1",
                        "sourceUrl": "",
                        "trackingId": "t",
                        "subId": None,
                        "mode": "SANDBOX",
                        "rel": "sponsored",
                        "disclosure": "I earn.",
                    },
                    "errors": [],
                }
            ],
            "errors": [],
        }
    },
    "Sync": {"syncProduct": {"changed": ["offer"], "product": None, "errors": []}},
}


@pytest.fixture(scope="module", autouse=True)
def built(request: pytest.FixtureRequest) -> None:
    """Generates the types of the TypeScript program and compiles it, strictly."""
    if not any(item.get_closest_marker("typescript") for item in request.session.items):
        return
    done = subprocess.run(
        ["npm", "run", "--silent", "build"],
        cwd=TYPESCRIPT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\nRun it by 'make typescript'."


def run_program(
    program: list[str], address: str, *arguments: str, key: str = KEY
) -> "subprocess.CompletedProcess[str]":
    environ = {"AFFILIATE_GRAPH_URL": address, "AFFILIATE_GRAPH_KEY": key}
    return subprocess.run(
        [*program, *arguments],
        cwd=ROOT,
        env=PLAIN | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass
class FakeServer:
    """Answers operations by their names; `first` holds answers that come before, one each."""

    first: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, query: str) -> Mapping[str, Any]:
        name = next(name for name in ANSWERS if f" {name}(" in query)
        self.asked.append(name)
        waiting = self.first.get(name)
        body: Mapping[str, Any] = waiting.pop(0) if waiting else {"data": ANSWERS[name]}
        return body


@contextmanager
def serving(fake: FakeServer) -> Iterator[str]:
    """The address at which the fake answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(fake.answer(request["query"])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_main_job_is_done(program: list[str], tmp_path: Path) -> None:
    settings = {"SANDBOX": "on", "ADMIN_API_KEY": KEY, **UNHURRIED}

    with started_server(tmp_path / "data", settings) as server:
        done = run_program(program, server.address, "--connect-sandbox", "phone", "case")
        unconnected = run_program(program, server.address, key="another-key-0123456789-abcd")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "first",
        "imported",
        "link",
        "publish",
        "changed since the import",
    ]
    assert lines[0].startswith("found ")
    assert lines[0] != "found 0 products"
    assert lines[2].endswith(" is ACTIVE")
    assert ".sandbox.invalid/" in lines[3]
    assert (unconnected.returncode, unconnected.stdout) == (1, "")
    assert unconnected.stderr == "UNAUTHENTICATED: This API key is not valid here.\n"


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_expected_failure_is_told_with_its_code(program: list[str], tmp_path: Path) -> None:
    with started_server(tmp_path / "data", {"SANDBOX": "on", "ADMIN_API_KEY": KEY}) as server:
        done = run_program(program, server.address)

    assert done.returncode == 1
    assert done.stderr.startswith("MARKETPLACE_NOT_CONNECTED: ")


@pytest.mark.parametrize("program", PROGRAMS)
def test_throttled_calls_are_sent_again(program: list[str]) -> None:
    refused = {"data": {"importProduct": {"product": None, "errors": [THROTTLED]}}}
    fake = FakeServer(first={"Import": [refused, refused]})

    with serving(fake) as address:
        done = run_program(program, address)

    assert done.returncode == 0, done.stderr
    assert fake.asked == ["Search", "Import", "Import", "Import", "GenerateLinks", "Sync"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_request_that_the_points_do_not_cover_is_sent_again(program: list[str]) -> None:
    told = {"code": "THROTTLED", "retryAfter": 0}
    refused = {"errors": [{"message": "Too few points.", "extensions": told}]}
    fake = FakeServer(first={"Sync": [refused]})

    with serving(fake) as address:
        done = run_program(program, address)

    assert done.returncode == 0, done.stderr
    assert fake.asked.count("Sync") == 2


@pytest.mark.parametrize("program", PROGRAMS)
def test_points_that_never_suffice_end_the_program(program: list[str]) -> None:
    told = {"code": "THROTTLED", "retryAfter": 3600}
    refused = {"errors": [{"message": "Too few points.", "extensions": told}]}

    with serving(FakeServer(first={"Sync": [refused]})) as address:
        done = run_program(program, address)

    assert (done.returncode, done.stderr) == (1, "THROTTLED: Too few points.\n")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("_case", "error", "times"),
    [
        ("for ever", THROTTLED, 3),
        ("too long", THROTTLED | {"retryAt": "2999-01-01T00:00:00Z"}, 1),
        ("of another kind", THROTTLED | {"code": "QUOTA_EXHAUSTED"}, 1),
    ],
)
def test_other_failures_end_the_program(
    program: list[str], _case: str, error: dict[str, Any], times: int
) -> None:
    refused = {"data": {"importProduct": {"product": None, "errors": [error]}}}
    fake = FakeServer(first={"Import": [refused] * 5})

    with serving(fake) as address:
        done = run_program(program, address)

    assert done.returncode == 1
    assert done.stderr == f"{error['code']} at input.product: {error['message']}\n"
    assert fake.asked.count("Import") == times


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_a_server_the_address_is_told(program: list[str]) -> None:
    done = run_program(program, "http://127.0.0.1:1")

    assert done.returncode == 1
    assert done.stderr.startswith("No answer from http://127.0.0.1:1: ")


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_a_key_the_setting_is_named(program: list[str]) -> None:
    done = run_program(program, "http://127.0.0.1:1", key="")

    assert done.returncode == 2
    assert done.stderr == "Set AFFILIATE_GRAPH_KEY to the API key of the server.\n"
