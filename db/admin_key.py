"""The operator's own key, as the servers of one database know it: whether they all have the same.

Only a hash of it is stored, sealed. It tells two keys apart, and opens nothing.
"""

import hashlib

from db.availability import resilient
from db.encryption import ADMIN_KEY, KeyProvider, seal, unseal
from db.exceptions import EncryptionError
from db.models import EncryptionCanary
from domain.credentials import Secret


@resilient
async def is_other(admin: Secret, keys: KeyProvider) -> bool:
    """Whether the server that started last has another key. False where none is known."""
    stored = await EncryptionCanary.get_or_none(id=ADMIN_KEY.row_id)
    return stored is not None and _differs(stored.sealed, admin, keys)


@resilient
async def keep(admin: Secret, keys: KeyProvider) -> bool:
    """Note the key of a server that starts; whether the one that started before has another."""
    row = {"sealed": seal(keys, _hash(admin), ADMIN_KEY), "key_id": keys.current_id}
    stored, is_new = await EncryptionCanary.get_or_create(id=ADMIN_KEY.row_id, defaults=row)
    if is_new or not _differs(stored.sealed, admin, keys):
        return False
    await EncryptionCanary.filter(id=ADMIN_KEY.row_id).update(**row)
    return True


def _differs(sealed: str, admin: Secret, keys: KeyProvider) -> bool:
    try:
        return unseal(keys, sealed, ADMIN_KEY) != _hash(admin)
    except EncryptionError:
        return True


def _hash(admin: Secret) -> Secret:
    return Secret(hashlib.sha256(admin.reveal().encode(errors="surrogatepass")).hexdigest())
