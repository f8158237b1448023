"""The rows of the table: each piece of work, asked of a naive client and of ours."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from benchmarks.accounts import crowd_run
from benchmarks.fairness import CALLERS, SEARCHES, Fairness, fairness_run
from benchmarks.fleet import (
    LIMIT,
    Errand,
    FleetRun,
    fleet_run,
    has_redis,
    links_that_share_nothing,
    lookups_of_many,
)
from benchmarks.isolation import Findings, isolation_run
from benchmarks.listening import requests_a_second
from benchmarks.pasting import readings
from benchmarks.runs import (
    Ask,
    Lone,
    Run,
    again,
    aliexpress_product,
    alone,
    amazon_product,
    link,
    over_http,
    search,
    together,
)
from benchmarks.stalls import MOST_MILLISECONDS, stall_run


class Runner(Protocol):
    """Has requests made, by a naive client or by ours, and counts."""

    def __call__(self, asks: Sequence[Ask], *, naive: bool) -> Awaitable[Run]:
        """What was counted."""
        ...


LONE_RUNS = 200
FEW_ACCOUNTS, MANY_ACCOUNTS = 50, 5000
FLEET_MUST = f"never more than {LIMIT} calls in any second; 0 lost"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table. `is_met`: None where nothing was measured."""

    work: str
    naive: str
    ours: str
    must: str
    is_met: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Work:
    """Requests that come all at once, and what their run must reach."""

    name: str
    asks: Sequence[Ask]
    must: str
    is_met: Callable[[Run], bool]
    run: Runner = together
    shows: Callable[[Run], str] = lambda run: calls_text(run)


def works() -> list[Work]:
    """The work that is counted in calls, in the order of the table."""
    return [
        *many_at_once(),
        *paced(),
        Work(
            name="500 `generateLink` mutations from 500 requests",
            asks=[link(number) for number in range(500)],
            must="10 calls (at most 12)",
            is_met=lambda run: len(run.calls) <= 12,
        ),
    ]


def many_at_once() -> list[Work]:
    """Lookups of a marketplace that takes many calls a second."""
    thousand = [aliexpress_product(number) for number in range(1000)]
    return [
        Work(
            name="1,000 concurrent requests, each one distinct AliExpress product",
            asks=thousand,
            must="20 calls (at most 24)",
            is_met=lambda run: len(run.calls) <= 24,
        ),
        Work(
            name="the same over HTTP, 1,000 connections to a server process",
            asks=thousand,
            must="20 calls (at most 24)",
            is_met=lambda run: len(run.calls) <= 24,
            run=over_http,
        ),
        Work(
            name="the same AliExpress product 1,000 times",
            asks=[aliexpress_product(5)] * 1000,
            must="1 call",
            is_met=lambda run: len(run.calls) == 1,
        ),
        Work(
            name="the same product 1,000 times over HTTP",
            asks=[aliexpress_product(5)] * 1000,
            must="1 call",
            is_met=lambda run: len(run.calls) == 1,
            run=over_http,
        ),
        Work(
            name="1,000 requests for one product over HTTP, spread over 9 seconds",
            asks=[replace(aliexpress_product(5), after=0.009 * number) for number in range(1000)],
            must="1 call",
            is_met=lambda run: len(run.calls) == 1,
            run=over_http,
        ),
        Work(
            name="100 lookups and 10 searches of both marketplaces, asked again",
            asks=repeatable(),
            must="0 calls",
            is_met=lambda run: not run.calls,
            run=again,
        ),
        lookups(100, over=25),
    ]


def paced() -> list[Work]:
    """Lookups of a marketplace that takes one call a second."""
    return [
        Work(
            name="15 concurrent Amazon lookups over 5 ids, 1 call/s",
            asks=[amazon_product(number % 5) for number in range(15)],
            must="1 call, under 1.3 s",
            is_met=lambda run: len(run.calls) == 1 and run.seconds < 1.3,
        ),
        *(amazon_with_duplicates(distinct) for distinct in range(21, 26)),
        Work(
            name="40 Amazon lookups, all distinct, spread over 8 seconds, 1 call/s",
            asks=[replace(amazon_product(number), after=0.2 * number) for number in range(40)],
            must="at most 10 calls",
            is_met=lambda run: len(run.calls) <= 10,
        ),
        Work(
            name="20 concurrent first Amazon calls",
            asks=[amazon_product(number) for number in range(20)],
            must="1 token request",
            is_met=lambda run: run.tokens == 1,
            shows=lambda run: f"{counted(run.tokens, 'token request')}; {calls_text(run)}",
        ),
    ]


