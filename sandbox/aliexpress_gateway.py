"""The AliExpress gateway: who calls, when, signed how, what for; then the method's own work.

The checks come in the order of the real one: application, clock, signature, method, right,
mandatory parameters.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from sandbox import aliexpress_methods, aliexpress_orders, aliexpress_products
from sandbox.accounts import AliExpressAccount
from sandbox.aliexpress_envelope import Ask, error, missing
from sandbox.answers import Refused, Reply
from sandbox.calls import METHOD_PREFIX
from sandbox.faults import ActiveFaults
from sandbox.signatures import aliexpress_accepts
from sandbox.world import World

CLOCK_TOLERANCE = 7200  # seconds
MILLISECONDS = re.compile(r"[0-9]{13}")
METHODS = aliexpress_products.METHODS | aliexpress_methods.METHODS | aliexpress_orders.METHODS
OPEN_TO_ALL = frozenset({"category.get"})  # answers publishers outside the program too


def answer(world: World, params: Mapping[str, str], active: ActiveFaults, now: datetime) -> Reply:
    """The answer to one call. `params`: everything sent, in query and form."""
    try:
        account = _application(world, params)
        _check_clock(world, params, now)
        if not aliexpress_accepts(params, account.app_secret):
            text = "The request signature does not conform to platform standards"
            raise Refused(error(world, "IncompleteSignature", text))
        method = _method(world, params, account)
        ask = Ask(
            world=world, account=account, method=method, params=params, active=active, now=now
        )
        mandatory, work = METHODS[method]
        for name in mandatory:
            if not ask.text(name):
                raise Refused(missing(world, name))
        if not account.is_registered and method not in OPEN_TO_ALL:
            return ask.refused(401, "This publisher is not registered")
        return work(ask)
    except Refused as refused:
        return refused.reply


def _application(world: World, params: Mapping[str, str]) -> AliExpressAccount:
    for name in ("app_key", "timestamp", "method"):
        if not params.get(name, "").strip():
            raise Refused(missing(world, name))
    account = world.accounts.by_app_key(params["app_key"])
    if account is None:
        raise Refused(error(world, "InvalidAppKey", "The specified App Key is invalid"))
    if not account.ip_allowed:
        raise Refused(error(world, "AppWhiteIpLimit", "The address is not on the App's white list"))
    return account


def _check_clock(world: World, params: Mapping[str, str], now: datetime) -> None:
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


def _method(world: World, params: Mapping[str, str], account: AliExpressAccount) -> str:
    name = params["method"]
    method = name.removeprefix(METHOD_PREFIX)
    if not name.startswith(METHOD_PREFIX) or method not in METHODS:
        raise Refused(error(world, "InvalidApiPath", "The specified API Path is invalid"))
    if not account.may_call(method):
        text = "App does not have permission to access this api"
        raise Refused(error(world, "InsufficientPermission", text))
    return method
