"""Stand-ins for the outside world of the Amazon clients, and accounts to use them with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from domain.credentials import Secret
from domain.marketplaces import (
    Account,
    AccountKey,
    Health,
    HealthState,
    QuotaRule,
    StoredCredential,
)
from domain.products import Mode
from domain.search import SearchPlan
from upstream.contract import Answer, Call, Upstream

T = TypeVar("T")

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "amazon"

CREATORS = {
    "credentialId": "amzn1.application-oa2-client.made-up",
    "credentialSecret": "amzn1.oa2-cs.v1.made-up",
    "credentialVersion": "3.2",
    "partnerTag": "lamps-21",
}
PAAPI = {
    "accessKey": "AKIDMADEUP0000000001",
    "secretKey": "made/up+secret",
    "partnerTag": "lamps-21",
    "host": "webservices.amazon.de",
    "region": "eu-west-1",
}
TOKEN = {"access_token": "Atc|one", "token_type": "bearer", "expires_in": 3600}

PLAN = SearchPlan(parameters={"keywords": "лампа", "sortBy": "Relevance"}, post_filters=())


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text(encoding="utf-8"))


def answer(
    status: int = 200, body: object = None, *, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer as the sender hands it over; `body` is JSON-able, or the bytes themselves."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(
        status=status, headers=httpx.Headers(headers or {}), body=content, received_at=NOW
    )


def account(
    values: Mapping[str, str],
    *,
    locale: str = "www.amazon.de",
    health: HealthState = HealthState.UNVERIFIED,
) -> Account:
    return Account(
        key=AccountKey("workspace", "amazon", locale, Mode.LIVE),
        id="1",
        credentials={
            name: StoredCredential(name=name, value=Secret(value), updated_at=NOW)
            for name, value in values.items()
        },
        health=Health(state=health),
    )


@dataclass
class Sent:
    """One request that the client built, with what it told the sender about it."""

    request: httpx.Request
    account: AccountKey
    operation: str
    quota: QuotaRule | None

    @property
    def json(self) -> Any:
        return json.loads(self.request.content)


@dataclass
class FakeSender:
    """Answers catalogue calls in turn; token requests get tokens of their own, also in turn."""

    answers: list[Answer] = field(default_factory=list)
    tokens: list[Answer] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    async def send(self, call: Call[T]) -> T:
        self.sent.append(Sent(call.build(), call.account, call.operation, call.quota))
        if call.operation == "token":
            return call.classify(self.tokens.pop(0) if self.tokens else answer(200, TOKEN))
        return call.classify(self.answers.pop(0))

    @property
    def calls(self) -> list[Sent]:
        return [one for one in self.sent if one.operation != "token"]

    @property
    def token_requests(self) -> list[Sent]:
        return [one for one in self.sent if one.operation == "token"]


def upstream(
    sender: FakeSender, *, mode: Mode = Mode.LIVE, addresses: Mapping[str, str] | None = None
) -> Upstream:
    return Upstream(
        sender=sender, now=lambda: NOW, addresses=addresses or {}, modes={"amazon": mode}
    )


def items(*asins: str, problems: list[dict[str, str]] | None = None) -> dict[str, object]:
    """A getItems answer with a bare item for each id."""
    found = [
        {"asin": asin, "itemInfo": {"title": {"displayValue": f"Lamp {asin}"}}} for asin in asins
    ]
    body: dict[str, object] = {"itemsResult": {"items": found}}
    return body | ({"errors": problems} if problems else {})
