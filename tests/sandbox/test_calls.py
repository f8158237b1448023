"""A record of calls has an end, its counts do not."""

from sandbox.calls import CallLog, GatewayCall
from tests.graph import Clock


def a_call(operation: str) -> GatewayCall:
    return GatewayCall(
        at=Clock().time, marketplace="aliexpress", operation=operation, account="500100"
    )


def test_old_calls_are_forgotten_but_stay_counted() -> None:
    log = CallLog(["aliexpress.affiliate."], remembered=2)

    for operation in ("category.get", "product.query", "product.query"):
        log.open(a_call(operation))

    assert [call.operation for call in log.all()] == ["product.query", "product.query"]
    assert log.count() == 3
    assert log.count("category.get") == 1
    assert log.count("aliexpress.affiliate.product.query", "aliexpress") == 2
    assert log.count(marketplace="amazon") == 0


def test_a_call_that_ends_late_is_closed_only_where_it_is_remembered() -> None:
    log = CallLog(remembered=2)
    forgotten, remembered, _ = (log.open(a_call("product.query")) for _ in range(3))

    log.close(remembered, status=200, refusal="402")
    log.close(forgotten, status=500, refusal=None)

    assert [(call.status, call.refusal) for call in log.all()] == [(200, "402"), (0, None)]


def test_a_call_from_before_the_clearing_closes_nothing() -> None:
    log = CallLog()
    before = log.open(a_call("category.get"))
    log.clear()
    log.open(a_call("product.query"))

    log.close(before, status=200, refusal=None)

    assert [call.status for call in log.all()] == [0]
    assert log.count() == 1
