"""A bundled stand-in for the marketplaces: real protocols, made products, faults on command."""

from sandbox.app import Sandbox
from sandbox.faults import FaultKind
from sandbox.gateway import Gateway, MadeLink
from sandbox.listings import BadListings
from sandbox.registry import GATEWAYS, demo_accounts, numbered_accounts
from sandbox.transport import SandboxTransport

__all__ = [
    "GATEWAYS",
    "BadListings",
    "FaultKind",
    "Gateway",
    "MadeLink",
    "Sandbox",
    "SandboxTransport",
    "demo_accounts",
    "numbered_accounts",
]
