"""A context over a fake marketplace, with a storage that holds nothing."""

from collections.abc import Callable

import pytest

from clients.registry import BY_CODE
from db import credentials as stored_credentials
from db import links as stored_links
from db import products as stored_products
from db.keys import KeyRing, new_key
from domain.links import LinkKey
from domain.marketplaces import Account, Workspace
from domain.products import CatalogProduct, ProductRef
from resolvers.context import Context
from tests.clients.aliexpress.fakes import FakeSender
from tests.fakes import NOW, FakeMarketplaceClient, fake_marketplace
from upstream.contract import Upstream

MakeContext = Callable[..., Context]


@pytest.fixture
def make_context(monkeypatch: pytest.MonkeyPatch) -> MakeContext:
    """Registers fake clients by marketplace code and makes a context that uses them."""

    async def nothing(*_: object, **__: object) -> dict[ProductRef | LinkKey, CatalogProduct]:
        return {}

    async def no_accounts(*_: object) -> list[Account]:
        return []

    monkeypatch.setattr(stored_credentials, "accounts", no_accounts)
    monkeypatch.setattr(stored_credentials, "fingerprints", nothing)
    monkeypatch.setattr(stored_credentials, "note_health", nothing)
    monkeypatch.setattr(stored_products, "by_refs", nothing)
    monkeypatch.setattr(stored_links, "by_keys", nothing)

    def make(**clients: FakeMarketplaceClient) -> Context:
        for code, client in clients.items():
            monkeypatch.setitem(BY_CODE, code, fake_marketplace(client, code=code))
        return Context(
            workspace=Workspace("default", {}),
            upstream=Upstream(sender=FakeSender([]), now=lambda: NOW),
            keys=KeyRing.from_text(new_key()),
        )

    return make
