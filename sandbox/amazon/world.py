"""The state of Amazon in one sandbox."""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.amazon.accounts import AmazonAccount
from sandbox.amazon.listings import AmazonListing
from sandbox.world import World

STALE_TOKEN = "stale_token"  # a fault of this gateway alone: tokens end at once


@dataclass(slots=True, kw_only=True)
class Grant:
    """A token that was given out. `region` is None until it is known."""

    credential_id: str
    family: str  # "2" (Cognito) or "3" (Login with Amazon)
    region: str | None
    expires_at: datetime


@dataclass(kw_only=True)
class AmazonWorld(World[AmazonAccount, AmazonListing]):
    """Associates, items, and the tokens that were given out."""

    grants: dict[str, Grant] = field(default_factory=dict)

    def by_credential(self, credential_id: str) -> AmazonAccount | None:
        """The Associate of that Creators API credential."""
        return next((one for one in self.accounts if one.credential_id == credential_id), None)
