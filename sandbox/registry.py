"""The only module that knows every gateway: one line each, as in clients/registry.py."""

from typing import Any

from sandbox import aliexpress, amazon
from sandbox.gateway import Gateway

GATEWAYS: dict[str, Gateway[Any]] = {
    gateway.code: gateway
    for gateway in (
        aliexpress.GATEWAY,
        amazon.GATEWAY,
    )
}


def demo_accounts() -> tuple[object, ...]:
    """The accounts that the documentation prints."""
    return tuple(one for gateway in GATEWAYS.values() for one in gateway.demo_accounts)


def numbered_accounts(count: int) -> tuple[object, ...]:
    """So many separate accounts of every gateway, numbered from 1, each with its own keys."""
    return tuple(
        gateway.numbered_account(number)
        for gateway in GATEWAYS.values()
        for number in range(1, count + 1)
    )
