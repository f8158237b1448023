"""Signatures as the library of Standard Webhooks verifies them."""

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from clients.signing import standard_webhooks

BODY = '{"data":"\u00e9"}'


def headers(*secrets: str) -> dict[str, str]:
    now = int(datetime.now(UTC).timestamp())
    return {
        "webhook-id": "1",
        "webhook-timestamp": str(now),
        "webhook-signature": standard_webhooks.signatures("1", now, BODY.encode(), secrets),
    }


def test_a_secret_is_32_random_bytes() -> None:
    secret = standard_webhooks.new_secret()

    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert secret != standard_webhooks.new_secret()


def test_each_of_several_secrets_verifies() -> None:
    old, new = standard_webhooks.new_secret(), standard_webhooks.new_secret()

    signed = headers(new, old)

    for secret in (old, new):
        assert Webhook(secret).verify(BODY, signed) == {"data": "\u00e9"}


def test_another_body_or_secret_does_not_verify() -> None:
    secret = standard_webhooks.new_secret()

    for body, other in ((BODY + " ", secret), (BODY, standard_webhooks.new_secret())):
        with pytest.raises(WebhookVerificationError):
            Webhook(other).verify(body, headers(secret))
