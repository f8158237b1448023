"""The state that all gateways of one sandbox share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from sandbox.accounts import Accounts
from sandbox.catalog import Catalog
from sandbox.links import LinkMaker


@dataclass(slots=True, kw_only=True)
class Grant:
    """A token that was given out. Region and version family are None until they are known."""

    credential_id: str
    family: str  # "2" (Cognito) or "3" (Login with Amazon)
    region: str | None
    expires_at: datetime


@dataclass(kw_only=True)
class World:
    """Accounts, shelves, links and tokens; `now` tells the true time (UTC)."""

    accounts: Accounts
    catalog: Catalog
    now: Callable[[], datetime]
    public_url: str
    paapi_retired: bool
    links: LinkMaker = field(default_factory=LinkMaker)
    grants: dict[str, Grant] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def number(self) -> int:
        """The next number of this sandbox: for request ids and tokens."""
        return next(self._numbers)
