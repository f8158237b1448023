"""PA-API 5.0: the signature is judged as ever, then every accepted call learns that it is retired.

While the fault "paapi_alive" is on it serves what it served before, in Pascal case.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.amazon.accounts import AmazonAccount, AmazonWorld
from sandbox.amazon.operations import OPERATIONS, run
from sandbox.amazon.request import Query, ids_of, is_partner_tag, members_of
from sandbox.amazon.signature import (
    PAAPI_HEADERS,
    PAAPI_SERVICE,
    AWSAuthorization,
    is_signed,
    read_authorization,
)
from sandbox.amazon.sites import SITES
from sandbox.answers import Refused, Reply
from sandbox.faults import ActiveFaults
from sandbox.gateway import Incoming

PAAPI_ALIVE = "paapi_alive"  # a fault of this gateway alone: as it was before its retirement
TARGET = "com.amazon.paapi5.v1.ProductAdvertisingAPIv1."
PATHS = {name.lower(): name for name in OPERATIONS}
VALID_FOR = timedelta(minutes=15)
SPECIAL = {
    "asin": "ASIN", "parentASIN": "ParentASIN", "url": "URL",
    "eans": "EANs", "isbns": "ISBNs", "upcs": "UPCs",
}  # fmt: skip
RETIRED = (
    "Product Advertising API is deprecated. "
    "Please migrate to Creators API using the migration guide."
)


async def read_paapi(world: AmazonWorld, request: Request) -> Incoming | Response:
    """POST /paapi5/<operation in lower case>."""
    name, body = request.path_params["operation"], await request.body()
    if name not in PATHS:
        return Response(status_code=404)
    authorization = read_authorization(request.headers.get("authorization", ""))
    return Incoming(
        operation=f"paapi5.{PATHS[name]}",
        account=authorization.access_key if authorization else "",
        ids=ids_of(body),
        answer=partial(answer, world, request, body),
    )


def answer(
    world: AmazonWorld, request: Request, body: bytes, active: ActiveFaults, now: datetime
) -> Reply:
    """The answer to a call. Raises Refused."""
    account, authorization = _caller(world, request.headers)
    _check_signature(account, authorization, request, body)
    _check_date(authorization, request.headers.get("x-amz-date", ""), now)
    if PAAPI_ALIVE not in active:
        raise _refused(403, "AccessDenied", RETIRED)
    return _serve(world, account, request, body, active)


def _refused(status: int, code: str, message: str) -> Refused:
    errors = [{"Code": code, "Message": message}]
    body = {"__type": f"com.amazon.paapi5#{code}Exception", "Errors": errors}
    return Refused(Reply(status=status, payload=body, refusal=code))


def _caller(
    world: AmazonWorld, headers: Mapping[str, str]
) -> tuple[AmazonAccount, AWSAuthorization]:
    authorization = read_authorization(headers.get("authorization", ""))
    if authorization is None or not set(authorization.signed_headers) >= PAAPI_HEADERS:
        text = "The request signature did not include all of the required components."
        raise _refused(400, "IncompleteSignature", text)
    key = authorization.access_key
    account = next((one for one in world.accounts if key and one.access_key == key), None)
    if account is None:
        text = "The Access Key ID or security token included in the request is invalid."
        raise _refused(401, "UnrecognizedClient", text)
    return account, authorization


def _check_signature(
    account: AmazonAccount, authorization: AWSAuthorization, request: Request, body: bytes
) -> None:
    headers, secret = request.headers, account.secret_key
    regions = {site.paapi_host: site.aws_region for site in SITES.values()}
    region = regions.get(headers.get("host", ""), authorization.region)
    # A client may have signed the path of Amazon's host or that of this address.
    paths = (f"/paapi5/{request.path_params['operation']}", request.url.path)
    is_right = (authorization.service, authorization.region) == (PAAPI_SERVICE, region)
    signed = (is_signed(authorization, secret, path, headers, body) for path in paths)
    if not is_right or not any(signed):
        raise _refused(401, "InvalidSignature", "The request has not been correctly signed.")


def _check_date(authorization: AWSAuthorization, date: str, now: datetime) -> None:
    try:
        sent = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        sent = datetime.min.replace(tzinfo=UTC)
    if abs(sent - now) > VALID_FOR or not date.startswith(authorization.date):
        raise _refused(401, "RequestExpired", "The request is past its expiry date.")


def _serve(
    world: AmazonWorld, account: AmazonAccount, request: Request, body: bytes, active: ActiveFaults
) -> Reply:
    operation = PATHS[request.path_params["operation"]]
    if request.headers.get("x-amz-target") != TARGET + operation[0].upper() + operation[1:]:
        raise _refused(400, "UnknownOperation", "The target does not fit the path.")
    members = members_of(body)
    if members is None:
        raise _refused(400, "InvalidParameterValue", "The body is not JSON.")
    members = camel(members)
    site = SITES.get(str(members.get("marketplace")))
    if site is None:
        raise _refused(400, "InvalidParameterValue", "Marketplace is not known.")
    if not account.is_eligible:
        text = "Your account does not currently meet the eligibility requirements."
        raise _refused(403, "AssociateNotEligible", text)
    if not is_partner_tag(members.get("partnerTag"), account, site):
        raise _refused(400, "InvalidPartnerTag", "The partner tag is not mapped to a valid store.")
    try:
        return _translated(run(Query(world, account, site, operation, members, active)))
    except Refused as refused:
        return _translated(refused.reply)


def _translated(reply: Reply) -> Reply:
    """The same answer in Pascal case. What the Creators API does not find is 200 with errors."""
    if reply.status == 200:
        return Reply(payload=pascal(reply.payload))
    if reply.status == 404:
        is_search = reply.payload["resourceType"] == "SearchResult"
        code = "NoResults" if is_search else "InvalidParameterValue"
        message = f"{reply.payload['message']} ({reply.payload['resourceId']})"
        return Reply(payload={"Errors": [{"Code": code, "Message": message}]}, refusal=code)
    [field, *_] = reply.payload.get("fieldList") or [reply.payload]
    return _refused(reply.status, "InvalidParameterValue", field["message"]).reply


def pascal(value: Any) -> Any:
    """Names as PA-API writes them."""
    if isinstance(value, dict):
        return {
            SPECIAL.get(key, key[:1].upper() + key[1:]): pascal(inner)
            for key, inner in value.items()
        }
    return [pascal(one) for one in value] if isinstance(value, list) else value


def camel(members: dict[str, Any]) -> dict[str, Any]:
    """The members of a PA-API body as the Creators API names them."""
    named = {_lower(key): value for key, value in members.items()}
    resources = named.get("resources")
    if isinstance(resources, list):
        named["resources"] = [
            ".".join(_lower(part) for part in str(one).split(".")) for one in resources
        ]
    return named


def _lower(name: str) -> str:
    return {"ASIN": "asin", "ParentASIN": "parentASIN"}.get(name, name[:1].lower() + name[1:])
