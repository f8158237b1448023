"""The settings: read once, from the environment, and nowhere else.

Each is a field of `Settings` or `Limits` with its description (domain/settings.py); what can be set
about a marketplace is handed in. Every problem is found in one go and told with the name of its
setting; the text of a secret, and the password inside a database address, are never part of a
message or of `repr(settings)`.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from domain import parsers
from domain.credentials import MASK, BootstrapCredentials, Secret
from domain.events import EventSettings
from domain.limits import Limits
from domain.parsers import FOLDER, SWITCH, any_text, number, whole
from domain.settings import (
    BadSettings,
    BadValue,
    MarketplaceSettings,
    Pace,
    Setting,
    mistyped,
    record_of,
    setting,
    settings_of,
)

Marketplaces = Sequence[MarketplaceSettings]

DATABASE_FILE = "affiliate-graph.sqlite3"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # which prometheus-client reads when it is imported
SHARED_KEYS = {
    "encryption_keys": "can open its credentials",
    "admin_api_key": "accepts the same (ADMIN_API_KEY_FILE keeps one that a start made)",
}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# Headings of docs/configuration.md, where each group has its table.
SERVER = "Server"
DATA = "Data and keys"
SANDBOX = "Sandbox"
CALLS = "Marketplace calls"
ACCESS = "Who may call, and what"
OPERATION = "Operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says, checked.

    `encryption_keys` empty: one is made and kept in `data_dir`. `admin_api_key` None: likewise.
    `metrics_folder`: where several processes put their numbers together.
    `gateway_addresses`: only those that are set, by the name of their setting. `allowed_hosts`
    None: any. `paces`: the limits of each marketplace, by code. `changed`: what was set to other
    than its default, as it may be shown, by the name of its setting.
    """

    host: str = setting("HOST", "127.0.0.1", parsers.HOST, SERVER, "Address to listen on.")
    port: int = setting(
        "PORT", 8000, whole(0, 65535), SERVER, "Port to listen on; 0 takes any free one."
    )
    public_url: str = setting(
        "PUBLIC_URL",
        "",
        parsers.web_address(plain_http=True),
        SERVER,
        "Address by which callers reach the server.",
        unset="http://HOST:PORT",
    )
    workers: int = setting(
        "WORKERS",
        1,
        whole(1, 64),
        SERVER,
        "Server processes that share the port. More than one needs PostgreSQL and REDIS_URL.",
    )
    data_dir: Path = setting(
        "DATA_DIR",
        Path("var"),
        any_text("a folder; it is made", Path),
        DATA,
        "Folder of the SQLite file and of the keys made at first start.",
    )
    database_url: str = setting(
        "DATABASE_URL",
        "",
        parsers.DATABASE_URL,
        DATA,
        "Where everything is stored.",
        unset=f"SQLite: DATA_DIR/{DATABASE_FILE}",
        repr=False,  # may hold a password
    )
    encryption_keys: tuple[Secret, ...] = setting(
        "ENCRYPTION_KEYS",
        (),
        parsers.ENCRYPTION_KEYS,
        DATA,
        "Keys that seal stored credentials. The last one seals, all of them open. Required with"
        " PostgreSQL.",
        unset="made at first start, in DATA_DIR (SQLite only)",
        secret=True,
    )
    admin_api_key: Secret | None = setting(
        "ADMIN_API_KEY",
        None,
        parsers.ADMIN_API_KEY,
        DATA,
        "The operator's own API key. Required with PostgreSQL.",
        unset="made at first start, shown once (SQLite only)",
        secret=True,
    )
    redis_url: Secret | None = setting(
        "REDIS_URL",
        None,
        parsers.REDIS_URL,
        DATA,
        "Redis that several server processes share: limits, caches.",
        secret=True,
    )
    sandbox: bool = setting(
        "SANDBOX", False, SWITCH, SANDBOX, "on: our own marketplaces, nothing real is contacted."
    )
    sandbox_catalog: Path | None = setting(
        "SANDBOX_CATALOG",
        None,
        FOLDER,
        SANDBOX,
        "Folder of listings that the sandbox shows instead of its own.",
    )
    search_cache: timedelta = setting(
        "SEARCH_CACHE_SECONDS",
        timedelta(minutes=5),
        number(0, 600, lambda seconds: timedelta(seconds=float(seconds))),
        CALLS,
        "How long a page of a search is given out.",
        unit="seconds",
    )
    search_further_calls: int = setting(
        "SEARCH_FURTHER_CALLS",
        3,
        whole(0, 20),
        CALLS,
        "Most further calls to fill up a page of a search that filters have shortened; 0: pages"
        " stay short.",
    )
    quota_reserve_percent: int = setting(
        "QUOTA_RESERVE_PERCENT",
        20,
        whole(0, 90),
        CALLS,
        "Part of the day's calls that background work leaves to people who wait.",
        unit="percent",
    )
    account_connections: int = setting(
        "ACCOUNT_CONNECTIONS",
        10,
        whole(1, 10_000),
        CALLS,
        "Connections that one account of a marketplace may have open at once.",
    )
    max_connections: int = setting(
        "MAX_CONNECTIONS",
        100,
        whole(1, 10_000),
        CALLS,
        "Connections to marketplaces that the process may have open.",
    )
    short_links: bool = setting(
        "SHORT_LINKS", False, SWITCH, CALLS, "on: the marketplaces' shortened links are opened."
    )
    allowed_hosts: frozenset[str] | None = setting(
        "ALLOWED_HOSTS",
        frozenset(),
        parsers.HOST_NAMES,
        ACCESS,
        "Names by which requests may call the server.",
        unset="the host of PUBLIC_URL and this machine",
    )
    allowed_origins: frozenset[str] = setting(
        "ALLOWED_ORIGINS",
        frozenset(),
        parsers.ORIGINS,
        ACCESS,
        "Web sites and browser extensions whose pages may read answers.",
    )
    allowed_headers: tuple[str, ...] = setting(
        "ALLOWED_HEADERS",
        (),
        parsers.HEADER_NAMES,
        ACCESS,
        "Header fields that those pages may send beside the usual ones of GraphQL clients.",
    )
    trusted_documents: Path | None = setting(
        "TRUSTED_DOCUMENTS",
        None,
        FOLDER,
        ACCESS,
        "Folder of GraphQL documents that callers may name by their hash instead of sending them.",
    )
    trusted_documents_only: bool = setting(
        "TRUSTED_DOCUMENTS_ONLY", False, SWITCH, ACCESS, "on: nothing but those documents is run."
    )
    introspection: bool = setting(
        "INTROSPECTION",
        True,
        SWITCH,
        ACCESS,
        "off: callers cannot ask for the schema, nor guess at it.",
    )
    plans: bool = setting("PLAN", True, SWITCH, OPERATION, "off: without plans, only more slowly.")
    worker: bool = setting(
        "WORKER", True, SWITCH, OPERATION, "off: jobs are left to processes of their own."
    )
    drain_seconds: float = setting(
        "DRAIN_SECONDS",
        1.0,
        number(0, 60, float),
        OPERATION,
        "After SIGTERM: how long /readyz says no while requests are still taken.",
        unit="seconds",
    )
    metrics: bool = setting(
        "METRICS", False, SWITCH, OPERATION, "on: numbers at /metrics, for the operator."
    )
    opentelemetry: bool = setting(
        "OPENTELEMETRY",
        False,
        SWITCH,
        OPERATION,
        "on: a span for each operation and each marketplace call.",
    )
    log_level: str = setting(
        "LOG_LEVEL",
        "INFO",
        parsers.one_of(LOG_LEVELS, written=str.upper),
        OPERATION,
        "What is logged: this and whatever is graver.",
    )
    log_format: str = setting(
        "LOG_FORMAT",
        "auto",
        parsers.one_of(("auto", "json", "text"), written=str.lower),
        OPERATION,
        "How lines are written. auto: text on a terminal, json elsewhere.",
    )
    metrics_folder: Path | None = None
    gateway_addresses: dict[str, str] = field(default_factory=dict)
    paces: dict[str, Pace] = field(default_factory=dict)
    bootstrap: tuple[BootstrapCredentials, ...] = ()
    limits: Limits = Limits()
    events: EventSettings = EventSettings()
    changed: dict[str, str] = field(default_factory=dict)

    def secrets(self) -> tuple[Secret, ...]:
        """What no log may show: keys, and the passwords inside addresses, as written and as meant.

        Credentials of marketplaces are not among them: they are stored sealed, and some of them,
        such as a host, are no secrets.
        """
        addresses = (self.database_url, self.redis_url.reveal() if self.redis_url else "")
        split = (parsers.split_address(address) for address in addresses)
        passwords = [parts.password for parts in split if parts is not None and parts.password]
        admin = () if self.admin_api_key is None else (self.admin_api_key,)
        texts = dict.fromkeys((*passwords, *map(unquote, passwords)))
        return (*self.encryption_keys, *admin, *map(Secret, texts))


