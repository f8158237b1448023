"""Associates that may call the gateways, none of them worth a secret, and the gateways' state."""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.amazon.listings import AmazonListing
from sandbox.amazon.sites import REGION_OF_VERSION, SITES, TAG_ENDING
from sandbox.gateway import World

STALE_TOKEN = "stale_token"  # a fault of this gateway alone: tokens end at once
VERSIONS = frozenset({"2.1", "2.2", "2.3", "3.1", "3.2", "3.3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonAccount:
    """One Associate: a Creators API credential, the old access key, and the partner tags.

    `versions`: the credential versions that id and secret are good for. A tag works on the sites of
    the region that its ending stands for: -20 NA, -21 EU, -22 FE. `sees_reviews`: approved for
    `customerReviews`.
    """

    credential_id: str
    credential_secret: str
    partner_tags: frozenset[str]
    access_key: str = ""
    secret_key: str = ""
    versions: frozenset[str] = VERSIONS
    is_eligible: bool = True
    sees_reviews: bool = True


DEMO_ACCOUNT = AmazonAccount(
    credential_id="sandbox-credential-id",
    credential_secret="sandbox-credential-secret",
    partner_tags=frozenset({"sandbox-20", "sandbox-21", "sandbox-22"}),
    access_key="AKIASANDBOX00000DEMO",
    secret_key="sandbox-secret-key",
)


def demo_credentials(site: str) -> dict[str, str]:
    """What connects the demo account at a country site, with the version and tag of its region."""
    region = SITES[site].region
    [digit] = [each for each, name in REGION_OF_VERSION.items() if name == region]
    return {
        "credentialId": DEMO_ACCOUNT.credential_id,
        "credentialSecret": DEMO_ACCOUNT.credential_secret,
        "credentialVersion": f"3.{digit}",
        "partnerTag": f"sandbox{TAG_ENDING[region]}",
    }


def numbered_account(number: int) -> AmazonAccount:
    """Number 7 has credential id sandbox-credential-id-7, secret sandbox-credential-secret-7 and
    partner tags sandbox7-20, sandbox7-21, sandbox7-22."""
    return AmazonAccount(
        credential_id=f"sandbox-credential-id-{number}",
        credential_secret=f"sandbox-credential-secret-{number}",
        partner_tags=frozenset(f"sandbox{number}-{ending}" for ending in (20, 21, 22)),
        access_key=f"AKIASANDBOX{number:09d}",
        secret_key=f"sandbox-secret-key-{number}",
    )


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
