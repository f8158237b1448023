"""The Creators API: what is sent where, tokens, and what is made of the answers of a flow."""

import asyncio
import json
import traceback
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs

import pytest

from clients.amazon import MARKETPLACE
from clients.amazon.catalog import QUOTA, RESOURCES, CatalogClient
from clients.amazon.connect import LinksOnlyClient, connect
from clients.amazon.creators import CreatorsClient, read_token
from clients.amazon.errors import FieldsRefused
from clients.amazon.records import BrowseNode
from clients.base import MarketplaceClient
from domain.exceptions import (
    AnswerInvalid,
    CredentialsRejected,
    InvalidInput,
    MarketplaceError,
    MarketplaceNotConnected,
    MarketplaceUnavailable,
    NotEligible,
    ProductNotFound,
    RequestRefused,
    Throttled,
    WrongLocale,
)
from domain.links import LinkKey
from domain.products import ProductRef, SourceProduct
from domain.search import ProductSearch, SearchPlan
from tests.clients.amazon.fakes import (
    CREATORS,
    NOW,
    TOKEN,
    FakeSender,
    account,
    answer,
    items,
    payload,
    upstream,
)
from upstream.budget import CallBudget
from upstream.contract import Answer, Call, Upstream

pytestmark = pytest.mark.anyio

T = TypeVar("T")

LAMP, SHADE, BULB = "B0LAMPAAA1", "B0LAMPAAA2", "B0LAMPAAA3"
TEN = [f"B0LAMPAA{number:02}" for number in range(10)]
NOT_FOUND = {"type": "ResourceNotFoundException", "message": "None.", "resourceType": "Item"}
PLAN = SearchPlan(parameters={"keywords": "лампа", "sortBy": "Relevance"}, post_filters=())


def connected(
    sender: FakeSender,
    *,
    locale: str = "www.amazon.de",
    within: Upstream | None = None,
    addresses: Mapping[str, str] | None = None,
    **values: str,
) -> CatalogClient:
    client = connect(
        account(CREATORS | values, locale=locale),
        within or upstream(sender, addresses=addresses),
        CallBudget(),
    )
    assert isinstance(client, CreatorsClient)
    return client


def token(text: str) -> Answer:
    return answer(200, TOKEN | {"access_token": text})


def unauthorized(reason: str) -> Answer:
    return answer(401, {"type": "UnauthorizedException", "message": "No.", "reason": reason})


def refused_fields(*fields: str, reason: str = "FieldValidationFailed") -> Answer:
    body = {"type": "ValidationException", "reason": reason, "fieldList": list(fields)}
    return answer(400, body)


def search_answer(count: int, total: object) -> Answer:
    found = [{"asin": asin} for asin in TEN[:count]]
    return answer(200, {"searchResult": {"items": found, "totalResultCount": total}})


async def test_client_keeps_the_protocol() -> None:
    kept: MarketplaceClient = connected(FakeSender())

    assert isinstance(kept, CreatorsClient)


async def test_catalogue_request() -> None:
    sender = FakeSender([answer(200, items(LAMP))])

    await connected(sender).get_products([LAMP])

    (call,) = sender.calls
    assert (call.request.method, str(call.request.url)) == (
        "POST",
        "https://creatorsapi.amazon/catalog/v1/getItems",
    )
    assert call.request.headers["authorization"] == "Bearer Atc|one"
    assert call.request.headers["content-type"] == "application/json"
    assert call.request.headers["x-marketplace"] == "www.amazon.de"
    assert call.json == {
        "itemIds": [LAMP],
        "resources": list(RESOURCES),
        "partnerTag": "lamps-21",
    }
    assert (call.operation, call.quota) == ("getItems", QUOTA)


async def test_version_2_is_named_beside_the_token() -> None:
    sender = FakeSender([answer(200, items(LAMP))], tokens=[token("eyJ.one")])

    await connected(sender, credentialVersion="2.2").get_products([LAMP])

    assert sender.calls[0].request.headers["authorization"] == "Bearer eyJ.one, Version 2.2"


