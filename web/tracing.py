"""Spans for OpenTelemetry: one for each operation, below it one for each call to a marketplace.

A span holds the operation's name and type, the hash of its document, and how many calls it paid
for; a call's span the marketplace, its operation and the outcome. Arguments, variables, the
document's text, addresses and secrets are in none. Where the spans go, OpenTelemetry's own
variables (OTEL_EXPORTER_OTLP_ENDPOINT ...) tell.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from domain.marketplaces import AccountKey
from domain.metering import OperationNote, OperationOutcome
from domain.starting import CannotStart

try:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
    from opentelemetry.trace import SpanKind, StatusCode
except ImportError:
    IS_INSTALLED = False
else:
    IS_INSTALLED = True

OK = "ok"


class OpenTelemetryMeter:
    """Implements `domain.metering.Meter` with spans."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("affiliate_graph")

    @contextmanager
    def operation(self, note: OperationNote) -> Iterator[None]:
        """See `Meter`."""
        with self._tracer.start_as_current_span(
            "GraphQL", kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            finally:
                span.update_name(" ".join(filter(None, (note.kind, note.name))) or "GraphQL")
                span.set_attribute("graphql.operation.name", note.name)
                span.set_attribute("graphql.operation.type", note.kind)
                span.set_attribute("graphql.document.hash", f"sha256:{note.document_hash}")
                span.set_attribute("affiliate_graph.cost.points", note.points)
                span.set_attribute("affiliate_graph.cost.upstream_calls", note.calls)
                if note.outcome is not OperationOutcome.OK:
                    span.set_status(StatusCode.ERROR, note.outcome.value)

    def called(self, account: AccountKey, operation: str, outcome: str, seconds: float) -> None:
        """See `Meter`. The span's parent is the operation that opened the batch."""
        ended = time.time_ns()
        span = self._tracer.start_span(
            f"{account.marketplace} {operation}",
            kind=SpanKind.CLIENT,
            start_time=ended - int(seconds * 1_000_000_000),
            attributes={
                "affiliate_graph.marketplace": account.marketplace,
                "affiliate_graph.operation": operation,
                "affiliate_graph.outcome": outcome,
            },
        )
        if outcome != OK:
            span.set_status(StatusCode.ERROR, outcome)
        span.end(ended)

    def batch(self, account: AccountKey, operation: str, size: int) -> None:
        """Spans do not tell it."""

    def cache(self, account: AccountKey, operation: str, *, hits: int, misses: int) -> None:
        """Spans do not tell it."""

    def flush(self) -> None:
        """Send what has ended so far, now."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send what is still to be sent."""
        self._provider.shutdown()


def tracing(exporter: "SpanExporter | None" = None) -> OpenTelemetryMeter:
    """Spans that are sent in the background, by OTLP over HTTP unless an exporter is given.

    Raises CannotStart where OpenTelemetry is not installed.
    """
    if not IS_INSTALLED:
        raise CannotStart(
            "OPENTELEMETRY is on, but its packages are not installed. Install them with "
            "'.ci/install requirements-opentelemetry.lock', or set OPENTELEMETRY=off."
        )
    provider = TracerProvider(resource=Resource.create({"service.name": "affiliate-graph"}))
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
    return OpenTelemetryMeter(provider)
