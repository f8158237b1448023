"""Connections on which no request comes to be: nothing was sent, or headers trickle in for ever.

uvicorn waits for these without an end, and each holds a place that a caller needs. Bodies that
trickle are ended in web/endpoint.py.
"""

from collections.abc import Collection
from typing import Any

HEADER_SECONDS = 15  # in which the headers of a request arrive as a whole


class LateConnections:
    """Finds connections that owe a request for too long. Seconds of a clock never set back."""

    def __init__(self) -> None:
        self._waiting: dict[Any, tuple[object, float]] = {}

    def end(self, connections: Collection[Any], now: float) -> None:
        """Cut off those that are late. `connections`: uvicorn's, between requests or within one."""
        waiting: dict[Any, tuple[object, float]] = {}
        for connection in connections:
            last = getattr(connection, "cycle", None)  # of uvicorn: one request and its answer
            if last is not None and not last.response_complete:
                continue
            known = self._waiting.get(connection)
            waiting[connection] = known if known and known[0] is last else (last, now)
        self._waiting = waiting
        for connection, (_, since) in waiting.items():
            if now - since >= HEADER_SECONDS:
                connection.transport.abort()
