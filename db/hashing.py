"""Keyed hashes of tokens that callers hold: what is stored of them opens nothing.

A hash is `<pepper id>$<HMAC-SHA256 in hex>`. The pepper is derived from an encryption key and has
its id, so whoever reads the database alone cannot even try a guess. When the encryption keys
change, a hash under an older one is found as long as that key is loaded, and made anew when used.
"""

import hashlib
import hmac

from db.keys import KeyProvider
from domain.credentials import Secret


def current(keys: KeyProvider, purpose: str, token: Secret) -> str:
    """The hash under the newest key. `purpose` keeps hashes of different kinds of token apart."""
    return _hash(keys, keys.current_id, purpose, token)


def each(keys: KeyProvider, purpose: str, token: Secret) -> list[str]:
    """The hash under each key that is loaded."""
    return [_hash(keys, key_id, purpose, token) for key_id in keys.ids]


def is_of(stored: str, keys: KeyProvider, purpose: str, token: Secret) -> bool:
    """Whether the stored hash is the token's, under a key that is loaded."""
    key_id = stored.partition("$")[0]
    is_known = keys.key(key_id) is not None
    return is_known and hmac.compare_digest(stored, _hash(keys, key_id, purpose, token))


def derived(keys: KeyProvider, purpose: str) -> bytes:
    """A secret of 32 bytes for that purpose, which all servers with the same newest key share."""
    return _pepper(keys, keys.current_id, purpose)


def is_same(stored: str, candidates: list[str]) -> bool:
    """Whether the stored hash is among them, in a time that tells nothing about it."""
    return sum(hmac.compare_digest(stored, candidate) for candidate in candidates) > 0


def _hash(keys: KeyProvider, key_id: str, purpose: str, token: Secret) -> str:
    pepper = _pepper(keys, key_id, purpose)
    text = token.reveal().encode(errors="surrogatepass")
    return f"{key_id}${hmac.new(pepper, text, hashlib.sha256).hexdigest()}"


def _pepper(keys: KeyProvider, key_id: str, purpose: str) -> bytes:
    return hmac.digest(keys.key(key_id) or b"", f"affiliate graph {purpose}".encode(), "sha256")
