"""Vectors: the reference material's (marked shared), and own ones that botocore judges."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from clients.signing import sigv4

CARRIED = json.loads(
    (Path(__file__).resolve().parents[2] / "payloads/amazon/sigv4-vectors.json").read_text("utf-8")
)["vectors"]


@pytest.mark.shared
def test_reference_vectors_agree_on_every_step(reference: Path) -> None:
    file = reference / "marketplaces" / "amazon" / "sigv4-vectors.json"
    vectors = json.loads(file.read_text("utf-8"))["vectors"]

    found = [_steps(vector) for vector in vectors]

    assert len(vectors) == 11
    for steps, vector in zip(found, vectors, strict=True):
        assert steps == {name: vector["expect"][name] for name in steps}, vector["id"]


@pytest.mark.parametrize("vector", CARRIED, ids=lambda vector: vector["id"])
def test_signature_is_the_one_botocore_makes(vector: dict[str, Any]) -> None:
    judge = SigV4Auth(
        Credentials(vector["access_key"], vector["secret_key"]), sigv4.SERVICE, vector["region"]
    )
    request = AWSRequest(
        method="POST",
        url=f"https://{vector['host']}{vector['path']}",
        data=vector["body"].encode(),
        headers=sigv4.headers_to_sign(
            host=vector["host"], operation=vector["operation"], at=_at(vector)
        ),
    )
    request.context["timestamp"] = _at(vector).strftime("%Y%m%dT%H%M%SZ")

    canonical = judge.canonical_request(request)
    text = judge.string_to_sign(request, canonical)
    steps = _steps(vector)

    assert steps["canonical_request"] == canonical
    assert steps["string_to_sign"] == text
    assert steps["signature"] == judge.signature(text, request) == vector["signature"]


def test_zone_of_the_moment_does_not_matter() -> None:
    utc = datetime(2026, 5, 1, 23, 30, tzinfo=UTC)
    elsewhere = utc.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert sigv4.credential_scope(region="eu-west-1", at=elsewhere) == sigv4.credential_scope(
        region="eu-west-1", at=utc
    )


def test_moment_without_zone_is_refused() -> None:
    naive = datetime(2026, 5, 1, tzinfo=UTC).replace(tzinfo=None)

    with pytest.raises(ValueError, match="time zone"):
        sigv4.signing_key("secret", region="eu-west-1", at=naive)


def test_headers_to_send_hold_the_signed_ones_and_the_proof() -> None:
    vector = CARRIED[0]

    headers = sigv4.sign(
        at=_at(vector),
        access_key=vector["access_key"],
        secret_key=vector["secret_key"],
        region=vector["region"],
        host=vector["host"],
        path=vector["path"],
        operation=vector["operation"],
        body=vector["body"].encode(),
    )

    assert list(headers) == [*sigv4.SIGNED_HEADERS.split(";"), "authorization"]
    assert vector["secret_key"] not in str(headers)


def _at(vector: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(vector["time"])


def _steps(vector: dict[str, Any]) -> dict[str, object]:
    """Every intermediate value, under the names of the vector files."""
    at, region, body = _at(vector), vector["region"], vector["body"].encode()
    asked = {"host": vector["host"], "operation": vector["operation"], "at": at}
    canonical = sigv4.canonical_request(**asked, path=vector["path"], body=body)
    text = sigv4.string_to_sign(canonical, region=region, at=at)
    key = sigv4.signing_key(vector["secret_key"], region=region, at=at)
    signed = sigv4.signature(text, key)
    return {
        "headers_signed": sigv4.headers_to_sign(**asked),
        "signed_headers": sigv4.SIGNED_HEADERS,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "canonical_request": canonical,
        "canonical_request_sha256": hashlib.sha256(canonical.encode()).hexdigest(),
        "string_to_sign": text,
        "signing_key_hex": key.hex(),
        "signature": signed,
        "authorization": sigv4.authorization(
            access_key=vector["access_key"], region=region, at=at, signed=signed
        ),
    }
