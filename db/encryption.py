"""Sealing: AES-256-GCM under a key ring, bound to the place where the sealed text is kept.

A sealed text is `v2.<key id>.<base64url of nonce, ciphertext and tag>`. The seal also covers the
version, the key id, the table, the row's id and field, and the workspace, marketplace, locale and
mode of the account whose it is. So a sealed text that was changed, cut or moved does not open, nor
does one whose row, or whose account's row, was given to another workspace.

Protects what is at rest: a copied database, a backup, a disk, and rows that somebody changes in it.
Does not protect against somebody who has the key as well, who runs code in the server, or who puts
back an older state of the database.

Seals of before (`v1`, which the account was no part of) open once only, when they are sealed anew:
the version of the canary's seal tells whether that was done, and no reader accepts them.
"""

import base64
import binascii
import json
import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tortoise.functions import Count

from db.availability import resilient
from db.exceptions import EncryptionError, KeyMissing, SealBroken
from db.keys import KeyProvider, KeyRing, key_file
from db.models import (
    EncryptionCanary,
    MarketplaceAccount,
    MarketplaceCredential,
    Webhook,
    WebhookSecret,
)
from db.statements import transaction
from domain.credentials import Secret
from domain.marketplaces import AccountKey
from domain.products import Mode

__all__ = [
    "ADMIN_KEY",
    "CANARY",
    "KeyProvider",
    "KeyRing",
    "Place",
    "check_canary",
    "key_file",
    "key_usage",
    "move",
    "of_account",
    "of_webhook",
    "open_canary",
    "reencrypt",
    "require_keys",
    "seal",
    "unseal",
]

VERSION = "v2"
UNBOUND = "v1"  # of releases whose seals did not know the account
NONCE_BYTES = 12
CREDENTIALS = "marketplace_credentials"
WEBHOOKS = "webhook_secrets"
Sealed = MarketplaceCredential | WebhookSecret

log = logging.getLogger(__name__)

