"""doctor: looks at everything that can keep the server from working, and says what mends it.

Nothing is changed and no marketplace is asked. A check is a function in CHECKS that yields
findings; it is run even when an earlier one failed, as long as what it needs is there.
"""

import argparse
import asyncio
import contextlib
import json
import os
import stat
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from application.runtime import modes
from clients.registry import SETTINGS
from commands.arguments import Commands, add_command
from commands.context import mode_of, quiet_logs, read_settings
from commands.serve import listen
from commands.words import in_commands
from config import Settings
from db import admin_key as admin_keys
from db import api_keys, credentials, doctor, texts, webhooks, workspaces
from db.connection import DEFAULT_WORKSPACE, is_sqlite, open_database, sqlite_path
from db.encryption import key_usage, open_canary
from db.exceptions import DatabaseUnavailable, NotReady
from db.keys import KeyRing, key_file, read_private
from db.migrate import examine, migrates_itself, pending
from domain.exceptions import InvalidInput
from domain.marketplaces import Account, HealthState, Workspace
from domain.settings import BadSettings
from domain.starting import CannotStart
from resolvers import marketplaces
from schema.shaping import WebhookDocuments
from upstream.redis_server import is_answered
from web import assets

RELEASED = datetime(2026, 11, 1, tzinfo=UTC)  # no clock that is right shows an earlier time
CLOCK_TOLERANCE = timedelta(minutes=5)
HARMLESS = (HealthState.HEALTHY, HealthState.UNVERIFIED, HealthState.THROTTLED)


class Verdict(Enum):
    """How a check ended. Only a failure makes the doctor end with exit code 1."""

    GOOD = "ok  "
    NOTE = "note"
    FAILURE = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, the state it is in, and the command or deed that mends it."""

    verdict: Verdict
    what: str
    state: str
    cure: str | None = None


@dataclass(slots=True, kw_only=True)
class Patient:
    """What the checks look at. `ring` and `is_open`: what earlier checks found usable."""

    settings: Settings
    now: datetime
    ring: KeyRing | None = None
    is_migrated: bool = False


Check = Callable[[Patient], AsyncIterator[Finding]]


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    add_command(
        commands,
        shared,
        "doctor",
        "look for what keeps the server from working, and say what mends it",
        run,
    )


def run(_arguments: argparse.Namespace) -> int:
    """Print every finding. 1 when something has failed."""
    try:
        settings = read_settings()
    except BadSettings as bad:
        for problem in bad.problems:
            _print(Finding(verdict=Verdict.FAILURE, what="Settings", state=problem))
        return 1
    quiet_logs(settings)
    return asyncio.run(_examine(Patient(settings=settings, now=datetime.now(UTC))))


async def _examine(patient: Patient) -> int:
    _print(_good("Settings", f"all can be used; the mode is {mode_of(patient.settings)}"))
    failures = 0
    for check in CHECKS:
        async for finding in check(patient):
            _print(finding)
            failures += finding.verdict is Verdict.FAILURE
    print(f"\n{failures} to mend." if failures else "\nNothing to mend.")
    return 1 if failures else 0


async def folder(patient: Patient) -> AsyncIterator[Finding]:
    """DATA_DIR: there, writable, and closed to others."""
    place = patient.settings.data_dir
    if not place.exists():
        yield _note("Data folder", f"{place} is made at the first start")
        return
    if not place.is_dir():
        yield _failure("Data folder", f"{place} is no folder", "Set DATA_DIR to a folder.")
        return
    mode = stat.S_IMODE(place.stat().st_mode)
    if mode & 0o077:
        yield _note("Data folder", f"{place} can be entered by others", f"chmod 700 {place}")
    else:
        yield _good("Data folder", str(place))


async def key_files(patient: Patient) -> AsyncIterator[Finding]:
    """The encryption keys and the admin key: readable, and by their owner alone."""
    settings = patient.settings
    place = settings.data_dir / "encryption.key"
    try:
        if settings.encryption_keys:
            texts = ",".join(key.reveal() for key in settings.encryption_keys)
            patient.ring = KeyRing.from_text(texts)
        elif place.exists():
            patient.ring = key_file(place, create=False)
        else:
            yield _note("Encryption keys", f"{place} is made at the first start")
        if patient.ring is not None:
            yield _good("Encryption keys", f"loaded: {', '.join(patient.ring.ids)}")
    except NotReady as problem:
        yield _failure("Encryption keys", str(problem))
    admin = settings.data_dir / "admin.key"
    if settings.admin_api_key is not None and admin.exists():
        yield _note("Admin API key", f"ADMIN_API_KEY counts; {admin} holds another", f"rm {admin}")
    if settings.admin_api_key is None and admin.exists():
        try:
            read_private(admin)
            yield _good("Admin API key", f"in {admin}")
        except NotReady as problem:
            yield _failure("Admin API key", str(problem))


async def database(patient: Patient) -> AsyncIterator[Finding]:
    """Reachable, migrated, with the tables of this release, and written by no later clock."""
    url = patient.settings.database_url
    if is_sqlite(url) and not await asyncio.to_thread(os.path.exists, sqlite_path(url)):
        yield _note("Database", f"{sqlite_path(url)} is made at the first start")
        return
    try:
        if waiting := await pending(url):
            state = f"{len(waiting)} migrations are pending, up to {waiting[-1]}"
            if migrates_itself(url, waiting):
                yield _note("Database", f"{state}: the next start applies them")
            else:
                yield _failure("Database", state, "python server.py migrate")
            return
        for difference in await examine(url):
            yield _failure("Database", difference, "Restore the last backup, or ask for help.")
        patient.is_migrated = True
        yield _good("Database", "reachable, its tables are those of this release")
    except (DatabaseUnavailable, NotReady) as problem:
        yield _failure("Database", str(problem))


async def text_search(patient: Patient) -> AsyncIterator[Finding]:
    """The catalogue's texts have their index."""
    if not patient.is_migrated:
        return
    async with _opened(patient):
        if await texts.has_index():
            return
    yield _note(
        "Text search",
        "its index is lacking, so texts are looked through one by one",
        "With PostgreSQL let a superuser run CREATE EXTENSION pg_trgm in the database (SQLite needs"
        " 3.34 with FTS5), then: python server.py migrate",
    )


