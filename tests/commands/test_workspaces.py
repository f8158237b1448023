from tests.commands.conftest import Command


def test_a_new_workspace_is_listed_with_what_it_holds(command: Command) -> None:
    made = command("workspace", "create", "big-shop")
    command("--workspace", "big-shop", "key", "create", "first", "ADMIN")

    listed = command("workspace", "list").out

    assert made.code == 0
    assert "--workspace big-shop key create" in made.out
    rows = {line.split()[0]: line.split()[2:] for line in listed.splitlines()[1:]}
    assert rows == {"big-shop": ["0", "1"], "default": ["0", "0"]}
