"""The quick HTTP parser, for platforms that have httptools; uvicorn finds it by its name
(commands/serve.py).

Protects against headers that have no end: the parser keeps whatever comes until they are complete.
Headers that come at once are bounded in web/headers.py, slow ones in commands/connections.py.
"""

import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEADER_BYTES = 256 * 1024  # of a request whose headers come in pieces
UPGRADE = re.compile(rb"(?<=\n)upgrade(?=[ \t]*:)", re.IGNORECASE)
END_OF_HEADERS = b"\r\n\r\n"


class BoundedHeaders(HttpToolsProtocol):
    """uvicorn's protocol, which refuses a request that is within its headers for too long.

    An offer to go on in another protocol, which Java's client makes with its first request, is not
    shown to the parser: it would leave out the body that comes along.
    """

    _is_within_headers = False
    _is_within_body = False
    _pending = 0

    def on_message_begin(self) -> None:
        """A request begins."""
        self._is_within_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its body may come."""
        self._is_within_headers, self._is_within_body = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Another request may come."""
        self._is_within_body = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Bytes of the connection."""
        super().data_received(data if self._is_within_body else _without_upgrade(data))
        self._pending = self._pending + len(data) if self._is_within_headers else 0
        if self._pending > MOST_HEADER_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers of the request have no end.")


def _without_upgrade(data: bytes) -> bytes:
    """Bytes that begin a request or go on within its headers; an offer has another name."""
    headers, end, body = data.partition(END_OF_HEADERS)
    return UPGRADE.sub(b"x-offer", headers) + end + body if UPGRADE.search(headers) else data