OWN = settings_of(Settings)
PARTS = {"limits": Limits, "events": EventSettings}


def every_setting(marketplaces: Marketplaces) -> tuple[Setting, ...]:
    """All settings in the order of the docs."""
    theirs = (each for marketplace in marketplaces for each in marketplace.every)
    parts = (each for part in PARTS.values() for each in settings_of(part).values())
    return (*OWN.values(), *theirs, *parts)


def known_names(marketplaces: Marketplaces) -> frozenset[str]:
    """Every variable that is a setting of ours."""
    return frozenset(name for each in every_setting(marketplaces) for name in each.names)


def from_environment(marketplaces: Marketplaces) -> Settings:
    """The settings of this process. Raises BadSettings with every problem found."""
    return read_settings(os.environ, marketplaces)


def set_where_unset(variables: Mapping[str, str]) -> list[str]:
    """Give these to the environment where it has none; the names of which it has another value."""
    os.environ.update({name: text for name, text in variables.items() if not os.environ.get(name)})
    return [name for name, text in variables.items() if os.environ[name] != text]


def set_now(names: Sequence[str]) -> dict[str, str]:
    """Those of these variables that the environment has."""
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def worker_environment(metrics_folder: Path | None) -> dict[str, str]:
    """The variables of a further process of this server, with a folder for its numbers."""
    return os.environ | ({METRICS_FOLDER: str(metrics_folder)} if metrics_folder else {})


