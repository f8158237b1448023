"""A bundled stand-in for the marketplaces: real protocols, made products, faults on command."""

from sandbox.accounts import (
    DEMO_ACCOUNTS,
    DEMO_ALIEXPRESS,
    DEMO_AMAZON,
    Accounts,
    AliExpressAccount,
    AmazonAccount,
    numbered_accounts,
)
from sandbox.app import Sandbox
from sandbox.calls import GatewayCall
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.links import MadeLink
from sandbox.listings import BadListings
from sandbox.transport import SandboxTransport

__all__ = [
    "DEMO_ACCOUNTS",
    "DEMO_ALIEXPRESS",
    "DEMO_AMAZON",
    "Accounts",
    "AliExpressAccount",
    "AmazonAccount",
    "BadListings",
    "Fault",
    "FaultKind",
    "Faults",
    "GatewayCall",
    "MadeLink",
    "Sandbox",
    "SandboxTransport",
    "numbered_accounts",
]
