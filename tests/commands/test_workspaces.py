import httpx
import pytest

from tests.commands.conftest import ALIEXPRESS, Command
from tests.processes import ServerProcess


@pytest.fixture
def shop(command: Command) -> Command:
    """As `command`, with a workspace `shop` that has a key and a marketplace."""
    command("workspace", "create", "shop")
    command("--workspace", "shop", "key", "create", "first", "ADMIN")
    assert command("--workspace", "shop", "connect", "aliexpress", typed=ALIEXPRESS).code == 0
    return command


def names(command: Command) -> list[str]:
    return [line.split()[0] for line in command("workspace", "list").out.splitlines()[1:]]


def test_a_new_workspace_is_listed_with_what_it_holds(command: Command) -> None:
    made = command("workspace", "create", "big-shop")
    command("--workspace", "big-shop", "key", "create", "first", "ADMIN")

    listed = command("workspace", "list").out

    assert made.code == 0
    assert "--workspace big-shop key create" in made.out
    rows = {line.split()[0]: line.split()[2:] for line in listed.splitlines()[1:]}
    assert rows == {"big-shop": ["0", "1"], "default": ["0", "0"]}


def test_a_renamed_workspace_works_under_its_new_name(shop: Command) -> None:
    done = shop("workspace", "rename", "shop", "store")

    assert done.code == 0
    assert "shop is store now" in done.out
    assert names(shop) == ["default", "store"]
    assert shop("--workspace", "store", "verify").out == "AliExpress: HEALTHY.\n"
    assert "first" in shop("--workspace", "store", "key", "list").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("rename", "shop", "Not A Name"), "lower-case"),
        (("rename", "shop", "default"), "already"),
        (("rename", "nobody", "store"), "no workspace nobody"),
        (("rename", "default", "store"), "default stays"),
        (("delete", "nobody", "--yes"), "no workspace nobody"),
        (("delete", "default", "--yes"), "default stays"),
    ],
)
def test_what_cannot_be_is_refused_and_told(
    shop: Command, arguments: tuple[str, ...], told: str
) -> None:
    done = shop("workspace", *arguments)

    assert done.code == 2
    assert told in done.err
    assert names(shop) == ["default", "shop"]


@pytest.mark.parametrize("typed", ["", "yes\n", "default\n"])
def test_without_its_name_a_workspace_is_not_deleted(shop: Command, typed: str) -> None:
    done = shop("workspace", "delete", "shop", typed=typed)

    assert done.code == 2
    assert "0 products" in done.err
    assert "1 marketplace account" in done.err
    assert "0 watches, 0 webhooks, 0 jobs and 1 API key" in done.err
    assert "--yes" in done.err
    assert names(shop) == ["default", "shop"]


@pytest.mark.parametrize(("typed", "flags"), [("shop\n", ()), ("", ("--yes",))])
def test_a_confirmed_deletion_takes_all_of_it(
    shop: Command, typed: str, flags: tuple[str, ...]
) -> None:
    done = shop("workspace", "delete", "shop", *flags, typed=typed)

    assert done.code == 0
    assert "Deleted: shop" in done.out
    assert names(shop) == ["default"]
    again = shop("--workspace", "shop", "key", "list")
    assert again.code == 2
    shop("workspace", "create", "shop")
    assert "No marketplace is connected" in shop("--workspace", "shop", "verify").out


def test_a_server_that_runs_beside_goes_by_the_new_name_at_once(
    command: Command, server_beside: ServerProcess
) -> None:
    def ask(key: str) -> httpx.Response:
        return httpx.post(
            f"{server_beside.address}/graphql",
            json={"query": "{ products { totalCount } }"},
            headers={"Authorization": f"Bearer {key}"},
        )

    command("workspace", "create", "shop")
    key = command("--workspace", "shop", "key", "create", "first", "ADMIN").out.strip()
    moved = command("workspace", "rename", "shop", "store")
    renamed = ask(key)
    gone = command("workspace", "delete", "store", "--yes")
    deleted = ask(key)

    assert (moved.code, gone.code) == (0, 0)
    assert renamed.json()["data"] == {"products": {"totalCount": 0}}
    assert deleted.status_code == 401
