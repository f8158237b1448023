"""What a command works with, by hand: no server, no request, and the operator as its caller."""

import pytest

from commands.context import open_context, open_storage, read_settings
from db import workspaces
from domain.api_keys import Scope
from domain.exceptions import InvalidInput
from tests.commands.conftest import Command
from upstream.budget import CallBudget, Priority

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


async def test_a_command_is_the_operator_in_its_workspace() -> None:
    budget = CallBudget(priority=Priority.BACKGROUND)

    async with open_context(read_settings(), "default", budget) as context:
        caller = context.caller

    assert caller.may(Scope.ADMIN)
    assert (caller.workspace, context.workspace.id) == ("default", "default")
    assert context.budget is budget


async def test_a_workspace_that_is_not_there_is_told_with_how_to_make_it() -> None:
    with pytest.raises(InvalidInput, match="workspace create nowhere"):
        async with open_context(read_settings(), "nowhere"):
            pass


async def test_the_storage_alone_is_open_for_what_asks_no_marketplace() -> None:
    async with open_storage(read_settings()) as ring:
        names = [each.name for each in await workspaces.summaries()]

    assert names == ["default"]
    assert len(ring.ids) == 1


def test_credentials_of_the_environment_are_stored_by_the_first_command(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIEXPRESS_APP_KEY", "500100")
    monkeypatch.setenv("ALIEXPRESS_APP_SECRET", "sandbox-app-secret")
    monkeypatch.setenv("ALIEXPRESS_TRACKING_ID", "sandbox_blog")

    done = command("verify", "aliexpress")

    assert (done.code, done.out) == (0, "AliExpress: HEALTHY.\n")