@pytest.mark.parametrize(
    ("version", "locale", "url"),
    [
        ("3.1", "www.amazon.com", "https://api.amazon.com/auth/o2/token"),
        ("3.2", "www.amazon.de", "https://api.amazon.co.uk/auth/o2/token"),
        ("3.3", "www.amazon.co.jp", "https://api.amazon.co.jp/auth/o2/token"),
    ],
)
async def test_token_request_of_version_3(version: str, locale: str, url: str) -> None:
    sender = FakeSender([answer(200, items(LAMP))])

    await connected(sender, locale=locale, credentialVersion=version).get_products([LAMP])

    (asked,) = sender.token_requests
    assert (asked.request.method, str(asked.request.url)) == ("POST", url)
    assert asked.request.headers["content-type"] == "application/json"
    assert asked.json == {
        "grant_type": "client_credentials",
        "client_id": CREATORS["credentialId"],
        "client_secret": CREATORS["credentialSecret"],
        "scope": "creatorsapi::default",
    }
    assert asked.quota is None


@pytest.mark.parametrize(
    ("version", "locale", "aws_region"),
    [
        ("2.1", "www.amazon.com", "us-east-1"),
        ("2.2", "www.amazon.de", "eu-south-2"),
        ("2.3", "www.amazon.co.jp", "us-west-2"),
    ],
)
async def test_token_request_of_version_2(version: str, locale: str, aws_region: str) -> None:
    sender = FakeSender([answer(200, items(LAMP))])
    secret = "a+b/c=d&e é"

    client = connected(sender, locale=locale, credentialVersion=version, credentialSecret=secret)
    await client.get_products([LAMP])

    (asked,) = sender.token_requests
    host = f"creatorsapi.auth.{aws_region}.amazoncognito.com"
    assert str(asked.request.url) == f"https://{host}/oauth2/token"
    assert asked.request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.request.content.decode(), strict_parsing=True) == {
        "grant_type": ["client_credentials"],
        "client_id": [CREATORS["credentialId"]],
        "client_secret": [secret],
        "scope": ["creatorsapi/default"],
    }


@pytest.mark.parametrize("base", ["http://127.0.0.1:9000/amazon", "http://127.0.0.1:9000/amazon/"])
async def test_other_addresses(base: str) -> None:
    sender = FakeSender([answer(200, items(LAMP))])
    addresses = {
        "AMAZON_CREATORS_URL": base,
        "AMAZON_TOKEN_URL": "http://127.0.0.1:9000/token",
    }

    await connected(sender, addresses=addresses).get_products([LAMP])

    assert [str(one.request.url) for one in sender.sent] == [
        "http://127.0.0.1:9000/token",
        "http://127.0.0.1:9000/amazon/catalog/v1/getItems",
    ]


async def test_token_is_kept_and_shared_by_two_sites_of_a_region() -> None:
    sender = FakeSender([answer(200, items(LAMP)) for _ in range(3)])
    within = upstream(sender)
    german = connected(sender, within=within)
    french = connected(sender, locale="www.amazon.fr", within=within, partnerTag="lampes-21")

    for client in (german, french, german):
        await client.get_products([LAMP])

    assert len(sender.token_requests) == 1
    assert [one.json["partnerTag"] for one in sender.calls] == ["lamps-21", "lampes-21", "lamps-21"]
    assert [one.request.headers["x-marketplace"] for one in sender.calls][:2] == [
        "www.amazon.de",
        "www.amazon.fr",
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"credentialId": "another"},
        {"credentialSecret": "rotated"},
        {"credentialVersion": "2.2"},
    ],
)
async def test_other_credentials_meet_no_kept_token(changed: dict[str, Any]) -> None:
    sender = FakeSender([answer(200, items(LAMP)) for _ in range(2)])
    within = upstream(sender)

    await connected(sender, within=within).get_products([LAMP])
    await connected(sender, within=within, **changed).get_products([LAMP])

    assert len(sender.token_requests) == 2