CANARY_ID = str(UUID(int=1))
CANARY_TEXT = Secret("This text opens with the right key.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed text lives. `row_id` is made before the row and never changes. `account`:
    whose it is, () for what belongs to nobody."""

    table: str
    row_id: str
    field: str
    account: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.table} {self.row_id} {self.field}"


CANARY = Place("encryption_canary", CANARY_ID, "sealed")
ADMIN_KEY = replace(CANARY, row_id=str(UUID(int=2)))  # see db/admin_key.py


def of_account(key: AccountKey, row_id: str, field: str) -> Place:
    """The place of one of the account's values.

    Whoever gives an account another workspace, locale or mode has to seal its values anew.
    """
    return Place(
        CREDENTIALS, row_id, field, (key.workspace, key.marketplace, key.locale, key.mode.value)
    )


def of_webhook(workspace: str, row_id: str, name: str) -> Place:
    """The place of the address of one of the workspace's webhooks, or of what signs for it."""
    return Place(WEBHOOKS, row_id, name, (workspace,))


def seal(keys: KeyProvider, secret: Secret, place: Place) -> str:
    """Seal the text for its place. Sealing it twice gives two different texts."""
    key_id = keys.current_id
    cipher, nonce = _cipher(keys, key_id, place), os.urandom(NONCE_BYTES)
    body = nonce + cipher.encrypt(
        nonce, secret.reveal().encode(), _bound_to(VERSION, key_id, place)
    )
    return f"{VERSION}.{key_id}.{base64.urlsafe_b64encode(body).decode()}"


def unseal(keys: KeyProvider, sealed: str, place: Place, accepted: str = "") -> Secret:
    """Open a sealed text of this place. Raises KeyMissing, SealBroken.

    `accepted`: the one version that opens, the present one unless it is said.
    """
    parts = sealed.split(".")
    if len(parts) != 3:
        raise SealBroken(f"The sealed value of {place} is damaged. {_ADVICE}")
    version, key_id, text = parts
    if version != (accepted or VERSION):
        raise SealBroken(f"The sealed value of {place} has an unknown version. {_ADVICE}")
    cipher = _cipher(keys, key_id, place)
    try:
        body = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        # Several texts decode to the same bytes; only the one that was written counts.
        if base64.urlsafe_b64encode(body).decode() == text and len(body) > NONCE_BYTES:
            nonce, ciphertext = body[:NONCE_BYTES], body[NONCE_BYTES:]
            bound = _bound_to(version, key_id, place)
            return Secret(cipher.decrypt(nonce, ciphertext, bound).decode())
    except (InvalidTag, UnicodeError, binascii.Error):
        pass  # told below, without the cause: it could hold a part of the value
    raise SealBroken(
        f"The sealed value of {place} was changed, cut, or belongs elsewhere. {_ADVICE}"
    )


SEALED: dict[str, type[EncryptionCanary | MarketplaceCredential | WebhookSecret]] = {
    CANARY.table: EncryptionCanary,
    CREDENTIALS: MarketplaceCredential,
    WEBHOOKS: WebhookSecret,
}
_ADVICE = "Store that credential anew."


def _cipher(keys: KeyProvider, key_id: str, place: Place) -> AESGCM:
    key = keys.key(key_id)
    if key is None:
        named = key_id if len(key_id) == 8 and key_id.isalnum() else "of an unreadable id"
        raise KeyMissing(
            f"The value of {place} was sealed with key {named}, which is not loaded"
            f" (loaded: {', '.join(keys.ids)}). Add that key to the key ring."
        )
    return AESGCM(key)


def _bound_to(version: str, key_id: str, place: Place) -> bytes:
    parts = [version, key_id, place.table, place.row_id, place.field]
    if version != UNBOUND:
        parts += place.account
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()


async def check_canary(keys: KeyProvider) -> None:
    """At start: see that the loaded keys are those of this database; seal the canary once, and
    what an older release sealed anew.

    Raises KeyMissing or SealBroken, naming the key ids, when they are not.
    """
    await require_keys(keys)
    canary = await _canary(keys)
    if canary.sealed.startswith(f"{UNBOUND}."):
        await _bind(keys, canary.sealed)
        canary = await _canary(keys)
    unseal(keys, canary.sealed, CANARY)


@resilient
async def open_canary(keys: KeyProvider) -> None:
    """As `check_canary`, but nothing is written."""
    await require_keys(keys)
    canary = await EncryptionCanary.get_or_none(id=CANARY_ID)
    if canary is None:
        return
    if canary.sealed.startswith(f"{UNBOUND}."):
        unseal(keys, canary.sealed, CANARY, UNBOUND)
        raise SealBroken(
            "The credentials were sealed by an older release. Seal them anew: "
            "python server.py migrate"
        )
    unseal(keys, canary.sealed, CANARY)


async def require_keys(keys: KeyProvider) -> None:
    """Raises KeyMissing when anything is sealed with a key that is not loaded."""
    if foreign := sorted(set(await key_usage()) - set(keys.ids)):
        raise KeyMissing(
            f"The database holds values sealed with key {', '.join(foreign)}, which is not loaded"
            f" (loaded: {', '.join(keys.ids)}). Add that key to ENCRYPTION_KEYS, or to the file"
            " encryption.key in DATA_DIR; a backup of the database needs the keys of its time."
        )


@resilient
async def _canary(keys: KeyProvider) -> EncryptionCanary:
    sealed = {"sealed": seal(keys, CANARY_TEXT, CANARY), "key_id": keys.current_id}
    canary, _ = await EncryptionCanary.get_or_create(id=CANARY_ID, defaults=sealed)
    return canary


@resilient
async def _bind(keys: KeyProvider, canary: str) -> None:
    """Seal anew, bound to their accounts, the values of an older release; all of them or none.

    One that does not open is left as it is, and told: its account says so until it is stored anew.
    """
    text = unseal(keys, canary, CANARY, UNBOUND)
    async with transaction():
        # First of all: of several processes that start at once, the others find nothing to do.
        if not await _store(keys, CANARY, canary, text):
            return
        for row in await MarketplaceCredential.all().select_related("account"):
            try:
                await _store(
                    keys, _place(row), row.sealed, unseal(keys, row.sealed, _place(row), UNBOUND)
                )
            except EncryptionError as problem:
                log.warning("%s", problem)


@resilient
async def key_usage() -> dict[str, int]:
    """Key id -> how many sealed values need it. A key may go when it is not among them."""
    usage = Counter[str]()
    for model in (MarketplaceCredential, WebhookSecret, EncryptionCanary):
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
    done, problems = await _reencrypt_canaries(keys), list[str]()
    for read in (_credentials_not_sealed_with, _webhooks_not_sealed_with):
        last = str(UUID(int=0))
        while found := await read(keys.current_id, last, batch):
            for row in found:
                last = str(row.id)
                try:
                    done += await _replace(keys, row.sealed, _place(row))
                except EncryptionError as problem:
                    problems.append(str(problem))
    if problems:
        raise EncryptionError(
            f"{done} values were sealed anew, {len(problems)} were not: {' '.join(problems)}"
        )
    return done


async def move(keys: KeyProvider, workspace: str, to: str) -> None:
    """Seal a workspace's values anew for a workspace that gets its rows. Inside the transaction
    that gives it these.

    Raises EncryptionError for a value that does not open: its row has to stay where it is.
    """
    # Locked, so that nobody stores a value for the old workspace meanwhile.
    owners = await MarketplaceAccount.filter(workspace_id=workspace).select_for_update()
    await Webhook.filter(workspace_id=workspace).select_for_update()
    found: list[Sealed] = [
        *await MarketplaceCredential.filter(
            account_id__in=[owner.id for owner in owners]
        ).select_related("account"),
        *await WebhookSecret.filter(workspace_id=workspace),
    ]
    for row in found:
        place = _place(row)
        value = unseal(keys, row.sealed, place)
        row.sealed = seal(keys, value, replace(place, account=(to, *place.account[1:])))
        row.key_id = keys.current_id
        await row.save(update_fields=("sealed", "key_id"))


@resilient
async def _forget_fingerprints(key_id: str) -> None:
    """Those that another key than this one made."""
    made = MarketplaceAccount.exclude(fingerprint="").exclude(fingerprint__startswith=f"{key_id}$")
    await made.update(fingerprint=None)


@resilient
async def _reencrypt_canaries(keys: KeyProvider) -> int:
    return sum(
        [
            await _store(keys, place, row.sealed, unseal(keys, row.sealed, place))
            for row in await EncryptionCanary.exclude(key_id=keys.current_id)
            for place in [replace(CANARY, row_id=str(row.id))]
        ]
    )


@resilient
async def _credentials_not_sealed_with(key_id: str, after: str, batch: int) -> Sequence[Sealed]:
    rows = MarketplaceCredential.filter(id__gt=after).exclude(key_id=key_id)
    return await rows.select_related("account").order_by("id").limit(batch)


@resilient
async def _webhooks_not_sealed_with(key_id: str, after: str, batch: int) -> Sequence[Sealed]:
    rows = WebhookSecret.filter(id__gt=after).exclude(key_id=key_id)
    return await rows.order_by("id").limit(batch)


def _place(row: Sealed) -> Place:
    """Of a row; that of a credential came with its account."""
    if isinstance(row, WebhookSecret):
        return of_webhook(row.workspace_id, str(row.id), row.name)
    owner = row.account
    key = AccountKey(owner.workspace_id, owner.marketplace, owner.locale, Mode(owner.mode))
    return of_account(key, str(row.id), row.name)


@resilient
async def _replace(keys: KeyProvider, sealed: str, place: Place) -> int:
    """1 when the value was replaced, 0 when somebody else did meanwhile."""
    return await _store(keys, place, sealed, unseal(keys, sealed, place))


async def _store(keys: KeyProvider, place: Place, sealed: str, value: Secret) -> int:
    return (
        await SEALED[place.table]
        .filter(id=place.row_id, sealed=sealed)
        .update(sealed=seal(keys, value, place), key_id=keys.current_id)
    )
