"""The retired interface: requests that botocore would sign alike, and its own ways to refuse."""

import re

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from clients.amazon import MARKETPLACE
from clients.amazon.catalog import QUOTA, CatalogClient
from clients.amazon.connect import LinksOnlyClient, connect
from clients.amazon.paapi5 import PaapiClient
from domain.exceptions import (
    AnswerInvalid,
    APIRetired,
    ClockSkewed,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceNotConnected,
    ProductNotFound,
)
from domain.products import SourceProduct
from domain.search import SearchPlan
from tests.clients.amazon.fakes import (
    CREATORS,
    NOW,
    PAAPI,
    FakeSender,
    account,
    answer,
    payload,
    upstream,
)
from upstream.budget import CallBudget
from upstream.contract import Answer

pytestmark = pytest.mark.anyio

LAMP, SHADE = "B0LAMPAAA1", "B0LAMPAAA2"
PLAN = SearchPlan(parameters={"keywords": "lámpara", "sortBy": "Relevance"}, post_filters=())
DEPRECATED = {
    "__type": "com.amazon.paapi5#AccessDeniedException",
    "Errors": [{"Code": "AccessDenied", "Message": "It is deprecated."}],
}
JAPAN = {"host": "webservices.amazon.co.jp", "region": "us-west-2"}


def connected(
    sender: FakeSender,
    *,
    locale: str = "www.amazon.de",
    addresses: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
) -> CatalogClient:
    stored = account(PAAPI | (values or {}), locale=locale)
    client = connect(stored, upstream(sender, addresses=addresses), CallBudget())
    assert isinstance(client, PaapiClient)
    return client


def only_errors(code: str, message: str = "None.") -> Answer:
    return answer(200, {"Errors": [{"__type": "x#ErrorData", "Code": code, "Message": message}]})


def judged(request: httpx.Request, *, region: str) -> str:
    """The Authorization header that botocore gives the request, from what is really sent."""
    signed = re.search(r"SignedHeaders=([^,]+)", request.headers["authorization"])
    assert signed is not None
    names = signed[1].split(";")
    independent = AWSRequest(
        method=request.method,
        url=f"https://{request.headers['host']}{request.url.raw_path.decode()}",
        data=request.content,
        headers={name: request.headers[name] for name in names},
    )
    independent.context["timestamp"] = NOW.strftime("%Y%m%dT%H%M%SZ")
    judge = SigV4Auth(
        Credentials(PAAPI["accessKey"], PAAPI["secretKey"]), "ProductAdvertisingAPI", region
    )
    text = judge.string_to_sign(independent, judge.canonical_request(independent))
    return (
        f"AWS4-HMAC-SHA256 Credential={judge.scope(independent)}, SignedHeaders={';'.join(names)}, "
        f"Signature={judge.signature(text, independent)}"
    )


@pytest.mark.parametrize(
    ("locale", "values", "region"),
    [("www.amazon.de", {}, "eu-west-1"), ("www.amazon.co.jp", JAPAN, "us-west-2")],
)
@pytest.mark.parametrize("base", [None, "http://127.0.0.1:9000"])
async def test_botocore_signs_the_same_request_alike(
    locale: str, values: dict[str, str], region: str, base: str | None
) -> None:
    sender = FakeSender([answer(200, payload("getitems-paapi5.json"))])
    addresses = {"AMAZON_PAAPI_URL": base} if base else {}

    await connected(sender, locale=locale, values=values, addresses=addresses).get_products([LAMP])

    request = sender.calls[0].request
    assert request.headers["authorization"] == judged(request, region=region)
    assert request.headers["host"] == locale.replace("www.", "webservices.")
    assert str(request.url) == f"{base or 'https://' + request.headers['host']}/paapi5/getitems"