@pytest.mark.parametrize("reason", ["TokenExpired", "InvalidToken"])
async def test_stale_token_is_replaced_once(reason: str) -> None:
    sender = FakeSender(
        [unauthorized(reason), answer(200, items(LAMP)), answer(200, items(LAMP))],
        tokens=[token("old"), token("new")],
    )
    client = connected(sender)

    found = await client.get_products([LAMP])
    await client.get_products([LAMP])

    assert isinstance(found[LAMP], SourceProduct)
    assert [one.request.headers["authorization"] for one in sender.calls] == [
        "Bearer old",
        "Bearer new",
        "Bearer new",
    ]
    assert len(sender.token_requests) == 2


async def test_second_refusal_of_a_token_is_final() -> None:
    sender = FakeSender([unauthorized("TokenExpired") for _ in range(3)])

    with pytest.raises(CredentialsRejected) as caught:
        await connected(sender).get_products([LAMP])

    assert caught.value.upstream_code == "TokenExpired"
    assert (len(sender.calls), len(sender.token_requests)) == (2, 2)


@pytest.mark.parametrize("reason", ["InvalidIssuer", "InvalidClient", "Other"])
async def test_other_refusals_of_a_token_are_not_replayed(reason: str) -> None:
    sender = FakeSender([unauthorized(reason)])

    with pytest.raises(CredentialsRejected):
        await connected(sender).get_products([LAMP])

    assert (len(sender.calls), len(sender.token_requests)) == (1, 1)


async def test_refused_token_request_makes_no_catalogue_call() -> None:
    sender = FakeSender(tokens=[answer(400, {"error": "invalid_client"})])

    with pytest.raises(CredentialsRejected) as caught:
        await connected(sender).get_products([LAMP])

    assert caught.value.upstream_code == "invalid_client"
    assert sender.calls == []


async def test_callers_at_once_share_the_token_request() -> None:
    sender = FakeSender([answer(200, items(LAMP)) for _ in range(5)])
    client = connected(sender)

    await asyncio.gather(*(client.get_products([LAMP]) for _ in range(5)))

    assert len(sender.token_requests) == 1


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"expires_in": 3600}, 3540),
        ({"expires_in": 3600, "token_type": "Bearer"}, 3540),
        ({"expires_in": 3600, "token_type": None, "scope": "x", "more": []}, 3540),
        ({"expires_in": 30}, 0),
        ({}, 0),
        ({"expires_in": "soon"}, 0),
        ({"expires_in": -5}, 0),
        ({"expires_in": 10**12}, 86400 - 60),
    ],
)
def test_life_of_a_token(told: dict[str, Any], seconds: int) -> None:
    read = read_token(answer(200, {"access_token": "one"} | told))

    assert read.use_until == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        [],
        {},
        {"access_token": None},
        {"access_token": ["x"]},
        {"access_token": "a b"},
        {"access_token": "a\r\nX-Other: 1"},
        {"access_token": "schlüssel"},
        {"access_token": "one", "token_type": "mac"},
    ],
)
def test_what_is_no_bearer_token(body: object) -> None:
    with pytest.raises(AnswerInvalid):
        read_token(answer(200, body))


async def test_ten_ids_are_one_call_each_id_once() -> None:
    sender = FakeSender([answer(200, items(*reversed(TEN)))])

    found = await connected(sender).get_products([*TEN, *TEN])

    assert list(found) == TEN
    assert [one.json["itemIds"] for one in sender.calls] == [TEN]


async def test_odd_ids_are_not_sent() -> None:
    sender = FakeSender([answer(200, items(LAMP))])
    client = connected(sender)

    mixed = await client.get_products(["nonsense", LAMP])
    odd_alone = await client.get_products(["b0lampaaa1"])

    assert isinstance(mixed["nonsense"], ProductNotFound)
    assert isinstance(mixed[LAMP], SourceProduct)
    assert isinstance(odd_alone["b0lampaaa1"], ProductNotFound)
    assert await client.get_products([]) == {}
    assert [one.json["itemIds"] for one in sender.calls] == [[LAMP]]


async def test_partial_errors() -> None:
    problems = [{"code": "ItemNotAccessible", "message": f"{SHADE} is not for you."}]
    sender = FakeSender([answer(200, items(LAMP, "B0FOREIGN1", problems=problems))])

    found = await connected(sender).get_products([LAMP, SHADE, BULB])

    assert isinstance(found[LAMP], SourceProduct)
    codes = [getattr(found[asin], "upstream_code", None) for asin in (SHADE, BULB)]
    assert codes == ["ItemNotAccessible", "ItemNotFound"]
    assert list(found) == [LAMP, SHADE, BULB]