async def seals(patient: Patient) -> AsyncIterator[Finding]:
    """The keys open what the database holds, and API keys were hashed under loaded ones."""
    ring = patient.ring
    if not patient.is_migrated:
        return
    async with _opened(patient):
        usage = await key_usage()
    if not usage:
        yield _note("Sealed values", "there are none yet")
        return
    if ring is None:
        yield _failure(
            "Sealed values",
            "there is a database, but no encryption key that could open its credentials",
            f"Restore {patient.settings.data_dir / 'encryption.key'} from a backup.",
        )
        return
    async with _opened(patient):
        try:
            await open_canary(ring)
            hashed = await api_keys.pepper_usage(patient.now)
        except NotReady as problem:
            yield _failure("Sealed values", str(problem), "Load the key that is named.")
            return
    yield _good("Sealed values", "open with these keys")
    if lost := {key_id: count for key_id, count in hashed.items() if key_id not in ring.ids}:
        yield _failure(
            "API keys",
            f"{sum(lost.values())} were hashed with encryption key {', '.join(lost)}, which is not "
            "loaded: they are refused",
            "Load that key again, or make new API keys: python server.py key create NAME SCOPE",
        )


async def admin_key(patient: Patient) -> AsyncIterator[Finding]:
    """All servers of a PostgreSQL accept the same admin key."""
    admin = patient.settings.admin_api_key
    if not patient.is_migrated or patient.ring is None or admin is None:
        return
    async with _opened(patient):
        is_other = await admin_keys.is_other(admin, patient.ring)
    if is_other:
        yield _failure(
            "Admin API key",
            "the server of this database that started last has another ADMIN_API_KEY",
            "Give all servers the same one, and restart those that lack it.",
        )


async def accounts(patient: Patient) -> AsyncIterator[Finding]:
    """Each workspace's credentials can be read, and worked when they were last used."""
    if not patient.is_migrated or patient.ring is None:
        return
    stored: list[Account] = []
    async with _opened(patient):
        for each in await workspaces.summaries():
            workspace = Workspace(each.name, modes(patient.settings))
            stored += await credentials.accounts(workspace, patient.ring)
    for account in stored:
        yield _of_account(account)
        for name in _stale(account, patient.settings):
            yield _note(
                name,
                "the environment has another value than is stored; the stored one is used",
                f"unset {name}, or disconnect the marketplace to take the environment's",
            )
    if not stored and not patient.settings.bootstrap:
        yield _note(
            "Marketplaces",
            f"nothing is connected in {mode_of(patient.settings)}",
            "python server.py connect MARKETPLACE",
        )


async def public_keys(patient: Patient) -> AsyncIterator[Finding]:
    """Keys that stand in web pages open no more than is meant for everybody."""
    if not patient.is_migrated:
        return
    async with _opened(patient):
        for key in await api_keys.telling_everybody(patient.now):
            yield _note(
                f"API key {key.name} of {key.workspace}",
                "stands in web pages: everybody can read your notes, prices and quota with it",
                f"python server.py --workspace {key.workspace} key narrow {key.id}",
            )


async def webhook_documents(patient: Patient) -> AsyncIterator[Finding]:
    """What shapes the data of webhooks still fits the schema: after an upgrade it may not."""
    if not patient.is_migrated:
        return
    documents = WebhookDocuments(patient.settings.limits)
    async with _opened(patient):
        told = await webhooks.with_documents()
    for webhook in told:
        try:
            documents.check(webhook.document or "")
        except InvalidInput as problem:
            yield _failure(
                f"Webhook {webhook.shown_url} of {webhook.workspace}",
                problem.message,
                "Give it another document with updateWebhook.",
            )


