"""The settings: read once, from the environment, and nowhere else.

Every problem is found in one go and told with the name of its setting; the text of a secret, and
the password inside a database address, are never part of a message or of `repr(settings)`.
"""

import base64
import binascii
import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import TypedDict
from urllib.parse import SplitResult, unquote, urlsplit

from domain.credentials import Secret
from domain.limits import Limits

MAKE_KEY = (
    'python3 -c "import secrets,base64;'
    'print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"'
)
DATABASE_FILE = "affiliate-graph.sqlite3"
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SWITCH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
SHORTEST_API_KEY = 24
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of docs/configuration.md. `secret`: also read from the file that NAME_FILE names."""

    name: str
    default: str
    help: str
    secret: bool = False


SETTINGS = (
    Setting("HOST", "127.0.0.1", "Address to listen on."),
    Setting("PORT", "8000", "Port to listen on; 0 takes any free one."),
    Setting("PUBLIC_URL", "http://HOST:PORT", "Address by which callers reach the server."),
    Setting("DATA_DIR", "./var", "Folder of the SQLite file and of the keys made at first start."),
    Setting("DATABASE_URL", f"SQLite: DATA_DIR/{DATABASE_FILE}", "sqlite, postgres or postgresql."),
    Setting(
        "ENCRYPTION_KEYS",
        "made at first start, in DATA_DIR (SQLite only)",
        "Keys that seal stored credentials: 32 bytes each in base64url, separated by commas or new"
        " lines. The last one seals, all of them open. Required with PostgreSQL.",
        secret=True,
    ),
    Setting(
        "ADMIN_API_KEY",
        "made at first start, shown once",
        f"The operator's own API key, at least {SHORTEST_API_KEY} characters.",
        secret=True,
    ),
    Setting("SANDBOX", "off", "on: marketplaces of our own making, nothing real is contacted."),
    Setting("SANDBOX_CATALOG", "", "Folder of listings that the sandbox shows instead of its own."),
    Setting(
        "REDIS_URL",
        "",
        "Redis that several server processes share: limits, caches. redis:// or rediss://.",
        secret=True,
    ),
    Setting("SEARCH_CACHE_SECONDS", "300", "How long a page of a search is given out; 0 to 600."),
    Setting("ALIEXPRESS_CALLS_PER_SECOND", "1", "Calls a second for an account of AliExpress."),
    Setting("ALIEXPRESS_CALLS_PER_DAY", "", "Calls a day; empty: AliExpress publishes no limit."),
    Setting("AMAZON_CALLS_PER_SECOND", "1", "Calls a second for a credential of Amazon."),
    Setting("AMAZON_CALLS_PER_DAY", "8640", "Calls a day; grows with your sales."),
    Setting(
        "QUOTA_RESERVE_PERCENT",
        "20",
        "Part of the day's calls that background work leaves to people who wait.",
    ),
    Setting(
        "ACCOUNT_CONNECTIONS",
        "10",
        "Connections that one account of a marketplace may have open at once.",
    ),
    Setting(
        "MAX_CONNECTIONS", "100", "Connections to marketplaces that the process may have open."
    ),
    Setting("SHORT_LINKS", "off", "on: shortened links of the marketplaces are opened."),
    Setting(
        "ALLOWED_HOSTS",
        "the host of PUBLIC_URL and this machine",
        "Names by which requests may call the server, separated by commas; * for any.",
    ),
    Setting(
        "ALLOWED_ORIGINS",
        "",
        "Web sites whose pages may read answers, separated by commas: https://shop.example.",
    ),
    Setting(
        "TRUSTED_DOCUMENTS",
        "",
        "Folder of GraphQL documents that callers may name by their hash instead of sending them.",
    ),
    Setting("TRUSTED_DOCUMENTS_ONLY", "off", "on: nothing but those documents is run."),
    Setting("INTROSPECTION", "on", "off: callers cannot ask for the schema, nor guess at it."),
    Setting(
        "DRAIN_SECONDS",
        "1",
        "After SIGTERM: how long /readyz says no while requests are still taken; 0 to 60.",
    ),
    Setting("METRICS", "off", "on: numbers for Prometheus at /metrics, for the operator."),
    Setting("OPENTELEMETRY", "off", "on: a span for each operation and each marketplace call."),
    Setting("LOG_LEVEL", "INFO", ", ".join(LOG_LEVELS) + "."),
    Setting("ALIEXPRESS_GATEWAY_URL", "AliExpress", "Another gateway in AliExpress's place."),
    Setting("AMAZON_CREATORS_URL", "Amazon", "Another Creators API in Amazon's place."),
    Setting("AMAZON_TOKEN_URL", "Amazon", "Another token endpoint, for every credential version."),
    Setting("AMAZON_PAAPI_URL", "Amazon", "Another PA-API 5.0 in Amazon's place."),
    Setting("ALIEXPRESS_APP_KEY", "", "App Key of AliExpress.", secret=True),
    Setting("ALIEXPRESS_APP_SECRET", "", "App Secret of AliExpress.", secret=True),
    Setting("ALIEXPRESS_TRACKING_ID", "", "Tracking ID of AliExpress.", secret=True),
    Setting("AMAZON_MARKETPLACE", "www.amazon.com", "Country site of the values below.", True),
    Setting("AMAZON_CREDENTIAL_ID", "", "Credential ID of the Creators API.", secret=True),
    Setting("AMAZON_CREDENTIAL_SECRET", "", "Credential Secret of the Creators API.", secret=True),
    Setting("AMAZON_CREDENTIAL_VERSION", "", "Version of the credentials, for example 3.1.", True),
    Setting("AMAZON_PARTNER_TAG", "", "Partner Tag of Amazon.", secret=True),
    Setting("AMAZON_ACCESS_KEY", "", "Access Key of PA-API 5.0 (legacy).", secret=True),
    Setting("AMAZON_SECRET_KEY", "", "Secret Key of PA-API 5.0 (legacy).", secret=True),
    Setting("AMAZON_HOST", "", "Host of PA-API 5.0 (legacy).", secret=True),
    Setting("AMAZON_REGION", "", "Region of PA-API 5.0 (legacy).", secret=True),
    *(
        Setting(limit.metadata["setting"], f"{limit.default}", limit.metadata["help"])
        for limit in Limits.settings()
    ),
)
KNOWN = frozenset(
    name for s in SETTINGS for name in ((s.name, f"{s.name}_FILE") if s.secret else (s.name,))
)

GATEWAYS = (
    "ALIEXPRESS_GATEWAY_URL",
    "AMAZON_CREATORS_URL",
    "AMAZON_TOKEN_URL",
    "AMAZON_PAAPI_URL",
)
ALIEXPRESS_FIELDS = {
    "ALIEXPRESS_APP_KEY": "appKey",
    "ALIEXPRESS_APP_SECRET": "appSecret",
    "ALIEXPRESS_TRACKING_ID": "trackingId",
}
AMAZON_FIELDS = {
    "AMAZON_CREDENTIAL_ID": "credentialId",
    "AMAZON_CREDENTIAL_SECRET": "credentialSecret",
    "AMAZON_CREDENTIAL_VERSION": "credentialVersion",
    "AMAZON_PARTNER_TAG": "partnerTag",
    "AMAZON_ACCESS_KEY": "accessKey",
    "AMAZON_SECRET_KEY": "secretKey",
    "AMAZON_HOST": "host",
    "AMAZON_REGION": "region",
}
# Settings of each marketplace's credentials -> field names of the graph, by marketplace code.
CREDENTIAL_FIELDS = {"aliexpress": ALIEXPRESS_FIELDS, "amazon": AMAZON_FIELDS}


class BadSettings(Exception):
    """Settings that cannot be used; `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapCredentials:
    """Credentials of one marketplace, by GraphQL field name, to be stored at the first start."""

    marketplace: str
    locale: str
    values: dict[str, Secret]


class Pace(TypedDict, total=False):
    """Limits of a marketplace that replace its usual ones."""

    calls_per_day: int | None
    calls_per_second: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says, checked.

    `encryption_keys` empty: one is made and kept in `data_dir`. `admin_api_key` None: likewise.
    `gateway_addresses`: only those that are set, by the name of their setting. `allowed_hosts`
    None: any. `paces`: the limits of marketplaces that are set, by code.
    """

    host: str
    port: int
    public_url: str
    data_dir: Path
    database_url: str = field(repr=False)  # may hold a password
    encryption_keys: tuple[Secret, ...]
    admin_api_key: Secret | None
    sandbox: bool
    sandbox_catalog: Path | None
    short_links: bool
    allowed_hosts: frozenset[str] | None
    allowed_origins: frozenset[str]
    trusted_documents: Path | None
    trusted_documents_only: bool
    introspection: bool
    drain_seconds: float
    metrics: bool
    opentelemetry: bool
    log_level: str
    gateway_addresses: dict[str, str]
    redis_url: Secret | None
    search_cache: timedelta
    paces: dict[str, Pace]
    quota_reserve_percent: int
    account_connections: int
    max_connections: int
    bootstrap: tuple[BootstrapCredentials, ...]
    limits: Limits

    def secrets(self) -> tuple[Secret, ...]:
        """What no log may show: keys, and the passwords inside addresses, as written and as meant.

        Credentials of marketplaces are not among them: they are stored sealed, and some of them,
        such as a host, are no secrets.
        """
        addresses = (self.database_url, self.redis_url.reveal() if self.redis_url else "")
        found = (_split(address) for address in addresses)
        passwords = [parts.password for parts in found if parts is not None and parts.password]
        admin = () if self.admin_api_key is None else (self.admin_api_key,)
        texts = dict.fromkeys((*passwords, *map(unquote, passwords)))
        return (*self.encryption_keys, *admin, *map(Secret, texts))


def from_environment() -> Settings:
    """The settings of this process. Raises BadSettings with every problem found."""
    return read_settings(os.environ)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings that these variables make. Raises BadSettings with every problem found."""
    reader = _Reader(environ)
    host, port = reader.host(), reader.port()
    data_dir = Path(reader.text("DATA_DIR") or "./var").absolute()
    database_url = reader.database_url(data_dir)
    sandbox = reader.switch("SANDBOX", default="off")
    public_url = reader.public_url(host, port)
    settings = Settings(
        host=host,
        port=port,
        public_url=public_url,
        data_dir=data_dir,
        database_url=database_url,
        encryption_keys=reader.encryption_keys(required=database_url.startswith("postgres")),
        admin_api_key=reader.admin_api_key(),
        sandbox=sandbox,
        sandbox_catalog=reader.sandbox_catalog(sandbox=sandbox),
        short_links=reader.switch("SHORT_LINKS", default="off"),
        allowed_hosts=reader.allowed_hosts(host, public_url),
        allowed_origins=reader.allowed_origins(),
        trusted_documents=reader.folder("TRUSTED_DOCUMENTS"),
        trusted_documents_only=reader.switch("TRUSTED_DOCUMENTS_ONLY", default="off"),
        introspection=reader.switch("INTROSPECTION", default="on"),
        drain_seconds=reader.number("DRAIN_SECONDS", 1, 0, most=60),
        metrics=reader.switch("METRICS", default="off"),
        opentelemetry=reader.switch("OPENTELEMETRY", default="off"),
        log_level=reader.log_level(),
        gateway_addresses=reader.gateway_addresses(),
        redis_url=reader.redis_url(),
        search_cache=timedelta(seconds=reader.number("SEARCH_CACHE_SECONDS", 300, 0, most=600)),
        paces={code: reader.pace(code.upper()) for code in CREDENTIAL_FIELDS},
        quota_reserve_percent=int(reader.number("QUOTA_RESERVE_PERCENT", 20, 0, most=90)),
        account_connections=reader.whole("ACCOUNT_CONNECTIONS", 10, most=10_000),
        max_connections=reader.whole("MAX_CONNECTIONS", 100, most=10_000),
        bootstrap=reader.bootstrap(),
        limits=reader.limits(),
    )
    problems = reader.problems + _mistyped(environ)
    if problems:
        raise BadSettings(problems)
    return settings


class _Reader:
    """Reads one setting at a time; a problem is noted and something harmless returned."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        """The trimmed value, "" where it is not set."""
        return self._environ.get(name, "").strip()

    def secret(self, name: str) -> str:
        """The value, or the content of the file that NAME_FILE names; "" for neither."""
        value, path = self.text(name), self.text(f"{name}_FILE")
        if not path:
            return value
        if value:
            self._problem(f"{name} and {name}_FILE are both set. Keep one of them.")
            return ""
        return self._content(name, path)

    def _content(self, name: str, path: str) -> str:
        try:
            content = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as failure:
            reason = failure.strerror if isinstance(failure, OSError) else "it is not text"
            self._problem(f"{name}_FILE names {path}, which cannot be read: {reason}.")
            return ""
        if not content:
            self._problem(f"{name}_FILE names {path}, which is empty.")
        return content

    def host(self) -> str:
        host = self.text("HOST") or "127.0.0.1"
        if re.fullmatch(r"[A-Za-z0-9.-]+", host) or _is_address(host):
            return host
        self._problem("HOST must be an address or a host name, such as 127.0.0.1.")
        return "127.0.0.1"

    def port(self) -> int:
        text = self.text("PORT") or "8000"
        if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535:
            return int(text)
        self._problem("PORT must be a whole number from 0 to 65535.")
        return 0

    def public_url(self, host: str, port: int) -> str:
        address = self.text("PUBLIC_URL")
        if address:
            self._check_address("PUBLIC_URL", address, plain_http=True)
            return address.rstrip("/")
        if _is_address(host) and ip_address(host).is_unspecified:
            host = "127.0.0.1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def allowed_hosts(self, host: str, public_url: str) -> frozenset[str] | None:
        names = [name.lower() for name in self.words("ALLOWED_HOSTS")]
        if "*" in names:
            return None
        for number, name in enumerate(names, start=1):
            if not re.fullmatch(r"[a-z0-9.-]+", name) and not _is_address(name.strip("[]")):
                self._problem(f"ALLOWED_HOSTS: name {number} is no host name. No http://, no port.")
        if not names and not self.text("PUBLIC_URL") and not _is_loopback(host):
            return None  # listens to others, and nobody said by which name they call it
        parts = _split(public_url)
        return frozenset((*names, str(parts.hostname if parts else "")))

    def allowed_origins(self) -> frozenset[str]:
        origins = [origin.lower().rstrip("/") for origin in self.words("ALLOWED_ORIGINS")]
        for number, origin in enumerate(origins, start=1):
            parts = _split(origin)
            if parts is None or f"{parts.scheme}://{parts.netloc}" != origin or not parts.hostname:
                self._problem(
                    f"ALLOWED_ORIGINS: entry {number} is no origin. Write https://shop.example, "
                    "without a path; * is not possible."
                )
        return frozenset(origins)

    def folder(self, name: str) -> Path | None:
        text = self.text(name)
        if text and not Path(text).is_dir():
            self._problem(f"{name} names {text}, which is not a folder.")
        return Path(text).absolute() if text else None

    def words(self, name: str) -> list[str]:
        """The words of a list with commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def database_url(self, data_dir: Path) -> str:
        address = self.text("DATABASE_URL")
        if not address:
            if re.search(r"[?#]", str(data_dir)):
                self._problem("DATA_DIR must not hold a question mark or a number sign.")
            return f"sqlite://{data_dir / DATABASE_FILE}"
        parts = _split(address)
        if parts is None or parts.scheme not in DATABASE_SCHEMES:
            self._problem(f"DATABASE_URL must begin with {_either(DATABASE_SCHEMES, '://')}.")
        elif not (parts.netloc + parts.path if parts.scheme == "sqlite" else parts.path[1:]):
            what = "file" if parts.scheme == "sqlite" else "database"
            self._problem(f"DATABASE_URL names no {what}: it belongs after the last slash.")
        return address

    def encryption_keys(self, *, required: bool) -> tuple[Secret, ...]:
        text = self.secret("ENCRYPTION_KEYS")
        keys = [key.strip() for key in re.split(r"[,\r\n]", text) if key.strip()]
        for number, key in enumerate(keys, start=1):
            if not _is_encryption_key(key):
                self._problem(
                    f"ENCRYPTION_KEYS: key {number} is not {KEY_BYTES} bytes in base64url."
                    f" This makes a good one: {MAKE_KEY}"
                )
        if len({key.rstrip("=") for key in keys}) < len(keys):
            self._problem("ENCRYPTION_KEYS holds the same key twice.")
        if required and not self._is_given("ENCRYPTION_KEYS"):
            self._problem(
                "ENCRYPTION_KEYS is required with PostgreSQL, so that every server that shares the"
                f" database can open its credentials. This makes one: {MAKE_KEY}"
            )
        return tuple(Secret(key) for key in keys)

    def admin_api_key(self) -> Secret | None:
        key = self.secret("ADMIN_API_KEY")
        if not key:
            return None
        if len(key) < SHORTEST_API_KEY:
            self._problem(f"ADMIN_API_KEY must have at least {SHORTEST_API_KEY} characters.")
        if not re.fullmatch(r"[!-~]+", key):
            self._problem("ADMIN_API_KEY may hold only letters, digits and signs of ASCII.")
        return Secret(key)

    def switch(self, name: str, *, default: str) -> bool:
        """A setting that is on or off."""
        text = self.text(name).lower() or default
        if text not in SWITCH:
            self._problem(f"{name} must be {_either(SWITCH)}.")
        return SWITCH.get(text, False)

    def limits(self) -> Limits:
        numbers = {limit.name: self._limit(limit) for limit in Limits.settings()}
        found = Limits(**numbers)
        if found.capacity < found.cost:
            self._problem(
                f"BUCKET_CAPACITY ({found.capacity}) must be at least LIMIT_COST ({found.cost}), "
                "or the dearest operations could never be paid."
            )
        return found

    def _limit(self, limit: Field[int]) -> int:
        metadata = limit.metadata
        least, most = metadata["least"], metadata["most"]
        return self.whole(metadata["setting"], int(str(limit.default)), least, most=most)

    def whole(self, name: str, default: int, least: int = 1, *, most: int) -> int:
        """A whole number between two bounds; underscores may group its digits."""
        text = self.text(name).replace("_", "") or str(default)
        if text.isascii() and text.isdigit() and len(text) <= 12 and least <= int(text) <= most:
            return int(text)
        self._problem(f"{name} must be a whole number from {least} to {most}.")
        return default

    def sandbox_catalog(self, *, sandbox: bool) -> Path | None:
        text = self.text("SANDBOX_CATALOG")
        if not text:
            return None
        if not sandbox:
            self._problem("SANDBOX_CATALOG is set but SANDBOX is off. Set SANDBOX=on as well.")
        if not Path(text).is_dir():
            self._problem(f"SANDBOX_CATALOG names {text}, which is not a folder.")
        return Path(text).absolute()

    def log_level(self) -> str:
        level = self.text("LOG_LEVEL").upper() or "INFO"
        if level not in LOG_LEVELS:
            self._problem(f"LOG_LEVEL must be {_either(LOG_LEVELS)}.")
        return level

    def gateway_addresses(self) -> dict[str, str]:
        addresses = {name: self.text(name) for name in GATEWAYS if self.text(name)}
        for name, address in addresses.items():
            self._check_address(name, address, plain_http=False)
        return addresses

    def redis_url(self) -> Secret | None:
        address = self.secret("REDIS_URL")
        if not address:
            return None
        parts = _split(address)
        if parts is None or parts.scheme not in ("redis", "rediss") or not parts.hostname:
            self._problem("REDIS_URL must be redis://host:port/number, or rediss:// for TLS.")
        return Secret(address)

    def number(self, name: str, default: float, least: float = 1, *, most: float) -> float:
        """A whole or decimal number between two bounds."""
        text = self.text(name)
        if not text:
            return default
        if re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text) and least <= float(text) <= most:
            return float(text)
        self._problem(f"{name} must be a number from {least:g} to {most:g}.")
        return default

    def pace(self, prefix: str) -> Pace:
        found = Pace()
        if self.text(f"{prefix}_CALLS_PER_SECOND"):
            pace = self.number(f"{prefix}_CALLS_PER_SECOND", 1, 0.01, most=1000)
            found["calls_per_second"] = Decimal(str(pace))
        if self.text(f"{prefix}_CALLS_PER_DAY"):
            found["calls_per_day"] = int(self.number(f"{prefix}_CALLS_PER_DAY", 0, most=10**9))
        return found

    def bootstrap(self) -> tuple[BootstrapCredentials, ...]:
        locale = self.secret("AMAZON_MARKETPLACE") or "www.amazon.com"
        if not re.fullmatch(r"www\.amazon\.[a-z]{2,3}(\.[a-z]{2})?", locale):
            self._problem("AMAZON_MARKETPLACE must be a country site, such as www.amazon.co.uk.")
        found = (
            BootstrapCredentials(marketplace=code, locale=where, values=self._values(fields))
            for code, where, fields in (
                ("aliexpress", "", ALIEXPRESS_FIELDS),
                ("amazon", locale, AMAZON_FIELDS),
            )
        )
        return tuple(credentials for credentials in found if credentials.values)

    def _values(self, fields: Mapping[str, str]) -> dict[str, Secret]:
        texts = {shown: self.secret(name) for name, shown in fields.items()}
        return {shown: Secret(text) for shown, text in texts.items() if text}

    def _check_address(self, name: str, address: str, *, plain_http: bool) -> None:
        """Notes a problem unless it is https://host..., or http where that is harmless or allowed.

        The address itself is not shown: it may hold a password.
        """
        parts = _split(address)
        if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
            self._problem(f"{name} must be a web address, such as https://example.com/path.")
            return
        if parts.username is not None or parts.password is not None:
            self._problem(f"{name} must not hold a user name or a password.")
        if parts.query or parts.fragment:
            self._problem(f"{name} must end with its path, without ? or #.")
        if parts.scheme == "http" and not plain_http and not _is_loopback(parts.hostname):
            self._problem(f"{name} must begin with https://, except for a server on this machine.")

    def _is_given(self, name: str) -> bool:
        return bool(self.text(name) or self.text(f"{name}_FILE"))

    def _problem(self, sentence: str) -> None:
        self.problems.append(sentence)


def _mistyped(environ: Mapping[str, str]) -> list[str]:
    """Variables that look like a setting of ours and are none."""
    problems = []
    for name in sorted(environ.keys() - KNOWN):
        nearest = _nearest(name)
        if nearest:
            problems.append(f"{name} is not a setting. Did you mean {nearest}?")
    return problems


def _nearest(name: str) -> str | None:
    """The setting that somebody may have meant, None for another program's variable.

    PG_DATABASE_URL and the like are other programs'; HOST and PORT are too short to guess by.
    """
    ours = name.startswith(("ALIEXPRESS_", "SANDBOX_"))
    if not ours and any(name.endswith(f"_{known}") for known in KNOWN):
        return None
    candidates = sorted(known for known in KNOWN if len(known) > len("PORT"))
    found = difflib.get_close_matches(name, candidates, n=1, cutoff=0.0 if ours else 0.85)
    return found[0] if found else None


def _split(address: str) -> SplitResult | None:
    """The parts of an address, None for what is none (a port that is no number)."""
    if re.search(r"[\s\x00-\x1f\x7f]", address):
        return None
    try:
        parts = urlsplit(address)
        if parts.scheme != "sqlite":  # sqlite://:memory: is no host with a port
            _ = parts.port
    except ValueError:
        return None
    return parts


def _is_encryption_key(text: str) -> bool:
    body = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", body):
        return False
    try:
        return len(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) == KEY_BYTES
    except binascii.Error:
        return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _either(words: Mapping[str, bool] | tuple[str, ...], suffix: str = "") -> str:
    *first, last = (f"{word}{suffix}" for word in words)
    return f"{', '.join(first)} or {last}"
