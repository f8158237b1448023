"""The judge of our client's signatures: written from AliExpress's documents on its own.

It shares no code with `clients/signing/`, so a mistake there cannot approve itself here.
"""

import hashlib
import hmac
from collections.abc import Mapping


def sign(params: Mapping[str, str], secret: str, sign_method: str) -> str | None:
    """What `sign` must be for all the other parameters; None for an unknown sign method.

    Upper-case hexadecimal: 64 characters for sha256, 32 for md5 and hmac.
    """
    names = sorted((name for name in params if name != "sign"), key=lambda name: name.encode())
    text = "".join(name + params[name] for name in names).encode()
    key = secret.encode()
    if sign_method == "sha256":
        return hmac.digest(key, text, "sha256").hex().upper()
    if sign_method == "hmac":
        return hmac.digest(key, text, "md5").hex().upper()
    if sign_method == "md5":
        return hashlib.md5(key + text + key, usedforsecurity=False).hexdigest().upper()
    return None


def is_signed(params: Mapping[str, str], secret: str) -> bool:
    """Whether `sign` fits the other parameters as they were received."""
    expected = sign(params, secret, params.get("sign_method", ""))
    signature = params.get("sign", "")
    return expected is not None and hmac.compare_digest(expected.encode(), signature.encode())
