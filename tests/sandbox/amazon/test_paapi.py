"""PA-API 5.0 against botocore: its signatures are accepted, one byte off is refused."""

import json
from datetime import timedelta

import httpx
import pytest

from sandbox import Sandbox, SandboxTransport
from tests.graph import Clock
from tests.sandbox.callers import paapi_request

pytestmark = pytest.mark.anyio

GET_ITEMS = json.dumps(
    {
        "ItemIds": ["B0SANDBX00"],
        "PartnerTag": "sandbox-20",
        "PartnerType": "Associates",
        "Marketplace": "www.amazon.com",
        "Resources": ["ItemInfo.Title"],
    }
).encode()


@pytest.fixture
def living(clock: Clock) -> Sandbox:
    """A sandbox in which PA-API is not retired."""
    sandbox = Sandbox(public_url="http://127.0.0.1:8000", now=clock)
    sandbox.faults.inject("paapi_alive")
    return sandbox


async def sent(sandbox: Sandbox, request: httpx.Request) -> httpx.Response:
    async with httpx.AsyncClient(transport=SandboxTransport(sandbox)) as http:
        return await http.send(request)


async def test_botocore_is_told_that_paapi_is_retired(sandbox: Sandbox, clock: Clock) -> None:
    response = await sent(sandbox, paapi_request(clock.time, GET_ITEMS))

    assert response.status_code == 403
    assert response.json()["Errors"][0]["Code"] == "AccessDenied"


async def test_botocore_reads_items_where_paapi_is_alive(living: Sandbox, clock: Clock) -> None:
    response = await sent(living, paapi_request(clock.time, GET_ITEMS))

    [item] = response.json()["ItemsResult"]["Items"]
    assert response.status_code == 200
    assert item["ASIN"] == "B0SANDBX00"
    assert item["ItemInfo"]["Title"]["DisplayValue"]
    assert "tag=sandbox-20" in item["DetailPageURL"]
    assert [call.operation for call in living.calls] == ["paapi5.getItems"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-amz-date", "20261121T120001Z"),
        ("x-amz-target", "com.amazon.paapi5.v1.ProductAdvertisingAPIv1.SearchItems"),
        ("content-encoding", "amz-1.1"),
        ("content-type", "application/json"),
        ("host", "webservices.amazon.ca"),
    ],
)
async def test_one_changed_header_breaks_botocores_signature(
    living: Sandbox, clock: Clock, header: str, value: str
) -> None:
    request = paapi_request(clock.time, GET_ITEMS)
    request.headers[header] = value

    response = await sent(living, request)

    assert response.status_code == 401
    assert response.json()["Errors"][0]["Code"] == "InvalidSignature"


async def test_one_changed_byte_of_the_body_breaks_botocores_signature(
    living: Sandbox, clock: Clock
) -> None:
    signed = paapi_request(clock.time, GET_ITEMS)
    request = httpx.Request(
        "POST", signed.url, content=GET_ITEMS.replace(b"X00", b"X01"), headers=signed.headers
    )

    response = await sent(living, request)

    assert response.json()["Errors"][0]["Code"] == "InvalidSignature"


@pytest.mark.parametrize(
    "options",
    [{"secret": "another-secret"}, {"region": "eu-west-1"}],
    ids=["secret", "region"],
)
async def test_a_wrong_secret_or_region_is_refused(
    living: Sandbox, clock: Clock, options: dict[str, str]
) -> None:
    response = await sent(living, paapi_request(clock.time, GET_ITEMS, **options))

    assert response.status_code == 401
    assert response.json()["Errors"][0]["Code"] == "InvalidSignature"


async def test_a_signature_of_long_ago_is_refused(living: Sandbox, clock: Clock) -> None:
    old = paapi_request(clock.time - timedelta(minutes=16), GET_ITEMS)

    response = await sent(living, old)

    assert response.json()["Errors"][0]["Code"] == "RequestExpired"


async def test_unsigned_and_unknown_callers_are_refused(living: Sandbox, clock: Clock) -> None:
    unsigned = paapi_request(clock.time, GET_ITEMS)
    del unsigned.headers["authorization"]
    stranger = paapi_request(clock.time, GET_ITEMS)
    stranger.headers["authorization"] = stranger.headers["authorization"].replace("AKIA", "AKIB")

    incomplete, unknown = await sent(living, unsigned), await sent(living, stranger)

    assert incomplete.json()["Errors"][0]["Code"] == "IncompleteSignature"
    assert unknown.json()["Errors"][0]["Code"] == "UnrecognizedClient"
