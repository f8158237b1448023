"""What can go wrong with the memory itself.

    AffiliateGraphError
    `-- DatabaseUnavailable     DATABASE_UNAVAILABLE   locked, full or out of reach, for the caller
    NotReady                    the server must not start like this, for the operator
    |-- InvalidDatabaseURL
    |-- MigrationsPending
    |-- SchemaTooNew
    |-- MigrationFailed
    |-- BackupUnusable
    `-- EncryptionError
        |-- KeyUnusable         a key or key file that cannot be used as it is
        |-- KeyMissing          sealed with a key that is not loaded
        `-- SealBroken          changed, cut, or moved from where it belongs

No message holds a sealed value, a key or a password.
"""

from domain.exceptions import AffiliateGraphError


class DatabaseUnavailable(AffiliateGraphError):
    """The database does not take the statement now. `retryable`: the same call can help later."""

    code = "DATABASE_UNAVAILABLE"

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class NotReady(Exception):
    """The server must not start: the message tells the operator what to do."""


class InvalidDatabaseURL(NotReady):
    """The address names no database of ours."""


class MigrationsPending(NotReady):
    """The tables are older than the code, or absent."""


class SchemaTooNew(NotReady):
    """The tables were made by a newer release."""


class MigrationFailed(NotReady):
    """After migrating, the tables are not what they should be."""


class BackupUnusable(NotReady):
    """A backup cannot be made or put back as it is asked."""


class EncryptionError(NotReady):
    """A sealed value cannot be opened, or a key cannot be used."""


class KeyUnusable(EncryptionError):
    """The key text or key file is malformed, empty, or readable by others."""


class KeyMissing(EncryptionError):
    """The value was sealed with a key that is not loaded."""


class SealBroken(EncryptionError):
    """The sealed value was changed, or is not in the place it was sealed for."""
