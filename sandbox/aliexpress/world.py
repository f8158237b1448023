"""The state of AliExpress in one sandbox."""

from dataclasses import dataclass, field

from sandbox.aliexpress.accounts import AliExpressAccount
from sandbox.aliexpress.links import LinkMaker
from sandbox.aliexpress.listings import AliExpressListing
from sandbox.world import World


@dataclass(kw_only=True)
class AliExpressWorld(World[AliExpressAccount, AliExpressListing]):
    """Applications, products, and the links that were made."""

    links: LinkMaker = field(default_factory=LinkMaker)
