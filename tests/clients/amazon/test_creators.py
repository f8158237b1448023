"""The Creators API: what is sent where, tokens, and what is made of the answers of a flow."""

import asyncio
import traceback
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from clients.amazon.catalog import QUOTA, RESOURCES, CatalogClient
from clients.amazon.connect import connect
from clients.amazon.creators import CreatorsClient, read_token
from clients.base import MarketplaceClient
from domain.exceptions import (
    AnswerInvalid,
    CredentialsRejected,
    MarketplaceError,
    NotEligible,
    Throttled,
)
from domain.links import LinkKey
from domain.products import ProductRef, SourceProduct
from tests.clients.amazon.fakes import (
    CREATORS,
    NOW,
    TOKEN,
    FakeSender,
    account,
    answer,
    items,
    upstream,
)
from upstream.budget import CallBudget
from upstream.contract import Answer, Upstream

pytestmark = pytest.mark.anyio


LAMP, SHADE, BULB = "B0LAMPAAA1", "B0LAMPAAA2", "B0LAMPAAA3"
NOT_FOUND = {"type": "ResourceNotFoundException", "message": "None.", "resourceType": "Item"}


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
