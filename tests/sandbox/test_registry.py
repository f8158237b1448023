"""Only the registry knows every gateway: the modules that all of them share name none."""

import re
from pathlib import Path

import sandbox
from clients.registry import BY_CODE
from sandbox import GATEWAYS, demo_accounts, numbered_accounts

SHARED = sorted(Path(sandbox.__file__).parent.glob("*.py"))


def test_shared_modules_name_no_marketplace() -> None:
    names = {*GATEWAYS, *(market.name for market in BY_CODE.values()), "paapi"}
    word = re.compile("|".join(names), re.IGNORECASE)

    named = [path.name for path in SHARED if word.search(path.read_text("utf-8"))]

    assert named == ["registry.py"]


def test_every_marketplace_has_its_gateway() -> None:
    assert list(GATEWAYS) == list(BY_CODE)


def test_every_gateway_has_an_account_and_as_many_more_as_are_needed() -> None:
    demo, numbered = demo_accounts(), numbered_accounts(3)

    for gateway in GATEWAYS.values():
        own = [one for one in (*demo, *numbered) if isinstance(one, type(gateway.demo_account))]
        assert own[0] == gateway.demo_account
        assert len(set(map(repr, own))) == 4
