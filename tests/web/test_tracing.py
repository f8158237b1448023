"""Spans: what they tell of operations and calls, and nothing secret in them."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from tests.examples import check, run_examples
from tests.graph import ALIEXPRESS, AMAZON, API_KEY, Graph, running_graph
from tests.processes import UNHURRIED, started_server
from tests.test_examples import KEY, by_httpx
from web import tracing

pytestmark = pytest.mark.anyio

MARKER = "marker-0f3a"
SEARCH = """
query Search($keywords: String!) { # marker-0f3a in the text
  searchProducts(marketplace: ALIEXPRESS, search: {keywords: $keywords, minOrders: 0}, first: 3) {
    nodes { externalId }
  }
}
"""
IMPORT = """
mutation Own($products: [ProductLookup!]!) {
  importProducts(input: {products: $products}) { results { errors { code } } }
}
"""
SECRETS = (
    KEY,
    "sandbox-app-secret",
    "sandbox-credential-secret",
    "sandbox-credential-id",
    "sandbox_blog",
    "phone case",
    "1005000000001001",
    "B0SANDBX01",
    "newsletter",
    "importProduct(",
)


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> tracing.OpenTelemetryMeter:
    return tracing.tracing(exporter)


@pytest.fixture
async def traced(
    migrated_database: str,
    tmp_path: Path,
    exporter: InMemorySpanExporter,
    spans: tracing.OpenTelemetryMeter,
) -> AsyncIterator[Graph]:
    """The application with spans that stay in memory."""
    async with running_graph(migrated_database, tmp_path, spans=spans) as running:
        await running.connect_both()
        spans.flush()
        exporter.clear()
        yield running


def finished(
    spans: tracing.OpenTelemetryMeter, exporter: InMemorySpanExporter
) -> list[ReadableSpan]:
    spans.flush()
    return list(exporter.get_finished_spans())


async def test_an_operation_is_a_span_with_its_calls_below(
    traced: Graph, exporter: InMemorySpanExporter, spans: tracing.OpenTelemetryMeter
) -> None:
    body = await traced.post(SEARCH, {"keywords": "case"})

    call, operation = finished(spans, exporter)

    assert (call.name, operation.name) == ("aliexpress product.query", "query Search")
    assert operation.parent is None
    assert call.parent is not None
    assert call.parent.span_id == operation.context.span_id
    assert dict(call.attributes or {}) == {
        "affiliate_graph.marketplace": "aliexpress",
        "affiliate_graph.operation": "product.query",
        "affiliate_graph.outcome": "ok",
    }
    noted = dict(operation.attributes or {})
    assert str(noted.pop("graphql.document.hash")).startswith("sha256:")
    assert noted == {
        "graphql.operation.name": "Search",
        "graphql.operation.type": "query",
        "affiliate_graph.cost.points": body["extensions"]["cost"]["actualQueryCost"],
        "affiliate_graph.cost.upstream_calls": 1,
    }
    assert operation.start_time is not None
    assert call.start_time is not None
    assert call.start_time >= operation.start_time


async def test_failures_are_marked_without_their_text(
    traced: Graph, exporter: InMemorySpanExporter, spans: tracing.OpenTelemetryMeter
) -> None:
    traced.sandbox.faults.inject("throttle_body", seconds=3600)

    await traced.run(IMPORT, {"products": [{"url": "1005000000001001"}]})
    await traced.post("{ nothing }")

    call, imported, refused = finished(spans, exporter)
    assert (call.status.status_code, call.status.description) == (StatusCode.ERROR, "THROTTLED")
    assert imported.status.status_code is StatusCode.UNSET
    assert (refused.status.status_code, refused.status.description) == (
        StatusCode.ERROR,
        "refused",
    )
    assert [span.events for span in (call, imported, refused)] == [(), (), ()]


async def test_spans_hold_nothing_that_callers_wrote_or_that_is_secret(
    traced: Graph, exporter: InMemorySpanExporter, spans: tracing.OpenTelemetryMeter
) -> None:
    await traced.connect("ALIEXPRESS", ALIEXPRESS)
    await traced.run(SEARCH, {"keywords": f"case {MARKER}"})
    await traced.post(f'{{ product(by: {{url: "https://{MARKER}.example/{MARKER}"}}) {{ id }} }}')
    await traced.post(f"{{ {MARKER.replace('-', '_')} }}")
    await traced.run(IMPORT, {"products": [{"url": "1005000000001001"}]})

    texts = "".join(span.to_json() for span in finished(spans, exporter))

    assert "query Search" in texts
    for secret in (MARKER, MARKER.replace("-", "_"), API_KEY, "1005000000001001"):
        assert secret not in texts
    for value in (*ALIEXPRESS.values(), *AMAZON.values()):
        assert value == "3.1" or value not in texts


@contextmanager
def collector(received: list[tuple[str, bytes]]) -> Iterator[str]:
    """A server that takes whatever is posted; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

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


def test_spans_of_the_main_job_reach_the_collector_without_secrets(tmp_path: Path) -> None:
    received: list[tuple[str, bytes]] = []

    with collector(received) as address:
        settings = {
            "SANDBOX": "on",
            "ADMIN_API_KEY": KEY,
            **UNHURRIED,
            "OPENTELEMETRY": "on",
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        }
        with started_server(tmp_path / "data", settings) as server:
            check(run_examples(by_httpx(server.address), {}))
        output = server.output

    sent = b"".join(body for _, body in received)
    assert {path for path, _ in received} == {"/v1/traces"}
    for name in (b"mutation ImportMany", b"query Search", b"aliexpress productdetail.get"):
        assert name in sent
    for secret in SECRETS:
        assert secret.encode() not in sent
    assert "Traceback" not in output