async def test_request_is_spelled_in_pascal_case() -> None:
    sender = FakeSender([answer(200, payload("getitems-paapi5.json"))])

    await connected(sender).get_products([LAMP])

    (call,) = sender.calls
    body = call.json
    assert {"ItemInfo.Title", "ParentASIN", "OffersV2.Listings.Price"} <= {*body.pop("Resources")}
    assert body == {
        "ItemIds": [LAMP],
        "PartnerTag": "lamps-21",
        "PartnerType": "Associates",
        "Marketplace": "www.amazon.de",
    }
    assert (call.operation, call.quota) == ("GetItems", QUOTA)
    assert call.account == MARKETPLACE.quota_account(account(PAAPI))
    assert call.request.headers["x-amz-target"].endswith("ProductAdvertisingAPIv1.GetItems")
    assert call.request.headers["content-encoding"] == "amz-1.0"


async def test_search_and_variations_are_spelled_in_pascal_case() -> None:
    sender = FakeSender([only_errors("NoResults"), only_errors("NoResults")])
    client = connected(sender)

    page = await client.search_products(PLAN, page=2)
    variants = await client.get_variants(LAMP)

    search, variations = (one.json for one in sender.calls)
    assert {"Keywords": "lámpara", "SortBy": "Relevance", "ItemPage": 2}.items() <= search.items()
    assert {"ASIN": LAMP, "VariationPage": 1, "VariationCount": 10}.items() <= variations.items()
    assert [one.request.url.path for one in sender.calls] == [
        "/paapi5/searchitems",
        "/paapi5/getvariations",
    ]
    assert (page.products, page.total, page.is_last, variants.total) == ((), 0, True, 0)


async def test_products() -> None:
    sender = FakeSender([answer(200, payload("getitems-paapi5.json"))])

    found = await connected(sender).get_products([LAMP, SHADE])

    assert isinstance(found[LAMP], SourceProduct)
    assert isinstance(found[SHADE], ProductNotFound)


async def test_errors_alone_are_nothing_found() -> None:
    words = f"The ItemIds {LAMP} is odd."
    sender = FakeSender([only_errors("InvalidParameterValue", words)])

    found = await connected(sender).get_products([LAMP, SHADE])

    codes = [one.upstream_code for one in found.values() if isinstance(one, ProductNotFound)]
    assert codes == ["InvalidParameterValue", "ItemNotFound"]


@pytest.mark.parametrize(
    ("answered", "kind"),
    [
        (answer(403, DEPRECATED), APIRetired),
        (answer(403, {"Code": "AccessDenied", "Message": "It is deprecated."}), APIRetired),
        (answer(401, {"Errors": [{"Code": "RequestExpired"}]}), ClockSkewed),
        (answer(401, {"Errors": [{"Code": "InvalidSignature"}]}), CredentialsRejected),
        (answer(200, b"<html>"), AnswerInvalid),
    ],
)
async def test_verify_raises_what_is_wrong(answered: Answer, kind: type[MarketplaceError]) -> None:
    sender = FakeSender([answered])

    with pytest.raises(kind) as caught:
        await connected(sender).verify()

    assert type(caught.value) is kind
    assert len(sender.sent) == 1
    assert "made" not in repr(caught.value)


async def test_retired_interface_tells_what_to_do() -> None:
    with pytest.raises(APIRetired, match="Creators API credentials") as caught:
        await connected(FakeSender([answer(403, DEPRECATED)])).verify()

    assert not caught.value.retryable


async def test_creators_credentials_go_before_old_keys() -> None:
    client = connect(account(PAAPI | CREATORS), upstream(FakeSender()), CallBudget())

    assert not isinstance(client, PaapiClient | LinksOnlyClient)


@pytest.mark.parametrize("missing", ["accessKey", "secretKey", "host", "region"])
async def test_incomplete_keys_are_no_connection(missing: str) -> None:
    values = {name: value for name, value in PAAPI.items() if name != missing}

    with pytest.raises(MarketplaceNotConnected):
        await connect(account(values), upstream(FakeSender()), CallBudget()).get_products([LAMP])


def test_payer_is_the_access_key() -> None:
    german = MARKETPLACE.quota_account(account(PAAPI))
    french = MARKETPLACE.quota_account(account(PAAPI, locale="www.amazon.fr"))

    assert german == french
    assert german != MARKETPLACE.quota_account(account(PAAPI | {"accessKey": "AKIDOTHER"}))
