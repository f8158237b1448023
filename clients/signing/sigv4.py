"""AWS Signature Version 4 as the Product Advertising API 5.0 wants it. Pure: no clock, no network.

The steps bear the names of Amazon's own document. Every function takes the moment of signing as an
aware datetime; a signature holds for 15 minutes. The method is POST, the query empty, and five
headers are signed. `body` is the exact bytes that are sent: another serialisation of the same JSON
has another signature. Used by clients/amazon/paapi5.py alone; both can be deleted together.
"""

import hashlib
import hmac
from datetime import UTC, datetime

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "ProductAdvertisingAPI"
TARGET_PREFIX = "com.amazon.paapi5.v1.ProductAdvertisingAPIv1."
SIGNED_HEADERS = "content-encoding;content-type;host;x-amz-date;x-amz-target"


def headers_to_sign(*, host: str, operation: str, at: datetime) -> dict[str, str]:
    """The five signed headers, in the order of signing. `operation` is "GetItems" and the like."""
    return {
        "content-encoding": "amz-1.0",
        "content-type": "application/json; charset=utf-8",
        "host": host,
        "x-amz-date": _moment(at),
        "x-amz-target": TARGET_PREFIX + operation,
    }


def canonical_request(*, host: str, path: str, operation: str, body: bytes, at: datetime) -> str:
    """Method, path, empty query, header lines, header names and hash of the body, a line each."""
    headers = headers_to_sign(host=host, operation=operation, at=at)
    lines = [f"{name}:{value}" for name, value in headers.items()]
    return "\n".join(["POST", path, "", *lines, "", SIGNED_HEADERS, _sha256(body)])


def credential_scope(*, region: str, at: datetime) -> str:
    """`20260301/us-east-1/ProductAdvertisingAPI/aws4_request`; the day is the UTC day."""
    return f"{_moment(at)[:8]}/{region}/{SERVICE}/aws4_request"


def string_to_sign(canonical: str, *, region: str, at: datetime) -> str:
    """Algorithm, moment, scope and hash of the canonical request, a line each."""
    scope = credential_scope(region=region, at=at)
    return "\n".join([ALGORITHM, _moment(at), scope, _sha256(canonical.encode())])


def signing_key(secret_key: str, *, region: str, at: datetime) -> bytes:
    """The key of one UTC day, region and service: a chain of HMACs that starts at the secret."""
    key = ("AWS4" + secret_key).encode()
    for part in credential_scope(region=region, at=at).split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def signature(text: str, key: bytes) -> str:
    """HMAC-SHA256 of the string to sign, in lower-case hex."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def authorization(*, access_key: str, region: str, at: datetime, signed: str) -> str:
    """Value of the Authorization header; `signed` is the signature in hex."""
    scope = credential_scope(region=region, at=at)
    return (
        f"{ALGORITHM} Credential={access_key}/{scope}, "
        f"SignedHeaders={SIGNED_HEADERS}, Signature={signed}"
    )


def sign(
    *,
    at: datetime,
    access_key: str,
    secret_key: str,
    region: str,
    host: str,
    path: str,
    operation: str,
    body: bytes,
) -> dict[str, str]:
    """All headers to send with `body`: the five signed ones and `authorization`."""
    canonical = canonical_request(host=host, path=path, operation=operation, body=body, at=at)
    text = string_to_sign(canonical, region=region, at=at)
    signed = signature(text, signing_key(secret_key, region=region, at=at))
    proof = authorization(access_key=access_key, region=region, at=at, signed=signed)
    return headers_to_sign(host=host, operation=operation, at=at) | {"authorization": proof}


def _moment(at: datetime) -> str:
    """`20260301T120000Z`. Raises ValueError for a datetime without a zone."""
    if at.tzinfo is None:
        raise ValueError("A signature needs a moment with its time zone.")
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
