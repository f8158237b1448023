"""The AliExpress gateway: who calls, when, signed how, what for; then the method's own work.

The checks come in the order of the real one: application, clock, signature, method, right,
mandatory parameters.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox.aliexpress import methods, products
from sandbox.aliexpress.accounts import AliExpressAccount, AliExpressWorld
from sandbox.aliexpress.envelope import Ask, error, missing
from sandbox.aliexpress.signature import is_signed
from sandbox.answers import Refused, Reply
from sandbox.faults import ActiveFaults
from sandbox.gateway import Incoming
from sandbox.wire import WEB_PAGE

METHOD_PREFIX = "aliexpress.affiliate."
NAMES = ("product_ids", "source_values", "product_id")  # of ids
CLOCK_TOLERANCE = 7200  # seconds
MILLISECONDS = re.compile(r"[0-9]{13}")
METHODS = products.METHODS | methods.METHODS
OPEN_TO_ALL = frozenset({"category.get"})  # answers publishers outside the program too


async def read_call(world: AliExpressWorld, request: Request) -> Incoming | Response:
    """GET and POST /aliexpress/sync: query and form are one set of parameters."""
    form = (await request.body()).decode(errors="replace")
    params = dict(parse_qsl(request.url.query, keep_blank_values=True))
    params |= dict(parse_qsl(form, keep_blank_values=True))
    if not params:
        return Response(WEB_PAGE, media_type="text/html")
    ids = next((params[name] for name in NAMES if params.get(name)), "")
    return Incoming(
        operation=params.get("method", "").removeprefix(METHOD_PREFIX),
        account=params.get("app_key", ""),
        ids=tuple(ids.split(",")) if ids else (),
        answer=partial(answer, world, params),
    )


def answer(
    world: AliExpressWorld, params: Mapping[str, str], active: ActiveFaults, now: datetime
) -> Reply:
    """The answer to one call. `params`: everything sent, in query and form. Raises Refused."""
    account = _application(world, params)
    _check_clock(world, params, now)
    if not is_signed(params, account.app_secret):
        text = "The request signature does not conform to platform standards"
        raise Refused(error(world, "IncompleteSignature", text))
    method = _method(world, params, account)
    ask = Ask(world=world, account=account, method=method, params=params, active=active, now=now)
    mandatory, work = METHODS[method]
    for name in mandatory:
        if not ask.text(name):
            raise Refused(missing(world, name))
    if not account.is_registered and method not in OPEN_TO_ALL:
        return ask.refused(401, "This publisher is not registered")
    return work(ask)


def _application(world: AliExpressWorld, params: Mapping[str, str]) -> AliExpressAccount:
    for name in ("app_key", "timestamp", "method"):
        if not params.get(name, "").strip():
            raise Refused(missing(world, name))
    app_key = params["app_key"]
    account = next((one for one in world.accounts if one.app_key == app_key), None)
    if account is None:
        raise Refused(error(world, "InvalidAppKey", "The specified App Key is invalid"))
    if not account.ip_allowed:
        raise Refused(error(world, "AppWhiteIpLimit", "The address is not on the App's white list"))
    return account


def _check_clock(world: AliExpressWorld, params: Mapping[str, str], now: datetime) -> None:
    sent = _moment(params["timestamp"])
    if sent is None or abs((sent - now).total_seconds()) > CLOCK_TOLERANCE:
        raise Refused(error(world, "IllegalTimestamp", "The timestamp is invalid or malformed"))


def _moment(text: str) -> datetime | None:
    if MILLISECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _method(world: AliExpressWorld, params: Mapping[str, str], account: AliExpressAccount) -> str:
    name = params["method"]
    method = name.removeprefix(METHOD_PREFIX)
    if not name.startswith(METHOD_PREFIX) or method not in METHODS:
        raise Refused(error(world, "InvalidApiPath", "The specified API Path is invalid"))
    if not account.may_call(method):
        text = "App does not have permission to access this api"
        raise Refused(error(world, "InsufficientPermission", text))
    return method
