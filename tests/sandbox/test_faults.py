"""Faults on command: whom they hit, and when they end."""

from pathlib import Path
from typing import Any

import pytest

from sandbox import GATEWAYS, FaultKind, Sandbox
from tests.sandbox.callers import OPERATION, Caller, five_products

pytestmark = pytest.mark.anyio


async def test_a_status_comes_as_often_as_told_and_only_where_told(
    sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.faults.inject("status", operation=OPERATION, calls=2, code=503, retry_after=7)

    elsewhere = await caller.aliexpress("category.get")
    responses = [await five_products(caller) for _ in range(3)]

    assert elsewhere["resp_code"] == 200
    assert [response.status_code for response in responses] == [503, 503, 200]
    assert responses[0].headers["retry-after"] == "7"
    assert [call.status for call in sandbox.calls] == [200, 503, 503, 200]


async def test_faults_end_when_they_are_cleared(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("status")
    sandbox.faults.inject("html", operation="aliexpress.affiliate.category.get")

    sandbox.faults.clear("status")
    left = [(fault.kind, fault.operation) for fault in sandbox.faults]
    sandbox.faults.clear()

    assert left == [(FaultKind.HTML, "category.get")]
    assert list(sandbox.faults) == []
    assert (await five_products(caller)).status_code == 200


@pytest.mark.parametrize(("kind", "options"), [("explosion", {}), ("status", {"colour": "red"})])
def test_unknown_faults_are_refused(sandbox: Sandbox, kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"explosion|colour"):
        sandbox.faults.inject(kind, **options)


def test_every_fault_is_tried_somewhere_here() -> None:
    own = [kind for gateway in GATEWAYS.values() for kind in gateway.fault_kinds]
    sources = "".join(path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py"))

    assert [kind for kind in [*FaultKind, *own] if f'"{kind}"' not in sources] == []
