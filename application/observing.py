"""Who listens to what the server tells about itself beside its log: numbers, and spans."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass

from config import Settings
from domain.metering import Meter, Meters, NoMeter
from web.metrics import PrometheusMeter
from web.tracing import OpenTelemetryMeter, tracing

OPERATION = re.compile(r"^(?:query|mutation) (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Observers:
    """Who listens. `meter`: all of them together."""

    meter: Meter
    metrics: PrometheusMeter | None
    spans: OpenTelemetryMeter | None

    async def close(self) -> None:
        """Send what is still to be sent."""
        if self.spans is not None:
            await asyncio.to_thread(self.spans.close)


def observers(
    settings: Settings, documents: Iterable[str], spans: OpenTelemetryMeter | None = None
) -> Observers:
    """Those that the settings ask for. Operations of `documents` are counted by their names.

    Raises CannotStart where spans are wanted and OpenTelemetry is not installed.
    """
    known = [name for document in documents for name in OPERATION.findall(document)]
    metrics = PrometheusMeter(known, settings.metrics_folder) if settings.metrics else None
    if spans is None and settings.opentelemetry:
        spans = tracing()
    listening: list[Meter] = [each for each in (metrics, spans) if each is not None]
    meter = listening[0] if len(listening) == 1 else Meters(listening) if listening else NoMeter()
    return Observers(meter, metrics, spans)
