"""The judge of our client's PA-API signatures: written from AWS's documents on its own.

It shares no code with `clients/signing/`, so a mistake there cannot approve itself here.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

PAAPI_SERVICE = "ProductAdvertisingAPI"
PAAPI_HEADERS = frozenset(
    {"content-encoding", "content-type", "host", "x-amz-date", "x-amz-target"}
)


@dataclass(frozen=True, slots=True)
class AWSAuthorization:
    """The parts of an AWS4-HMAC-SHA256 Authorization header."""

    access_key: str
    date: str  # YYYYMMDD
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """What the signing key is derived for."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_authorization(header: str) -> AWSAuthorization | None:
    """Take the header apart; None when it is not one of Signature Version 4."""
    scheme, _, rest = header.partition(" ")
    if scheme != "AWS4-HMAC-SHA256":
        return None
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    credential = parts.get("Credential", "").split("/")
    if len(credential) != 5 or credential[4] != "aws4_request":
        return None
    access_key, date, region, service, _ = credential
    signed = tuple(parts.get("SignedHeaders", "").split(";"))
    return AWSAuthorization(access_key, date, region, service, signed, parts.get("Signature", ""))


def is_signed(
    authorization: AWSAuthorization,
    secret_key: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
) -> bool:
    """Whether the signature covers this POST. `headers`: by lower-case names, as received."""
    lines = [
        f"{name}:{' '.join(headers.get(name, '').split())}" for name in authorization.signed_headers
    ]
    names = ";".join(authorization.signed_headers)
    canonical = "\n".join(["POST", path, "", *lines, "", names, hashlib.sha256(body).hexdigest()])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    date, scope = headers.get("x-amz-date", ""), authorization.scope
    key = ("AWS4" + secret_key).encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    to_sign = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}"
    expected = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return hmac.compare_digest(expected.encode(), authorization.signature.encode())
