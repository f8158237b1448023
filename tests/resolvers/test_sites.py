"""Handles are read back, and nothing else is taken for one."""

import pytest

from clients.registry import BY_CODE
from domain.products import ProductRef
from resolvers.sites import product_of
from tests.clients.test_contract import lamps


def test_every_handle_is_read_back() -> None:
    refs = [
        ProductRef(market.code, lamps(market, 1)[0].external_id, site)
        for market in BY_CODE.values()
        for site in market.locales
    ]

    assert [product_of(ref.handle) for ref in refs] == refs


@pytest.mark.parametrize("cell", ["", "lamp", "amazon-de-", "aliexpress-7", "x-aliexpress-1005006"])
def test_other_words_are_none(cell: str) -> None:
    assert product_of(cell) is None