def read_settings(environ: Mapping[str, str], marketplaces: Marketplaces) -> Settings:
    """The settings that these variables make. Raises BadSettings with every problem found."""
    reader = _Reader(environ)
    own = {name: reader.value(each) for name, each in OWN.items()}
    own["data_dir"] = own["data_dir"].absolute()
    own["public_url"] = own["public_url"].rstrip("/") or parsers.own_address(
        own["host"], own["port"]
    )
    own["database_url"] = own["database_url"] or f"sqlite://{own['data_dir'] / DATABASE_FILE}"
    own["allowed_hosts"] = parsers.allowed_hosts(
        own["allowed_hosts"],
        own["public_url"],
        is_open=not (reader.is_set(OWN["public_url"]) or parsers.is_loopback(own["host"])),
    )
    gateways = [each for marketplace in marketplaces for each in marketplace.gateways]
    settings = Settings(
        **own,
        metrics_folder=Path(environ[METRICS_FOLDER]) if environ.get(METRICS_FOLDER) else None,
        gateway_addresses={
            each.name: reader.value(each) for each in gateways if reader.is_set(each)
        },
        paces={marketplace.code: _pace(reader, marketplace) for marketplace in marketplaces},
        bootstrap=tuple(
            credentials
            for marketplace in marketplaces
            if (credentials := _credentials(reader, marketplace)).values
        ),
        **{name: record_of(part, reader.value) for name, part in PARTS.items()},
        changed=reader.changed,
    )
    owned = [f"{each.code.upper()}_" for each in marketplaces if each.owns_prefix]
    typos = mistyped(environ, known_names(marketplaces), owned=("SANDBOX_", *owned))
    problems = [*reader.problems, *_wrong_together(settings, reader), *typos]
    if problems:
        raise BadSettings(problems)
    return settings


