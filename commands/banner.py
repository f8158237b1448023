"""What the operator reads when the server has started."""

import json
import shlex
from dataclasses import dataclass

FIRST_QUERY = (
    '{ searchProducts(marketplace: %s, first: 3, search: {keywords: "phone case"})'
    " { totalCount nodes { title offer { price { amount currencyCode } } } errors { message } } }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """`new_key`: the API key, only at the start that made it; `key_place`: where it is kept.
    `marketplace`: the code of the one to try.
    """

    version: str
    address: str
    sandbox: bool
    marketplace: str
    database: str
    key_place: str
    new_key: str | None = None
    made: tuple[str, ...] = ()  # files that this start made
    sign_in: str | None = None  # signs a browser in without the key; works once


def text(started: Started) -> str:
    """The lines to print."""
    mode = "SANDBOX - no real marketplace is contacted" if started.sandbox else "LIVE"
    rows = [
        f"Affiliate Graph {started.version}   {mode}",
        "",
        f"  Web page   {started.address}/",
        *_sign_in(started),
        f"  GraphiQL   {started.address}/graphql" + _hint(started),
        f"  Health     {started.address}/healthz",
        "",
        f"  API key    {_key(started)}",
        f"  Database   {started.database}",
        *(f"  Made now   {file}" for file in started.made),
        "",
        "Try it:",
        _curl(started),
        "",
        "Go live: stop, start with SANDBOX=off, then add your own keys under Marketplaces."
        if started.sandbox
        else "Connect a marketplace: on the web page, or by: python server.py connect MARKETPLACE",
        "",
    ]
    return "\n".join(rows)


def _hint(started: Started) -> str:
    return "   (with examples; the key too, once you signed in)" if started.sandbox else ""


def _sign_in(started: Started) -> list[str]:
    if started.sign_in is None:
        return []
    return [f"  Sign in    {started.sign_in}   (once, within 10 minutes)"]


def _key(started: Started) -> str:
    if started.new_key is None:
        return started.key_place
    return f"{started.new_key}   (made now, shown once; kept in {started.key_place})"


def _curl(started: Started) -> str:
    key = shlex.quote(started.new_key) if started.new_key else _key_command(started.key_place)
    body = shlex.quote(json.dumps({"query": FIRST_QUERY % started.marketplace.upper()}))
    return (
        f"  curl -s {started.address}/graphql -H 'Content-Type: application/json' \\\n"
        f'    -H "X-Api-Key: {key}" \\\n'
        f"    -d {body}"
    )


def _key_command(place: str) -> str:
    return f"$(cat {shlex.quote(place)})" if place.startswith("/") else "$ADMIN_API_KEY"
