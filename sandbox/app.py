"""The sandbox: stand-ins for AliExpress and Amazon that speak their protocols and can break.

It checks every signature and token, but it protects nothing: its accounts are printed in the
documentation, and whoever reaches it may call it. It holds no real data and makes no connection.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router

from sandbox.accounts import DEMO_ACCOUNTS, Accounts
from sandbox.calls import CallLog, GatewayCall
from sandbox.catalog import Catalog
from sandbox.faults import Faults
from sandbox.gateways import Gateways
from sandbox.links import MadeLink
from sandbox.pictures import picture
from sandbox.world import World


class Sandbox:
    """One set of marketplaces with its own accounts, shelves, faults and record of calls.

    `app` is an ASGI application. In one process reach it through `SandboxTransport(sandbox)`, which
    also carries the faults of a connection; over HTTP run `python -m sandbox`.
    """

    def __init__(
        self,
        *,
        public_url: str,
        now: Callable[[], datetime],
        catalog: Path | None = None,
        accounts: Accounts = DEMO_ACCOUNTS,
        latency: float = 0.0,
        jitter: float = 0.0,
        paapi_retired: bool = True,
    ) -> None:
        """`public_url`: of the server that mounts `picture_routes` at /sandbox. `now`: UTC.
        `catalog`: a folder of real listings instead of the made ones. `latency`: seconds for each
        call; `jitter`: seconds more at most, at random. Raises BadListings for a folder that cannot
        be read."""
        self.faults = Faults()
        self.catalog = Catalog(
            pictures=f"{public_url.rstrip('/')}/sandbox/pictures", folder=catalog
        )
        self._log = CallLog()
        self._world = World(
            accounts=accounts,
            catalog=self.catalog,
            now=now,
            public_url=public_url,
            paapi_retired=paapi_retired,
        )
        gateways = Gateways(
            world=self._world,
            calls=self._log,
            faults=self.faults,
            latency=latency,
            jitter=jitter,
        )
        # A bare Router: nothing between a fault of the connection and the transport.
        self.app = Router(routes=[*_gateway_routes(gateways), *self.picture_routes()])

    @property
    def calls(self) -> tuple[GatewayCall, ...]:
        """The last 100,000 calls, in order of arrival; open ones have status 0."""
        return self._log.all()

    @property
    def accounts(self) -> Accounts:
        """Who may call; set it to change what an account may do from the next call on."""
        return self._world.accounts

    @accounts.setter
    def accounts(self, accounts: Accounts) -> None:
        self._world.accounts = accounts

    def addresses(self, base: str) -> dict[str, str]:
        """The gateways' addresses by the name of their setting, when `app` answers at `base`."""
        root = base.rstrip("/")
        return {
            "ALIEXPRESS_GATEWAY_URL": f"{root}/aliexpress/sync",
            "AMAZON_CREATORS_URL": f"{root}/amazon",
            "AMAZON_TOKEN_URL": f"{root}/amazon/token",
            "AMAZON_PAAPI_URL": root,
        }

    def count(self, operation: str | None = None, marketplace: str | None = None) -> int:
        """How many calls there were: `count("productdetail.get")`, `count(marketplace="amazon")`.

        PA-API operations are named "paapi5.getItems"; token requests "token".
        """
        return self._log.count(operation, marketplace)

    def clear_calls(self) -> None:
        """Forget the calls so far."""
        self._log.clear()

    def made_link(self, url: str) -> MadeLink | None:
        """Which account and tracking id made a link; None for a link that is not from here."""
        return self._world.links.made(url)

    def target_of(self, url: str) -> str | None:
        """The address or id of the product that a link was made for; None as in `made_link`."""
        made = self.made_link(url)
        if made is None or made.account:
            return made.target if made else None
        site = (urlsplit(url).hostname or "").removesuffix(".sandbox.invalid")
        return f"https://{site}/dp/{made.target}"

    def picture_routes(self) -> list[BaseRoute]:
        """GET /pictures/<id>-<number>.svg, to be mounted at /sandbox of the public address."""

        async def show(request: Request) -> Response:
            return picture(self.catalog, request)

        return [Route("/pictures/{name}", show, methods=["GET"])]


def _gateway_routes(gateways: Gateways) -> list[BaseRoute]:
    return [
        Route("/aliexpress/sync", gateways.aliexpress, methods=["GET", "POST"]),
        Route("/amazon/token", gateways.token, methods=["POST"]),
        Route("/amazon/token/{version}", gateways.token, methods=["POST"]),
        Route("/amazon/catalog/v1/{operation}", gateways.creators, methods=["POST"]),
        Route("/paapi5/{operation}", gateways.paapi, methods=["POST"]),
    ]