async def test_404_of_amazon_is_nothing_found() -> None:
    sender = FakeSender([answer(404, NOT_FOUND)])

    found = await connected(sender).get_products([LAMP, SHADE])

    assert [type(one) for one in found.values()] == [ProductNotFound, ProductNotFound]


@pytest.mark.parametrize("body", [b"<html>Not here</html>", b"", {"detail": "no route"}])
async def test_404_of_somebody_else_finds_no_product_missing(body: object) -> None:
    sender = FakeSender([answer(404, body)])

    with pytest.raises(AnswerInvalid):
        await connected(sender).get_products([LAMP])


class Picky(FakeSender):
    """Refuses every batch that holds an odd id, and finds the ids of all others."""

    def __init__(self, *odd: str, fields: tuple[str, ...] = ("itemIds[0]",)) -> None:
        super().__init__()
        self.odd = odd
        self.fields = fields

    async def send(self, call: Call[T]) -> T:
        if call.operation != "token":
            asked = json.loads(call.build().content)["itemIds"]
            is_odd = not set(self.odd).isdisjoint(asked)
            self.answers.append(
                refused_fields(*self.fields) if is_odd else answer(200, items(*asked))
            )
        return await super().send(call)


@pytest.mark.parametrize("fields", [("itemIds",), ("ItemIds[3]",), ()])
async def test_refused_batch_is_halved_down_to_the_odd_id(fields: tuple[str, ...]) -> None:
    sender = Picky(TEN[3], fields=fields)

    found = await connected(sender).get_products(TEN)

    refused = [asin for asin, one in found.items() if isinstance(one, FieldsRefused)]
    assert list(found) == TEN
    assert refused == [TEN[3]]
    assert sum(isinstance(one, SourceProduct) for one in found.values()) == 9
    assert len(sender.calls) == 9


async def test_single_refused_id_is_its_own_entry() -> None:
    sender = Picky(LAMP)

    found = await connected(sender).get_products([LAMP])

    assert isinstance(found[LAMP], FieldsRefused)
    assert len(sender.calls) == 1


@pytest.mark.parametrize(
    "refusal",
    [refused_fields("partnerTag"), refused_fields("resources"), refused_fields(reason="Other")],
)
async def test_refusal_for_another_reason_is_not_halved(refusal: Answer) -> None:
    sender = FakeSender([refusal])

    with pytest.raises(RequestRefused):
        await connected(sender).get_products(TEN)

    assert len(sender.calls) == 1


async def test_failing_half_leaves_the_other_standing() -> None:
    sender = FakeSender([refused_fields("itemIds"), answer(500, b""), answer(200, items(SHADE))])

    found = await connected(sender).get_products([LAMP, SHADE])

    assert isinstance(found[LAMP], MarketplaceUnavailable)
    assert isinstance(found[SHADE], SourceProduct)


async def test_search_request() -> None:
    sender = FakeSender([search_answer(10, 1000)])

    page = await connected(sender).search_products(PLAN, page=3)

    (call,) = sender.calls
    assert call.json == PLAN.parameters | {
        "itemCount": 10,
        "itemPage": 3,
        "resources": list(RESOURCES),
        "partnerTag": "lamps-21",
    }
    assert "лампа".encode() in call.request.content
    assert call.operation == "searchItems"
    assert [one.ref.external_id for one in page.products] == TEN
    assert (page.total, page.is_last) == (1000, False)


@pytest.mark.parametrize(
    ("page", "count", "total", "is_last"),
    [
        (1, 10, 11, False),
        (2, 1, 11, True),
        (1, 10, 10, True),
        (9, 10, 5000, False),
        (10, 10, 5000, True),
        (1, 10, None, False),
        (1, 10, "many", False),
        (4, 0, 5000, True),
    ],
)
async def test_last_page_of_a_search(page: int, count: int, total: object, is_last: bool) -> None:
    sender = FakeSender([search_answer(count, total)])

    found = await connected(sender).search_products(PLAN, page=page)

    assert found.is_last is is_last
    assert found.total == (total if isinstance(total, int) else None)


