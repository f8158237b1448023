"""Stand-ins for the outside world: a sender without a network, a clock that is told the time."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import httpx

from clients.aliexpress import AliExpressClient
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
from upstream.budget import CallBudget
from upstream.contract import Answer, Call, Upstream

T = TypeVar("T")

NOW = datetime(2026, 9, 21, 8, 30, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[2] / "payloads" / "aliexpress"
KEYS = {"appKey": "734510", "appSecret": "hush-hush-1", "trackingId": "reading_nook"}


@dataclass
class Clock:
    """Moves one second each time it is read."""

    time: datetime = NOW

    def __call__(self) -> datetime:
        shown = self.time
        self.time += timedelta(seconds=1)
        return shown


@dataclass
class FakeSender:
    """Answers from a list, in order; the last answer stays. Records what was sent."""

    answers: list[Answer]
    forms: list[dict[str, str]] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    quotas: list[QuotaRule | None] = field(default_factory=list)
    builds_per_call: int = 1

    async def send(self, call: Call[T]) -> T:
        for _ in range(self.builds_per_call):
            request = call.build()
            self.requests.append(request)
            self.forms.append(dict(parse_qsl(request.content.decode(), strict_parsing=True)))
        self.operations.append(call.operation)
        self.quotas.append(call.quota)
        return call.classify(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


def answer(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """An answer with a JSON body, or with the bytes given."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(
        status=status, headers=httpx.Headers(headers or {}), body=content, received_at=NOW
    )


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def business(code: int | str, method: str = "product_query") -> dict[str, Any]:
    """A business failure in the normal envelope."""
    return {f"aliexpress_affiliate_{method}_response": {"resp_result": {"resp_code": code}}}


def platform(code: int | str, **more: object) -> dict[str, Any]:
    """A failure of the gateway."""
    return {"error_response": {"type": "ISV", "code": code, "msg": "text", **more}}


def account(*, health: HealthState = HealthState.UNVERIFIED, **values: str) -> Account:
    stored = {
        name: StoredCredential(name=name, value=Secret(value), updated_at=NOW)
        for name, value in (values or KEYS).items()
    }
    return Account(
        key=AccountKey("home", "aliexpress", "", Mode.LIVE),
        credentials=stored,
        health=Health(state=health),
    )


def connected(
    *bodies: object, stored: Account | None = None, gateway: str | None = None
) -> tuple[AliExpressClient, FakeSender]:
    """A client whose calls get these bodies (or answers), and the sender that recorded them."""
    answers = [body if isinstance(body, Answer) else answer(body) for body in bodies]
    sender = FakeSender(answers or [answer({})])
    addresses = {"ALIEXPRESS_GATEWAY_URL": gateway} if gateway else {}
    upstream = Upstream(sender=sender, now=Clock(), addresses=addresses)
    return AliExpressClient(stored or account(), upstream, CallBudget()), sender
