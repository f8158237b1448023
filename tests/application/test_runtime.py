"""What stands in for the marketplaces at a start, and what refuses to start."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from application.runtime import SANDBOX_BASE, Overrides, addresses, modes, sandbox_of
from clients.registry import BY_CODE, SETTINGS
from config import read_settings
from domain.products import Mode
from domain.starting import CannotStart
from sandbox import GATEWAYS, Sandbox


@pytest.fixture
def _unbundled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third marketplace is registered that has no gateway in the sandbox."""
    market = replace(BY_CODE["aliexpress"], code="example", name="Example Market")
    monkeypatch.setitem(BY_CODE, "example", market)


@pytest.mark.usefixtures("_unbundled")
def test_a_marketplace_without_a_gateway_refuses_to_start_with_the_sandbox() -> None:
    settings = read_settings({"SANDBOX": "on"}, SETTINGS)

    with pytest.raises(CannotStart) as refused:
        sandbox_of(settings, Overrides())

    assert str(refused.value) == (
        "SANDBOX=on, but Example Market has no gateway in the sandbox, and its real host must not "
        "be called: add one (docs/adding-a-marketplace.md) or set SANDBOX=off."
    )


@pytest.mark.usefixtures("_unbundled")
def test_it_refuses_a_sandbox_that_was_put_in_too() -> None:
    box = Sandbox(public_url="http://127.0.0.1:8000", now=lambda: datetime.now(UTC))

    with pytest.raises(CannotStart, match="Example Market"):
        sandbox_of(read_settings({"SANDBOX": "on"}, SETTINGS), Overrides(sandbox=box))


@pytest.mark.usefixtures("_unbundled")
def test_without_the_sandbox_it_starts() -> None:
    settings = read_settings({"SANDBOX": "off"}, SETTINGS)

    assert sandbox_of(settings, Overrides()) is None
    assert set(modes(settings).values()) == {Mode.LIVE}


def test_the_gateway_says_which_settings_are_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = replace(GATEWAYS["amazon"], addresses={"SHOP_URL": "/amazon"})
    monkeypatch.setitem(GATEWAYS, "amazon", gateway)
    settings = read_settings({"SANDBOX": "on"}, SETTINGS)
    replaced = replace(settings, gateway_addresses={"SHOP_URL": "https://proxy.example"})

    assert modes(settings)["amazon"] is Mode.SANDBOX
    assert addresses(settings, sandbox_of(settings, Overrides()))["SHOP_URL"] == (
        f"{SANDBOX_BASE}/amazon"
    )
    assert modes(replaced) == {"aliexpress": Mode.SANDBOX, "amazon": Mode.LIVE}
    assert addresses(replaced, None) == {"SHOP_URL": "https://proxy.example"}
