"""What callers see of a failure: the expected ones whole, the others behind a mask."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import GraphQLError, Source
from graphql.language import SourceLocation

from domain.exceptions import (
    AffiliateGraphError,
    InvalidURL,
    NotFound,
    QuotaExhausted,
)
from schema import schema
from schema.enums import ErrorCode
from schema.errors import UNEXPECTED, UserError, shown, user_errors
from tests.graph import Graph

pytestmark = pytest.mark.anyio

MIDNIGHT = datetime(2026, 5, 2, tzinfo=UTC)


def show(error: GraphQLError, default_code: str = "BAD_USER_INPUT") -> dict[str, object]:
    return shown(error, request_id="req-1", default_code=default_code)


def raised(cause: Exception) -> GraphQLError:
    return GraphQLError(str(cause), path=["node"], original_error=cause)


def test_an_expected_failure_is_shown_with_its_code_and_place() -> None:
    failure = InvalidURL("Paste an address.", path=("by", "url"))

    assert show(raised(failure)) == {
        "message": "Paste an address.",
        "path": ["node"],
        "extensions": {"code": "INVALID_URL", "inputPath": ["by", "url"]},
    }


def test_an_expected_failure_tells_when_to_try_again() -> None:
    failure = QuotaExhausted("Used up.", retry_at=MIDNIGHT, upstream_code="E7")

    assert show(raised(failure))["extensions"] == {
        "code": "QUOTA_EXHAUSTED",
        "retryAt": "2026-05-02T00:00:00Z",
        "upstreamCode": "E7",
    }


@pytest.mark.parametrize(
    "cause",
    [
        KeyError("pssst-1234"),
        RuntimeError("pssst-1234"),
        ValueError("/srv/app/pssst-1234.py"),
        AssertionError(),
        TypeError("pssst-1234"),
    ],
)
def test_an_unexpected_failure_is_masked_and_can_be_found_again(cause: Exception) -> None:
    entry = show(raised(cause))

    assert entry == {
        "message": UNEXPECTED,
        "path": ["node"],
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "req-1"},
    }
    assert "pssst" not in str(entry)


def test_extensions_of_an_unexpected_failure_are_not_shown() -> None:
    error = GraphQLError(
        "pssst", original_error=RuntimeError("pssst"), extensions={"debug": "pssst-1234"}
    )

    assert "pssst" not in str(show(error))


@pytest.mark.parametrize("code", ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"])
def test_an_error_of_the_request_keeps_its_words(code: str) -> None:
    error = GraphQLError("Cannot query field 'x'.", source=Source("{x}"), positions=[1])

    assert show(error, code) == {
        "message": "Cannot query field 'x'.",
        "locations": [{"line": 1, "column": 2}],
        "extensions": {"code": code},
    }
    assert error.locations == [SourceLocation(1, 2)]


def test_an_error_with_a_code_of_its_own_keeps_it() -> None:
    error = GraphQLError("Bad amount.", extensions={"code": "BAD_USER_INPUT"})

    assert show(error, "OTHER")["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("query", "variables", "place"),
    [
        (
            "query Q($s: ProductSearchInput!) "
            "{ searchProducts(marketplace: AMAZON, search: $s) { postFilters } }",
            {"s": {"minPrice": "1e9"}},
            ["s", "minPrice"],
        ),
        (
            "mutation M($i: UpdateProductInput!) { updateProduct(input: $i) { errors { code } } }",
            {"i": {"id": "x", "sellingPrice": {"amount": "1.5x", "currencyCode": "USD"}}},
            ["i", "sellingPrice", "amount"],
        ),
        (
            "query N($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            {"ids": ["a", {"b": 1}]},
            ["ids", "1"],
        ),
    ],
)
async def test_a_bad_variable_is_told_with_its_place(
    query: str, variables: dict[str, object], place: list[str]
) -> None:
    result = await schema.execute(query, variable_values=variables)

    assert result.errors
    extensions = show(result.errors[0])["extensions"]
    assert isinstance(extensions, dict)
    assert extensions.get("inputPath") == place


def test_a_user_error_is_the_failure_as_data() -> None:
    failure = QuotaExhausted("Used up.", path=("input",), retry_at=MIDNIGHT, upstream_code="E7")

    assert user_errors(failure) == [
        UserError(
            code=ErrorCode.QUOTA_EXHAUSTED,
            message="Used up.",
            path=["input"],
            retry_at=MIDNIGHT,
            upstream_code="E7",
        )
    ]


def test_no_failure_is_no_user_error() -> None:
    assert user_errors(None) == []


@pytest.mark.parametrize("failure", [NotFound("No."), AffiliateGraphError("No.")])
def test_a_failure_that_knows_no_more_shows_nulls(failure: AffiliateGraphError) -> None:
    error = UserError.of(failure)

    assert (error.path, error.retry_at, error.upstream_code) == ([], None, None)


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
