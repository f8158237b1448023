"""What the operator reads when the server has started."""

import json
import shlex
from dataclasses import replace

from commands.banner import FIRST_QUERY, Started, text

STARTED = Started(
    version="1.0.0-rc.1",
    address="http://127.0.0.1:8000",
    sandbox=True,
    marketplace="aliexpress",
    database="/srv/data/graph.db",
    key_place="/srv/data/admin.key",
)
NEW_KEY = "aff_admin_0123456789"


def test_a_sandbox_says_that_it_is_one_and_how_to_leave_it() -> None:
    printed = text(STARTED)

    assert "SANDBOX" in printed.splitlines()[0]
    assert "SANDBOX=off" in printed


def test_a_live_start_says_how_to_connect() -> None:
    printed = text(replace(STARTED, sandbox=False))

    assert "LIVE" in printed.splitlines()[0]
    assert "server.py connect" in printed
    assert "SANDBOX" not in printed


def test_the_key_is_shown_only_by_the_start_that_made_it() -> None:
    first = text(replace(STARTED, new_key=NEW_KEY))
    later = text(STARTED)

    assert f"{NEW_KEY}   (made now, shown once; kept in /srv/data/admin.key)" in first
    assert "$(cat /srv/data/admin.key)" in later


def test_a_key_of_the_settings_is_named_by_its_setting() -> None:
    printed = text(replace(STARTED, key_place="ADMIN_API_KEY"))

    assert 'X-Api-Key: $ADMIN_API_KEY"' in printed


def test_the_line_to_try_is_a_command_with_the_first_query() -> None:
    printed = text(replace(STARTED, new_key=NEW_KEY))
    command = printed[printed.index("curl") : printed.index("Go live")]

    words = shlex.split(command.replace("\\\n", " "))

    assert words[:3] == ["curl", "-s", "http://127.0.0.1:8000/graphql"]
    assert json.loads(words[words.index("-d") + 1]) == {"query": FIRST_QUERY % "ALIEXPRESS"}


def test_the_link_to_sign_in_and_new_files_are_told_where_there_are_any() -> None:
    link = "http://127.0.0.1:8000/#sign-in=abc"

    printed = text(replace(STARTED, sign_in=link, made=("/srv/data/encryption.key",)))

    assert f"Sign in    {link}" in printed
    assert "Made now   /srv/data/encryption.key" in printed
    assert "Sign in" not in text(STARTED)