def repeatable() -> list[Ask]:
    """Lookups and searches, a few of them of Amazon, whose calls go at their own pace."""
    return [
        *(aliexpress_product(number) for number in range(90)),
        *(amazon_product(number) for number in range(10)),
        *(search("ALIEXPRESS", word) for word in ("case", "lamp", "bag", "cable", "stand")),
        *(search("ALIEXPRESS", word) for word in ("phone case", "phone", "desk lamp")),
        *(search("AMAZON", word) for word in ("case", "lamp")),
    ]


def lookups(requests: int, *, over: int) -> Work:
    """Concurrent requests for some AliExpress products, each several times."""
    return Work(
        name=f"{requests} concurrent lookups over {over} AliExpress ids",
        asks=[aliexpress_product(number % over) for number in range(requests)],
        must="1 call",
        is_met=lambda run: len(run.calls) == 1,
    )


def amazon_with_duplicates(distinct: int) -> Work:
    """25 Amazon lookups: three calls, which the account's pace keeps a second apart."""
    return Work(
        name=f"25 Amazon lookups, {distinct} distinct, 1 call/s",
        asks=[amazon_product(number % distinct) for number in range(25)],
        must="3 calls, a second apart",
        is_met=lambda run: len(run.calls) == 3 and min(run.gaps) >= 1,
        shows=lambda run: f"{calls_text(run)}, {gaps_text(run)}",
    )


async def isolation_row(sets: int, operations: int) -> Row:
    """Credential sets that work at the same time. There is no naive client for it."""
    found = await isolation_run(sets, operations)
    return Row(
        work=f"{sets} credential sets x {operations:,} interleaved operations with random delays",
        naive="-",
        ours=isolation_text(found),
        must="0 mixed up",
        is_met=not found.mixed_up and not found.unanswered and found.links > 0,
    )


def isolation_text(found: Findings) -> str:
    """What was found with the wrong set, and how much was looked at."""
    lost = sum(found.unanswered.values())
    unanswered = f", {lost:,} of {found.operations:,} NOT ANSWERED" if lost else ""
    return (
        f"{len(found.mixed_up):,} mixed up among {found.links:,} links that were looked at; "
        f"{counted(found.calls, 'call')}, {found.seconds:.0f} s{unanswered}"
    )


async def fairness_row() -> Row:
    """A flood of one caller beside the searches of another."""
    naive, ours = await fairness_run(is_fair=False), await fairness_run(is_fair=True)
    return Row(
        work=f"{SEARCHES} searches of the owner while one key floods the account, 1 call/s",
        naive=fairness_text(naive),
        ours=fairness_text(ours),
        must=f"all succeed, each within {CALLERS + 1} permits",
        is_met=len(ours.waits) == SEARCHES and ours.permits <= CALLERS + 1,
    )


def fairness_text(run: Fairness) -> str:
    """Searches that succeeded, and the longest wait."""
    longest = f"at most {max(run.waits):.2f} s" if run.waits else "none in time"
    return (
        f"{len(run.waits)} of {SEARCHES} succeed, {longest}; {run.calls_of_flood} calls of others"
    )


async def stall_row() -> Row:
    """What one request's long texts cost everybody else."""
    naive, ours = await stall_run(is_naive=True), await stall_run()
    return Row(
        work="longest block of the loop while 250 addresses of 3.8 kB and texts of 100 kB are read",
        naive=f"{naive:.0f} ms",
        ours=f"{ours:.0f} ms",
        must=f"at most {MOST_MILLISECONDS} ms",
        is_met=ours <= MOST_MILLISECONDS,
    )


def pasting_row() -> Row:
    """The reader of pasted texts, with what people paste and with texts made to hold it up."""
    found = readings()
    slowest = max(found, key=lambda each: each.whole)
    steepest = max(found, key=lambda each: each.ratio)
    return Row(
        work=f"a pasted text of 1 MB read, {len(found)} kinds, hostile ones among them",
        naive="-",
        ours=f"at most {slowest.whole:.1f} s of CPU ({slowest.name}), at most "
        f"{steepest.ratio:.2f} times that of half of it ({steepest.name})",
        must="at most 3 times that of half of it",
        is_met=steepest.ratio <= 3,
    )


