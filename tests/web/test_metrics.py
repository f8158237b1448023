"""Numbers for Prometheus: what is counted, for whom, and that callers cannot make series."""

import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from db import quota
from domain.marketplaces import AccountKey
from domain.metering import OperationNote, OperationOutcome
from domain.products import Mode
from tests.graph import ALIEXPRESS, AMAZON, API_KEY, Graph, running_graph
from tests.processes import ROOT
from web.metrics import PrometheusMeter

pytestmark = pytest.mark.anyio

ALI_SHOP = AccountKey("shop", "aliexpress", "", Mode.LIVE)
AMAZON_SHOP = AccountKey("shop", "amazon", "www.amazon.de", Mode.LIVE)
ENVIRON = {"METRICS": "on", "ALIEXPRESS_CALLS_PER_DAY": "5000"}
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


def numbers(meter: PrometheusMeter) -> dict[str, float]:
    """Every sample of ours by its name and label values: "name{one,two}", by the labels' names."""
    return {
        f"{sample.name}{{{','.join(sample.labels.values())}}}": sample.value
        for family in text_string_to_metric_families(meter.text().decode())
        for sample in family.samples
        if sample.name.startswith("affiliate_graph")
    }


def test_operations_are_counted_by_name_type_and_outcome() -> None:
    meter = PrometheusMeter(["Search"])

    for _ in range(2):
        note = OperationNote()
        with meter.operation(note):
            note.name, note.kind, note.outcome = "Search", "query", OperationOutcome.OK
    with meter.operation(OperationNote()):
        pass

    found = numbers(meter)
    assert found["affiliate_graph_operations_total{Search,ok,query}"] == 2
    assert found["affiliate_graph_operations_total{other,errors,other}"] == 1
    assert found["affiliate_graph_operation_seconds_count{Search,query}"] == 2


SUM = """
import sys
from pathlib import Path
from domain.metering import OperationNote
from web.metrics import PrometheusMeter
meter = PrometheusMeter([], Path(sys.argv[1]))
with meter.operation(OperationNote(kind="query")):
    pass
print(meter.text().decode())
"""


@pytest.mark.slow
def test_what_one_process_tells_is_the_sum_of_all_the_ended_ones_too(tmp_path: Path) -> None:
    environ = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    told = [
        subprocess.run(
            [sys.executable, "-c", SUM, tmp_path],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(3)
    ]

    line = 'affiliate_graph_operations_total{operation="other",outcome="errors",type="query"}'
    assert [f"{line} {count}.0" in text for count, text in enumerate(told, start=1)] == [True] * 3
    assert "process_" not in told[-1]


def test_an_operation_that_fails_is_counted_all_the_same() -> None:
    meter = PrometheusMeter([])

    with pytest.raises(ZeroDivisionError), meter.operation(OperationNote(kind="query")):
        _ = 1 / 0

    assert numbers(meter)["affiliate_graph_operations_total{other,errors,query}"] == 1


def test_a_thousand_names_make_one_series() -> None:
    meter = PrometheusMeter(["Search"])

    for number in range(1000):
        with meter.operation(OperationNote(name=f"Name{number}", kind="query")):
            pass

    found = numbers(meter)
    assert found["affiliate_graph_operations_total{other,errors,query}"] == 1000
    assert not any("Name" in name for name in found)


def test_calls_batches_and_reads_are_counted_by_marketplace() -> None:
    meter = PrometheusMeter([])

    meter.called(ALI_SHOP, "productdetail.get", "ok", 0.2)
    meter.called(ALI_SHOP, "productdetail.get", "THROTTLED", 0.1)
    meter.called(AMAZON_SHOP, "getItems", "ok", 0.3)
    meter.batch(ALI_SHOP, "products", 50)
    meter.cache(ALI_SHOP, "products", hits=3, misses=1)
    meter.cache(ALI_SHOP, "products", hits=0, misses=2)

    found = numbers(meter)
    assert found["affiliate_graph_upstream_calls_total{aliexpress,productdetail.get,ok}"] == 1
    assert (
        found["affiliate_graph_upstream_calls_total{aliexpress,productdetail.get,THROTTLED}"] == 1
    )
    assert found["affiliate_graph_upstream_call_seconds_count{amazon,getItems}"] == 1
    assert found["affiliate_graph_batch_keys_sum{aliexpress,products}"] == 50
    assert found["affiliate_graph_cache_reads_total{aliexpress,products,hit}"] == 3
    assert found["affiliate_graph_cache_reads_total{aliexpress,products,miss}"] == 3
    assert set(meter.accounts) == {ALI_SHOP, AMAZON_SHOP}


def test_two_meters_of_a_process_do_not_meet() -> None:
    first, second = PrometheusMeter([]), PrometheusMeter([])

    first.called(ALI_SHOP, "token", "ok", 0.1)

    assert "affiliate_graph_upstream_calls_total{aliexpress,token,ok}" in numbers(first)
    assert "affiliate_graph_upstream_calls_total{aliexpress,token,ok}" not in numbers(second)


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
    counted.sandbox.faults.inject("throttle_body", seconds=600)

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