async def test_search_without_a_hit() -> None:
    sender = FakeSender([answer(404, {"__type": "x#ResourceNotFoundException"})])

    page = await connected(sender).search_products(PLAN, page=1)

    assert (page.products, page.total, page.is_last) == ((), 0, True)


async def test_pages_outside_the_grid_are_not_asked_for() -> None:
    sender = FakeSender()
    client = connected(sender)

    beyond = await client.search_products(PLAN, page=11)
    with pytest.raises(InvalidInput) as caught:
        await client.search_products(PLAN, page=0)

    assert (beyond.products, beyond.total, beyond.is_last) == ((), None, True)
    assert caught.value.path == ("search", "page")
    assert sender.sent == []


async def test_search_is_planned_for_the_country_site() -> None:
    plan = connected(FakeSender()).plan_search(ProductSearch(keywords="lamp", language="EN"))

    assert plan.parameters["languagesOfPreference"] == ["en_GB"]


async def test_variants_of_all_pages_each_once() -> None:
    pages = [payload("getvariations-1.json"), payload("getvariations-2.json")]
    sender = FakeSender([answer(200, page) for page in pages])

    variants = await connected(sender).get_variants(LAMP)

    shown = [(one.external_id, one.attributes[0].value) for one in variants]
    assert shown == [(LAMP, "Brass"), (SHADE, "Black"), (BULB, "White")]
    assert [one.json["variationPage"] for one in sender.calls] == [1, 2]
    assert {one.operation for one in sender.calls} == {"getVariations"}
    asked = sender.calls[0].json
    assert (asked["asin"], asked["variationCount"]) == (LAMP, 10)
    assert "variationSummary.variationDimension" in asked["resources"]


async def test_variants_stop_at_ten_pages() -> None:
    body = payload("getvariations-1.json")
    body["variationsResult"]["variationSummary"]["pageCount"] = 5000
    sender = FakeSender([answer(200, body) for _ in range(12)])

    await connected(sender).get_variants(LAMP)

    assert [one.json["variationPage"] for one in sender.calls] == list(range(1, 11))


async def test_variants_stop_at_an_empty_page() -> None:
    summary = {"variationSummary": {"pageCount": 9}, "items": []}
    sender = FakeSender([answer(200, {"variationsResult": summary})])

    assert await connected(sender).get_variants(LAMP) == ()


async def test_product_without_variants() -> None:
    sender = FakeSender([answer(404, NOT_FOUND)])

    assert await connected(sender).get_variants(LAMP) == ()


async def test_variants_fail_as_a_whole() -> None:
    sender = FakeSender([answer(200, payload("getvariations-1.json")), answer(500, b"")])

    with pytest.raises(MarketplaceUnavailable):
        await connected(sender).get_variants(LAMP)


async def test_variants_of_an_odd_id_are_not_asked_for() -> None:
    sender = FakeSender()

    with pytest.raises(ProductNotFound):
        await connected(sender).get_variants("../getItems")

    assert sender.sent == []


async def test_browse_nodes() -> None:
    sender = FakeSender([answer(200, payload("getbrowsenodes.json"))])

    found = await connected(sender).get_browse_nodes(["911", "999", "911"])

    assert sender.calls[0].json == {
        "browseNodeIds": ["911", "999"],
        "resources": ["browseNodes.ancestor", "browseNodes.children"],
        "partnerTag": "lamps-21",
    }
    assert isinstance(found["911"], BrowseNode)
    assert isinstance(found["999"], ProductNotFound)


async def test_links_are_made_without_a_call() -> None:
    sender = FakeSender()
    key = LinkKey(ProductRef("amazon", LAMP, "www.amazon.de"), "lamps-21")

    links = await connected(sender).generate_links([key])

    assert links == {key: f"https://www.amazon.de/dp/{LAMP}?tag=lamps-21"}
    assert sender.sent == []


@pytest.mark.parametrize(
    "answered", [answer(200, items("B00MNV8E0C")), answer(404, NOT_FOUND), answer(200, items())]
)
async def test_verify_is_one_call_that_needs_no_product(answered: Answer) -> None:
    sender = FakeSender([answered])

    await connected(sender).verify()

    assert [one.json["resources"] for one in sender.calls] == [["itemInfo.title"]]


