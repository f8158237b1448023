"""Secret: a text that must not be seen.

Protects against leaks by accident: repr, str, format, json, pickle, copy and tracebacks that show
locals. Does not protect against code that asks for it with `reveal()`; only the signing clients and
the sealing in db/credentials.py do, and they keep it no longer than the call.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import NoReturn

MASK = "********"


class Secret:
    """Wraps a secret text. Equal to another Secret of the same text, compared in constant time."""

    __slots__ = ("__hidden",)

    def __init__(self, text: str) -> None:
        self.__hidden = text

    def reveal(self) -> str:
        """The text itself. Use it and drop it: no variable that outlives the call."""
        return self.__hidden

    def fingerprint(self) -> str:
        """16 hex digits of SHA-256, for cache keys: tells secrets apart without showing them."""
        return hashlib.sha256(self.__hidden.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self.__hidden.encode(errors="surrogatepass"),
            other.__hidden.encode(errors="surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash(("Secret", self.fingerprint()))

    def __bool__(self) -> bool:
        return bool(self.__hidden)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret is not copied or pickled: pass it on, or reveal it on purpose.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapCredentials:
    """Credentials of one marketplace, by GraphQL field name, to be stored at the first start."""

    marketplace: str
    locale: str
    values: dict[str, Secret]
