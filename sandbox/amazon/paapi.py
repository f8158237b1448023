"""PA-API 5.0: the signature is judged as ever, then every accepted call learns that it is retired.

While the fault "paapi_alive" is on it serves what it served before, in Pascal case.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.amazon import operations
from sandbox.amazon.accounts import AmazonAccount
from sandbox.amazon.request import Query, ids_of, is_partner_tag
from sandbox.amazon.signature import (
    PAAPI_HEADERS,
    PAAPI_SERVICE,
    AWSAuthorization,
    aws_accepts,
    read_aws_authorization,
)
from sandbox.amazon.sites import SITES
from sandbox.amazon.world import AmazonWorld
from sandbox.answers import Refused, Reply
from sandbox.faults import ActiveFaults
from sandbox.gateway import Incoming

PAAPI_ALIVE = "paapi_alive"  # a fault of this gateway alone: as it was before its retirement
TARGET = "com.amazon.paapi5.v1.ProductAdvertisingAPIv1."
PATHS = {
    "getitems": "getItems",
    "searchitems": "searchItems",
    "getvariations": "getVariations",
    "getbrowsenodes": "getBrowseNodes",
}
VALID_FOR = timedelta(minutes=15)
SPECIAL = {
    "asin": "ASIN",
    "parentASIN": "ParentASIN",
    "url": "URL",
    "eans": "EANs",
    "isbns": "ISBNs",
    "upcs": "UPCs",
}
RETIRED = (
    "Product Advertising API is deprecated. Please migrate to Creators API using the migration "
    "guide."
)


async def read_paapi(world: AmazonWorld, request: Request) -> Incoming | Response:
    """POST /paapi5/<operation in lower case>."""
    name, body = request.path_params["operation"], await request.body()
    if name not in PATHS:
        return Response(status_code=404)
    authorization = read_aws_authorization(request.headers.get("authorization", ""))
    paths = (f"/paapi5/{name}", request.url.path)
    return Incoming(
        operation=f"paapi5.{PATHS[name]}",
        account=authorization.access_key if authorization else "",
        ids=ids_of(body),
        answer=partial(answer, world, PATHS[name], paths, request.headers, body),
    )


def answer(
    world: AmazonWorld,
    operation: str,
    paths: tuple[str, ...],
    headers: Mapping[str, str],
    body: bytes,
    active: ActiveFaults,
    now: datetime,
) -> Reply:
    """The answer to a call. `paths`: spellings that may have been signed. `headers`: by lower-case
    names."""
    try:
        account, authorization = _caller(world, headers)
        _check_signature(account, authorization, paths, headers, body)
        _check_date(authorization, headers, now)
        if PAAPI_ALIVE not in active:
            raise _refused(403, "AccessDenied", RETIRED)
        return _serve(world, operation, account, headers=headers, body=body, active=active)
    except Refused as refused:
        return refused.reply


def _refused(status: int, code: str, message: str) -> Refused:
    body = {
        "__type": f"com.amazon.paapi5#{code}Exception",
        "Errors": [{"Code": code, "Message": message}],
    }
    return Refused(Reply(status=status, payload=body, refusal=code))


def _caller(
    world: AmazonWorld, headers: Mapping[str, str]
) -> tuple[AmazonAccount, AWSAuthorization]:
    authorization = read_aws_authorization(headers.get("authorization", ""))
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
    account: AmazonAccount,
    authorization: AWSAuthorization,
    paths: tuple[str, ...],
    headers: Mapping[str, str],
    body: bytes,
) -> None:
    regions = {site.paapi_host: site.aws_region for site in SITES.values()}
    region = regions.get(headers.get("host", ""), authorization.region)
    is_right = (
        authorization.service == PAAPI_SERVICE
        and authorization.region == region
        and any(
            aws_accepts(
                authorization, secret_key=account.secret_key, path=path, headers=headers, body=body
            )
            for path in paths
        )
    )
    if not is_right:
        raise _refused(401, "InvalidSignature", "The request has not been correctly signed.")


def _check_date(authorization: AWSAuthorization, headers: Mapping[str, str], now: datetime) -> None:
    text = headers.get("x-amz-date", "")
    try:
        sent = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        sent = datetime.min.replace(tzinfo=UTC)
    if abs(sent - now) > VALID_FOR or not text.startswith(authorization.date):
        raise _refused(401, "RequestExpired", "The request is past its expiry date.")


def _serve(
    world: AmazonWorld,
    operation: str,
    account: AmazonAccount,
    *,
    headers: Mapping[str, str],
    body: bytes,
    active: ActiveFaults,
) -> Reply:
    name = operation[0].upper() + operation[1:]
    if headers.get("x-amz-target") != TARGET + name:
        raise _refused(400, "UnknownOperation", "The target does not fit the path.")
    try:
        members = camel(json.loads(body))
    except ValueError:
        raise _refused(400, "InvalidParameterValue", "The body is not JSON.") from None
    site = SITES.get(str(members.get("marketplace")))
    if site is None:
        raise _refused(400, "InvalidParameterValue", "Marketplace is not known.")
    if not account.is_eligible:
        text = "Your account does not currently meet the eligibility requirements."
        raise _refused(403, "AssociateNotEligible", text)
    if not is_partner_tag(members.get("partnerTag"), account, site):
        raise _refused(400, "InvalidPartnerTag", "The partner tag is not mapped to a valid store.")
    query = Query(
        world=world,
        account=account,
        site=site,
        operation=operation,
        members=members,
        active=active,
    )
    return _translated(operations.run(query))


def _translated(reply: Reply) -> Reply:
    """The same answer in Pascal case. What the Creators API does not find is 200 with errors."""
    if reply.status == 200:
        return Reply(payload=pascal(reply.payload))
    if reply.status == 404:
        is_search = reply.payload["resourceType"] == "SearchResult"
        code = "NoResults" if is_search else "InvalidParameterValue"
        message = f"{reply.payload['message']} ({reply.payload['resourceId']})"
        return Reply(payload={"Errors": [{"Code": code, "Message": message}]}, refusal=code)
    fields = reply.payload.get("fieldList") or [{"message": reply.payload["message"]}]
    return _refused(reply.status, "InvalidParameterValue", fields[0]["message"]).reply


def pascal(value: Any) -> Any:
    """Names as PA-API writes them."""
    if isinstance(value, dict):
        return {
            SPECIAL.get(key, key[:1].upper() + key[1:]): pascal(inner)
            for key, inner in value.items()
        }
    return [pascal(one) for one in value] if isinstance(value, list) else value


def camel(members: Any) -> dict[str, Any]:
    """The members of a PA-API body as the Creators API names them."""
    if not isinstance(members, dict):
        raise ValueError("not an object")
    named = {_lower(key): value for key, value in members.items()}
    resources = named.get("resources")
    if isinstance(resources, list):
        named["resources"] = [
            ".".join(_lower(part) for part in str(one).split(".")) for one in resources
        ]
    return named


def _lower(name: str) -> str:
    return {"ASIN": "asin", "ParentASIN": "parentASIN"}.get(name, name[:1].lower() + name[1:])