async def clock(patient: Patient) -> AsyncIterator[Finding]:
    """Marketplaces refuse signatures of a clock that is off."""
    cure = "Set the clock by NTP: timedatectl set-ntp true"
    if patient.now < RELEASED:
        yield _failure("Clock", f"it shows {patient.now:%Y-%m-%d}, before this release", cure)
        return
    if patient.is_migrated:
        async with _opened(patient):
            newest = await doctor.newest_moment()
        if newest is not None and newest > patient.now + CLOCK_TOLERANCE:
            yield _failure("Clock", f"the database was written at {newest:%Y-%m-%d %H:%M}", cure)
            return
    yield _good("Clock", f"{patient.now:%Y-%m-%d %H:%M} UTC")


async def port(patient: Patient) -> AsyncIterator[Finding]:
    """Free, or taken by this very server."""
    settings = patient.settings
    place = f"{settings.host} port {settings.port}"
    try:
        listen(settings).close()
        yield _good("Port", f"{place} is free")
    except CannotStart as problem:
        if await asyncio.to_thread(_is_answered_by_us, settings):
            yield _good("Port", f"this server answers at {place}")
        else:
            yield _failure("Port", str(problem))


async def redis(patient: Patient) -> AsyncIterator[Finding]:
    """Where it is set, it answers; without it every process keeps a limit of its own."""
    url = patient.settings.redis_url
    if url is None:
        return
    if await is_answered(url.reveal()):
        yield _good("Redis", "answers")
    else:
        yield _failure("Redis", "does not answer", "Start it, or take REDIS_URL away.")


async def page(_patient: Patient) -> AsyncIterator[Finding]:
    """GraphiQL is optional; its page says so too."""
    if assets.are_installed():
        yield _good("GraphiQL", "installed")
    else:
        yield _note("GraphiQL", "not installed; the API works without it", "make setup")


CHECKS: tuple[Check, ...] = (
    folder,
    key_files,
    database,
    text_search,
    seals,
    admin_key,
    accounts,
    public_keys,
    webhook_documents,
    clock,
    port,
    redis,
    page,
)


def _of_account(account: Account) -> Finding:
    connected = marketplaces.connected(account)
    site = f" --locale {connected.locale}" if connected.locale else ""
    code = connected.marketplace.code
    what = f"{connected.marketplace.name} in {account.key.workspace}"
    if connected.locale:
        what += f", {connected.locale}"
    at = f"--workspace {account.key.workspace} "
    state = connected.health.state
    if account.unreadable or connected.missing_fields:
        return _failure(
            what, connected.cure or "incomplete", f"python server.py {at}connect {code}{site}"
        )
    if state is HealthState.UNVERIFIED:
        return _note(what, "never tried", f"python server.py {at}verify {code}{site}")
    if state in HARMLESS:
        return _good(what, state.value)
    return _failure(what, state.value, connected.cure)


def _stale(account: Account, settings: Settings) -> list[str]:
    """The environment's variables for this account that hold something else than is stored."""
    if account.key.workspace != DEFAULT_WORKSPACE:
        return []
    [described] = [each for each in SETTINGS if each.code == account.key.marketplace]
    known = account.reveal()
    return [
        described.credentials[name].name
        for each in settings.bootstrap
        if each.marketplace == account.key.marketplace and each.locale in ("", account.key.locale)
        for name, value in each.values.items()
        if known.get(name) != value
    ]


def _is_answered_by_us(settings: Settings) -> bool:
    """Whether our own health check answers there."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    host = f"[{host}]" if ":" in host else host
    try:
        # The address is the server's own, from its settings.
        with urllib.request.urlopen(f"http://{host}:{settings.port}/healthz", timeout=2) as answer:
            health: object = json.load(answer)
    except (OSError, ValueError):
        return False
    return health == {"status": "ok"}


def _opened(patient: Patient) -> "contextlib.AbstractAsyncContextManager[None]":
    return open_database(patient.settings.database_url, shared=False)


def _good(what: str, state: str) -> Finding:
    return Finding(verdict=Verdict.GOOD, what=what, state=state)


def _note(what: str, state: str, cure: str | None = None) -> Finding:
    return Finding(verdict=Verdict.NOTE, what=what, state=state, cure=cure)


def _failure(what: str, state: str, cure: str | None = None) -> Finding:
    return Finding(verdict=Verdict.FAILURE, what=what, state=state, cure=cure)


def _print(finding: Finding) -> None:
    print(f"{finding.verdict.value}  {finding.what}: {finding.state}")
    if finding.cure is not None:
        print(f"      -> {in_commands(finding.cure)}")
