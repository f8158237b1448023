"""Keys, local requests, headers."""

import pytest
from starlette.datastructures import Headers

from web import security


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8000", "127.0.0.1", "127.9.8.7:1", "[::1]", "[::1]:65535"],
)
def test_hosts_of_this_machine(host: str) -> None:
    assert security.is_loopback_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", "example.com", "localhost.example.com", "127.0.0.1.example.com", "127.1"),
        *("2130706433", "0.0.0.0", "10.0.0.1:8000", "[::2]", "::1", "localhost:x", "[::1"),
        *("localhost:8000:1", "user@localhost", "localhost/", " localhost", "localhost\n"),
    ],
)
def test_hosts_of_others(host: str) -> None:
    assert not security.is_loopback_host(host)


@pytest.mark.parametrize(
    ("_case", "headers", "client", "local"),
    [
        ("browser here", {"host": "localhost:8000"}, "127.0.0.1", True),
        ("browser here, version 6", {"host": "[::1]:8000"}, "::1", True),
        ("DNS rebinding", {"host": "evil.example:8000"}, "127.0.0.1", False),
        ("from the network", {"host": "localhost:8000"}, "192.0.2.7", False),
        ("no client known", {"host": "localhost:8000"}, None, False),
        ("no host", {}, "127.0.0.1", False),
        ("proxy", {"host": "localhost", "X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", False),
        ("proxy, RFC 7239", {"host": "localhost", "Forwarded": "for=x"}, "127.0.0.1", False),
    ],
)
def test_the_key_is_for_local_browsers_only(
    _case: str, headers: dict[str, str], client: str | None, local: bool
) -> None:
    assert security.is_local_request(Headers(headers), client) is local
