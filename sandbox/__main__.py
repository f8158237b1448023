"""`python -m sandbox --port 9000`: the marketplaces' stand-in over HTTP, on this machine only."""

import argparse
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from sandbox.app import Sandbox
from sandbox.listings import BadListings
from sandbox.registry import GATEWAYS, demo_accounts, numbered_accounts
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
    parser.add_argument("--rate", type=int, help="calls a second for each key")
    for gateway in GATEWAYS.values():
        for option in gateway.options:
            reading: dict[str, Any] = {"type": int} if option.number else {"action": "store_true"}
            flag = f"--{option.name.replace('_', '-')}"
            parser.add_argument(flag, help=option.help, **reading)
    return parser.parse_args(arguments)


def build(chosen: argparse.Namespace, public_url: str) -> Sandbox:
    """The sandbox that the command line asks for. Raises BadListings."""
    sandbox = Sandbox(
        public_url=public_url,
        now=lambda: datetime.now(UTC),
        catalog=chosen.catalog,
        accounts=demo_accounts() + numbered_accounts(chosen.accounts),
        latency=chosen.latency,
    )
    if chosen.clock_skew is not None:
        sandbox.faults.inject("clock_skew", minutes=chosen.clock_skew)
    for gateway in GATEWAYS.values():
        for option in gateway.options:
            value = getattr(chosen, option.name)
            if value not in (None, False):
                more = {option.number: value} if option.number else {}
                sandbox.faults.inject(option.fault, marketplace=gateway.code, **more)
    if chosen.rate is not None:
        sandbox.faults.inject("rate", limit=chosen.rate)
    return sandbox


def greeting(sandbox: Sandbox, base: str) -> str:
    """Addresses and demo keys. The keys open nothing but this sandbox."""
    lines = [f"SANDBOX at {base} - no real marketplace is contacted", ""]
    lines += [f"{name}={address}" for name, address in sandbox.addresses(base).items()]
    keys = [pair for gateway in GATEWAYS.values() for pair in gateway.greeting.items()]
    control = f"{base}/control/faults, /control/calls, /control/catalog, /control/reset"
    lines += ["", *(f"{name:<12}{text}" for name, text in [*keys, ("Control", control)]), ""]
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
