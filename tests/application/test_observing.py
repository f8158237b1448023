"""What the server tells about itself: numbers for the operator alone, and spans without content."""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client.parser import text_string_to_metric_families

from application.observing import observers
from config import read_settings
from db import quota
from domain.marketplaces import AccountKey
from domain.metering import OperationNote
from tests.examples import EXAMPLES
from tests.graph import ALIEXPRESS, AMAZON, API_KEY, Graph, running_graph
from web import logs, tracing
from web.keys import CannotStart

pytestmark = pytest.mark.anyio

MARKER = "marker-0f3a"
ENVIRON = {"METRICS": "on", "ALIEXPRESS_CALLS_PER_DAY": "5000"}
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


@pytest.fixture
async def counted(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """The application with METRICS=on."""
    async with running_graph(migrated_database, tmp_path, environ=ENVIRON) as running:
        yield running


async def metrics(graph: Graph) -> tuple[dict[str, float], str]:
    """The samples by name and label values, and the whole text."""
    answer = await graph.http.get("/metrics", headers={"Authorization": f"Bearer {API_KEY}"})
    assert answer.status_code == 200
    samples = {
        f"{sample.name}{{{','.join(sample.labels.values())}}}": sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    return samples, answer.text


async def test_without_the_setting_there_is_no_page(graph: Graph) -> None:
    answer = await graph.http.get("/metrics", headers={"Authorization": f"Bearer {API_KEY}"})

    assert answer.status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer another-key-0123456789-abcd"}])
async def test_strangers_see_no_numbers(counted: Graph, headers: dict[str, str]) -> None:
    answer = await counted.http.get("/metrics", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "affiliate_graph" not in answer.text


@pytest.mark.parametrize(("scope", "status"), [("READ", 403), ("SETTINGS", 403), ("ADMIN", 200)])
async def test_only_an_admin_sees_numbers(counted: Graph, scope: str, status: int) -> None:
    key = await counted.make_key(scope)

    answer = await counted.http.get("/metrics", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == status
    assert ("affiliate_graph_operations" in answer.text) is (status == 200)


async def test_an_admin_of_another_workspace_sees_no_numbers(counted: Graph) -> None:
    key = await counted.make_workspace("other")

    answer = await counted.http.get("/metrics", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_work_is_counted(counted: Graph) -> None:
    await counted.connect_both()
    found = await counted.run(SEARCH, {"keywords": "case"})
    await counted.run(SEARCH, {"keywords": "case"})
    ids = [node["externalId"] for node in found["searchProducts"]["nodes"]]
    await counted.run(IMPORT, {"products": [{"url": id} for id in ids]})
    await counted.post("{ nothing }")
    await counted.post("{")

    samples, text = await metrics(counted)

    assert samples["affiliate_graph_operations_total{Search,ok,query}"] == 2
    assert samples["affiliate_graph_operations_total{other,ok,mutation}"] == 3
    assert samples["affiliate_graph_operations_total{other,refused,query}"] == 1
    assert samples["affiliate_graph_operations_total{other,refused,other}"] == 1
    calls = {name: value for name, value in samples.items() if "upstream_calls_total" in name}
    assert sum(calls.values()) == counted.calls("aliexpress") == 2
    assert samples["affiliate_graph_batch_keys_sum{aliexpress,products}"] == 3
    assert samples["affiliate_graph_cache_reads_total{aliexpress,search,hit}"] == 1
    assert samples["affiliate_graph_cache_reads_total{aliexpress,search,miss}"] == 1
    assert "process_resident_memory_bytes{}" in samples
    names = " ".join(line.rpartition(" ")[0] for line in text.splitlines())
    for secret in (API_KEY, MARKER, "Own", ids[0], *ALIEXPRESS.values(), *AMAZON.values()):
        assert secret not in names


async def test_a_failed_call_is_counted_by_its_code(counted: Graph) -> None:
    await counted.connect("ALIEXPRESS", ALIEXPRESS)
    counted.sandbox.faults.inject("throttle_body", seconds=3600)

    await counted.run(IMPORT, {"products": [{"url": "1005000000001001"}]})

    samples, _ = await metrics(counted)
    assert samples["affiliate_graph_upstream_calls_total{aliexpress,productdetail.get,THROTTLED}"]


async def test_the_quota_that_is_left_is_told(counted: Graph) -> None:
    await counted.connect("AMAZON", AMAZON)
    await counted.run(IMPORT, {"products": [{"url": "https://www.amazon.com/dp/B0SANDBX01"}]})

    samples, _ = await metrics(counted)

    assert samples["affiliate_graph_quota_left{amazon}"] == 8639


async def test_the_quotas_of_all_accounts_are_read_together(
    counted: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    await counted.connect("ALIEXPRESS", ALIEXPRESS)
    await counted.connect("AMAZON", AMAZON)
    urls = ["1005000000001001", "https://www.amazon.com/dp/B0SANDBX01"]
    await counted.run(IMPORT, {"products": [{"url": url} for url in urls]})
    used_by, reads = quota.used_by, []

    async def counting(days: Mapping[AccountKey, date]) -> dict[AccountKey, int]:
        reads.append({key.marketplace for key in days})
        return await used_by(days)

    monkeypatch.setattr(quota, "used_by", counting)

    samples, _ = await metrics(counted)

    assert reads == [{"aliexpress", "amazon"}]
    assert samples["affiliate_graph_quota_left{amazon}"] == 8639
    assert samples["affiliate_graph_quota_left{aliexpress}"] == 4999


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


async def test_the_lines_of_a_call_carry_the_id_of_the_request(
    graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids: list[tuple[str, str | None]] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            ids.append((record.getMessage().partition(" at ")[0], logs.request_id.get()))

    listening = Listening()
    calls = logging.getLogger("affiliate_graph.clients")
    calls.addHandler(listening)
    caplog.set_level(logging.INFO, "affiliate_graph.clients")
    try:
        await graph.http.post(
            "/graphql",
            json={"query": SEARCH, "variables": {"keywords": "case"}},
            headers={"Authorization": f"Bearer {API_KEY}", "X-Request-Id": "my-own-request-1"},
        )
    finally:
        calls.removeHandler(listening)

    assert ids == [("call aliexpress product.query", "my-own-request-1")]


def test_without_its_packages_spans_are_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "IS_INSTALLED", False)

    with pytest.raises(CannotStart, match=r"requirements-opentelemetry\.lock"):
        observers(read_settings({"OPENTELEMETRY": "on"}), [])


async def test_both_may_listen() -> None:
    exporter = InMemorySpanExporter()
    settings = read_settings({"METRICS": "on"})
    documents = [path.read_text("utf-8") for path in EXAMPLES]

    watching = observers(settings, documents, tracing.tracing(exporter))
    with watching.meter.operation(OperationNote(name="Search", kind="query")):
        pass
    await watching.close()

    assert watching.metrics is not None
    assert b'operation="Search"' in watching.metrics.text()
    assert [span.name for span in exporter.get_finished_spans()] == ["query Search"]
