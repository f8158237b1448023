"""Attacks on a real server: refused within a second, while others go on being answered."""

import json
import os
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.attacks.documents import Attack, attacks
from tests.figures import Record
from tests.processes import ServerProcess, started_server

KEY = "a-key-for-the-attacks-0123456789-abcdef"
HEADERS = {"Authorization": f"Bearer {KEY}"}
ORDINARY = {"query": "{ marketplaces { name status health { state } } }"}
SECONDS = 1.0
ATTACKS = list(attacks())


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose key may spend as much as it likes, so that only the limits protect it."""
    folder = tmp_path_factory.mktemp("attacked")
    settings = {"SANDBOX": "on", "ADMIN_API_KEY": KEY, "BUCKET_CAPACITY": "1000000000"}
    with started_server(folder, settings) as running:
        yield running
        assert running.process.poll() is None
        assert "Traceback" not in running.output


@pytest.fixture(scope="module")
def server(attacked: ServerProcess) -> str:
    """Its address."""
    return attacked.address


@pytest.fixture(scope="module")
def http(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server, headers=HEADERS, timeout=30) as client:
        client.post("/graphql", json=ORDINARY)
        yield client


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused_within_a_second(
    attacked: ServerProcess, http: httpx.Client, attack: Attack
) -> None:
    content = json.dumps({"query": attack.document, "variables": attack.variables}).encode()
    before = worked(attacked.process.pid)

    answer = http.post("/graphql", content=content, headers={"content-type": "application/json"})

    body = answer.json()
    assert "data" not in body
    assert body["errors"][0]["extensions"]["code"] == attack.code
    assert len(answer.content) < 100_000
    assert worked(attacked.process.pid) - before < SECONDS


def worked(process_id: int) -> float:
    """Seconds that a process has worked: unlike those that pass, however busy the machine is."""
    fields = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ordinary_times(
    server: str, seconds: float, is_over: Callable[[], bool] = lambda: True
) -> list[float]:
    """How long an ordinary query takes, asked again and again by a caller of its own.

    For `seconds`, and for as long as it is not over.
    """
    times: list[float] = []
    end = time.perf_counter() + seconds
    with httpx.Client(base_url=server, headers=HEADERS, timeout=30) as client:
        while time.perf_counter() < end or not is_over():
            started = time.perf_counter()
            answer = client.post("/graphql", json=ORDINARY)
            times.append(time.perf_counter() - started)
            assert len(answer.json()["data"]["marketplaces"]) >= 2
            time.sleep(0.01)
    return times


@pytest.mark.slow
def test_ordinary_queries_are_answered_beside_attacks(
    server: str, whole: bool, record_property: Record
) -> None:
    stop = threading.Event()
    refused: list[str] = []

    def attack_on() -> None:
        bodies = [
            json.dumps({"query": each.document, "variables": each.variables}).encode()
            for each in ATTACKS
        ]
        with httpx.Client(base_url=server, headers=HEADERS, timeout=30) as client:
            while not stop.is_set():
                for body in bodies:
                    answer = client.post(
                        "/graphql", content=body, headers={"content-type": "application/json"}
                    )
                    refused.append(answer.json()["errors"][0]["extensions"]["code"])
                    if stop.wait(0.02):
                        return

    seconds = 10 if whole else 2
    usual = ordinary_times(server, seconds)
    attacker = threading.Thread(target=attack_on)
    attacker.start()
    try:
        beside = ordinary_times(
            server, seconds, lambda: len(refused) >= len(ATTACKS) or not attacker.is_alive()
        )
    finally:
        stop.set()
        attacker.join()

    assert set(refused) == {attack.code for attack in ATTACKS}
    for name, times in (("alone", usual), ("beside attacks", beside)):
        record_property(name, f"{statistics.median(times) * 1000:.1f} ms")


def memory(process_id: int) -> int:
    """The memory in use by a process, in bytes."""
    status = Path(f"/proc/{process_id}/status").read_text("ascii")
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1]) * 1024


@pytest.mark.slow
@pytest.mark.parametrize(
    ("_case", "words"),
    [
        ("long ones", " ".join(f"a{n}: b(c: [1, 2, 3, 4, 5, 6, 7, 8])" for n in range(250))),
        ("short ones of very many words", "a(b: [" + "1 " * 2_400 + "])"),
    ],
)
def test_many_different_documents_do_not_fill_the_memory(
    tmp_path: Path,
    _case: str,
    words: str,
    whole: bool,
    record_property: Record,
) -> None:
    documents = 1_000 if whole else 150
    with (
        started_server(tmp_path, {"ADMIN_API_KEY": KEY}) as running,
        httpx.Client(base_url=running.address, headers=HEADERS, timeout=30) as client,
    ):
        client.post("/graphql", json=ORDINARY)
        before = memory(running.process.pid)
        for number in range(documents):
            client.post("/graphql", json={"query": f"query Q{number} {{ {words} }}"})
        grown = memory(running.process.pid) - before

    record_property("memory", f"{grown / 2**20:.0f} MiB more")
    assert grown < 100 * 2**20


@pytest.mark.parametrize(
    ("_case", "headers", "content", "status"),
    [
        (
            "a form",
            {"content-type": "application/x-www-form-urlencoded"},
            b"query=mutation%7Bx%7D",
            415,
        ),
        (
            "a form with a file",
            {"content-type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--',
            415,
        ),
        ("plain text", {"content-type": "text/plain"}, b'{"query": "{ __typename }"}', 415),
        (
            "plain text that names JSON",
            {"content-type": "text/plain;application/json"},
            b'{"query": "{ __typename }"}',
            415,
        ),
        ("no type", {}, b'{"query": "{ __typename }"}', 415),
    ],
)
def test_what_a_foreign_page_can_send_unasked_is_refused(
    http: httpx.Client, _case: str, headers: dict[str, str], content: bytes, status: int
) -> None:
    answer = http.post("/graphql", content=content, headers=headers)

    assert answer.status_code == status
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    "parameters",
    [
        {"query": 'mutation { deleteProduct(input: {id: "x"}) { deletedId } }'},
        {
            "query": 'query A { __typename } mutation B { deleteProduct(input: {id: "x"}) '
            "{ deletedId } }",
            "operationName": "B",
        },
    ],
)
def test_an_address_changes_nothing(http: httpx.Client, parameters: dict[str, str]) -> None:
    answer = http.get("/graphql", params=parameters)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "body",
    [
        {"query": "query A { __typename } query B { __typename }", "operationName": "C"},
        {"query": "query A { __typename }", "operationName": "A" * 100_000},
        {"query": "query A { __typename }", "operationName": "__proto__"},
    ],
)
def test_tricks_with_names_are_refused_without_an_echo(
    http: httpx.Client, body: dict[str, Any]
) -> None:
    answer = http.post("/graphql", json=body)

    assert answer.json()["errors"][0]["extensions"]["code"] == "OPERATION_RESOLUTION_FAILURE"
    assert len(answer.content) < 1_000


def test_wrong_keys_are_all_refused_in_the_same_words(server: str) -> None:
    with httpx.Client(base_url=server, timeout=30) as client:
        answers = [
            client.post("/graphql", json=ORDINARY, headers={"X-Api-Key": f"wrong-{number}"})
            for number in range(200)
        ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


def test_large_headers_are_refused(server: str) -> None:
    with httpx.Client(base_url=server, timeout=30) as client:
        refused = client.get("/healthz", headers={"X-Long": "x" * 65_000, "X-More": "x" * 1_000})
    with httpx.Client(base_url=server, timeout=30) as client:
        after = client.get("/healthz", headers={"X-Long": "x" * 50_000})

    # The parser answers 400 itself where they come in pieces.
    assert refused.status_code in (400, 431)
    assert after.status_code == 200
