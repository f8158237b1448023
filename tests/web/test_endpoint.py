"""GraphQL over HTTP: what is read, what is refused, and with which status."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Scope

from domain.api_keys import Caller
from domain.limits import Limits
from domain.metering import NoMeter
from resolvers import marketplaces
from resolvers.access import OPERATOR
from resolvers.context import Context
from upstream.budget import CallBudget
from web import endpoint
from web.endpoint import (
    GRAPHQL_JSON,
    JSON,
    Endpoint,
    error_response,
    preferred_type,
)
from web.throttle import OwnBuckets

pytestmark = pytest.mark.anyio

UTF8 = "; charset=utf-8"
TYPENAME = "{ __typename }"


@dataclass
class NoContext:
    """Enough for queries that ask nobody."""

    request_id: str = "req-1"
    budget: CallBudget = field(default_factory=CallBudget)
    now: datetime = datetime(2026, 11, 21, tzinfo=UTC)
    caller: Caller = OPERATOR
    workspace: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(id="default"))
    upstream: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(meter=NoMeter()))

    async def version(self) -> None:
        """Of no database."""


def make_context(_request: Request, _budget: CallBudget) -> Context:
    return cast(Context, NoContext())


LIMITS = Limits()
ENDPOINT = Endpoint(context=make_context)
BUCKETS = OwnBuckets(replace(LIMITS, capacity=1_000_000))


async def answer(request: Request) -> Response:
    return await ENDPOINT.answer(request, BUCKETS, "tests")


APP = Starlette(routes=[Route("/graphql", answer, methods=["GET", "POST"])])


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def post(
    http: httpx.AsyncClient, body: object, *, accept: str | None = None, **headers: str
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"content-type": JSON, **{name.replace("_", "-"): v for name, v in headers.items()}}
    if accept is not None:
        sent["accept"] = accept
    return await http.post("/graphql", content=content, headers=sent)


def only_error(response: httpx.Response) -> dict[str, Any]:
    """The one error of a request of which nothing was run."""
    body = response.json()
    assert set(body) == {"errors"}
    [error] = body["errors"]
    assert isinstance(error, dict)
    return error


def code(response: httpx.Response) -> str:
    return str(only_error(response)["extensions"]["code"])


async def test_a_query_is_answered(http: httpx.AsyncClient) -> None:
    response = await post(http, {"query": TYPENAME})

    assert response.status_code == 200
    assert response.json()["data"] == {"__typename": "Query"}


async def test_variables_and_a_name_choose_what_is_run(http: httpx.AsyncClient) -> None:
    document = """
        query One { __typename }
        query Two($with: Boolean!) { two: __typename more: __typename @include(if: $with) }
    """

    response = await post(
        http,
        {"query": document, "operationName": "Two", "variables": {"with": False}, "extensions": {}},
    )

    assert response.json()["data"] == {"two": "Query"}


@pytest.mark.parametrize(
    "empty", [{"variables": None}, {"operationName": None}, {"extensions": None}]
)
async def test_null_is_as_good_as_absent(
    http: httpx.AsyncClient, empty: Mapping[str, object]
) -> None:
    response = await post(http, {"query": TYPENAME, **empty})

    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "Application/JSON; Charset=UTF8",
        "application/json; profile=x",
    ],
)
async def test_json_in_utf8_is_read(http: httpx.AsyncClient, content_type: str) -> None:
    response = await post(http, {"query": TYPENAME}, content_type=content_type)

    assert response.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonx",
        "text/json",
        "text/plain; application/json",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/json; charset",
    ],
)
async def test_other_content_types_are_refused(http: httpx.AsyncClient, content_type: str) -> None:
    # A page of another site can send these without asking first.
    response = await post(http, {"query": TYPENAME}, content_type=content_type)

    assert response.status_code == 415
    assert "application/json" in only_error(response)["message"]


async def test_a_request_without_content_type_is_refused(http: httpx.AsyncClient) -> None:
    response = await http.post("/graphql", content=b'{"query": "{ __typename }"}')

    assert response.status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "GZIP"])
async def test_packed_requests_are_refused(http: httpx.AsyncClient, encoding: str) -> None:
    response = await post(http, {"query": TYPENAME}, content_encoding=encoding)

    assert response.status_code == 415
    assert "unpacked" in only_error(response)["message"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", JSON),
        ("*/*", JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (GRAPHQL_JSON.upper(), GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON}", GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.8, {JSON};q=0.9", JSON),
        (f"{GRAPHQL_JSON} ; q=0.9 , {JSON};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0", JSON),
        (f"{GRAPHQL_JSON};q=nan", JSON),
        (f"{GRAPHQL_JSON};q=much", JSON),
        (f"{GRAPHQL_JSON}-not", JSON),
        ("text/html, */*;q=0.1", JSON),
        (",;=,;q=;;,", JSON),
    ],
)
def test_the_newer_media_type_is_for_whoever_names_it(accept: str, media_type: str) -> None:
    assert preferred_type(accept) == media_type


@pytest.mark.parametrize("media_type", [JSON, GRAPHQL_JSON])
async def test_the_answer_bears_the_media_type_that_was_asked(
    http: httpx.AsyncClient, media_type: str
) -> None:
    response = await post(http, {"query": TYPENAME}, accept=media_type)

    assert response.headers["content-type"] == media_type + UTF8
    assert response.status_code == 200


REQUEST_ERRORS = [
    ("syntax", {"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    ("only a comment", {"query": "# nothing"}, "GRAPHQL_PARSE_FAILED"),
    ("NUL", {"query": "{ __typename\x00 }"}, "GRAPHQL_PARSE_FAILED"),
    ("half a character", {"query": r'{ node(id: "\uD800") { id } }'}, "GRAPHQL_PARSE_FAILED"),
    ("nested without end", {"query": "{a" * 100_000}, "GRAPHQL_PARSE_FAILED"),
    (
        "lists without end",
        {"query": "{ node(id: " + "[" * 100_000 + "]" * 100_000 + ") { id } }"},
        "GRAPHQL_PARSE_FAILED",
    ),
    ("unknown field", {"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
    ("no fields", {"query": "{ marketplaces }"}, "GRAPHQL_VALIDATION_FAILED"),
    ("unknown argument", {"query": "{ marketplaces(x: 1) { id } }"}, "GRAPHQL_VALIDATION_FAILED"),
    ("unknown variable", {"query": "{ node(id: $id) { id } }"}, "GRAPHQL_VALIDATION_FAILED"),
    (
        "the same field a thousand times",
        {"query": "{" + "__typename " * 4_000 + "}"},
        "QUERY_TOO_COMPLEX",
    ),
    (
        "a fragment in itself",
        {"query": "{ ...F } fragment F on Query { ...F }"},
        "GRAPHQL_VALIDATION_FAILED",
    ),
    (
        "two operations of one name",
        {"query": "query A { __typename } query A { __typename }", "operationName": "A"},
        "GRAPHQL_VALIDATION_FAILED",
    ),
    (
        "two operations, no name",
        {"query": "query A { __typename } query B { __typename }"},
        "OPERATION_RESOLUTION_FAILURE",
    ),
    (
        "two operations, an empty name",
        {"query": "query A { __typename } query B { __typename }", "operationName": ""},
        "OPERATION_RESOLUTION_FAILURE",
    ),
    (
        "no operation of that name",
        {"query": "query A { __typename }", "operationName": "B"},
        "OPERATION_RESOLUTION_FAILURE",
    ),
    (
        "only a fragment",
        {"query": "fragment F on Query { __typename }"},
        "OPERATION_RESOLUTION_FAILURE",
    ),
    (
        "a missing variable",
        {"query": "query Q($id: ID!) { node(id: $id) { id } }"},
        "BAD_USER_INPUT",
    ),
    (
        "a variable of another kind",
        {"query": "query Q($id: ID!) { node(id: $id) { id } }", "variables": {"id": {"a": 1}}},
        "BAD_USER_INPUT",
    ),
]


@pytest.mark.parametrize(("_case", "body", "expected"), REQUEST_ERRORS)
async def test_a_request_error_has_a_code_and_no_data(
    http: httpx.AsyncClient, _case: str, body: object, expected: str
) -> None:
    older = await post(http, body, accept=JSON)
    newer = await post(http, body, accept=GRAPHQL_JSON)

    assert code(older) == code(newer) == expected
    assert (older.status_code, newer.status_code) == (200, 400)


async def test_validation_tells_everything_at_once(http: httpx.AsyncClient) -> None:
    response = await post(http, {"query": "{ nope nix }"})

    errors = response.json()["errors"]
    assert len(errors) == 2
    assert all(error["locations"] for error in errors)


NO_REQUESTS = [
    ("nothing", b""),
    ("a blank", b" "),
    ("words", b"{ __typename }"),
    ("cut off", b'{"query": "{ __typename }"'),
    ("single quotes", b"{'query': '{ __typename }'}"),
    ("two objects", b"{}{}"),
    ("not a number", b'{"query": "{ __typename }", "variables": {"a": NaN}}'),
    ("not UTF-8", b'{"query": "\xff"}'),
    ("UTF-16", '{"query": "{ __typename }"}'.encode("utf-16")),
    ("with a byte order mark", b'\xef\xbb\xbf{"query": "{ __typename }"}'),
    ("half a character", rb'{"query": "{ __typename } #\ud800"}'),
    (
        "half a character in a variable",
        rb'{"query": "{ __typename }", "variables": {"a": "\udfff"}}',
    ),
    ("nested without end", b'{"query": "", "variables": ' + b"[" * 200_000),
    ("nested to an end", b"[" * 200_000 + b"]" * 200_000),
    ("an empty list", b"[]"),
    ("null", b"null"),
    ("a number", b"1"),
    ("a text", b'"{ __typename }"'),
    ("an empty object", b"{}"),
    ("no query", b'{"variables": {}}'),
    ("query null", b'{"query": null}'),
    ("query empty", b'{"query": ""}'),
    ("query blank", rb'{"query": " \n\t "}'),
    ("query an object", b'{"query": {"a": 1}}'),
    ("query a list", b'{"query": ["{ __typename }"]}'),
    ("query a number", b'{"query": 1}'),
    ("variables a list", b'{"query": "{ __typename }", "variables": []}'),
    ("variables a text", b'{"query": "{ __typename }", "variables": "{}"}'),
    ("variables a number", b'{"query": "{ __typename }", "variables": 0}'),
    ("variables false", b'{"query": "{ __typename }", "variables": false}'),
    ("name a number", b'{"query": "{ __typename }", "operationName": 1}'),
    ("name a list", b'{"query": "{ __typename }", "operationName": []}'),
    ("extensions a list", b'{"query": "{ __typename }", "extensions": []}'),
]


@pytest.mark.parametrize(("_case", "content"), NO_REQUESTS)
@pytest.mark.parametrize("media_type", [JSON, GRAPHQL_JSON])
async def test_what_is_no_graphql_request_is_refused(
    http: httpx.AsyncClient, _case: str, content: bytes, media_type: str
) -> None:
    response = await post(http, content, accept=media_type)

    assert response.status_code == 400
    assert code(response) == "BAD_REQUEST"
    assert response.headers["content-type"] == media_type + UTF8


@pytest.mark.parametrize("media_type", [JSON, GRAPHQL_JSON])
async def test_a_batch_is_answered_by_an_error_for_each_of_its_operations(
    http: httpx.AsyncClient, media_type: str
) -> None:
    response = await post(http, [{"query": TYPENAME}] * 3, accept=media_type)

    assert response.headers["content-type"] == JSON + UTF8
    codes = [body["errors"][0]["extensions"]["code"] for body in response.json()]
    assert (response.status_code, codes) == (200, ["BATCHING_NOT_SUPPORTED"] * 3)


async def test_a_long_batch_makes_no_long_answer(http: httpx.AsyncClient) -> None:
    response = await post(http, [0] * 100_000)

    assert len(response.json()) == 100


def padded(size: int) -> bytes:
    """A right request of exactly that many bytes."""
    start, end = b'{"query": "{ __typename } #', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end


async def test_a_mebibyte_is_read(http: httpx.AsyncClient) -> None:
    response = await post(http, padded(LIMITS.body))

    assert response.status_code == 200


async def test_a_byte_more_is_refused(http: httpx.AsyncClient) -> None:
    response = await post(http, padded(LIMITS.body + 1))

    assert response.status_code == 413
    assert code(response) == "PAYLOAD_TOO_LARGE"


async def test_a_body_of_unknown_length_is_cut_off_when_it_is_too_long(
    http: httpx.AsyncClient,
) -> None:
    sent: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for number in range(1_000):
            sent.append(number)
            yield b" " * 65_536

    response = await http.post("/graphql", content=endless(), headers={"content-type": JSON})

    assert "content-length" not in response.request.headers
    assert response.status_code == 413
    assert len(sent) <= 18


async def test_a_caller_who_hangs_up_is_no_failure_of_ours() -> None:
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    messages: list[Message] = [
        {"type": "http.request", "body": b'{"query": ', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    response = await answer(Request(scope, receive))

    assert response.status_code == 400


async def test_a_body_that_trickles_is_not_waited_for(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "BODY_SECONDS", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.001)

    response = await http.post("/graphql", content=trickle(), headers={"content-type": JSON})

    assert response.status_code == 408
    assert code(response) == "BAD_REQUEST"


async def get(http: httpx.AsyncClient, **parameters: str) -> httpx.Response:
    return await http.get("/graphql", params=parameters)


async def test_a_query_can_be_sent_in_the_address(http: httpx.AsyncClient) -> None:
    response = await get(
        http,
        query="query A($a: Boolean!) { __typename @include(if: $a) } query B { b: __typename }",
        variables='{"a": true}',
        operationName="A",
    )

    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "parameters",
    [{"variables": ""}, {"operationName": ""}, {"variables": "null"}, {"unknown": "x"}],
)
async def test_empty_parameters_are_absent(
    http: httpx.AsyncClient, parameters: Mapping[str, str]
) -> None:
    response = await get(http, query=TYPENAME, **parameters)

    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": ""},
        {"query": "  "},
        {"query": TYPENAME, "variables": "[1]"},
        {"query": TYPENAME, "variables": "x"},
        {"query": TYPENAME, "variables": "\x00"},
        {"query": TYPENAME, "variables": "[" * 5_000},
    ],
)
async def test_a_bad_address_is_refused(
    http: httpx.AsyncClient, parameters: Mapping[str, str]
) -> None:
    response = await get(http, **parameters)

    assert response.status_code == 400
    assert code(response) == "BAD_REQUEST"


async def test_bytes_that_are_no_text_in_the_address_are_a_syntax_error(
    http: httpx.AsyncClient,
) -> None:
    response = await http.get("/graphql?query=%7B__typename%FF%7D")

    assert code(response) == "GRAPHQL_PARSE_FAILED"


DELETE = 'mutation M { deleteProduct(input: {id: "x"}) { errors { code } } }'


@pytest.mark.parametrize(
    "parameters",
    [
        {"query": DELETE},
        {"query": f"query Q {TYPENAME} {DELETE}", "operationName": "M"},
        {"query": f"{DELETE} query Q {TYPENAME}", "operationName": "M"},
    ],
)
async def test_nothing_is_changed_by_an_address(
    http: httpx.AsyncClient, parameters: Mapping[str, str]
) -> None:
    response = await get(http, **parameters)

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert "POST" in only_error(response)["message"]


async def test_head_is_answered_as_get_is(http: httpx.AsyncClient) -> None:
    query = await http.head("/graphql", params={"query": TYPENAME})
    mutation = await http.head("/graphql", params={"query": DELETE})

    assert query.status_code == 200
    assert mutation.status_code == 405


async def test_a_query_beside_a_mutation_can_be_sent_in_the_address(
    http: httpx.AsyncClient,
) -> None:
    response = await get(http, query=f"query Q {TYPENAME} {DELETE}", operationName="Q")

    assert response.json()["data"] == {"__typename": "Query"}


async def test_a_subscription_is_told_that_there_are_none(http: httpx.AsyncClient) -> None:
    response = await post(http, {"query": "subscription { a }"}, accept=GRAPHQL_JSON)

    assert response.status_code == 400
    assert "POST" not in only_error(response)["message"]


async def test_the_schema_can_be_asked_for(http: httpx.AsyncClient) -> None:
    response = await post(http, {"query": "{ __schema { queryType { name } types { name } } }"})

    names = {type_["name"] for type_ in response.json()["data"]["__schema"]["types"]}
    assert {"Product", "AffiliateLink", "Marketplace"} <= names


async def test_an_error_of_one_field_leaves_the_data(http: httpx.AsyncClient) -> None:
    body = {"query": '{ __typename node(id: "forged") { id } }'}

    response = await post(http, body, accept=GRAPHQL_JSON)

    assert response.status_code == 200
    assert response.json()["data"] == {"__typename": "Query", "node": None}
    assert response.json()["errors"][0]["extensions"] == {"code": "INVALID_INPUT"}


async def test_a_bug_is_masked_and_logged(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    # There is no storage behind this context: the resolver stumbles.
    response = await post(http, {"query": "{ products { nodes { id } } }"})

    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "req-1"}
    assert "workspace" not in response.text
    assert "has no attribute 'modes'" in caplog.text


def limited(limits: Limits, *, has_introspection: bool = True) -> Starlette:
    """An application whose callers are as limited as that; the query `caller` names them."""
    buckets = OwnBuckets(limits)
    endpoint = Endpoint(
        context=make_context,
        limits=limits,
        has_introspection=has_introspection,
    )

    async def answer(request: Request) -> Response:
        caller = request.query_params.get("caller", "")
        return await endpoint.answer(request, buckets, caller)

    return Starlette(routes=[Route("/graphql", answer, methods=["GET", "POST"])])


def client_of(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1")


async def test_every_answer_tells_how_the_bucket_stands() -> None:
    limits = replace(LIMITS, capacity=200, restore=1)
    async with client_of(limited(limits)) as http:
        good = await http.post("/graphql", json={"query": TYPENAME})
        bad = await http.post("/graphql", json={"query": "{"})
        nonsense = await http.post("/graphql", json=[])

    assert good.headers["ratelimit-policy"] == '"points";q=200;w=200'
    assert good.headers["ratelimit"] == '"points";r=199;t=1'
    assert good.json()["extensions"]["cost"] == {
        "requestedQueryCost": 1,
        "actualQueryCost": 1,
        "throttleStatus": {
            "maximumAvailable": 200,
            "currentlyAvailable": 199,
            "restoreRate": 1,
        },
        "upstream": {"calls": 0, "savedByBatching": 0, "savedByCache": 0, "leftToday": []},
    }
    assert bad.headers["ratelimit"] == '"points";r=198;t=2'
    assert nonsense.headers["ratelimit"] == '"points";r=197;t=3'


@pytest.mark.parametrize("media_type", [JSON, GRAPHQL_JSON])
@pytest.mark.parametrize(
    "body", [{"query": TYPENAME}, {"query": "{"}, []], ids=["good", "bad", "nonsense"]
)
async def test_an_empty_bucket_is_told_with_the_time_to_wait(media_type: str, body: object) -> None:
    limits = replace(LIMITS, capacity=2, restore=1)
    async with client_of(limited(limits)) as http:
        for _ in range(2):
            await http.post("/graphql?caller=one", json=body)
        throttled = await http.post(
            "/graphql?caller=one", json=body, headers={"accept": media_type}
        )
        other = await http.post("/graphql?caller=two", json={"query": TYPENAME})

    assert throttled.status_code == 429
    assert throttled.headers["retry-after"] == "1"
    assert throttled.headers["content-type"] == media_type + UTF8
    error = only_error(throttled)
    assert error["extensions"]["code"] == "THROTTLED"
    assert error["extensions"]["retryAfter"] == 1
    assert error["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 0
    assert other.json()["data"] == {"__typename": "Query"}


async def test_what_an_operation_did_not_cost_is_given_back() -> None:
    limits = replace(LIMITS, capacity=300, cost=300, restore=1)
    document = '{ node(id: "forged") { id } nodes(ids: []) { id } }'
    async with client_of(limited(limits)) as http:
        answer = await http.post("/graphql", json={"query": document})

    spent = answer.json()["extensions"]["cost"]
    assert spent["requestedQueryCost"] == 6
    assert spent["actualQueryCost"] == 1
    assert spent["throttleStatus"]["currentlyAvailable"] == 299


async def test_an_operation_over_the_limit_is_refused_with_its_price() -> None:
    async with client_of(limited(replace(LIMITS, cost=100))) as http:
        answer = await http.post(
            "/graphql", json={"query": "{ products(first: 100) { nodes { id } } }"}
        )

    error = only_error(answer)
    assert error["message"].startswith("The operation can cost 101 points; at most 100")
    assert error["extensions"] == {
        "code": "QUERY_TOO_COMPLEX",
        "measure": "cost",
        "value": 101,
        "limit": 100,
        "setting": "LIMIT_COST",
    }


@pytest.mark.parametrize(
    "document",
    [
        "{ __schema { queryType { name } } }",
        '{ __type(name: "Product") { name } }',
        "{ ... on Query { ...F } } fragment F on Query { __schema { queryType { name } } }",
    ],
)
async def test_introspection_can_be_off(document: str) -> None:
    async with client_of(limited(LIMITS, has_introspection=False)) as http:
        answer = await http.post("/graphql", json={"query": document})
        name = await http.post("/graphql", json={"query": TYPENAME})

    assert "Introspection is off" in only_error(answer)["message"]
    assert name.json()["data"] == {"__typename": "Query"}


GUESSES = [
    "{ product { id } }",
    "{ productz { id } }",
    "{ products(frist: 1) { totalCount } }",
    "{ ... on Produkt { id } }",
    "query Q($a: ProductLookip) { __typename }",
    "{ products(sort: PRICE_ACS) { totalCount } }",
    "{ products(filter: {txt: 1}) { totalCount } }",
    "{ __typename @inclde(if: true) }",
    "{ ...Producs } fragment Products on Query { __typename }",
]


@pytest.mark.parametrize("document", GUESSES)
async def test_guesses_are_not_helped_where_introspection_is_off(document: str) -> None:
    async with client_of(limited(LIMITS, has_introspection=False)) as http:
        answer = await http.post("/graphql", json={"query": document})

    assert answer.json()["errors"]
    assert "Did you mean" not in answer.text


async def test_typing_errors_are_helped_where_introspection_is_on(http: httpx.AsyncClient) -> None:
    answers = [await post(http, {"query": document}) for document in GUESSES]

    assert sum("Did you mean" in answer.text for answer in answers) >= 6


async def test_an_operation_that_takes_too_long_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped = asyncio.Event()

    async def endless(*_args: object, **_kwargs: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    monkeypatch.setattr(marketplaces, "get_all", endless)
    limits = replace(LIMITS, query_seconds=0)
    async with client_of(limited(limits)) as http:
        answer = await http.post("/graphql", json={"query": "{ marketplaces { name } }"})

    [error] = answer.json()["errors"]
    assert answer.json()["data"] is None
    assert error["extensions"]["code"] == "OPERATION_TIMEOUT"
    assert error["extensions"]["setting"] == "LIMIT_QUERY_SECONDS"
    assert stopped.is_set()


def test_an_error_outside_the_schema_has_the_same_shape() -> None:
    request = Request(
        {"type": "http", "headers": [(b"accept", GRAPHQL_JSON.encode())], "method": "GET"}
    )

    response = error_response(request, 401, "This needs a key.", "UNAUTHENTICATED")

    assert response.status_code == 401
    assert response.media_type == GRAPHQL_JSON + UTF8
    assert json.loads(bytes(response.body)) == {
        "errors": [{"message": "This needs a key.", "extensions": {"code": "UNAUTHENTICATED"}}]
    }


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(http: httpx.AsyncClient, method: str) -> None:
    response = await http.request(method, "/graphql", json={"query": TYPENAME})

    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["allow"].split(", "))
