"""Request signatures of the AliExpress open platform. Pure: no clock, no network.

The steps of the platform's own document: drop what is blank, turn the rest into text, sort by name
in byte order, join names and values with nothing between, digest, write in capital hex. Values are
signed raw: percent-encoding belongs to the transport. What `signable` returns is what must be sent.
"""

import hashlib
import hmac
from collections.abc import Mapping
from enum import Enum


class SignMethod(Enum):
    """The platform's three digests, by the text of the `sign_method` parameter."""

    SHA256 = "sha256"  # HMAC-SHA256 keyed with the secret
    MD5 = "md5"  # MD5 of the text with the secret before and after it
    HMAC = "hmac"  # HMAC-MD5 keyed with the secret


def signable(params: Mapping[str, object]) -> dict[str, str]:
    """The parameters that are signed and sent, as text and in the order of signing.

    Left out: `sign` itself, and every value that is None, empty or white space only. Booleans
    become "true" and "false", lists are joined by commas, other texts stay as they are.
    """
    texts = {name: _text(value) for name, value in params.items() if name != "sign"}
    return {name: texts[name] for name in sorted(texts, key=str.encode) if texts[name].strip()}


def string_to_sign(
    params: Mapping[str, object],
    secret: str,
    method: SignMethod | str = SignMethod.SHA256,
    path: str = "",
) -> str:
    """The exact text that is digested.

    `path` goes in front for interfaces addressed by path ("/auth/token/create"); the /sync gateway
    has none. Only md5 wraps the secret around the text.
    """
    joined = path + "".join(name + value for name, value in signable(params).items())
    return secret + joined + secret if SignMethod(method) is SignMethod.MD5 else joined


def sign(
    params: Mapping[str, object],
    secret: str,
    method: SignMethod | str = SignMethod.SHA256,
    path: str = "",
) -> str:
    """The `sign` parameter in capital hex: 64 digits for sha256, 32 for md5 and hmac.

    Raises ValueError for another method, and UnicodeEncodeError for text that is no Unicode.
    """
    method = SignMethod(method)
    text = string_to_sign(params, secret, method, path).encode()
    match method:
        case SignMethod.SHA256:
            digest = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        case SignMethod.HMAC:
            digest = hmac.new(secret.encode(), text, hashlib.md5).hexdigest()
        case SignMethod.MD5:
            # The platform's choice, not ours; the default elsewhere is sha256.
            digest = hashlib.md5(text, usedforsecurity=False).hexdigest()
    return digest.upper()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(filter(None, map(_text, value)))
    return str(value)
