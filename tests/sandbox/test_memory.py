"""A sandbox that runs for weeks: its records have an end, its counts do not."""

from sandbox import MadeLink
from sandbox.calls import CallLog, GatewayCall
from sandbox.links import LinkMaker
from tests.graph import Clock


def a_call(operation: str) -> GatewayCall:
    return GatewayCall(
        at=Clock().time, marketplace="aliexpress", operation=operation, account="500100"
    )


def test_old_calls_are_forgotten_but_stay_counted() -> None:
    log = CallLog(kept=2)

    for operation in ("category.get", "product.query", "product.query"):
        log.open(a_call(operation))

    assert [call.operation for call in log.all()] == ["product.query", "product.query"]
    assert log.count() == 3
    assert log.count("category.get") == 1
    assert log.count("aliexpress.affiliate.product.query", "aliexpress") == 2
    assert log.count(marketplace="amazon") == 0


def test_a_call_that_ends_late_is_closed_only_where_it_is_remembered() -> None:
    log = CallLog(kept=2)
    forgotten, kept, _ = (log.open(a_call("product.query")) for _ in range(3))

    log.close(kept, status=200, refusal="402")
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


def test_the_oldest_short_links_are_forgotten() -> None:
    links = LinkMaker(kept=2)
    old, again = (links.short("500100", "blog", page, "0") for page in ("a", "b"))
    links.short("500100", "blog", "c", "0")

    same = links.short("500100", "blog", "b", "0")
    links.short("500100", "blog", "d", "0")

    assert links.made(old) is None
    assert same == again
    assert links.made(again) == MadeLink(account="500100", tracking_id="blog", target="b")


def test_links_of_others_have_no_maker() -> None:
    links = LinkMaker()

    assert links.made("https://example.org/dp/B0SANDBX00?tag=sandbox-20") is None
    assert links.made("https://s.click.aliexpress.com/e/_cABC") is None
    assert links.made("https://s.click.aliexpress.com.sandbox.invalid/s/torn.xx") is None
