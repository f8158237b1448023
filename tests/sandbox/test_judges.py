"""Independent clients judge the sandbox: what they sign it accepts, one byte off it refuses."""

import hmac
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aliexpress_affiliate import AsyncAliExpressClient

from sandbox import DEMO_ALIEXPRESS, Sandbox, SandboxTransport
from tests.graph import Clock
from tests.sandbox.callers import BASE, FIRST_ID, Caller, paapi_request

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
    return Sandbox(public_url="http://127.0.0.1:8000", now=clock, paapi_retired=False)


async def sent(sandbox: Sandbox, request: httpx.Request) -> httpx.Response:
    async with httpx.AsyncClient(transport=SandboxTransport(sandbox)) as http:
        return await http.send(request)


async def test_another_client_works_against_the_sandbox() -> None:
    sandbox = Sandbox(public_url="http://127.0.0.1:8000", now=lambda: datetime.now(UTC))
    async with httpx.AsyncClient(transport=SandboxTransport(sandbox)) as http:
        client = AsyncAliExpressClient(
            app_key=DEMO_ALIEXPRESS.app_key,
            app_secret=DEMO_ALIEXPRESS.app_secret,
            tracking_id="sandbox_blog",
            base_url=f"{BASE}/aliexpress",
            max_retries=0,
            http_client=http,
        )
        page = f"https://www.aliexpress.com/item/{FIRST_ID}.html"

        [product] = await client.get_products_details([str(FIRST_ID)])
        [link] = await client.get_affiliate_links([page])
        categories = await client.get_categories()

    assert str(product.product_id) == str(FIRST_ID)
    assert link.promotion_link
    assert len(categories) > 10
    assert [call.refusal for call in sandbox.calls] == [None, None, None]


@pytest.mark.parametrize("name", ["product_ids", "timestamp", "format", "sign"])
async def test_one_changed_byte_breaks_the_signature(caller: Caller, name: str) -> None:
    params = caller.signed("productdetail.get", product_ids=f"{FIRST_ID}")
    right = await caller.send(params)
    last = params[name][-1]
    changed = params | {name: params[name][:-1] + ("1" if last != "1" else "2")}

    refused = await caller.send(changed)

    assert "error_response" not in right
    assert refused["error_response"]["code"] == "IncompleteSignature"


async def test_an_added_parameter_breaks_the_signature(caller: Caller) -> None:
    params = caller.signed("productdetail.get", product_ids=f"{FIRST_ID}")

    refused = await caller.send(params | {"tracking_id": "sandbox_blog"})

    assert refused["error_response"]["code"] == "IncompleteSignature"


@pytest.mark.parametrize(("name", "digest"), [("sha256", "sha256"), ("hmac", "md5")])
async def test_signatures_by_hand_are_accepted(caller: Caller, name: str, digest: str) -> None:
    params = caller.signed("category.get") | {"sign_method": name}
    del params["sign"]
    text = "".join(key + params[key] for key in sorted(params))
    key = DEMO_ALIEXPRESS.app_secret.encode()

    answer = await caller.send(
        params | {"sign": hmac.digest(key, text.encode(), digest).hex().upper()}
    )
    lower = await caller.send(params | {"sign": hmac.digest(key, text.encode(), digest).hex()})
    unknown = await caller.send(params | {"sign": "A" * 40, "sign_method": "sha1"})

    assert "error_response" not in answer
    assert lower["error_response"]["code"] == "IncompleteSignature"
    assert unknown["error_response"]["code"] == "IncompleteSignature"


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
