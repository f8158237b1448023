"""`python -m sandbox --port 9000`: the marketplaces' stand-in over HTTP, on this machine only."""

import argparse
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from sandbox.accounts import DEMO_ACCOUNTS, DEMO_ALIEXPRESS, DEMO_AMAZON, numbered_accounts
from sandbox.app import Sandbox
from sandbox.listings import BadListings
from sandbox.standalone import Standalone


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=9000, help="0: any free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--catalog", type=Path, help="folder of *.jsonl with real listings")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds for each call")
    parser.add_argument("--accounts", type=int, default=0, help="numbered account sets to add")
    parser.add_argument("--clock-skew", type=float, help="the gateways' clock, minutes ahead")
    parser.add_argument("--ae-quota", type=int, help="AliExpress calls a day for each app key")
    parser.add_argument("--rate", type=int, help="calls a second for each key")
    parser.add_argument("--paapi-alive", action="store_true", help="PA-API 5 is not retired")
    return parser.parse_args(arguments)


def build(chosen: argparse.Namespace, public_url: str) -> Sandbox:
    """The sandbox that the command line asks for. Raises BadListings."""
    sandbox = Sandbox(
        public_url=public_url,
        now=lambda: datetime.now(UTC),
        catalog=chosen.catalog,
        accounts=DEMO_ACCOUNTS + numbered_accounts(chosen.accounts),
        latency=chosen.latency,
        paapi_retired=not chosen.paapi_alive,
    )
    if chosen.clock_skew is not None:
        sandbox.faults.inject("clock_skew", minutes=chosen.clock_skew)
    if chosen.ae_quota is not None:
        sandbox.faults.inject("quota", marketplace="aliexpress", limit=chosen.ae_quota)
    if chosen.rate is not None:
        sandbox.faults.inject("rate", limit=chosen.rate)
    return sandbox


def greeting(sandbox: Sandbox, base: str) -> str:
    """Addresses and demo keys. The keys open nothing but this sandbox."""
    lines = [f"SANDBOX at {base} - no real marketplace is contacted", ""]
    lines += [f"{name}={address}" for name, address in sandbox.addresses(base).items()]
    tracking_ids = ", ".join(sorted(DEMO_ALIEXPRESS.tracking_ids))
    tags = ", ".join(sorted(DEMO_AMAZON.partner_tags))
    lines += [
        "",
        f"AliExpress  app key {DEMO_ALIEXPRESS.app_key}, app secret {DEMO_ALIEXPRESS.app_secret},"
        f" tracking ids {tracking_ids}",
        f"Amazon      credential id {DEMO_AMAZON.credential_id},"
        f" secret {DEMO_AMAZON.credential_secret}, partner tags {tags}",
        f"PA-API 5    access key {DEMO_AMAZON.access_key}, secret key {DEMO_AMAZON.secret_key}",
        f"Control     {base}/control/faults, /control/calls, /control/catalog, /control/reset",
        "",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop. 2: a bad catalogue. 3: the port is taken."""
    chosen = options(arguments)
    try:
        listener = socket.create_server((chosen.host, chosen.port))
        # Inherited by each connection; without it an answer waits 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {chosen.host}:{chosen.port}: {error.strerror}.\n")
        return 3
    base = f"http://{chosen.host}:{listener.getsockname()[1]}"
    try:
        sandbox = build(chosen, base)
    except BadListings as error:
        listener.close()
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(greeting(sandbox, base))
    sys.stdout.flush()
    # The gateways write their own Date, by their own clock.
    config = uvicorn.Config(
        Standalone(sandbox),
        http="h11",
        ws="none",
        log_level="warning",
        date_header=False,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
