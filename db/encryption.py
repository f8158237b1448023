"""Sealing: AES-256-GCM under a key ring, bound to the place where the sealed text is kept.

A sealed text is `v1.<key id>.<base64url of nonce, ciphertext and tag>`. The seal also covers the
version, the key id, the table, the row's id and the field, so a sealed text that was moved,
changed or cut does not open.

Protects what is at rest: a copied database, a backup, a disk. Does not protect against somebody who
has the key as well, who runs code in the server, or who may move a whole row to another account.
"""

import base64
import binascii
import json
import os
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tortoise.functions import Count

from db.availability import resilient
from db.exceptions import EncryptionError, KeyMissing, SealBroken
from db.keys import KeyProvider, KeyRing, key_file
from db.models import EncryptionCanary, MarketplaceAccount, MarketplaceCredential
from domain.credentials import Secret

__all__ = [
    "CANARY",
    "KeyProvider",
    "KeyRing",
    "Place",
    "check_canary",
    "key_file",
    "key_usage",
    "open_canary",
    "reencrypt",
    "seal",
    "unseal",
]

VERSION = "v1"
NONCE_BYTES = 12

CANARY_ID = str(UUID(int=1))
CANARY_TEXT = Secret("This text opens with the right key.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed text lives. `row_id` is made before the row and never changes."""

    table: str
    row_id: str
    field: str

    def __str__(self) -> str:
        return f"{self.table} {self.row_id} {self.field}"


CANARY = Place("encryption_canary", CANARY_ID, "sealed")


def seal(keys: KeyProvider, secret: Secret, place: Place) -> str:
    """Seal the text for its place. Sealing it twice gives two different texts."""
    key_id = keys.current_id
    cipher, nonce = _cipher(keys, key_id, place), os.urandom(NONCE_BYTES)
    body = nonce + cipher.encrypt(nonce, secret.reveal().encode(), _bound_to(key_id, place))
    return f"{VERSION}.{key_id}.{base64.urlsafe_b64encode(body).decode()}"


def unseal(keys: KeyProvider, sealed: str, place: Place) -> Secret:
    """Open a sealed text of this place. Raises KeyMissing, SealBroken."""
    version, key_id, text = _parts(sealed, place)
    if version != VERSION:
        raise SealBroken(f"The sealed value of {place} has an unknown version. {_ADVICE}")
    cipher = _cipher(keys, key_id, place)
    try:
        body = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        # Several texts decode to the same bytes; only the one that was written counts.
        if base64.urlsafe_b64encode(body).decode() == text and len(body) > NONCE_BYTES:
            nonce, ciphertext = body[:NONCE_BYTES], body[NONCE_BYTES:]
            return Secret(cipher.decrypt(nonce, ciphertext, _bound_to(key_id, place)).decode())
    except (InvalidTag, UnicodeError, binascii.Error):
        pass  # told below, without the cause: it could hold a part of the value
    raise SealBroken(
        f"The sealed value of {place} was changed, cut, or belongs elsewhere. {_ADVICE}"
    )


_ADVICE = "Store that credential anew."


def _parts(sealed: str, place: Place) -> tuple[str, str, str]:
    parts = sealed.split(".")
    if len(parts) != 3:
        raise SealBroken(f"The sealed value of {place} is damaged. {_ADVICE}")
    return parts[0], parts[1], parts[2]


def _cipher(keys: KeyProvider, key_id: str, place: Place) -> AESGCM:
    key = keys.key(key_id)
    if key is None:
        named = key_id if len(key_id) == 8 and key_id.isalnum() else "of an unreadable id"
        raise KeyMissing(
            f"The value of {place} was sealed with key {named}, which is not loaded"
            f" (loaded: {', '.join(keys.ids)}). Add that key to the key ring."
        )
    return AESGCM(key)


def _bound_to(key_id: str, place: Place) -> bytes:
    parts = [VERSION, key_id, place.table, place.row_id, place.field]
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()


@resilient
async def check_canary(keys: KeyProvider) -> None:
    """At start: see that the loaded keys are those of this database; seal the canary once.

    Raises KeyMissing or SealBroken, naming the key ids, when they are not.
    """
    usage = await key_usage()
    if foreign := sorted(set(usage) - set(keys.ids)):
        raise KeyMissing(
            f"The database holds values sealed with key {', '.join(foreign)}, which is not loaded"
            f" (loaded: {', '.join(keys.ids)}). Add that key to the key ring; a backup of the"
            " database needs the keys of its time."
        )
    sealed = {"sealed": seal(keys, CANARY_TEXT, CANARY), "key_id": keys.current_id}
    canary, _ = await EncryptionCanary.get_or_create(id=CANARY_ID, defaults=sealed)
    unseal(keys, canary.sealed, CANARY)


@resilient
async def open_canary(keys: KeyProvider) -> None:
    """As `check_canary`, but nothing is written."""
    if foreign := sorted(set(await key_usage()) - set(keys.ids)):
        raise KeyMissing(
            f"The database holds values sealed with key {', '.join(foreign)}, which is not loaded"
            f" (loaded: {', '.join(keys.ids)})."
        )
    canary = await EncryptionCanary.get_or_none(id=CANARY_ID)
    if canary is not None:
        unseal(keys, canary.sealed, CANARY)


@resilient
async def key_usage() -> dict[str, int]:
    """Key id -> how many sealed values need it. A key may go when it is not among them."""
    usage = Counter[str]()
    for model in (MarketplaceCredential, EncryptionCanary):
        counted = model.annotate(total=Count("id")).group_by("key_id")
        usage.update(dict(await counted.values_list("key_id", "total")))
    return dict(sorted(usage.items()))


async def reencrypt(keys: KeyProvider, batch: int = 100) -> int:
    """Seal anew whatever is not sealed with the current key; the number of values sealed anew.

    Each value is replaced only where it is still the one that was read, so this may run beside
    a working server, be killed, and be run again. Values that do not open are left alone and
    named in the EncryptionError raised at the end. Fingerprints of credentials that an older key
    made are forgotten: the next reading makes them anew.
    """
    await _forget_fingerprints(keys.current_id)
    done, problems = await _reencrypt_canary(keys), list[str]()
    last = str(UUID(int=0))
    while found := await _not_sealed_with(keys.current_id, last, batch):
        for row in found:
            last = str(row.id)
            place = Place("marketplace_credentials", last, row.name)
            try:
                done += await _replace(keys, row.sealed, place)
            except EncryptionError as problem:
                problems.append(str(problem))
    if problems:
        raise EncryptionError(
            f"{done} values were sealed anew, {len(problems)} were not: {' '.join(problems)}"
        )
    return done


@resilient
async def _forget_fingerprints(key_id: str) -> None:
    """Those that another key than this one made."""
    made = MarketplaceAccount.exclude(fingerprint="").exclude(fingerprint__startswith=f"{key_id}$")
    await made.update(fingerprint=None)


async def _reencrypt_canary(keys: KeyProvider) -> int:
    canary = await resilient(EncryptionCanary.get_or_none)(id=CANARY_ID)
    if canary is None or canary.key_id == keys.current_id:
        return 0
    return await _replace(keys, canary.sealed, CANARY)


@resilient
async def _not_sealed_with(key_id: str, after: str, batch: int) -> list[MarketplaceCredential]:
    rows = MarketplaceCredential.filter(id__gt=after).exclude(key_id=key_id)
    return await rows.order_by("id").limit(batch)


@resilient
async def _replace(keys: KeyProvider, sealed: str, place: Place) -> int:
    """1 when the value was replaced, 0 when somebody else did meanwhile."""
    model = EncryptionCanary if place == CANARY else MarketplaceCredential
    return await model.filter(id=place.row_id, sealed=sealed).update(
        sealed=seal(keys, unseal(keys, sealed, place), place), key_id=keys.current_id
    )
