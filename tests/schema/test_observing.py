"""What the log tells of an operation: its codes too, wherever in the answer they stand."""

import logging
from typing import Any

import pytest

from tests.graph import Graph

pytestmark = pytest.mark.anyio


def told(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The line of the last request."""
    return vars([line for line in caplog.records if line.name == "affiliate_graph.requests"][-1])


@pytest.mark.parametrize(
    ("document", "outcome", "codes"),
    [
        ("query Ping { __typename }", "ok", None),
        ("query Odd { nothing }", "refused", ["GRAPHQL_VALIDATION_FAILED"]),
        (
            'query Lost { product(by: {url: "https://example.com/"}) { title } }',
            "errors",
            ["UNKNOWN_HOST"],
        ),
        (
            'mutation Bad { createApiKey(input: {name: "", scopes: [READ]}) { key } }',
            "ok",
            ["INVALID_INPUT"],
        ),
    ],
)
async def test_a_request_is_logged_with_name_outcome_and_codes(
    graph: Graph,
    caplog: pytest.LogCaptureFixture,
    document: str,
    outcome: str,
    codes: list[str] | None,
) -> None:
    caplog.set_level(logging.INFO, logger="affiliate_graph.requests")

    await graph.post(document)

    line = told(caplog)
    assert line["operation"] == document.split()[1]
    assert (line["outcome"], line.get("codes")) == (outcome, codes)


async def test_a_request_without_a_document_is_told_too(
    graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="affiliate_graph.requests")

    await graph.post("")

    line = told(caplog)
    assert (line["outcome"], line["codes"]) == ("refused", ["BAD_REQUEST"])
