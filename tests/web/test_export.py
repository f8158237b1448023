"""A started server sends its spans to a collector, and nothing secret in them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.examples import check, run_examples
from tests.processes import UNHURRIED, started_server
from tests.test_examples import KEY, by_httpx

SECRETS = (
    KEY,
    "sandbox-app-secret",
    "sandbox-credential-secret",
    "sandbox-credential-id",
    "sandbox_blog",
    "phone case",
    "1005000000001001",
    "B0SANDBX01",
    "newsletter",
    "importProduct(",
)


@contextmanager
def collector(received: list[tuple[str, bytes]]) -> Iterator[str]:
    """A server that takes whatever is posted; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_spans_of_the_main_job_reach_the_collector_without_secrets(tmp_path: Path) -> None:
    received: list[tuple[str, bytes]] = []

    with collector(received) as address:
        settings = {
            "SANDBOX": "on",
            "ADMIN_API_KEY": KEY,
            **UNHURRIED,
            "OPENTELEMETRY": "on",
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        }
        with started_server(tmp_path / "data", settings) as server:
            check(run_examples(by_httpx(server.address), {}))
        output = server.output

    sent = b"".join(body for _, body in received)
    assert {path for path, _ in received} == {"/v1/traces"}
    for name in (b"mutation ImportMany", b"query Search", b"aliexpress productdetail.get"):
        assert name in sent
    for secret in SECRETS:
        assert secret.encode() not in sent
    assert "Traceback" not in output