class _Reader:
    """Reads one setting at a time; a problem is noted, and the default returned.

    `changed`: see `Settings`. Nothing is shown of a secret, nor of an address that may hold one.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []
        self.changed: dict[str, str] = {}

    def value(self, setting: Setting) -> Any:
        """Its value, the default where it is empty or not set."""
        text = self._secret(setting.name) if setting.secret else self.text(setting.name)
        if not text:
            return setting.default
        try:
            value = setting.parse(text)
        except BadValue as bad:
            for sentence in bad.sentences:
                gap = "" if sentence.startswith(":") else " "
                self.problems.append(f"{setting.name}{gap}{sentence}")
            return setting.default
        if value != setting.default:
            is_open = not setting.secret and setting != OWN["database_url"]
            self.changed[setting.name] = text if is_open else MASK
        return value

    def is_set(self, setting: Setting) -> bool:
        """Whether there is something in any of its variables."""
        return any(map(self.text, setting.names))

    def text(self, name: str) -> str:
        """The trimmed value of a variable, "" where it is not set."""
        return self._environ.get(name, "").strip()

    def _secret(self, name: str) -> str:
        """The value, or the content of the file that NAME_FILE names; "" for neither."""
        value, path = self.text(name), self.text(f"{name}_FILE")
        if value and path:
            self.problems.append(f"{name} and {name}_FILE are both set. Keep one of them.")
            return ""
        return self._content(name, path) if path else value

    def _content(self, name: str, path: str) -> str:
        try:
            content = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as failure:
            reason = failure.strerror if isinstance(failure, OSError) else "it is not text"
            self.problems.append(f"{name}_FILE names {path}, which cannot be read: {reason}.")
            return ""
        if not content:
            self.problems.append(f"{name}_FILE names {path}, which is empty.")
        return content


def _pace(reader: _Reader, marketplace: MarketplaceSettings) -> Pace:
    return Pace(
        calls_per_second=reader.value(marketplace.calls_per_second),
        calls_per_day=reader.value(marketplace.calls_per_day),
    )


def _credentials(reader: _Reader, marketplace: MarketplaceSettings) -> BootstrapCredentials:
    values = {name: reader.value(each) for name, each in marketplace.credentials.items()}
    return BootstrapCredentials(
        marketplace=marketplace.code,
        locale=reader.value(marketplace.locale) if marketplace.locale else "",
        values={name: value for name, value in values.items() if value},
    )


def _wrong_together(settings: Settings, reader: _Reader) -> list[str]:
    """What is right alone and wrong beside another setting."""
    is_shared = reader.text("DATABASE_URL").startswith("postgres")
    wrong = {
        "DATA_DIR must not hold a question mark or a number sign.": (
            not reader.is_set(OWN["database_url"]) and re.search(r"[?#]", str(settings.data_dir))
        ),
        **{
            f"{OWN[name].name} is required with PostgreSQL, so that every server that shares the"
            f" database {does}. This makes one: {parsers.MAKE_KEY}": (
                is_shared and not reader.is_set(OWN[name])
            )
            for name, does in SHARED_KEYS.items()
        },
        f"WORKERS={settings.workers} needs PostgreSQL and Redis, by which the processes share what"
        " one of them knows: set DATABASE_URL to a postgres:// address, and REDIS_URL.": (
            settings.workers > 1 and not (is_shared and settings.redis_url)
        ),
        "SANDBOX_CATALOG is set but SANDBOX is off. Set SANDBOX=on as well.": (
            reader.is_set(OWN["sandbox_catalog"]) and not settings.sandbox
        ),
        f"BUCKET_CAPACITY ({settings.limits.capacity}) must be at least LIMIT_COST "
        f"({settings.limits.cost}), or the dearest operations could never be paid.": (
            settings.limits.capacity < settings.limits.cost
        ),
    }
    return [sentence for sentence, is_so in wrong.items() if is_so]
