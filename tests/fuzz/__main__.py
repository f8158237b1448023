"""python -m tests.fuzz SECONDS: sends random operations, right and wrong ones, to a sandbox server.

The operations are made by Schemathesis from the schema. Every answer must be GraphQL's JSON with a
status below 500, and every error must have a code that docs/errors.md knows; nothing may be masked
as unexpected, and the server must run to the end.
"""

import random
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import hypothesis
import schemathesis
from graphql import StringValueNode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.graph import ALIEXPRESS, AMAZON, CONNECT
from tests.processes import ServerProcess, started_server

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "a-key-for-random-operations-0123456789"
EXAMPLES = 40  # operations of one kind before the next kind's turn
SLOWEST = 5.0  # seconds, on a busy machine
CODES = frozenset(
    re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.M)
) - {"INTERNAL_SERVER_ERROR"}

Text = StringValueNode
DECIMALS = st.decimals(-(10**6), 10**6, places=2).map(str) | st.sampled_from(
    ["NaN", "Infinity", "1e999999", "1_0", "", "-0", "0x1", "٣", "9" * 400]
)
TIMES = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | st.sampled_from(
    ["2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "9999-12-31T23:59:59.9+14:00", ""]
)
SCALARS: Mapping[str, Any] = {
    "Decimal": DECIMALS.map(lambda text: Text(value=text)),
    "DateTime": TIMES.map(lambda text: Text(value=text)),
}


@dataclass
class Findings:
    """What was sent and what was wrong with the answers."""

    sent: int = 0
    slowest: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def problem(answer: httpx.Response) -> str | None:
    """What is wrong with an answer; None where nothing is."""
    if answer.status_code >= 500:
        return f"status {answer.status_code}"
    try:
        body = answer.json()
    except ValueError:
        return "no JSON"
    if not isinstance(body, dict) or not body.keys() & {"data", "errors"}:
        return "neither data nor errors"
    for error in body.get("errors", ()):
        if error.get("extensions", {}).get("code") not in CODES:
            return f"an error without a known code: {error}"
    return None


def send(http: httpx.Client, document: str, findings: Findings) -> None:
    """Send one operation and judge its answer."""
    started = time.perf_counter()
    answer = http.post("/graphql", json={"query": document})
    seconds = time.perf_counter() - started
    findings.sent += 1
    findings.slowest = max(findings.slowest, seconds)
    found = problem(answer)
    if seconds > SLOWEST:
        found = f"{seconds:.1f} s"
    if found is not None:
        findings.wrong.append(f"{found}\n    {document[:2000]!r}")
        return
    for error in answer.json().get("errors", ()):
        findings.codes[error["extensions"]["code"]] += 1


def prepared(http: httpx.Client) -> list[str]:
    """Connect both marketplaces and import a few products. The products' ids."""
    for marketplace, values in (("ALIEXPRESS", ALIEXPRESS), ("AMAZON", AMAZON)):
        credentials = [{"name": name, "value": value} for name, value in values.items()]
        given_ = {"marketplace": marketplace, "credentials": credentials}
        http.post("/graphql", json={"query": CONNECT, "variables": {"input": given_}})
    rows = ", ".join(f'{{url: "10050000000010{number}"}}' for number in range(16, 36))
    answer = http.post(
        "/graphql",
        json={
            "query": f"mutation {{ importProducts(input: {{products: [{rows}]}}) "
            "{ results { product { id } } } }"
        },
    )
    results = answer.json()["data"]["importProducts"]["results"]
    return [row["product"]["id"] for row in results if row["product"]]


def meant(document: str, ids: list[str], chance: random.Random) -> str:
    """The document with some of its random ids and addresses replaced by such that exist."""

    def replaced(match: re.Match[str]) -> str:
        id = chance.choice([*ids, "1005000000001016", "https://www.amazon.com/dp/B000000000"])
        return f'{match[1]}"{id}"' if chance.random() < 0.7 else match[0]

    return re.sub(r'(\b(?:id|url|externalId): )"[^"\n]*"', replaced, document)


def fuzz(server: ServerProcess, seconds: float, seed: int) -> Findings:
    """Send operations until the time is over."""
    findings = Findings()
    for name, strategy in SCALARS.items():
        schemathesis.graphql.scalar(name, strategy)
    graph = schemathesis.graphql.from_path(ROOT / "schema.graphql")
    operations = [result.ok() for result in graph.get_all_operations()]
    modes = list(schemathesis.GenerationMode)
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=server.address, headers=headers, timeout=60) as http:
        ids = prepared(http)
        while time.monotonic() < end and not findings.wrong:
            operation, mode = chance.choice(operations), chance.choice(modes)
            cases: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=mode)

            def one(case: Any) -> None:
                if time.monotonic() < end:
                    send(http, meant(str(case.body), ids, chance), findings)

            run = settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(given(cases)(one))
            hypothesis.seed(chance.randrange(2**32))(run)()
    return findings


def main(arguments: list[str]) -> int:
    """Returns the exit code: 1 where something was wrong."""
    seconds = float(arguments[0]) if arguments else 60.0
    seed = int(arguments[1]) if len(arguments) > 1 else random.randrange(10**6)
    quick = {
        "SANDBOX": "on",
        "ADMIN_API_KEY": KEY,
        "BUCKET_CAPACITY": "1000000000",
        # Marketplaces at their own pace would make every list of variants take ten seconds.
        "ALIEXPRESS_CALLS_PER_SECOND": "1000",
        "AMAZON_CALLS_PER_SECOND": "1000",
        "AMAZON_CALLS_PER_DAY": "1000000",
    }
    with TemporaryDirectory() as folder, started_server(Path(folder), quick) as server:
        findings = fuzz(server, seconds, seed)
        unmasked = [line for line in server.output.splitlines() if "unexpected failure" in line]
        has_ended = server.process.poll() is not None
    print(f"{findings.sent} operations in {seconds:.0f} s, slowest {findings.slowest:.2f} s")
    print("errors by code:", dict(findings.codes.most_common()))
    for wrong in [*findings.wrong, *unmasked, *(["the server ended"] if has_ended else [])]:
        print("WRONG:", wrong)
    print(f"seed {seed}")
    return 1 if findings.wrong or unmasked or has_ended else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
