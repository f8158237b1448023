"""Token, site, eligibility and partner tag are checked before anything is answered."""

from dataclasses import replace

import pytest

from sandbox import Sandbox
from sandbox.amazon.accounts import DEMO_ACCOUNT as DEMO_AMAZON
from tests.sandbox.callers import AMERICA, FORM, ITEM, JSON, Caller, problem

pytestmark = pytest.mark.anyio

TAGS = {"NA": "sandbox-20", "EU": "sandbox-21", "FE": "sandbox-22"}


@pytest.mark.parametrize(
    ("family", "suffix", "status"),
    [
        ("2", ", Version 2.1", 200),
        ("2", "", 401),
        ("2", ", Version 2.2", 401),
        ("2", ", Version 3.1", 401),
        ("3", "", 200),
        ("3", ", Version 3.1", 401),
    ],
)
async def test_only_version_two_is_named_in_the_header(
    caller: Caller, family: str, suffix: str, status: int
) -> None:
    if family == "2":
        got = await caller.http.post("/amazon/token", data=FORM)
    else:
        got = await caller.http.post("/amazon/token", json=JSON)
    token = got.json()["access_token"]

    response = await caller.amazon(
        "getItems", authorization=f"Bearer {token}{suffix}", itemIds=[ITEM]
    )

    assert response.status_code == status
    if status != 200:
        assert problem(response) == (401, "InvalidIssuer")


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [("", "MissingCredential"), ("Basic abc", "MissingCredential"), ("Bearer x", "InvalidToken")],
)
async def test_calls_without_a_right_token_are_refused(
    caller: Caller, authorization: str, reason: str
) -> None:
    response = await caller.amazon("getItems", authorization=authorization, itemIds=[ITEM])

    assert problem(response) == (401, reason)


async def test_a_token_ends_after_an_hour(caller: Caller) -> None:
    before = await caller.amazon("getItems", itemIds=[ITEM])
    caller.clock.advance(hours=1)
    after = await caller.amazon("getItems", itemIds=[ITEM])

    assert before.status_code == 200
    assert problem(after) == (401, "TokenExpired")


@pytest.mark.parametrize(
    ("site", "region"),
    [(AMERICA, "NA"), ("www.amazon.de", "EU"), ("www.amazon.co.jp", "FE")],
)
async def test_a_token_belongs_to_one_region(caller: Caller, site: str, region: str) -> None:
    version = {"NA": "3.1", "EU": "3.2", "FE": "3.3"}[region]
    got = await caller.http.post(f"/amazon/token/{version}", json=JSON)
    bearer = f"Bearer {got.json()['access_token']}"
    elsewhere = "www.amazon.fr" if region != "EU" else "www.amazon.ca"

    home = await caller.amazon(
        "getItems", site=site, authorization=bearer, itemIds=[ITEM], partnerTag=TAGS[region]
    )
    away = await caller.amazon(
        "getItems", site=elsewhere, authorization=bearer, itemIds=[ITEM], partnerTag="sandbox-20"
    )

    assert home.status_code == 200
    assert problem(away) == (401, "InvalidIssuer")


async def test_the_marketplace_must_be_known(caller: Caller) -> None:
    response = await caller.amazon("getItems", site="www.amazon.example", itemIds=[ITEM])

    assert problem(response) == (400, "FieldValidationFailed")
    assert response.json()["fieldList"][0]["name"] == "x-marketplace"


@pytest.mark.parametrize("tag", ["somebody-20", "sandbox-21", "", None, ["sandbox-20"]])
async def test_the_partner_tag_must_be_the_accounts_in_that_region(
    caller: Caller, tag: object
) -> None:
    response = await caller.amazon("getItems", itemIds=[ITEM], partnerTag=tag)

    assert problem(response) == (400, "InvalidPartnerTag")


async def test_an_associate_without_sales_is_not_eligible(sandbox: Sandbox, caller: Caller) -> None:
    associate = replace(DEMO_AMAZON, is_eligible=False)
    sandbox.accounts = (associate,)

    response = await caller.amazon("getItems", itemIds=[ITEM])

    assert problem(response) == (403, "AssociateNotEligible")


async def test_an_unknown_operation_and_a_broken_body(caller: Caller) -> None:
    token = await caller.token()
    headers = {"x-marketplace": AMERICA, "Authorization": f"Bearer {token}"}

    unknown = await caller.amazon("getEverything")
    broken = await caller.http.post("/amazon/catalog/v1/getItems", content=b"{", headers=headers)

    assert problem(unknown) == (400, "UnknownOperation")
    assert problem(broken) == (400, "CannotParse")
