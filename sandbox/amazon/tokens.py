"""Token endpoints of the Creators API: Cognito (version 2, form), Login with Amazon (3, JSON).

The real ones are six addresses. Here one address serves all; `/amazon/token/3.2` stands for a
single one. A version 3 token from the common address belongs to the region of its first use.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.amazon.accounts import STALE_TOKEN, VERSIONS, AmazonAccount, AmazonWorld, Grant
from sandbox.amazon.sites import REGION_OF_VERSION
from sandbox.answers import Reply
from sandbox.faults import ActiveFaults
from sandbox.gateway import Incoming

LIFETIME = timedelta(hours=1)
SCOPES = {"2": "creatorsapi/default", "3": "creatorsapi::default"}


async def read_token(world: AmazonWorld, request: Request) -> Incoming:
    """POST /amazon/token and /amazon/token/<version>."""
    content_type = request.headers.get("content-type", "")
    members = read_form(content_type, await request.body())
    version = request.path_params.get("version", "")
    is_json = "json" in content_type
    return Incoming(
        operation="token",
        account=(members or {}).get("client_id", ""),
        answer=partial(answer, world, members, is_json, version),
    )


def read_form(content_type: str, body: bytes) -> dict[str, str] | None:
    """The members of the body, JSON or form; None when it is neither."""
    try:
        if "json" in content_type:
            members = json.loads(body)
        else:
            members = dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError:
        return None
    is_form = isinstance(members, dict)
    return {str(name): str(value) for name, value in members.items()} if is_form else None


def answer(
    world: AmazonWorld,
    members: Mapping[str, str] | None,
    is_json: bool,
    version: str,
    active: ActiveFaults,
    now: datetime,
) -> Reply:
    """The answer to a token request. `version`: of the address, "" for the common one."""
    family = version[:1] or ("3" if is_json or _asks_scope(members, "3") else "2")
    if members is None or (is_json and family == "2"):
        return _refusal(400, "invalid_request")
    if version and version not in VERSIONS:
        return _refusal(404, "not_found")
    if members.get("grant_type") != "client_credentials":
        return _refusal(400, "unsupported_grant_type")
    account = _account(world, members, version, family)
    if account is None:
        return _refusal(401 if family == "3" else 400, "invalid_client")
    if not _asks_scope(members, family):
        return _refusal(400, "invalid_scope")
    grant = Grant(
        credential_id=account.credential_id,
        family=family,
        region=REGION_OF_VERSION[version[-1]] if version else None,
        expires_at=now if STALE_TOKEN in active else now + LIFETIME,
    )
    payload = {
        "access_token": _token(world, grant),
        "token_type": "bearer" if family == "3" else "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
    }
    return Reply(payload=payload | ({"scope": SCOPES["3"]} if family == "3" else {}))


def _asks_scope(members: Mapping[str, str] | None, family: str) -> bool:
    return members is not None and members.get("scope") == SCOPES[family]


def _account(
    world: AmazonWorld, members: Mapping[str, str], version: str, family: str
) -> AmazonAccount | None:
    account = world.by_credential(members.get("client_id", ""))
    secret = members.get("client_secret", "").encode()
    if account is None or not hmac.compare_digest(secret, account.credential_secret.encode()):
        return None
    good_for = {version} if version else {one for one in VERSIONS if one.startswith(family)}
    return account if good_for & account.versions else None


def _token(world: AmazonWorld, grant: Grant) -> str:
    text = f"{grant.credential_id} {world.number()}".encode()
    token = f"Sbx|{hashlib.sha256(text).hexdigest()}"
    world.grants[token] = grant
    return token


def _refusal(status: int, code: str) -> Reply:
    return Reply(status=status, payload={"error": code}, refusal=code)
