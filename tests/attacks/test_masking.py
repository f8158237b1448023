"""Whatever fails in whichever layer, its text reaches the log and never the caller."""

import logging

import httpx
import pytest

from db.exceptions import DatabaseUnavailable
from tests.graph import ALIEXPRESS, API_KEY, Graph
from tests.schema.test_products import imported

pytestmark = pytest.mark.anyio

MARK = "pssst-4711"
CATALOGUE = "{ products { nodes { title marketplace { name } } } }"
UNPLANNED = "{ products @include(if: true) { nodes { title } } }"
LINKS = "{ affiliateLinks { nodes { url } totalCount } }"
MARKETS = "{ marketplaces { name quota { usedToday } } }"
SEARCH = """{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "lamp", minOrders: 0}) {
              nodes { title offer { price { amount } } } errors { code } } }"""
HISTORY = "{ products { nodes { priceHistory { nodes { observedAt } } affiliateLink { url } } } }"
IMPORT = """mutation { importProducts(input: {products: [{url: "1005000000001016"}],
            idempotencyKey: "key-1"}) { results { product { title } errors { code message } } } }"""

PLACES = [
    ("web", "web.endpoint._operation", CATALOGUE),
    ("web", "web.endpoint._json", CATALOGUE),
    ("application", "application.runtime.Context", CATALOGUE),
    ("schema, reading", "schema.documents.shape_of", "{ products { totalCount } a: __typename }"),
    ("schema, pricing", "schema.cost.requested", CATALOGUE),
    ("schema, types", "schema.products.Product.of", UNPLANNED),
    ("schema, records", "schema.shown.ShownProduct.__init__", CATALOGUE),
    ("schema, ids", "schema.ids.of_product", "{ products { nodes { id } } }"),
    ("schema, execution", "graphql.execution.executor.Executor.execute_fields", UNPLANNED),
    ("schema, plan", "schema.plan.Run.data", CATALOGUE),
    ("resolvers", "resolvers.products.page", CATALOGUE),
    ("resolvers", "resolvers.links.page", LINKS),
    ("resolvers", "resolvers.links.count", LINKS),
    ("resolvers", "resolvers.marketplaces.get_all", MARKETS),
    ("resolvers", "resolvers.marketplaces.calls_today", MARKETS),
    ("resolvers", "resolvers.search.search", SEARCH),
    ("resolvers", "resolvers.imports.import_products", IMPORT),
    ("resolvers, loaders", "resolvers.dataloaders.Dataloaders._load_calls_today", MARKETS),
    ("clients, sharing", "upstream.coalescing.Coalescer.get", IMPORT),
    ("clients, sending", "upstream.pipeline.Pipeline.send", SEARCH),
    ("clients, parsing", "clients.aliexpress.parse.product", SEARCH),
    ("clients, signing", "clients.aliexpress.client.sign", SEARCH),
    ("domain", "domain.products.demand", UNPLANNED),
    ("db, statements", "db.statements.rows", MARKETS),
    ("db, statements", "db.statements.rows", IMPORT),
    ("db, products", "db.catalog.page", CATALOGUE),
    ("db, credentials", "db.credentials.accounts", MARKETS),
    ("db, idempotency", "db.idempotency.begin", IMPORT),
]


async def whole_answer(graph: Graph, document: str) -> httpx.Response:
    return await graph.http.post(
        "/graphql", json={"query": document}, headers={"Authorization": f"Bearer {API_KEY}"}
    )


@pytest.mark.parametrize("kind", [RuntimeError, KeyError, OSError, ZeroDivisionError])
@pytest.mark.parametrize(
    ("place", "document"), [(place, document) for _, place, document in PLACES]
)
async def test_nothing_of_a_failure_is_shown(
    graph: Graph,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    place: str,
    document: str,
    kind: type[Exception],
) -> None:
    await imported(graph)
    monkeypatch.setattr("db.availability.WAITS", (0.0, 0.0, 0.0))  # an OSError may pass
    caplog.clear()
    called: list[object] = []

    def failing(*args: object, **_: object) -> object:
        called.append(args)
        raise kind(f"{MARK} /srv/app/{place}.py")

    monkeypatch.setattr(place, failing)
    answer = await whole_answer(graph, document)
    monkeypatch.undo()
    after = await whole_answer(graph, "{ products { totalCount } }")

    assert called
    assert MARK not in answer.text + str(answer.headers)
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text
    assert answer.json().get("errors") or answer.json()["data"]
    assert after.json()["data"]["products"]["totalCount"] == 1


async def test_a_failure_is_found_in_the_log_by_the_id_of_its_answer(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: object, **__: object) -> object:
        raise RuntimeError(MARK)

    monkeypatch.setattr("application.runtime.Context", failing)
    with caplog.at_level(logging.ERROR):
        answer = await whole_answer(graph, CATALOGUE)

    [error] = answer.json()["errors"]
    assert answer.status_code == 500
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert MARK in caplog.text


async def test_a_lost_database_outside_the_graph_is_told_with_a_time(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> object:
        raise DatabaseUnavailable("The database does not answer.", retryable=True)

    monkeypatch.setattr("application.runtime.Context", failing)
    answer = await whole_answer(graph, CATALOGUE)

    [error] = answer.json()["errors"]
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert error["extensions"]["code"] == "DATABASE_UNAVAILABLE"


async def test_secrets_in_a_failure_are_not_shown_either(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    def failing(*_: object, **__: object) -> object:
        raise RuntimeError(ALIEXPRESS["appSecret"])

    monkeypatch.setattr("upstream.pipeline.Pipeline.send", failing)
    answer = await whole_answer(graph, SEARCH)

    assert ALIEXPRESS["appSecret"] not in answer.text
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