@pytest.mark.parametrize(
    ("answered", "kind"),
    [
        (answer(403, {"type": "x", "reason": "AssociateNotEligible"}), NotEligible),
        (answer(429, {"retryAfterSeconds": 7}), Throttled),
        (unauthorized("InvalidIssuer"), CredentialsRejected),
        (answer(200, b"<html>"), AnswerInvalid),
    ],
)
async def test_verify_raises_what_is_wrong(answered: Answer, kind: type[MarketplaceError]) -> None:
    with pytest.raises(kind):
        await connected(FakeSender([answered])).verify()


@pytest.mark.parametrize("missing", ["credentialId", "credentialSecret", "credentialVersion"])
async def test_account_without_complete_credentials_has_links_only(missing: str) -> None:
    sender = FakeSender()
    values = {name: value for name, value in CREATORS.items() if name != missing}
    client = connect(account(values), upstream(sender), CallBudget())
    key = LinkKey(ProductRef("amazon", LAMP, "www.amazon.de"), "lamps-21")

    with pytest.raises(MarketplaceNotConnected, match=r"www\.amazon\.de"):
        await client.get_products([LAMP])
    with pytest.raises(MarketplaceNotConnected):
        client.plan_search(ProductSearch(keywords="lamp"))
    with pytest.raises(MarketplaceNotConnected):
        await client.search_products(PLAN, page=1)
    with pytest.raises(MarketplaceNotConnected):
        await client.get_variants(LAMP)
    with pytest.raises(MarketplaceNotConnected):
        await client.verify()

    assert isinstance(client, LinksOnlyClient)
    assert len(await client.generate_links([key])) == 1
    assert sender.sent == []


async def test_account_without_a_tag_has_not_even_links() -> None:
    values = {name: value for name, value in CREATORS.items() if name != "partnerTag"}
    client = connect(account(values), upstream(FakeSender()), CallBudget())

    with pytest.raises(MarketplaceNotConnected, match="Partner Tag"):
        await client.generate_links([])


@pytest.mark.parametrize("values", [CREATORS, {}])
def test_account_without_a_country_site(values: dict[str, str]) -> None:
    with pytest.raises(WrongLocale):
        connect(account(values, locale=""), upstream(FakeSender()), CallBudget())


@pytest.mark.parametrize(
    ("answers", "tokens"),
    [
        ([], [answer(400, {"error": "invalid_client", "error_description": "made-up"})]),
        ([], [answer(200, {"access_token": "made-up token"})]),
        ([unauthorized("TokenExpired"), unauthorized("made-up secret")], []),
        ([answer(400, {"type": "made-up secret", "message": "made-up"})], []),
        ([answer(200, b"made-up")], []),
    ],
)
async def test_nothing_secret_is_told(answers: list[Answer], tokens: list[Answer]) -> None:
    client = connected(FakeSender(answers, tokens))

    with pytest.raises(MarketplaceError) as caught:
        await client.get_products([LAMP])

    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.extensions)
    told += repr(client) + repr(vars(client))
    assert "made-up" not in told
    assert "Atc|one" not in told


def test_payer_is_the_credential_wherever_it_is_used() -> None:
    german = MARKETPLACE.quota_account(account(CREATORS))
    french = MARKETPLACE.quota_account(
        account(CREATORS | {"partnerTag": "b-21"}, locale="www.amazon.fr")
    )
    other = MARKETPLACE.quota_account(account(CREATORS | {"credentialId": "another"}))

    assert german == french
    assert german != other
    assert CREATORS["credentialId"] not in repr(german)


def test_payer_without_credentials_is_the_account() -> None:
    links_only = account({"partnerTag": "lamps-21"})

    assert MARKETPLACE.quota_account(links_only) == links_only.key


async def test_calls_are_counted_for_the_payer() -> None:
    sender = FakeSender([answer(200, items(LAMP))])

    await connected(sender).get_products([LAMP])

    assert {one.account for one in sender.sent} == {MARKETPLACE.quota_account(account(CREATORS))}
