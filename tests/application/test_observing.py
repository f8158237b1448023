"""Who listens to what the server tells about itself."""

import logging

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from application.observing import observers
from clients.registry import SETTINGS
from config import read_settings
from domain.metering import OperationNote
from domain.starting import CannotStart
from tests.examples import EXAMPLES
from tests.graph import ALIEXPRESS, API_KEY, Graph
from web import logs, tracing

pytestmark = pytest.mark.anyio

ENVIRON = {"METRICS": "on", "ALIEXPRESS_CALLS_PER_DAY": "5000"}
SEARCH = """
query Search($keywords: String!) { # marker-0f3a in the text
  searchProducts(marketplace: ALIEXPRESS, search: {keywords: $keywords, minOrders: 0}, first: 3) {
    nodes { externalId }
  }
}
"""


async def test_the_lines_of_a_call_carry_the_id_of_the_request(
    graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids: list[tuple[str, str | None]] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            ids.append((record.getMessage(), logs.request_id.get()))

    listening = Listening()
    calls = logging.getLogger("affiliate_graph.upstream")
    calls.addHandler(listening)
    caplog.set_level(logging.INFO, "affiliate_graph.upstream")
    try:
        await graph.http.post(
            "/graphql",
            json={"query": SEARCH, "variables": {"keywords": "case"}},
            headers={"Authorization": f"Bearer {API_KEY}", "X-Request-Id": "my-own-request-1"},
        )
    finally:
        calls.removeHandler(listening)

    assert ids == [("call aliexpress product.query: ok", "my-own-request-1")]


def test_without_its_packages_spans_are_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "IS_INSTALLED", False)

    with pytest.raises(CannotStart, match=r"requirements-opentelemetry\.lock"):
        observers(read_settings({"OPENTELEMETRY": "on"}, SETTINGS), [])


async def test_both_may_listen() -> None:
    exporter = InMemorySpanExporter()
    settings = read_settings({"METRICS": "on"}, SETTINGS)
    documents = [path.read_text("utf-8") for path in EXAMPLES]

    watching = observers(settings, documents, tracing.tracing(exporter))
    with watching.meter.operation(OperationNote(name="Search", kind="query")):
        pass
    await watching.close()

    assert watching.metrics is not None
    assert b'operation="Search"' in watching.metrics.text()
    assert [span.name for span in exporter.get_finished_spans()] == ["query Search"]
