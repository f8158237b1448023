"""What probes are told."""

import pytest

from db import connection
from tests.database import on_postgres
from tests.graph import Graph

pytestmark = pytest.mark.anyio


@pytest.mark.skipif(on_postgres(), reason="its disk is another machine's")
async def test_a_server_lives_on_a_full_disk_and_is_not_ready(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await graph.http.get("/readyz")
    monkeypatch.setattr(connection, "LEAST_FREE", 2**63)

    full, alive = await graph.http.get("/readyz"), await graph.http.get("/healthz")

    assert (before.status_code, before.json()) == (200, {"status": "ready"})
    assert full.status_code == 503
    assert "disk of the database is full" in full.json()["reason"]
    assert int(full.headers["retry-after"]) > 0
    assert alive.status_code == 200
