"""Where a request comes from, and the headers that every answer carries.

`is_local_request` is a part of what decides whether a page may hold the API key. It protects
against DNS rebinding (the Host header must be a loopback one) and against a reverse proxy on the
same machine that passes strangers on with the usual forwarding headers. A proxy that adds none is
not seen: the other part is a session of the operator (web/graphiql.py, web/sessions.py).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from domain.parsers import is_loopback

HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?")
PREFLIGHT_HEADER = "GraphQL-Preflight"  # only scripts of our own pages can add it
FORWARDING = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
DEFAULT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def path_of(public_url: str) -> str:
    """The path below which callers find the server, without its last slash; "" at the root."""
    return urlsplit(public_url).path.rstrip("/")


def session_cookie(public_url: str) -> str:
    """The name of the session's cookie; with https, one that no other host can have set.

    Such a cookie is for all paths of its host. Below a path, where others share the host, it is one
    that can be set by https alone, and it is sent to that path only.
    """
    if not public_url.startswith("https://"):
        return "session"
    return "__Secure-session" if path_of(public_url) else "__Host-session"


@lru_cache(maxsize=64)  # callers name few
def is_allowed_host(host_header: str, allowed: frozenset[str] | None) -> bool:
    """Whether a Host header names this machine or one of the allowed hosts; None allows any."""
    if allowed is None or is_loopback_host(host_header):
        return True
    match = HOST.fullmatch(host_header)
    return match is not None and match.group(1).lower().strip("[]") in allowed


def is_loopback_host(host_header: str) -> bool:
    """Whether a Host header names this machine: localhost, 127.0.0.0/8 or [::1], with any port."""
    match = HOST.fullmatch(host_header)
    if match is None:
        return False
    return is_loopback(match.group(1).lower().strip("[]"))


def is_local_request(headers: Mapping[str, str], client_host: str | None) -> bool:
    """Whether a browser on this machine asks directly: loopback Host, loopback client, no proxy."""
    return (
        is_loopback_host(headers.get("host", ""))
        and client_host is not None
        and is_loopback(client_host)
        and not any(name in headers for name in FORWARDING)
    )
