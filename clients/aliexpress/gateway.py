"""Signed calls to the AliExpress gateway for one account.

Every request is a POST form to the address of the settings, never to one of an answer. Key and
secret are opened only while a request is built; every try is built, dated and signed anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import httpx

from clients.aliexpress import envelope
from clients.aliexpress.values import UNSTORABLE, Row
from clients.signing.aliexpress import SignMethod, sign, signable
from domain.credentials import Secret
from domain.exceptions import InvalidInput, MarketplaceNotConnected
from domain.marketplaces import EVERY_WORKSPACE, Account, AccountKey, QuotaRule
from upstream.budget import Budget
from upstream.contract import Answer, Call, Upstream

T = TypeVar("T")

ADDRESS = "https://api-sg.aliexpress.com/sync"
ADDRESS_SETTING = "ALIEXPRESS_GATEWAY_URL"
LINK_HOST = "s.click.aliexpress.com"
METHOD_PREFIX = "aliexpress.affiliate."
FORM = "application/x-www-form-urlencoded; charset=utf-8"

# No limit is published; bursts above one call a second are banned for a second. Days are Beijing's.
QUOTA = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=8)


@dataclass(frozen=True, slots=True)
class AppKeys:
    """What signs a request. Both stay sealed until it is built."""

    key: Secret
    secret: Secret


def quota_account(account: Account) -> AccountKey:
    """AliExpress counts calls per application, which several workspaces may share."""
    stored = account.credentials.get("appKey")
    if stored is None:
        return account.key
    name = f"application {stored.value.fingerprint()}"
    return replace(account.key, workspace=EVERY_WORKSPACE, locale=name)


class Gateway:
    """One account's way in. One call asks one method; `budget` pays for it."""

    def __init__(
        self, account: Account, upstream: Upstream, budget: Budget, sign_method: SignMethod
    ) -> None:
        self._account = account
        self._upstream = upstream
        self._budget = budget
        self._sign_method = sign_method
        self._quota = upstream.quota(account.key.marketplace, QUOTA)
        self._address = upstream.addresses.get(ADDRESS_SETTING) or ADDRESS

    @property
    def link_host(self) -> str | None:
        """The host that tracked links must have; None: any, at a gateway that stands in."""
        return LINK_HOST if self._address.rstrip("/") == ADDRESS else None

    async def call(
        self,
        operation: str,
        params: Mapping[str, object],
        read: Callable[[Row, datetime], T],
        *,
        empty: T,
    ) -> T:
        """Ask `aliexpress.affiliate.<operation>`.

        `read` gets the result object and the moment of the answer; `empty` is what "nothing was
        found" stands for. Raises MarketplaceError, MarketplaceNotConnected without keys, and
        InvalidInput for text that cannot be sent.
        """
        keys = self._app_keys()
        _check_sendable(params)

        def build() -> httpx.Request:
            return self._request(operation, params, keys)

        def classify(answer: Answer) -> T:
            result = envelope.read_result(answer)
            return empty if result is None else read(result, answer.received_at)

        return await self._upstream.sender.send(
            Call(
                build=build,
                classify=classify,
                account=quota_account(self._account),
                credentials=self._account.fingerprint,
                operation=operation,
                quota=self._quota,
                budget=self._budget,
            )
        )

    def tracking_id(self) -> str:
        """The stored tracking id, which is no secret. Raises MarketplaceNotConnected unless all
        three credentials are stored."""
        self._app_keys()
        stored = self._account.reveal().get("trackingId")
        if not stored:
            raise not_connected()
        return stored.reveal()

    def _app_keys(self) -> AppKeys:
        stored = self._account.reveal()
        key, secret = stored.get("appKey"), stored.get("appSecret")
        if not key or not secret:
            raise not_connected()
        return AppKeys(key, secret)

    def _request(
        self, operation: str, params: Mapping[str, object], keys: AppKeys
    ) -> httpx.Request:
        system = {
            "app_key": keys.key.reveal(),
            "method": METHOD_PREFIX + operation,
            "timestamp": round(self._upstream.now().timestamp() * 1000),
            "sign_method": self._sign_method.value,
            "format": "json",
            "v": "2.0",
        }
        form = signable({**params, **system})
        form["sign"] = sign(form, keys.secret.reveal(), self._sign_method)
        return httpx.Request("POST", self._address, data=form, headers={"content-type": FORM})


def not_connected() -> MarketplaceNotConnected:
    """What a call without credentials raises."""
    return MarketplaceNotConnected(
        "AliExpress is not connected. Add the app key, app secret and tracking ID in "
        "connectMarketplace."
    )


def _check_sendable(params: Mapping[str, object]) -> None:
    for name, value in params.items():
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(part, str) and UNSTORABLE.search(part) for part in parts):
            raise InvalidInput(
                f"The parameter {name} has characters that cannot be sent. Type it anew.",
                path=(name,),
            )
