"""The Creators API: token, site, eligibility and partner tag are checked, then it acts."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request

from sandbox.amazon.accounts import STALE_TOKEN, AmazonAccount, AmazonWorld, Grant
from sandbox.amazon.operations import OPERATIONS, run
from sandbox.amazon.request import (
    Query,
    ids_of,
    invalid,
    is_partner_tag,
    members_of,
    refusal,
    unauthorized,
)
from sandbox.amazon.sites import REGION_OF_VERSION, SITES, Site
from sandbox.answers import Reply
from sandbox.faults import ActiveFaults
from sandbox.gateway import Incoming


async def read_creators(world: AmazonWorld, request: Request) -> Incoming:
    """POST /amazon/catalog/v1/<operation>."""
    body = await request.body()
    grant = world.grants.get(bearer(request.headers)[0])
    return Incoming(
        operation=request.path_params["operation"],
        account=grant.credential_id if grant else "",
        ids=ids_of(body),
        answer=partial(answer, world, request, members_of(body)),
    )


def bearer(headers: Mapping[str, str]) -> tuple[str, str]:
    """Token and version of the Authorization header: "Bearer T" or "Bearer T, Version 2.1"."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        return "", ""
    token, comma, version = rest.partition(", Version ")
    return (token, version) if comma else (rest, "")


def answer(
    world: AmazonWorld,
    request: Request,
    members: dict[str, Any] | None,
    active: ActiveFaults,
    now: datetime,
) -> Reply:
    """The answer to a call. `members`: of its body, None when it has none. Raises Refused."""
    operation, headers = request.path_params["operation"], request.headers
    if operation not in OPERATIONS:
        raise refusal(400, "ValidationException", "UnknownOperation", "The operation is not known.")
    grant = _grant(world, headers, now, active)
    site = _site(headers)
    _check_region(grant, headers, site)
    if members is None:
        raise refusal(400, "ValidationException", "CannotParse", "The body is not a JSON object.")
    account = _account(world, grant, members, site)
    return run(Query(world, account, site, operation, members, active))


def _grant(
    world: AmazonWorld, headers: Mapping[str, str], now: datetime, active: ActiveFaults
) -> Grant:
    token, _ = bearer(headers)
    if not token:
        raise unauthorized("MissingCredential", "The request has no bearer token.")
    grant = world.grants.get(token)
    if grant is None:
        raise unauthorized("InvalidToken", "The authentication token is invalid.")
    if STALE_TOKEN in active:
        # Every token so far ends now, so that callers under way meet one expiry and not many.
        for other in world.grants.values():
            if other.credential_id == grant.credential_id:
                other.expires_at = now
    if now >= grant.expires_at:
        raise unauthorized("TokenExpired", "Authentication token has expired.")
    return grant


def _site(headers: Mapping[str, str]) -> Site:
    name = headers.get("x-marketplace", "")
    if name not in SITES:
        raise invalid("x-marketplace", "The header x-marketplace must name a marketplace.")
    return SITES[name]


def _check_region(grant: Grant, headers: Mapping[str, str], site: Site) -> None:
    """A token of version 2 is used with its version, and each one in one region only."""
    _, version = bearer(headers)
    is_right = version in ("2.1", "2.2", "2.3") if grant.family == "2" else not version
    regions = {grant.region or site.region, REGION_OF_VERSION.get(version[-1:], site.region)}
    if not is_right or regions != {site.region}:
        raise unauthorized("InvalidIssuer", "The token was issued for another region or version.")
    grant.region = site.region


def _account(
    world: AmazonWorld, grant: Grant, members: dict[str, Any], site: Site
) -> AmazonAccount:
    account = world.by_credential(grant.credential_id)
    if account is None:
        raise unauthorized("InvalidClient", "The credential is not known any more.")
    if not account.is_eligible:
        text = "Your account does not currently meet the eligibility requirements."
        raise refusal(403, "AccessDeniedException", "AssociateNotEligible", text)
    if not is_partner_tag(members.get("partnerTag"), account, site):
        text = "The partner tag is invalid or not mapped to the store of your credential."
        raise refusal(400, "ValidationException", "InvalidPartnerTag", text)
    return account