async def crowd_row() -> Row:
    """What a request costs in a crowd of accounts."""
    few, many = await crowd_run(FEW_ACCOUNTS), await crowd_run(MANY_ACCOUNTS)
    ratio = many.milliseconds / few.milliseconds
    return Row(
        work=f"CPU of a request with {FEW_ACCOUNTS} and with {MANY_ACCOUNTS:,} accounts at once",
        naive="-",
        ours=f"{few.milliseconds:.2f} ms and {many.milliseconds:.2f} ms, {ratio:.2f} times; "
        f"{many.left} accounts known when all were idle",
        must="within 1.5 times; 1 account known",
        is_met=ratio <= 1.5 and many.left == 1,
    )


async def fleet_row(work: str, errands: Sequence[Errand]) -> Row:
    """Several processes that keep to one limit, beside ones that each keep to it alone."""
    if not has_redis():
        return Row(work=work, naive="-", ours="not measured: no redis-server here", must=FLEET_MUST)
    naive = await fleet_run(errands, with_redis=False)
    ours = await fleet_run(errands, with_redis=True)
    return Row(
        work=work,
        naive=fleet_text(naive),
        ours=fleet_text(ours),
        must=FLEET_MUST,
        is_met=ours.most <= LIMIT and not ours.lost,
    )


def fleet_text(run: FleetRun) -> str:
    """Calls, how near they came to each other, seconds, and what was lost."""
    calls = counted(run.calls, "call")
    return f"{calls}, at most {run.most} in a second, {run.seconds:.2f} s, {run.lost:,} lost"


async def all_rows() -> AsyncIterator[Row]:
    """Each row as soon as it is measured."""
    for work in works():
        yield await measured(work)
    yield lone_row(await alone(LONE_RUNS))
    yield listening_row(
        plain=await requests_a_second("plain"), ours=await requests_a_second("ours")
    )
    yield pasting_row()
    yield await fairness_row()
    yield await stall_row()
    yield await crowd_row()
    yield await fleet_row(
        "10,000 lookups over 3 processes and one Redis, limit 50 calls/s", lookups_of_many()
    )
    yield await fleet_row(
        "500 links that share no call over 3 processes and one Redis, limit 50 calls/s",
        links_that_share_nothing(),
    )
    yield await isolation_row(64, 1000)


async def measured(work: Work) -> Row:
    """The work, done by both. Unanswered requests do not meet anything."""
    naive = await work.run(work.asks, naive=True)
    ours = await work.run(work.asks, naive=False)
    return Row(
        work=work.name,
        naive=work.shows(naive),
        ours=work.shows(ours),
        must=work.must,
        is_met=work.is_met(ours) and not ours.unanswered,
    )


def lone_row(lone: Lone) -> Row:
    """What shared calls add to a request that nobody accompanies."""
    return Row(
        work=f"one lone request, median of {lone.runs}",
        naive=f"{lone.direct:.1f} ms",
        ours=f"{lone.shared:.1f} ms: {lone.added:+.2f} ms added "
        f"(whole server without the gateway's latency: {lone.whole:.1f} ms)",
        must="under 10 ms added",
        is_met=lone.added < 10,
    )


def listening_row(*, plain: float, ours: float) -> Row:
    """What the quick loop and parser are worth, where a request is little else."""
    return Row(
        work="`{ __typename }` over HTTP, 32 connections that are kept",
        naive=f"{plain:,.0f} requests/s",
        ours=f"{ours:,.0f} requests/s",
        must="more than with Python's own loop and parser",
        is_met=ours > plain,
    )


def calls_text(run: Run) -> str:
    """Calls and seconds, and what was lost."""
    lost = f", {run.unanswered:,} of {run.requests:,} NOT ANSWERED" if run.unanswered else ""
    return f"{counted(len(run.calls), 'call')}, {run.seconds:.2f} s{lost}"


def gaps_text(run: Run) -> str:
    """How far apart the calls came."""
    if not run.gaps:
        return "no gap"
    low, high = min(run.gaps), max(run.gaps)
    return f"{low:.4f} to {high:.4f} s apart"


def counted(number: int, name: str) -> str:
    """1 call, 20 calls."""
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"
