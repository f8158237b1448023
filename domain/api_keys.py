"""API keys: what they look like, what they may do, and who asks with one.

A key is `aff_live_` or `aff_test_`, 37 random characters and 6 that check the others, all letters
and digits. The beginning lets scanners find a key that was published by mistake; the end tells a
mistyped key from a wrong one without asking anybody.
"""

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.exceptions import Forbidden
from domain.products import Mode

ADMIN_PREFIX = "aff_admin_"  # of the operator's own key
SANDBOX_ADMIN_PREFIX = f"{ADMIN_PREFIX}test_"  # made by a start with the sandbox, and only for such
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 37  # 220 bits
CHECKSUM_LENGTH = 6  # 62 to the power of 6 is more than 32 bits
PREFIXES = {Mode.LIVE: "aff_live_", Mode.SANDBOX: "aff_test_"}
PATTERN = re.compile(
    f"({'|'.join(PREFIXES.values())})[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}"
)


class Scope(Enum):
    """What a key may do. READ may do what PUBLIC may, ADMIN everything."""

    PUBLIC = "PUBLIC"
    READ = "READ"
    IMPORT = "IMPORT"
    SYNC = "SYNC"
    LINK = "LINK"
    SETTINGS = "SETTINGS"
    ADMIN = "ADMIN"


# The scopes that let do what each one does.
HOLDERS = {scope: (scope, Scope.ADMIN) for scope in Scope} | {
    Scope.PUBLIC: (Scope.PUBLIC, Scope.READ, Scope.ADMIN)
}


class APIKeyStatus(Enum):
    """Whether a key is accepted."""

    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class APIKey:
    """A stored key, without its text. `origins`: the web pages that may use it, () for servers.

    `calls_per_day`: how many marketplace calls it may cause a day, None without an own limit.
    `rotated_from`: the id of the key that it replaces.
    """

    id: str
    workspace: str
    name: str
    prefix: str
    last_four: str
    scopes: frozenset[Scope]
    created_at: datetime
    origins: tuple[str, ...] = ()
    calls_per_day: int | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    rotated_from: str | None = None

    @property
    def tells_everybody(self) -> bool:
        """Whether it stands in web pages, where everybody can read it, and opens more than is meant
        for everybody."""
        return bool(self.origins) and self.scopes != {Scope.PUBLIC}

    def status(self, now: datetime) -> APIKeyStatus:
        """Whether the key is accepted at that moment."""
        if self.revoked_at is not None:
            return APIKeyStatus.REVOKED
        if self.expires_at is not None and now >= self.expires_at:
            return APIKeyStatus.EXPIRED
        return APIKeyStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks. `key` is None for the operator's own admin key, which is not stored."""

    workspace: str
    name: str
    scopes: frozenset[Scope]
    key: APIKey | None = None

    @property
    def identity(self) -> str:
        """Tells callers apart: each stored key is one, and so is the operator."""
        return self.key.id if self.key else f"operator of {self.workspace}"

    def is_of_page(self, origin: str) -> bool:
        """Whether the key is for the pages of that origin."""
        return self.key is not None and origin.lower() in self.key.origins

    def may(self, scope: Scope | None) -> bool:
        """Whether this caller has the scope; None: no scope is needed."""
        return scope is None or not self.scopes.isdisjoint(HOLDERS[scope])

    @property
    def is_public(self) -> bool:
        """Whether this may be anybody: only what readers of a page are shown is for it."""
        return self.may(Scope.PUBLIC) and not self.may(Scope.READ)

    def require(self, scope: Scope | None, what: str) -> None:
        """Raises Forbidden, naming what was asked and the scope, unless the caller has it."""
        if scope is not None and not self.may(scope):
            raise self.refusal(scope, what)

    def refusal(self, scope: Scope, what: str) -> Forbidden:
        """What a caller is told who asks for something without its scope."""
        needed = scope.name + (" or READ" if scope is Scope.PUBLIC else "")
        held = ", ".join(each.name for each in in_order(self.scopes)) or "none"
        return Forbidden(
            f"{what} needs the scope {needed}; this API key has {held}. Use a key that has it: "
            "createApiKey makes one."
        )


NOBODY = Caller(workspace="", name="nobody", scopes=frozenset())


def in_order(scopes: frozenset[Scope]) -> list[Scope]:
    """The scopes in the order of the enum."""
    return [scope for scope in Scope if scope in scopes]


def checksum(text: str) -> str:
    """The 6 characters that check the text before them: its CRC32 in base 62."""
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def is_mistyped(text: str) -> bool:
    """Whether the text is meant to be one of our keys and cannot be one as it stands."""
    if not text.startswith("aff_") or text.startswith(ADMIN_PREFIX):
        return False
    body, check = text[:-CHECKSUM_LENGTH], text[-CHECKSUM_LENGTH:]
    return PATTERN.fullmatch(text) is None or checksum(body) != check
