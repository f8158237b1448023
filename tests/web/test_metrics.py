"""Numbers for Prometheus: what is counted, and that callers cannot make series of their own."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.marketplaces import AccountKey
from domain.metering import OperationNote, OperationOutcome
from domain.products import Mode
from web.metrics import PrometheusMeter

ALI = AccountKey("shop", "aliexpress", "", Mode.LIVE)
AMAZON = AccountKey("shop", "amazon", "www.amazon.de", Mode.LIVE)


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

    meter.called(ALI, "productdetail.get", "ok", 0.2)
    meter.called(ALI, "productdetail.get", "THROTTLED", 0.1)
    meter.called(AMAZON, "getItems", "ok", 0.3)
    meter.batch(ALI, "products", 50)
    meter.cache(ALI, "products", hits=3, misses=1)
    meter.cache(ALI, "products", hits=0, misses=2)

    found = numbers(meter)
    assert found["affiliate_graph_upstream_calls_total{aliexpress,productdetail.get,ok}"] == 1
    assert (
        found["affiliate_graph_upstream_calls_total{aliexpress,productdetail.get,THROTTLED}"] == 1
    )
    assert found["affiliate_graph_upstream_call_seconds_count{amazon,getItems}"] == 1
    assert found["affiliate_graph_batch_keys_sum{aliexpress,products}"] == 50
    assert found["affiliate_graph_cache_reads_total{aliexpress,products,hit}"] == 3
    assert found["affiliate_graph_cache_reads_total{aliexpress,products,miss}"] == 3
    assert set(meter.accounts) == {ALI, AMAZON}


def test_two_meters_of_a_process_do_not_meet() -> None:
    first, second = PrometheusMeter([]), PrometheusMeter([])

    first.called(ALI, "token", "ok", 0.1)

    assert "affiliate_graph_upstream_calls_total{aliexpress,token,ok}" in numbers(first)
    assert "affiliate_graph_upstream_calls_total{aliexpress,token,ok}" not in numbers(second)
