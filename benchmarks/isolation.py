"""Many credential sets at once in one application: is anything mixed up between them?

Every set has a workspace, an API key, an AliExpress and an Amazon account of its own, some products
that nobody else asks for, and shares the others. The gateways write into every link who asked for
it, so that an answer, a kept answer or a stored row that reached the wrong set is seen.
"""

import asyncio
import contextlib
import random
import re
from collections import Counter
from collections.abc import (
    AsyncIterator,
    Collection,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import httpx

from application.keys import Keys
from benchmarks.application import ADDRESS, PATIENT, now, product_id
from benchmarks.credential_sets import FIELDS, SHARED_PRODUCTS, CredentialSet, Operation
from clients.registry import SETTINGS
from config import read_settings
from db import statements
from db.keys import KeyRing, new_key
from db.migrate import migrate
from domain.credentials import Secret
from domain.marketplaces import AccountKey
from domain.products import SourceProduct
from domain.search import SearchPage
from sandbox import Sandbox, numbered_accounts
from sandbox.gateway import MadeLink
from server import Overrides, build_app
from tests.graph import API_KEY, Clock, Graph, Unhurried
from upstream.cache import AnswerCache, CacheEntry, CachePolicy

AT_ONCE = 2  # requests of a set that are under way
IN_A_REQUEST = 10
JITTER = 0.05  # seconds that a call takes at most
MARK = re.compile(r"sandbox_(?:blog|shop)_(\d+)|sandbox(\d+)-2[0-2]|sandbox-credential-id-(\d+)")
ADDRESS_IN_TEXT = re.compile(r"https://[^\s\"'\\,]+")


@dataclass(kw_only=True)
class Findings:
    """What was done, what was not answered, and everything that was found with the wrong set."""

    operations: int = 0
    seconds: float = 0
    calls: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    mixed_up: list[str] = field(default_factory=list)
    links: int = 0  # that were looked at, wherever they were found


class Inspector:
    """Knows whose a link, a product or an account is."""

    def __init__(self, box: Sandbox, sets: Sequence[CredentialSet], findings: Findings) -> None:
        self._box = box
        self._findings = findings
        self._sets = {one.workspace: one for one in sets}
        self._by_account = {one.app_key: one.number for one in sets}
        self._by_account |= {one.amazon["credentialId"]: one.number for one in sets}
        self._owners = {id_: one.number for one in sets for id_ in (*one.own_ids, *one.own_asins)}

    def link(self, number: int, url: str, where: str) -> None:
        """A link that this set was given, or that is kept for it."""
        self._findings.links += 1
        made = self._made(url)
        by = {self._marked(tag) for tag in parse_qs(urlsplit(url).query).get("tag", [])}
        if made is not None:
            by.add(self._marked(made.tracking_id))
            if made.account:
                by.add(self._by_account.get(made.account))
        if by != {number}:
            self._findings.mixed_up.append(f"{where}: set {number} has a link of {by}: {url[:90]}")

    def owner(self, number: int, external_id: str, where: str) -> None:
        """A product that this set was given, or that is kept for it."""
        owner = self._owners.get(external_id, number)
        if owner != number:
            self._findings.mixed_up.append(f"{where}: set {number} has a product of {owner}")

    def answer(self, one: CredentialSet, operation: Operation, answer: Any) -> None:
        """What came back from one operation."""
        codes = [error["code"] for error in (answer or {}).get("errors", ())]
        products = _products(answer)
        if answer is None or codes or (operation.wanted and not products):
            self._findings.unanswered.update(codes or ["nothing"])
            return
        for product in products:
            if operation.wanted not in (None, product["externalId"]):
                self._findings.mixed_up.append(f"answer: {operation.wanted} was asked for")
            self.owner(one.number, product["externalId"], "answer")
        for link in (
            product["affiliateLink"]
            for product in (*products, answer)
            if product.get("affiliateLink")
        ):
            self.link(one.number, link["url"], "answer")

    def kept(self, group: Hashable, answers: Iterable[object]) -> None:
        """What was put into the cache under a name, or found there."""
        assert isinstance(group, tuple)
        [key] = [part for part in group if isinstance(part, AccountKey)]
        number = self._sets[key.workspace].number
        for answer in answers:
            for product in answer.products if isinstance(answer, SearchPage) else (answer,):
                if isinstance(product, SourceProduct):
                    self.owner(number, product.ref.external_id, "cache")
                    if product.tracked_url:
                        self.link(number, product.tracked_url, "cache")
            if isinstance(answer, str):
                self.link(number, answer, "cache")

    def calls(self) -> None:
        """What the gateways were asked for, and with whose credentials."""
        self._findings.calls = len(self._box.calls)
        for call in self._box.calls:
            number = self._by_account.get(call.account)
            if call.refusal is not None or number is None:
                self._findings.mixed_up.append(f"gateway: {call.operation} refused {call.refusal}")
                continue
            for id_ in call.ids:
                self.owner(number, id_.rpartition("/")[2].removesuffix(".html"), "gateway")

    async def rows(self) -> None:
        """What the database keeps."""
        for table in ("products", "affiliate_links"):
            for row in await statements.rows(f"SELECT * FROM {table}"):
                number, text = self._sets[row["workspace_id"]].number, repr(dict(row))
                self.owner(number, row["external_id"], table)
                for mark in MARK.finditer(text):
                    if int(next(filter(None, mark.groups()))) != number:
                        self._findings.mixed_up.append(f"{table}: set {number} has {mark[0]}")
                for url in ADDRESS_IN_TEXT.findall(text):
                    if self._made(url) is not None:
                        self.link(number, url, table)

    def _made(self, url: str) -> MadeLink | None:
        """Who made a link; a short one may have a sub id behind it."""
        return self._box.made_link(url) or self._box.made_link(url.partition("?")[0])

    def _marked(self, text: str) -> int | None:
        mark = MARK.fullmatch(text)
        return int(next(filter(None, mark.groups()))) if mark else None


async def isolation_run(sets: int, operations: int, *, seed: int = 1) -> Findings:
    """So many sets do so many operations each, interleaved, while calls take randomly long."""
    everyone = [CredentialSet(number) for number in range(1, sets + 1)]
    findings = Findings()
    async with _application(everyone) as graph:
        keys = [await _moved_in(graph, one) for one in everyone]
        inspector = Inspector(graph.sandbox, everyone, findings)
        graph.sandbox.clear_calls()
        loop = asyncio.get_running_loop()
        started = loop.time()
        with _watched_cache(inspector):
            await asyncio.gather(
                *(
                    _work(graph, one, key, operations, inspector, random.Random(f"{seed} {one}"))
                    for one, key in zip(everyone, keys, strict=True)
                )
            )
        findings.seconds = loop.time() - started
        findings.operations = sets * operations
        inspector.calls()
        await inspector.rows()
    return findings


async def _work(
    graph: Graph,
    one: CredentialSet,
    key: str,
    operations: int,
    inspector: Inspector,
    chance: random.Random,
) -> None:
    """One set's operations, some at a time."""
    left, imported = operations, set[str]()

    async def requests() -> None:
        nonlocal left
        while left > 0:
            count = min(left, IN_A_REQUEST)
            left -= count
            drawn = sorted(
                (one.operation(chance, imported) for _ in range(count)),
                key=lambda operation: operation.field,
            )
            await asyncio.gather(
                *(
                    _request(graph, one, key, of_root, inspector, imported)
                    for root in ("query", "mutation")
                    if (of_root := [each for each in drawn if each.root == root])
                )
            )

    await asyncio.gather(*(requests() for _ in range(AT_ONCE)))


async def _request(
    graph: Graph,
    one: CredentialSet,
    key: str,
    asked: Sequence[Operation],
    inspector: Inspector,
    imported: set[str],
) -> None:
    fields = [FIELDS[operation.field] for operation in asked]
    declared = ", ".join(f"$v{number}: {each.type}" for number, each in enumerate(fields))
    selected = " ".join(
        f"o{number}: {each.text.replace('$v', f'$v{number}')}" for number, each in enumerate(fields)
    )
    body = await graph.post(
        f"{asked[0].root} Work({declared}) {{ {selected} }}",
        {f"v{number}": operation.given for number, operation in enumerate(asked)},
        key=key,
    )
    data = body.get("data") or {}
    for number, operation in enumerate(asked):
        answer = data.get(f"o{number}")
        inspector.answer(one, operation, answer)
        if operation.field == "import":
            imported.update(product["id"] for product in _products(answer))


def _products(answer: Any) -> list[Any]:
    """The products of an answer, whatever field it is of."""
    if answer is None:
        return []
    if "nodes" in answer:
        return list(answer["nodes"])
    if "product" in answer:
        return [answer["product"]] if answer["product"] else []
    return [answer] if "externalId" in answer else []


async def _moved_in(graph: Graph, one: CredentialSet) -> str:
    """The API key of the set's new workspace, where both marketplaces are connected."""
    key = await graph.make_workspace(one.workspace)
    await graph.connect("ALIEXPRESS", one.aliexpress, key=key)
    await graph.connect("AMAZON", one.amazon, key=key)
    return key


@contextlib.contextmanager
def _watched_cache(inspector: Inspector) -> Iterator[None]:
    """Meanwhile everything that is put into a cache, or found there, is looked at."""
    put, get = AnswerCache.put, AnswerCache.get

    async def watched_put(
        cache: AnswerCache,
        group: Hashable,
        answers: Mapping[Any, Any],
        shelf: CachePolicy[Any],
        *,
        now: datetime,
    ) -> None:
        inspector.kept(group, answers.values())
        await put(cache, group, answers, shelf, now=now)

    async def watched_get(
        cache: AnswerCache,
        group: Hashable,
        keys: Collection[Any],
        shelf: CachePolicy[Any],
        *,
        now: datetime,
    ) -> dict[Any, CacheEntry[Any]]:
        found: dict[Any, CacheEntry[Any]] = await get(cache, group, keys, shelf, now=now)
        inspector.kept(group, [kept.value for kept in found.values()])
        return found

    with (
        patch.object(AnswerCache, "put", watched_put),
        patch.object(AnswerCache, "get", watched_get),
    ):
        yield


@contextlib.asynccontextmanager
async def _application(sets: Sequence[CredentialSet]) -> AsyncIterator[Graph]:
    """The real application in this process, over gateways that know every set and its products."""
    box = Sandbox(public_url=ADDRESS, now=now, accounts=numbered_accounts(len(sets)), jitter=JITTER)
    _fill(box, sets)
    ring = KeyRing.from_text(new_key())
    with TemporaryDirectory() as name:
        url = f"sqlite://{Path(name)}/isolation.db"
        await migrate(url)
        environ = {"DATABASE_URL": url, "DATA_DIR": name, "SANDBOX": "on"} | PATIENT
        settings = read_settings(environ, SETTINGS)
        keys = Keys(ring=ring, admin=Secret(API_KEY), admin_place="benchmarks")
        app = build_app(settings, keys, Overrides(now=now, rate_limit=Unhurried(), sandbox=box))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ADDRESS) as http,
        ):
            clock = Clock()
            clock.time = now()
            yield Graph(http, box, clock, ring)


def _fill(box: Sandbox, sets: Sequence[CredentialSet]) -> None:
    """Put the products on the shelves that are asked for by name."""
    fields = dict(box.catalog["aliexpress"].listings()[0].fields)
    item = {
        name: value
        for name, value in box.catalog["amazon"].listings()[5].fields.items()
        if name not in ("parentASIN", "variationAttributes")
    }
    own_ids = [id_ for one in sets for id_ in one.own_ids]
    for id_ in [*own_ids, *map(product_id, range(SHARED_PRODUCTS))]:
        box.catalog.add(fields | {"product_id": int(id_)})
    for asin in (asin for one in sets for asin in one.own_asins):
        box.catalog.add(item | {"asin": asin})
