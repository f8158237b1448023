"""Numbers for Prometheus, at /metrics.

Every label has few values: operations of callers are named only when they are known here (those of
the examples), so that nobody can fill the memory with names; marketplaces, their operations and
outcomes come from our own tables. No label holds an id, a word that was searched, or a workspace.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.exceptions import DatabaseUnavailable
from domain.api_keys import Caller, Scope
from domain.marketplaces import AccountKey
from domain.metering import OperationNote
from resolvers.access import OPERATOR
from web.access import Access, Refused, refusal

__all__ = ["CONTENT_TYPE", "MetricsRoute", "PrometheusMeter"]

OTHER = "other"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
KEYS = (1, 2, 5, 10, 20, 30, 40, 50, 100)


class PrometheusMeter:
    """Implements `domain.metering.Meter`. `known`: operation names that get their own series.

    `folder`: where the processes of one server put their numbers together; what each of them tells
    is the sum of all, of those that ended too. Then there are no numbers of the process itself.
    """

    def __init__(self, known: Collection[str], folder: Path | None = None) -> None:
        # Else each counter has a second series, its birthday, that nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._known = frozenset(known)
        self._registry = CollectorRegistry()
        self._folder = folder
        if folder is None:
            ProcessCollector(registry=self._registry)
        self._accounts: set[AccountKey] = set()
        self._operations = Counter(
            "affiliate_graph_operations",
            "GraphQL operations, by name, type and outcome.",
            ("operation", "type", "outcome"),
            registry=self._registry,
        )
        self._operation_seconds = Histogram(
            "affiliate_graph_operation_seconds",
            "How long GraphQL operations took.",
            ("operation", "type"),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._calls = Counter(
            "affiliate_graph_upstream_calls",
            "Calls to marketplaces, repetitions included, by outcome.",
            ("marketplace", "operation", "outcome"),
            registry=self._registry,
        )
        self._call_seconds = Histogram(
            "affiliate_graph_upstream_call_seconds",
            "How long calls to marketplaces took.",
            ("marketplace", "operation"),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._batches = Histogram(
            "affiliate_graph_batch_keys",
            "How many keys were asked together.",
            ("marketplace", "operation"),
            buckets=KEYS,
            registry=self._registry,
        )
        self._cache_reads = Counter(
            "affiliate_graph_cache_reads",
            "Keys looked up among the kept answers.",
            ("marketplace", "operation", "outcome"),
            registry=self._registry,
        )
        self._quota_left = Gauge(
            "affiliate_graph_quota_left",
            "Calls left today, of the account with the fewest that this process called.",
            ("marketplace",),
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )

    @property
    def accounts(self) -> Collection[AccountKey]:
        """Whose quota is of interest: the accounts that were called."""
        return tuple(self._accounts)

    def text(self) -> bytes:
        """All numbers in Prometheus's text format."""
        if self._folder is None:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(together)

    def quota_left(self, marketplace: str, calls: int) -> None:
        """So many calls are left today for the account that has the fewest."""
        self._quota_left.labels(marketplace).set(calls)

    @contextmanager
    def operation(self, note: OperationNote) -> Iterator[None]:
        """See `Meter`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            name = note.name if note.name in self._known else OTHER
            kind = note.kind or OTHER
            self._operations.labels(name, kind, note.outcome.value).inc()
            self._operation_seconds.labels(name, kind).observe(time.perf_counter() - started)

    def called(self, account: AccountKey, operation: str, outcome: str, seconds: float) -> None:
        """See `Meter`."""
        self._accounts.add(account)
        self._calls.labels(account.marketplace, operation, outcome).inc()
        self._call_seconds.labels(account.marketplace, operation).observe(seconds)

    def batch(self, account: AccountKey, operation: str, size: int) -> None:
        """See `Meter`."""
        self._batches.labels(account.marketplace, operation).observe(size)

    def cache(self, account: AccountKey, operation: str, *, hits: int, misses: int) -> None:
        """See `Meter`."""
        if hits:
            self._cache_reads.labels(account.marketplace, operation, "hit").inc(hits)
        if misses:
            self._cache_reads.labels(account.marketplace, operation, "miss").inc(misses)


@dataclass(frozen=True, kw_only=True)
class MetricsRoute:
    """GET /metrics for the operator: the numbers are those of all workspaces together.

    `quotas_left`: calls left today by marketplace, of these accounts; raises DatabaseUnavailable.
    """

    meter: PrometheusMeter
    access: Access
    quotas_left: Callable[[Collection[AccountKey]], Awaitable[Mapping[str, int]]]

    def routes(self) -> list[Route]:
        """What the application mounts."""
        return [Route("/metrics", self.answer, methods=["GET"])]

    async def answer(self, request: Request) -> Response:
        """The numbers, for whoever may see them."""
        try:
            _require_operator(await self.access.let_in(request))
        except Refused as refused:
            return refusal(request, refused)
        await self._read_quotas()
        return Response(self.meter.text(), media_type=CONTENT_TYPE)

    async def _read_quotas(self) -> None:
        """Ask the storage, which every process books in. Without it the last numbers stay."""
        try:
            quotas_left = await self.quotas_left(self.meter.accounts)
        except DatabaseUnavailable:
            return
        for marketplace, calls in quotas_left.items():
            self.meter.quota_left(marketplace, calls)


def _require_operator(caller: Caller) -> None:
    if caller.workspace != OPERATOR.workspace or not caller.may(Scope.ADMIN):
        raise Refused(
            403,
            "/metrics shows the numbers of the whole server: it needs an API key of the workspace "
            f'"{OPERATOR.workspace}" with the scope ADMIN.',
            "FORBIDDEN",
        )
