"""A workspace with a row in every table, for tests of what another one may learn of it."""

from db import doctor, statements
from tests.graph import Graph

MARK = "only-for-the-owner"
FILL = """
mutation Fill($aliexpress: ProductLookup!, $amazon: ProductLookup!, $mark: String!) {
  aliexpress: importProduct(input: {product: $aliexpress, idempotencyKey: $mark}) {
    product { id } errors { code message }
  }
  amazon: importProduct(input: {product: $amazon}) { product { id } errors { code message } }
  link: generateLink(input: {product: $aliexpress, subId: "theirs"}) {
    affiliateLink { id } errors { code message }
  }
  key: createApiKey(input: {name: $mark, scopes: [READ]}) { apiKey { id } errors { code message } }
  job: startImport(input: {products: [$aliexpress]}) { job { id } errors { code message } }
  watch: createWatch(
    input: {condition: {belowPrice: {amount: "2", currencyCode: "USD"}}, filter: {text: $mark}}
  ) {
    watch { id } errors { code message }
  }
  hook: createWebhook(
    input: {url: "https://example.com/only-for-the-owner", events: [PRODUCT_PRICE_DROPPED]}
  ) {
    webhook { id } errors { code message }
  }
}
"""
SYNC = "mutation Sync($id: ID!) { syncProduct(input: {id: $id}) { changed errors { code } } }"
NOTE = """
mutation Note($id: ID!, $mark: String!) {
  updateProduct(input: {id: $id, notes: $mark, addTags: [$mark]}) { errors { code message } }
}
"""

# For documents that ask for everything there is.
WIDE = {
    "LIMIT_SELECTIONS": "5000",
    "LIMIT_ALIASES": "5000",
    "LIMIT_COST": "1000000",
    "LIMIT_TOKENS": "20000",
}


async def fill(graph: Graph) -> dict[str, str]:
    """Everything that the workspace "default" can have; the ids of it, by kind."""
    await graph.connect_both()
    aliexpress = str(graph.sandbox.catalog["aliexpress"].listings()[0].fields["product_id"])
    found = await graph.run(
        '{ searchProducts(marketplace: AMAZON, search: {keywords: "a"}, first: 1)'
        " { nodes { externalId } errors { message } } }"
    )
    [amazon] = found["searchProducts"]["nodes"]
    variables = {
        "aliexpress": {"url": aliexpress},
        "amazon": {"ref": {"marketplace": "AMAZON", "externalId": amazon["externalId"]}},
        "mark": MARK,
    }
    made = await graph.run(FILL, variables)
    assert [payload["errors"] for payload in made.values()] == [[]] * 7
    product = made["aliexpress"]["product"]["id"]
    await graph.run(NOTE, {"id": product, "mark": MARK})
    graph.sandbox.catalog.set_price(aliexpress, "1.00")
    await graph.run(SYNC, {"id": product})
    told = await graph.run("{ webhooks { nodes { deliveries { nodes { id } } } } }")
    [event, _fired] = (await graph.run("{ events { nodes { id } } }"))["events"]["nodes"]
    market = await graph.run("{ marketplaces { id } }")
    return {
        "product": product,
        "link": made["link"]["affiliateLink"]["id"],
        "api key": made["key"]["apiKey"]["id"],
        "marketplace": market["marketplaces"][0]["id"],
        "event": event["id"],
        "job": made["job"]["job"]["id"],
        "watch": made["watch"]["watch"]["id"],
        "webhook": made["hook"]["webhook"]["id"],
        "delivery": told["webhooks"]["nodes"][0]["deliveries"]["nodes"][0]["id"],
    }


async def rows_of(workspace: str) -> dict[str, list[str]]:
    """Every row of the workspace, by table."""
    found = {}
    for table in await doctor.tables():
        if table == doctor.MIGRATIONS_TABLE:
            continue
        rows = await statements.rows(f'SELECT * FROM "{table}"')
        column = "id" if table == "workspaces" else "workspace_id"
        of_it = [
            {name: value for name, value in row.items() if name != "last_used_at"}
            for row in rows
            if row.get(column) == workspace
        ]
        found[table] = sorted(repr(row) for row in of_it)
    return found
