"""The only module that knows every gateway: one line each, as in clients/registry.py."""

from typing import Any

from sandbox import aliexpress, amazon
from sandbox.gateway import Gateway

ALL: tuple[Gateway[Any], ...] = (aliexpress.GATEWAY, amazon.GATEWAY)
GATEWAYS = {gateway.code: gateway for gateway in ALL}


def demo_accounts() -> tuple[object, ...]:
    """The accounts that the documentation prints."""
    return tuple(gateway.demo_account for gateway in GATEWAYS.values())


def numbered_accounts(count: int) -> tuple[object, ...]:
    """So many separate accounts of every gateway, numbered from 1, each with its own keys."""
    return tuple(one.numbered_account(n) for one in GATEWAYS.values() for n in range(1, count + 1))
