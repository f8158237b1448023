"""Runs examples/*.graphql in order against a started server, as a newcomer does in GraphiQL."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from domain.products import ProductRef
from schema import ids

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.graphql"))
Send = Callable[[str, Mapping[str, Any]], dict[str, Any]]  # document, variables -> data


def run_examples(send: Send, variables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The data of every example by its name without the number; `variables` by the same name."""
    answers = {}
    for path in EXAMPLES:
        name = re.sub(r"^\d+-", "", path.stem)
        answers[name] = send(path.read_text("utf-8"), variables.get(name, {}))
    return answers


def own_products(aliexpress: list[str], asin: str) -> dict[str, dict[str, Any]]:
    """Variables that put other products in the place of the made ones."""
    first = aliexpress[0]
    address = f"https://www.aliexpress.com/item/{first}.html"
    id = ids.of_product(ProductRef("aliexpress", first))
    return {
        "preview-by-url": {"url": address},
        "import": {"url": address},
        "import-many": {"products": [{"url": one} for one in aliexpress[1:121]]},
        "sync": {"id": id},
        "generate-links": {
            "products": [{"url": address}, {"url": f"https://www.amazon.com/dp/{asin}"}]
        },
        "margin": {"id": id},
    }


def check(answers: Mapping[str, Any], *, many: int = 120) -> None:
    """Each example answered what its comment says."""
    assert answers["connect-aliexpress"]["connectMarketplace"]["errors"] == []
    assert answers["connect-amazon"]["connectMarketplace"]["marketplace"]["status"] == "CONNECTED"
    for market in ("aliexpress", "amazon"):
        assert answers["verify"][market]["marketplace"]["health"]["state"] == "HEALTHY"
        assert answers["search"][market]["errors"] == []
        assert answers["search"][market]["nodes"]
    preview = answers["preview-by-url"]["product"]
    assert preview["importedAt"] is None
    assert preview["offer"]["price"]["amount"]
    imported = answers["import"]["importProduct"]
    assert imported["errors"] == []
    assert imported["product"]["externalId"] == preview["externalId"]
    rows = answers["import-many"]["importProducts"]["results"]
    assert len(rows) == many
    assert all(row["errors"] == [] for row in rows)
    assert answers["sync"]["syncProduct"]["errors"] == []
    links = answers["generate-links"]["generateLinks"]["results"]
    assert all(row["errors"] == [] for row in links)
    assert all(".sandbox.invalid/" in row["affiliateLink"]["url"] for row in links)
    made = answers["api-key"]["createApiKey"]
    assert made["errors"] == []
    assert made["key"].endswith(made["apiKey"]["lastFour"])
    margin = answers["margin"]["updateProduct"]["product"]["margin"]
    assert margin["profit"]["currencyCode"] == "USD"
    assert answers["list"]["products"]["totalCount"] == many + 1
    assert len(answers["export"]["products"]["nodes"]) == many + 1
