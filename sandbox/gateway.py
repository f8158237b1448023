"""What the stand-in of a marketplace is to the sandbox. Read this first when adding one.

A gateway is a folder here that offers one `Gateway` description; `registry.py` lists them.
Everything that differs between gateways is data or a function of that description, so the modules
beside this one name no marketplace.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from sandbox.answers import Reply
from sandbox.catalog import Catalog
from sandbox.faults import ActiveFaults
from sandbox.listings import L, ListingFormat

A = TypeVar("A")


@dataclass(kw_only=True)
class World(Generic[A, L]):
    """The state of one gateway in one sandbox. `now` tells the true time (UTC)."""

    accounts: tuple[A, ...]
    catalog: Catalog[L]
    now: Callable[[], datetime]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def number(self) -> int:
        """The next number: for request ids and tokens."""
        return next(self._numbers)


W = TypeVar("W", bound=World[Any, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A call as it came in, nothing of it judged yet.

    `account`: key or id of the caller, whether or not it is right. `ids`: what is asked for by
    name. `answer`: the gateway's work, at the time of its own clock (UTC); may raise Refused.
    """

    operation: str
    account: str
    ids: tuple[str, ...] = ()
    answer: Callable[[ActiveFaults, datetime], Reply]


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[W]):
    """One address. `read` answers a Response to what is no call: it is not recorded."""

    path: str
    read: Callable[[W, Request], Awaitable[Incoming | Response]]
    methods: tuple[str, ...] = ("POST",)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLink:
    """A link that the sandbox made.

    `account`: the key of the caller, "" where the tracking id alone identifies. `target`: what was
    asked for: an address or a product id. `leads_to`: where it leads: an address or a product id.
    """

    account: str
    tracking_id: str
    target: str
    leads_to: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Option:
    """A switch of `python -m sandbox` that injects a fault of this gateway at the start.

    `number`: the option of the fault that the switch's whole number is for; None: it has none.
    """

    name: str  # "a_b" for --a-b
    help: str
    fault: str
    number: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Gateway(Generic[W]):
    """The stand-in of one marketplace, described."""

    code: str  # as clients/registry.py has it
    # The settings that say where the marketplace's gateways are, and the path that each one is
    # given here. They are answered together or not at all.
    addresses: Mapping[str, str]
    endpoints: tuple[Endpoint[W], ...]
    world: type[W]
    listings: ListingFormat[Any]
    operation_prefix: str = ""  # of names on the wire; operations are recorded without it
    # Who may call: accounts are records of one type, and worth no secret.
    demo_account: object
    # What connects the marketplace, by the names of its credentials, at a country site of it (the
    # site's host, "" where it has none); None: the gateway tells nobody.
    demo_credentials: Callable[[str], Mapping[str, str]] | None = None
    is_in_demo: bool = False  # `serve --demo` connects it with them
    numbered_account: Callable[[int], object]  # the one number n, of as many as a test needs
    greeting: Mapping[str, str]  # the demo keys for the terminal, by what they are for
    # What goes wrong on command, in the marketplace's own words.
    throttled: Callable[[W, float], Reply]  # "this ban will last so many seconds"
    fault_kinds: frozenset[str] = frozenset()  # beyond those of faults.py
    refusal_on_command: Callable[[W, ActiveFaults], Reply | None] = lambda _world, _active: None
    options: tuple[Option, ...] = ()
    made_link: Callable[[W, str], MadeLink | None]  # who made it; None: nobody here
