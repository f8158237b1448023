"""Applications that may call the gateway, none of them worth a secret, and its state."""

from dataclasses import dataclass, field

from sandbox.aliexpress.links import LinkMaker
from sandbox.aliexpress.listings import AliExpressListing
from sandbox.gateway import World

# The group "standard" comes with every application; these are granted one by one.
GRANTED_METHODS = frozenset({"product.sku.detail.get"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AliExpressAccount:
    """One application and the publisher behind it.

    `grants`: methods beyond the standard group. `is_registered` False: the publisher has not joined
    the program (401). `ip_allowed` False: the application's list of addresses shuts the caller out.
    """

    app_key: str
    app_secret: str
    tracking_ids: frozenset[str]
    grants: frozenset[str] = GRANTED_METHODS
    is_registered: bool = True
    ip_allowed: bool = True

    def may_call(self, method: str) -> bool:
        """Whether the method (its short name) is granted to the application."""
        return method not in GRANTED_METHODS or method in self.grants


DEMO_ACCOUNT = AliExpressAccount(
    app_key="500100",
    app_secret="sandbox-app-secret",
    tracking_ids=frozenset({"sandbox_blog", "sandbox_shop", "default"}),
)


def numbered_account(number: int) -> AliExpressAccount:
    """Number 7 has app key 500107, secret sandbox-app-secret-7 and tracking ids sandbox_blog_7 and
    sandbox_shop_7."""
    return AliExpressAccount(
        app_key=str(500100 + number),
        app_secret=f"sandbox-app-secret-{number}",
        tracking_ids=frozenset({f"sandbox_blog_{number}", f"sandbox_shop_{number}"}),
    )


@dataclass(kw_only=True)
class AliExpressWorld(World[AliExpressAccount, AliExpressListing]):
    """Applications, products, and the links that were made."""

    links: LinkMaker = field(default_factory=LinkMaker)
