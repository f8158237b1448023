"""Settings cards: connected and verified, what differs between them, and credentials that are
damaged or change meanwhile."""

import asyncio
import logging
from typing import Any

import pytest

from clients.registry import BY_CODE, MarketplaceCode
from db import statements
from schema import schema
from tests.graph import ALIEXPRESS, AMAZON, Graph
from tests.resolvers.test_imports import call_under_way
from tests.schema.test_products import aliexpress_ids

pytestmark = pytest.mark.anyio

VERIFY = """
mutation Verify($code: MarketplaceCode!, $locale: String) {
  verifyMarketplace(input: {marketplace: $code, locale: $locale}) {
    marketplace { health { state cure upstreamCode checkedAt lastSuccessAt } capabilities }
    errors { code message upstreamCode }
  }
}
"""
CARDS = """
{ marketplaces { code status missingFields health { state cure }
                 credentialFields { name isSet } } }
"""
HEALTH = "{ marketplace(code: ALIEXPRESS) { status health { state checkedAt } } }"
DISCONNECT = """
mutation { disconnectMarketplace(input: {marketplace: ALIEXPRESS}) {
  marketplace { status } errors { code } } }
"""
PREVIEW = "query P($url: String!) { product(by: {url: $url}) { externalId } }"
FORMS = """
query Forms($code: MarketplaceCode!) {
  marketplace(code: $code) { credentialForms { label fieldNames isRetired isInUse } } }
"""
TERMS = """
{ marketplaces { code sites keepsPriceHistory letsPicturesBeCopied pricesShownForHours } }
"""
RETIRED = {"accessKey": "AKIAEXAMPLE", "secretKey": "example-secret", "region": "us-east-1"}


async def damage(name: str, sealed: str = "v1.00000000.AAAA") -> None:
    """Put another text in the place of a sealed value."""
    changed = await statements.rows(
        "UPDATE marketplace_credentials SET sealed = $1 WHERE name = $2 RETURNING id",
        (sealed, name),
    )
    assert len(changed) == 1


async def card(graph: Graph, code: str) -> dict[str, Any]:
    """The settings card of one marketplace, out of the list of all."""
    cards = (await graph.run(CARDS))["marketplaces"]
    found: dict[str, Any] = next(one for one in cards if one["code"] == code)
    return found


@pytest.mark.parametrize(
    ("_case", "sealed"),
    [("a key that is not loaded", "v1.00000000.AAAA"), ("no sealed text at all", "junk")],
)
async def test_a_value_that_does_not_open_is_a_missing_field_with_a_cure(
    _case: str, sealed: str, graph: Graph
) -> None:
    await graph.connect_both()
    await damage("credentialSecret", sealed)

    amazon = await card(graph, "AMAZON")

    assert amazon["status"] == "NOT_CONFIGURED"
    assert amazon["missingFields"] == ["credentialSecret"]
    assert amazon["health"] == {
        "state": "UNVERIFIED",
        "cure": "Credential Secret cannot be opened with the present encryption keys. "
        "Enter it anew.",
    }


async def test_a_value_that_does_not_open_harms_no_other_marketplace(graph: Graph) -> None:
    await graph.connect_both()
    [id] = await aliexpress_ids(graph, 1)
    await damage("credentialSecret")

    aliexpress = await card(graph, "ALIEXPRESS")
    preview = await graph.run(PREVIEW, {"url": id})

    assert aliexpress["status"] == "CONNECTED"
    assert preview["product"]["externalId"] == id


async def test_a_value_that_does_not_open_can_be_entered_anew(graph: Graph) -> None:
    await graph.connect_both()
    await damage("credentialSecret")

    payload = await graph.connect("AMAZON", {"credentialSecret": AMAZON["credentialSecret"]})
    verified = await graph.run(VERIFY, {"code": "AMAZON"})

    assert payload["errors"] == []
    assert payload["marketplace"]["status"] == "CONNECTED"
    assert verified["verifyMarketplace"]["errors"] == []


async def test_what_does_not_open_stays_while_other_fields_are_stored(graph: Graph) -> None:
    await graph.connect_both()
    await damage("credentialSecret")

    payload = await graph.connect("AMAZON", {"partnerTag": "other-20"})
    cleared = await graph.connect("AMAZON", {"credentialSecret": ""})

    assert "cannot be opened" in payload["marketplace"]["health"]["cure"]
    assert cleared["marketplace"]["health"]["cure"] == "Fill in Credential Secret."


