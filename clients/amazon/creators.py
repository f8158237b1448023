"""Amazon's Creators API: OAuth 2.0 client credentials, POST with JSON, one host for all sites."""

import json
from collections.abc import Mapping
from datetime import timedelta

import httpx

from clients.amazon import answers, errors, locales, values
from clients.amazon.answers import Operation, Reading
from clients.amazon.catalog import CatalogClient, quota_account
from clients.amazon.locales import TokenEndpoint
from domain.credentials import Secret
from domain.exceptions import AnswerInvalid
from upstream.budget import CallBudget
from upstream.contract import Answer, Call
from upstream.oauth2 import Token

FORM = ("credentialId", "credentialSecret", "credentialVersion", "partnerTag")
BASE_URL = "https://creatorsapi.amazon"
TOKEN_RESERVE = timedelta(seconds=60)  # a token is not used in its last minute
LONGEST_TOKEN_LIFE = timedelta(days=1)


class CreatorsClient(CatalogClient):
    """An account with Creators API credentials."""

    async def _call(self, operation: Operation, members: Mapping[str, object]) -> Reading:
        """Ask once; if Amazon finds the token stale, get a fresh one and ask once more."""
        token = await self._token()
        reading = await self._ask(operation, members, token, may_be_stale=True)
        if reading is not None:
            return reading
        self._upstream.tokens.drop(self._token_key(), token)
        reading = await self._ask(operation, members, await self._token(), may_be_stale=False)
        assert reading is not None  # a stale token is an exception now
        return reading

    async def _ask(
        self,
        operation: Operation,
        members: Mapping[str, object],
        token: Secret,
        *,
        may_be_stale: bool,
    ) -> Reading | None:
        """None: the token is stale, which a fresh one can cure."""

        def build() -> httpx.Request:
            return self._request(operation, members, token)

        def classify(answer: Answer) -> Reading | None:
            if may_be_stale and errors.says_stale_token(answer):
                return None
            return answers.read(answer, operation)

        return await self._send(build, classify, operation=operation.name)

    def _request(
        self, operation: Operation, members: Mapping[str, object], token: Secret
    ) -> httpx.Request:
        base = self._upstream.addresses.get("AMAZON_CREATORS_URL", BASE_URL).rstrip("/")
        headers = {
            "Authorization": self._endpoint().authorization(token.reveal()),
            "Content-Type": "application/json",
            "x-marketplace": self._locale.marketplace,
        }
        body = dict(members) | {"partnerTag": self._site.partner_tag}
        url = f"{base}/catalog/v1/{operation.name}"
        return httpx.Request("POST", url, headers=headers, content=_json(body))

    def _endpoint(self) -> TokenEndpoint:
        return locales.token_endpoint(self._credentials["credentialVersion"].reveal())

    def _token_key(self) -> str:
        """Everything that makes another token, so that a rotated secret meets no old one."""
        version = self._credentials["credentialVersion"].reveal()
        secret = self._credentials["credentialSecret"].fingerprint()
        return f"amazon {version} {self._credentials['credentialId'].reveal()} {secret}"

    async def _token(self) -> Secret:
        """The token of these credentials, shared by all accounts that have the same ones."""
        return await self._upstream.tokens.get(
            self._token_key(), self._fetch_token, self._budget, now=self._upstream.now()
        )

    async def _fetch_token(self) -> Token:
        """For everybody who waits: no single request's deadline or cap bounds it."""
        return await self._upstream.sender.send(
            Call(
                build=self._token_request,
                classify=read_token,
                account=quota_account(self._account),
                credentials=self._account.fingerprint,
                operation="token",
                quota=None,
                budget=CallBudget(),
            )
        )

    def _token_request(self) -> httpx.Request:
        endpoint = self._endpoint()
        members = {
            "grant_type": "client_credentials",
            "client_id": self._credentials["credentialId"].reveal(),
            "client_secret": self._credentials["credentialSecret"].reveal(),
            "scope": endpoint.scope,
        }
        url = self._upstream.addresses.get("AMAZON_TOKEN_URL", endpoint.url)
        if endpoint.as_json:
            headers = {"Content-Type": "application/json"}
            return httpx.Request("POST", url, headers=headers, content=_json(members))
        return httpx.Request("POST", url, data=members)


def read_token(answer: Answer) -> Token:
    """`{access_token, token_type: bearer, expires_in: seconds}` -> the token and its end of use.

    Without `expires_in` the token serves this one call. Raises CredentialsRejected for a refusal,
    AnswerInvalid for anything that is no bearer token.
    """
    if answer.status != 200:
        raise errors.token_refusal(answer)
    body = values.load(answer.body) or {}
    token = values.text(body.get("access_token")) or ""
    kind = (values.text(body.get("token_type")) or "bearer").lower()
    if kind != "bearer" or not token.isascii() or not token.isprintable() or " " in token:
        token = ""
    if not token:
        raise AnswerInvalid(errors.UNREADABLE)
    seconds = min(values.whole(body.get("expires_in")) or 0, LONGEST_TOKEN_LIFE.total_seconds())
    life = max(timedelta(seconds=seconds) - TOKEN_RESERVE, timedelta())
    return Token(secret=Secret(token), use_until=answer.received_at + life)


def _json(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
