"""A caller of the sandbox's gateways that signs with other people's code, not with ours."""

from datetime import UTC, datetime
from typing import Any

import httpx
from aliexpress_affiliate.signing import build_signed_request_params
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.aliexpress.accounts import DEMO_ACCOUNT as DEMO_ALIEXPRESS
from sandbox.aliexpress.accounts import AliExpressAccount
from sandbox.amazon.accounts import DEMO_ACCOUNT as DEMO_AMAZON
from sandbox.catalog import Catalogs
from tests.graph import Clock
from tests.sandbox.folders import FORMATS

PREFIX = "aliexpress.affiliate."
BASE = "http://sandbox.invalid"
AMERICA = "www.amazon.com"
TRACKED = "sandbox_blog"
FIRST_ID = 1005000000001001
RESERVED = "https://s.click.aliexpress.com.sandbox.invalid/"
ITEM, UNKNOWN = "B0SANDBX00", "B0NOTTHERE"
PRICE = "offersV2.listings.price"
CREDENTIAL = {
    "grant_type": "client_credentials",
    "client_id": DEMO_AMAZON.credential_id,
    "client_secret": DEMO_AMAZON.credential_secret,
}
FORM = CREDENTIAL | {"scope": "creatorsapi/default"}
JSON = CREDENTIAL | {"scope": "creatorsapi::default"}
OPERATION = "productdetail.get"
BRIEF = 0.02  # seconds of patience
PICTURES = "http://127.0.0.1:8000/sandbox/pictures"
TARGET = "com.amazon.paapi5.v1.ProductAdvertisingAPIv1."


def product_ids(count: int, *, start: int = FIRST_ID) -> str:
    """So many made product ids in a row, joined as the gateway wants them."""
    return ",".join(str(start + number) for number in range(count))


IDS = product_ids(5)


class Caller:
    """Calls the gateways as the demo accounts. Answers are the JSON of the body."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self.http = http
        self.clock = clock
        self._token = ""

    def signed(
        self,
        method: str,
        *,
        account: AliExpressAccount = DEMO_ALIEXPRESS,
        at: datetime | None = None,
        **params: object,
    ) -> dict[str, str]:
        """All parameters of a call, signature included."""
        system, application = build_signed_request_params(
            app_key=account.app_key,
            app_secret=account.app_secret,
            method=PREFIX + method,
            app_params=params,
            timestamp=str(int((at or self.clock.time).timestamp() * 1000)),
        )
        return system | {name: str(value) for name, value in application.items()}

    async def send(self, params: dict[str, str]) -> Any:
        """The answer to parameters as they are."""
        response = await self.http.post("/aliexpress/sync", data=params)
        assert response.status_code == 200
        return response.json()

    async def aliexpress(self, method: str, **params: Any) -> Any:
        """The answer of a method below its outer key; of a platform error, `error_response`."""
        body = await self.send(self.signed(method, **params))
        if "error_response" in body:
            return body["error_response"]
        assert list(body) == [f"{PREFIX}{method}".replace(".", "_") + "_response"]
        [inner] = body.values()
        return inner.get("resp_result", inner)

    async def token(self, **more: str) -> str:
        """A version 3 token of the demo Associate."""
        members = {
            "grant_type": "client_credentials",
            "client_id": DEMO_AMAZON.credential_id,
            "client_secret": DEMO_AMAZON.credential_secret,
            "scope": "creatorsapi::default",
        }
        response = await self.http.post("/amazon/token", json=members | more)
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    async def amazon(
        self,
        operation: str,
        *,
        site: str = AMERICA,
        authorization: str | None = None,
        **members: Any,
    ) -> httpx.Response:
        """The response of a Creators API operation."""
        if authorization is None:
            self._token = self._token or await self.token()
            authorization = f"Bearer {self._token}"
        return await self.http.post(
            f"/amazon/catalog/v1/{operation}",
            json={"partnerTag": "sandbox-20"} | members,
            headers={"x-marketplace": site, "Authorization": authorization},
        )


def paapi_request(
    at: datetime,
    body: bytes,
    *,
    operation: str = "GetItems",
    host: str = "webservices.amazon.com",
    region: str = "us-east-1",
    secret: str = DEMO_AMAZON.secret_key,
) -> httpx.Request:
    """A PA-API request that botocore signed, on its way to the sandbox."""
    judge = SigV4Auth(Credentials(DEMO_AMAZON.access_key, secret), "ProductAdvertisingAPI", region)
    request = AWSRequest(
        method="POST",
        url=f"https://{host}/paapi5/{operation.lower()}",
        data=body,
        headers={
            "host": host,
            "content-encoding": "amz-1.0",
            "content-type": "application/json; charset=utf-8",
            "x-amz-date": at.strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-target": TARGET + operation,
        },
    )
    request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
    signature = judge.signature(
        judge.string_to_sign(request, judge.canonical_request(request)), request
    )
    scope = f"{at:%Y%m%d}/{region}/ProductAdvertisingAPI/aws4_request"
    signed = judge.signed_headers(judge.headers_to_sign(request))
    headers = {name: str(value) for name, value in request.headers.items()} | {
        "authorization": f"AWS4-HMAC-SHA256 Credential={DEMO_AMAZON.access_key}/{scope}, "
        f"SignedHeaders={signed}, Signature={signature}"
    }
    return httpx.Request(
        "POST", f"{BASE}/paapi5/{operation.lower()}", content=body, headers=headers
    )


def page(product_id: int) -> str:
    return f"https://www.aliexpress.com/item/{product_id}.html"


def rows(answer: Any) -> list[dict[str, Any]]:
    products: list[dict[str, Any]] = answer["result"]["products"]["product"]
    return products


def asins(count: int) -> list[str]:
    return [f"B0SANDBX0{digit}" for digit in "0123456789ABCDEF"[:count]]


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status and the word for what is wrong."""
    body = response.json()
    return response.status_code, body.get("reason") or body["type"]


async def five_products(caller: Caller, **more: Any) -> httpx.Response:
    """The response to a right question about five products."""
    params = caller.signed(OPERATION, product_ids=IDS, **more)
    return await caller.http.post("/aliexpress/sync", data=params, timeout=BRIEF * 20)


async def five_rows(caller: Caller) -> list[dict[str, Any]]:
    return rows(await caller.aliexpress(OPERATION, product_ids=IDS))


def made_catalogs(pictures: str = PICTURES) -> Catalogs:
    """The catalogues of made products."""
    return Catalogs(FORMATS, pictures=pictures, folder=None)


def now() -> Clock:
    clock = Clock()
    clock.time = datetime.now(UTC)
    return clock