async def test_a_value_that_does_not_open_is_logged_once_by_its_place(
    graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    await graph.connect_both()
    await damage("credentialSecret", "v1.00000000.bm90IHRvIGJlIHNlZW4=")
    caplog.set_level(logging.WARNING, logger="db.credentials")

    await graph.run(CARDS)
    await graph.run(CARDS)

    told = [record.getMessage() for record in caplog.records if record.name == "db.credentials"]
    assert len(told) == 1
    assert "marketplace_credentials" in told[0]
    assert "credentialSecret" in told[0]
    assert "bm90IHRvIGJlIHNlZW4" not in caplog.text


async def test_a_damaged_set_can_be_disconnected(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    await damage("appSecret")

    payload = (await graph.run(DISCONNECT))["disconnectMarketplace"]

    assert payload == {"marketplace": {"status": "NOT_CONFIGURED"}, "errors": []}


async def test_fields_that_are_stored_at_once_are_all_kept(graph: Graph) -> None:
    await asyncio.gather(
        *(graph.connect("ALIEXPRESS", {name: value}) for name, value in ALIEXPRESS.items())
    )

    assert (await card(graph, "ALIEXPRESS"))["status"] == "CONNECTED"


async def test_a_field_that_is_refused_stores_nothing(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", {"appKey": "500100"})

    payload = await graph.connect("ALIEXPRESS", {"trackingId": "tag", "appKey": "me@shop.example"})

    assert payload["errors"][0]["path"] == ["input", "credentials", "1", "value"]
    assert (await card(graph, "ALIEXPRESS"))["missingFields"] == ["appSecret", "trackingId"]


@pytest.mark.parametrize(
    ("_case", "values", "cure"),
    [
        ("nothing", {}, "Fill in App key, App secret and Tracking ID."),
        ("one of three", {"appKey": "500100"}, "Fill in App secret and Tracking ID."),
    ],
)
async def test_the_cure_of_an_unfinished_set_names_what_to_fill_in(
    _case: str, values: dict[str, str], cure: str, graph: Graph
) -> None:
    await graph.connect("ALIEXPRESS", values)

    assert (await card(graph, "ALIEXPRESS"))["health"] == {"state": "UNVERIFIED", "cure": cure}


async def in_flight(graph: Graph) -> "asyncio.Task[Any]":
    """A verification whose first call waits at the gateway."""
    graph.sandbox.faults.inject("latency", calls=1, seconds=0.3)
    graph.sandbox.clear_calls()
    verifying = asyncio.create_task(graph.run(VERIFY, {"code": "ALIEXPRESS"}))
    await call_under_way(graph)
    return verifying


@pytest.mark.parametrize(
    ("_case", "tested", "stored"),
    [
        ("rejected", "wrong", ALIEXPRESS["appSecret"]),
        ("accepted", ALIEXPRESS["appSecret"], "wrong"),
    ],
)
async def test_a_verdict_is_not_noted_on_credentials_that_were_not_tried(
    _case: str, tested: str, stored: str, graph: Graph
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS | {"appSecret": tested})
    verifying = await in_flight(graph)

    await graph.connect("ALIEXPRESS", {"appSecret": stored})
    verified = (await verifying)["verifyMarketplace"]

    health = (await graph.run(HEALTH))["marketplace"]["health"]
    assert health == {"state": "UNVERIFIED", "checkedAt": None}
    assert verified["marketplace"]["health"]["state"] == "UNVERIFIED"


async def test_a_verdict_on_a_set_that_was_disconnected_leaves_nothing(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    verifying = await in_flight(graph)

    await graph.run(DISCONNECT)
    verified = (await verifying)["verifyMarketplace"]

    assert verified["marketplace"]["health"]["state"] == "UNVERIFIED"
    assert (await graph.run(HEALTH))["marketplace"]["status"] == "NOT_CONFIGURED"


async def test_a_verdict_on_the_credentials_that_are_stored_is_noted(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    verifying = await in_flight(graph)

    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    await verifying

    assert (await graph.run(HEALTH))["marketplace"]["health"]["state"] == "HEALTHY"


async def test_connecting_flips_the_status_at_once_and_keeps_secrets(graph: Graph) -> None:
    half = await graph.connect("ALIEXPRESS", {"appKey": "500100"})
    whole = await graph.connect("ALIEXPRESS", ALIEXPRESS)

    assert half["marketplace"]["status"] == "NOT_CONFIGURED"
    assert half["marketplace"]["missingFields"] == ["appSecret", "trackingId"]
    assert half["marketplace"]["capabilities"] == []
    assert whole["marketplace"]["status"] == "CONNECTED"
    assert "SEARCH" in whole["marketplace"]["capabilities"]


async def test_no_capability_is_offered_behind_which_no_field_stands(graph: Graph) -> None:
    await graph.connect_both()

    data = await graph.run(
        '{ marketplaces { status capabilities } __type(name: "Capability") {'
        " enumValues(includeDeprecated: true) { name isDeprecated } } }"
    )

    useless = {each["name"] for each in data["__type"]["enumValues"] if each["isDeprecated"]}
    offered = [{*each["capabilities"]} for each in data["marketplaces"]]
    assert useless
    assert all(offered)
    assert not useless & set().union(*offered)


SANDBOXED = """
mutation S($code: MarketplaceCode!, $locale: String, $credentials: [CredentialInput!]!) {
  connectMarketplace(input: {marketplace: $code, locale: $locale, credentials: $credentials,
                             useSandboxCredentials: true}) {
    marketplace { status } errors { code path } } }
"""


@pytest.mark.parametrize(
    ("code", "locale"),
    [
        ("ALIEXPRESS", None),
        ("AMAZON", None),
        ("AMAZON", "www.amazon.de"),
        ("AMAZON", "www.amazon.co.jp"),
    ],
)
async def test_the_sandbox_is_connected_without_naming_its_credentials(
    graph: Graph, code: str, locale: str | None
) -> None:
    offered = (await graph.run("{ marketplaces { code hasSandboxCredentials } }"))["marketplaces"]
    asked: dict[str, Any] = {"code": code, "locale": locale, "credentials": []}

    connected = (await graph.run(SANDBOXED, asked))["connectMarketplace"]
    verified = (await graph.run(VERIFY, asked))["verifyMarketplace"]
    refused = [
        (await graph.run(SANDBOXED, asked | {"code": code, "credentials": given}))
        for code, given in (
            ("ALIEXPRESS", [{"name": "appKey", "value": "1"}]),
            ("AMAZON", [{"name": "partnerTag", "value": "mine-20"}]),
        )
    ]

    assert {each["code"]: each["hasSandboxCredentials"] for each in offered} == {
        "ALIEXPRESS": True,
        "AMAZON": True,
    }
    assert connected == {"marketplace": {"status": "CONNECTED"}, "errors": []}
    assert verified["errors"] == []
    at = {"code": "INVALID_INPUT", "path": ["input", "useSandboxCredentials"]}
    assert [each["connectMarketplace"]["errors"] for each in refused] == [[at], [at]]


async def test_the_settings_card_shows_what_may_be_shown(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    data = await graph.run(
        """{ marketplace(code: ALIEXPRESS) {
             name locale mode quota { limitPerDay usedToday remainingToday callsPerSecond resetsAt }
             credentialFields { name label help isSecret isRequired isSet hint updatedAt } } }"""
    )

    market = data["marketplace"]
    hints = {field["name"]: field["hint"] for field in market["credentialFields"]}
    assert hints == {"appKey": "0100", "appSecret": None, "trackingId": "sandbox_blog"}
    assert market["mode"] == "SANDBOX"
    assert market["locale"] is None
    assert market["quota"]["usedToday"] == 0


async def test_a_value_that_is_one_of_few_comes_with_a_list(graph: Graph) -> None:
    data = await graph.run(
        "{ marketplace(code: AMAZON) { credentialFields { name options isSet } } }"
    )

    options = {each["name"]: each["options"] for each in data["marketplace"]["credentialFields"]}
    assert options.pop("credentialVersion") == ["2.1", "2.2", "2.3", "3.1", "3.2", "3.3"]
    assert set(map(tuple, options.values())) == {()}


@pytest.mark.parametrize("code", ["ALIEXPRESS", "AMAZON"])
async def test_right_credentials_verify_as_healthy(graph: Graph, code: str) -> None:
    await graph.connect_both()

    data = await graph.run(VERIFY, {"code": code})

    payload = data["verifyMarketplace"]
    assert payload["errors"] == []
    assert payload["marketplace"]["health"]["state"] == "HEALTHY"
    assert payload["marketplace"]["health"]["cure"] is None


@pytest.mark.parametrize(
    ("code", "field", "value", "state"),
    [
        ("ALIEXPRESS", "appSecret", "wrong", "CREDENTIALS_REJECTED"),
        ("ALIEXPRESS", "appKey", "999999", "CREDENTIALS_REJECTED"),
        ("ALIEXPRESS", "trackingId", "nobody", "TRACKING_ID_REJECTED"),
        ("AMAZON", "credentialSecret", "wrong", "CREDENTIALS_REJECTED"),
        ("AMAZON", "partnerTag", "nobody-20", "TRACKING_ID_REJECTED"),
    ],
)
async def test_wrong_credentials_are_told_with_their_cure(
    graph: Graph, code: str, field: str, value: str, state: str
) -> None:
    given = ALIEXPRESS if code == "ALIEXPRESS" else AMAZON
    await graph.connect(code, {**given, field: value})

    payload = (await graph.run(VERIFY, {"code": code}))["verifyMarketplace"]

    assert payload["marketplace"]["health"]["state"] == state
    assert payload["marketplace"]["health"]["cure"]
    assert payload["errors"][0]["code"] == state


async def test_old_amazon_keys_are_known_to_be_retired(graph: Graph) -> None:
    old = {
        "accessKey": "AKIASANDBOX00000DEMO",
        "secretKey": "sandbox-secret-key",
        "partnerTag": "sandbox-20",
        "host": "webservices.amazon.com",
    }

    connected = await graph.connect("AMAZON", old)
    verified = (await graph.run(VERIFY, {"code": "AMAZON"}))["verifyMarketplace"]

    assert connected["marketplace"]["status"] == "CONNECTED"
    assert connected["marketplace"]["health"]["state"] == "API_RETIRED"
    assert connected["marketplace"]["capabilities"] == ["GENERATE_LINK"]
    assert verified["errors"][0]["code"] == "API_RETIRED"


async def test_sites_and_terms_are_those_of_the_description(graph: Graph) -> None:
    cards = (await graph.run(TERMS))["marketplaces"]

    assert [card["code"] for card in cards] == [code.name for code in MarketplaceCode]
    for card, market in zip(cards, BY_CODE.values(), strict=True):
        assert card["sites"] == [locale for locale in market.locales if locale]
        assert card["keepsPriceHistory"] is market.policy.keeps_price_history
        assert card["letsPicturesBeCopied"] is market.policy.lets_pictures_be_copied
        assert card["pricesShownForHours"] == market.policy.shown_for_hours
    assert {card["pricesShownForHours"] for card in cards} >= {None, 24}


async def test_forms_tell_which_one_is_in_use(graph: Graph) -> None:
    async def in_use() -> list[str]:
        forms = (await graph.run(FORMS, {"code": "AMAZON"}))["marketplace"]["credentialForms"]
        return [form["label"] for form in forms if form["isInUse"]]

    at_first = await in_use()
    await graph.connect("AMAZON", RETIRED)

    assert at_first == ["Creators API"]
    assert await in_use() == ["Product Advertising API (retired)"]


async def test_every_field_of_the_card_is_in_a_form(graph: Graph) -> None:
    for code in MarketplaceCode:
        forms = (await graph.run(FORMS, {"code": code.name}))["marketplace"]["credentialForms"]
        names = {name for form in forms for name in form["fieldNames"]}

        assert names == {field.name for field in code.value.fields}


def test_members_of_the_enum_are_described_by_their_marketplaces() -> None:
    sdl = schema.as_str()

    assert all(market.summary in " ".join(sdl.split()) for market in BY_CODE.values())


async def test_tag_of_another_country_is_used_and_warned_of(graph: Graph) -> None:
    connect = """mutation C($input: ConnectMarketplaceInput!) { connectMarketplace(input: $input) {
      warnings errors { code } marketplace { health { warnings } } } }"""
    given = {
        "marketplace": "AMAZON",
        "locale": "www.amazon.de",
        "credentials": [{"name": "partnerTag", "value": "lamps-20"}],
    }
    link = """mutation { generateLink(input: {product: {url: "https://www.amazon.de/dp/B0LAMPAAA1"}})
      { affiliateLink { url } errors { code } } }"""
    health = "{ marketplaces { locale health { warnings } } }"

    payload = (await graph.run(connect, {"input": given}))["connectMarketplace"]
    listed = (await graph.run(health))["marketplaces"]
    made = (await graph.run(link))["generateLink"]

    (warning,) = payload["warnings"]
    assert "lamps-20" in warning
    assert payload["errors"] == []
    assert payload["marketplace"]["health"]["warnings"] == [warning]
    assert {one["locale"]: one["health"]["warnings"] for one in listed} == {
        None: [],
        "www.amazon.com": [],
        "www.amazon.de": [warning],
    }
    assert made["errors"] == []
    assert "tag=lamps-20" in made["affiliateLink"]["url"]


async def test_credentials_of_another_version_are_told_at_once(graph: Graph) -> None:
    given = AMAZON | {
        "credentialId": "amzn1.application-oa2-client.made-up",
        "credentialVersion": "2.1",
    }

    payload = await graph.connect("AMAZON", given)

    assert payload["marketplace"] is None
    assert payload["errors"][0]["code"] == "INVALID_INPUT"
    assert payload["errors"][0]["path"] == ["input", "credentials", "2", "value"]
