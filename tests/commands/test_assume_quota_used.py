"""assume-quota-used: what is assumed after an old copy of the database was put in place."""

import re

from tests.commands.conftest import ALIEXPRESS, Command

AMAZON = (
    "credentialId=sandbox-credential-id\ncredentialSecret=sandbox-credential-secret\n"
    "credentialVersion=3.1\npartnerTag=sandbox-20\n"
)


def left_today(printed: str) -> int:
    """The calls that the table of one row says are left."""
    [left] = re.findall(r"^Amazon\s+([\d,]+)", printed, re.MULTILINE)
    return int(left.replace(",", ""))


def test_only_the_reserve_is_left_of_a_day_of_which_nothing_is_known(command: Command) -> None:
    command("connect", "amazon", typed=AMAZON)
    command("connect", "aliexpress", typed=ALIEXPRESS)

    done = command("assume-quota-used")
    again = command("restored")  # the command's earlier name, which scripts may know

    assert done.code == 0
    assert left_today(done.out) == 8640 * 20 // 100
    assert "AliExpress" not in done.out  # publishes no limit
    assert again.out == done.out


def test_without_a_limit_there_is_nothing_to_assume(command: Command) -> None:
    command("connect", "aliexpress", typed=ALIEXPRESS)

    done = command("assume-quota-used")

    assert (done.code, done.out) == (
        0,
        "No connected marketplace has a limit of calls a day. Nothing to assume.\n",
    )
