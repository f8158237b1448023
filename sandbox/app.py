"""The sandbox: stand-ins for the marketplaces that speak their protocols and can break.

It checks every signature and token, but it protects nothing: its accounts are printed in the
documentation, and whoever reaches it may call it. It holds no real data and makes no connection.
"""

from collections.abc import Callable, Container
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router

from sandbox.calls import CallLog, GatewayCall
from sandbox.catalog import Catalogs
from sandbox.dispatch import Dispatch
from sandbox.faults import Faults
from sandbox.gateway import MadeLink, World
from sandbox.pictures import picture
from sandbox.registry import GATEWAYS, demo_accounts


class Sandbox:
    """One set of marketplaces with its own accounts, catalogues, faults and record of calls.

    `app` is an ASGI application. In one process reach it through `SandboxTransport(sandbox)`, which
    also carries the faults of a connection; over HTTP run `python -m sandbox`.
    """

    def __init__(
        self,
        *,
        public_url: str,
        now: Callable[[], datetime],
        catalog: Path | None = None,
        accounts: tuple[object, ...] | None = None,
        latency: float = 0.0,
        jitter: float = 0.0,
    ) -> None:
        """`public_url`: of the server that mounts `picture_routes` at /sandbox. `now`: UTC.
        `catalog`: a folder of real listings instead of the made ones. `accounts` None: the demo
        ones. `latency`: seconds for each call; `jitter`: seconds more at most, at random. Raises
        BadListings for a folder that cannot be read."""
        self._gateways = tuple(GATEWAYS.values())
        prefixes = [gateway.operation_prefix for gateway in self._gateways]
        kinds = frozenset[str]().union(*(gateway.fault_kinds for gateway in self._gateways))
        self.faults = Faults(kinds, prefixes)
        self.catalog = Catalogs(
            {gateway.code: gateway.listings for gateway in self._gateways},
            pictures=f"{public_url.rstrip('/')}/sandbox/pictures",
            folder=catalog,
        )
        self._log = CallLog(prefixes)
        self._worlds: dict[str, World[Any, Any]] = {
            gateway.code: gateway.world(accounts=(), catalog=self.catalog[gateway.code], now=now)
            for gateway in self._gateways
        }
        self.accounts = demo_accounts() if accounts is None else accounts
        dispatch = Dispatch(calls=self._log, faults=self.faults, latency=latency, jitter=jitter)
        routes = self.picture_routes()
        for gateway in self._gateways:
            routes += dispatch.routes(gateway, self._worlds[gateway.code])
        # A bare Router: nothing between a fault of the connection and the transport.
        self.app = Router(routes=routes)

    @property
    def calls(self) -> tuple[GatewayCall, ...]:
        """The last 100,000 calls, in order of arrival; open ones have status 0."""
        return self._log.all()

    @property
    def accounts(self) -> tuple[object, ...]:
        """Who may call; set it to change what an account may do from the next call on."""
        return self._accounts

    @accounts.setter
    def accounts(self, accounts: tuple[object, ...]) -> None:
        self._accounts = accounts
        for gateway in self._gateways:
            kind = type(gateway.demo_account)
            own = tuple(one for one in accounts if isinstance(one, kind))
            self._worlds[gateway.code].accounts = own

    def addresses(self, base: str, marketplaces: Container[str] | None = None) -> dict[str, str]:
        """The gateways' addresses by the name of their setting, when `app` answers at `base`: of
        all marketplaces, or of some."""
        return {
            setting: base.rstrip("/") + path
            for gateway in self._gateways
            if marketplaces is None or gateway.code in marketplaces
            for setting, path in gateway.addresses.items()
        }

    def count(self, operation: str | None = None, marketplace: str | None = None) -> int:
        """How many calls there were, of one operation or one marketplace if named."""
        return self._log.count(operation, marketplace)

    def clear_calls(self) -> None:
        """Forget the calls so far."""
        self._log.clear()

    def made_link(self, url: str) -> MadeLink | None:
        """Which account and tracking id made a link; None for a link that is not from here."""
        for gateway in self._gateways:
            made = gateway.made_link(self._worlds[gateway.code], url)
            if made is not None:
                return made
        return None

    def target_of(self, url: str) -> str | None:
        """The address or id of the product that a link was made for; None as in `made_link`."""
        made = self.made_link(url)
        return made.leads_to if made else None

    def picture_routes(self) -> list[BaseRoute]:
        """GET /pictures/<id>-<number>.svg, to be mounted at /sandbox of the public address."""

        async def show(request: Request) -> Response:
            return picture(self.catalog, request)

        return [Route("/pictures/{name}", show, methods=["GET"])]
