"""Settings: defaults, every refusal by name, and no secret shown."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import config
from clients import registry
from config import Settings, every_setting, known_names
from domain.credentials import MASK
from domain.limits import Limits
from domain.parsers import MAKE_KEY
from domain.settings import BadSettings

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.urlsafe_b64encode(bytes(range(1, 33))).decode()
PASSWORD = "hunter2-hunter2"
KEYS = {"ENCRYPTION_KEYS": KEY, "ADMIN_API_KEY": f"{PASSWORD}-{PASSWORD}"}
SHARED = KEYS | {"DATABASE_URL": "postgres://graph:pw@127.0.0.1/graph"}
SETTINGS = every_setting(registry.SETTINGS)


def read_settings(environ: Mapping[str, str]) -> Settings:
    return config.read_settings(environ, registry.SETTINGS)


def problems(**environ: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        read_settings(environ)
    return caught.value.problems


def test_nothing_set_is_a_usable_server() -> None:
    settings = read_settings({})

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.data_dir == Path("var").absolute()
    assert settings.database_url == f"sqlite://{Path('var').absolute()}/affiliate-graph.sqlite3"
    assert (settings.encryption_keys, settings.admin_api_key) == ((), None)
    assert (settings.sandbox, settings.sandbox_catalog) == (False, None)
    assert (settings.log_level, settings.gateway_addresses, settings.bootstrap) == ("INFO", {}, ())


def test_empty_values_count_as_not_set() -> None:
    assert read_settings({setting.name: " " for setting in SETTINGS}) == read_settings({})


@pytest.mark.parametrize(
    ("_case", "environ", "public_url"),
    [
        ("host and port", {"HOST": "10.1.2.3", "PORT": "81"}, "http://10.1.2.3:81"),
        ("every address", {"HOST": "0.0.0.0"}, "http://127.0.0.1:8000"),
        ("version 6", {"HOST": "::1", "PORT": "0"}, "http://[::1]:0"),
        ("own", {"PUBLIC_URL": "https://graph.example.com/"}, "https://graph.example.com"),
    ],
)
def test_public_address(_case: str, environ: dict[str, str], public_url: str) -> None:
    assert read_settings(environ).public_url == public_url


@pytest.mark.parametrize(("word", "is_on"), [("on", True), ("OFF", False), ("", False)])
def test_short_links_are_opened_only_when_asked_for(word: str, is_on: bool) -> None:
    assert read_settings({"SHORT_LINKS": word}).short_links is is_on


@pytest.mark.parametrize("word", ["on", "True", "1"])
def test_sandbox_is_switched_on(word: str, tmp_path: Path) -> None:
    settings = read_settings({"SANDBOX": word, "SANDBOX_CATALOG": str(tmp_path)})

    assert settings.sandbox
    assert settings.sandbox_catalog == tmp_path


@pytest.mark.parametrize(
    "address",
    ["sqlite:///srv/graph.sqlite3", "sqlite://:memory:", "sqlite://graph.sqlite3"],
)
def test_sqlite_needs_no_encryption_key(address: str) -> None:
    assert read_settings({"DATABASE_URL": address}).database_url == address


def test_postgresql_wants_the_keys_that_servers_share_and_says_how_to_make_them() -> None:
    told = problems(DATABASE_URL=SHARED["DATABASE_URL"])

    assert [problem.split()[0] for problem in told] == ["ENCRYPTION_KEYS", "ADMIN_API_KEY"]
    assert all("is required with PostgreSQL" in problem for problem in told)
    assert all("secrets.token_bytes(32)" in problem for problem in told)
    assert read_settings(SHARED).encryption_keys


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL"])
def test_several_processes_are_refused_without_what_they_share(missing: str) -> None:
    environ = {"WORKERS": "2", "REDIS_URL": "redis://127.0.0.1"} | SHARED

    [problem] = problems(**(environ | {missing: ""}))

    assert problem.startswith("WORKERS=2 needs PostgreSQL and Redis")
    assert read_settings(environ).workers == 2


@pytest.mark.parametrize(
    "text", [f"{KEY},{OTHER_KEY}", f"{KEY}\n{OTHER_KEY}\n", f" {KEY} , {OTHER_KEY}"]
)
def test_encryption_keys_keep_their_order(text: str) -> None:
    keys = read_settings({"ENCRYPTION_KEYS": text}).encryption_keys

    assert [key.reveal() for key in keys] == [KEY, OTHER_KEY]


def test_an_encryption_key_may_leave_out_its_padding() -> None:
    assert read_settings({"ENCRYPTION_KEYS": KEY.rstrip("=")}).encryption_keys


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"HOST": "http://here"}, "HOST"),
        ({"HOST": "two words"}, "HOST"),
        ({"PORT": "80a"}, "PORT"),
        ({"PORT": "-1"}, "PORT"),
        ({"PORT": "65536"}, "PORT"),
        ({"PORT": "٣"}, "PORT"),
        ({"PUBLIC_URL": "graph.example.com"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://a:b@graph.example.com"}, "PUBLIC_URL"),
        ({"DATA_DIR": "/srv/what?"}, "DATA_DIR"),
        ({"DATABASE_URL": "mysql://root@127.0.0.1/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://127.0.0.1/", **KEYS}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://127.0.0.1:x/y", **KEYS}, "DATABASE_URL"),
        ({"ENCRYPTION_KEYS": "short"}, "ENCRYPTION_KEYS"),
        ({"ENCRYPTION_KEYS": KEY[:-2] + "!="}, "ENCRYPTION_KEYS"),
        ({"ENCRYPTION_KEYS": f"{KEY},{KEY}"}, "ENCRYPTION_KEYS"),
        ({"ADMIN_API_KEY": "a" * 23}, "ADMIN_API_KEY"),
        ({"ADMIN_API_KEY": "a" * 24 + " b"}, "ADMIN_API_KEY"),
        ({"ADMIN_API_KEY": "ä" * 24}, "ADMIN_API_KEY"),
        ({"ADMIN_API_KEY": "a" * 1001}, "ADMIN_API_KEY"),
        ({"ADMIN_API_KEY": "aff_live_" + "a" * 43}, "ADMIN_API_KEY"),
        ({"SANDBOX": "maybe"}, "SANDBOX"),
        ({"SANDBOX": "on", "SANDBOX_CATALOG": "/no/such/folder"}, "SANDBOX_CATALOG"),
        ({"SANDBOX_CATALOG": "."}, "SANDBOX_CATALOG"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"ALIEXPRESS_GATEWAY_URL": "http://example.com/sync"}, "ALIEXPRESS_GATEWAY_URL"),
        ({"ALIEXPRESS_GATEWAY_URL": "http://127.0.0.1.example.com"}, "ALIEXPRESS_GATEWAY_URL"),
        ({"AMAZON_CREATORS_URL": "ftp://example.com"}, "AMAZON_CREATORS_URL"),
        ({"AMAZON_TOKEN_URL": "https://me:pw@example.com"}, "AMAZON_TOKEN_URL"),
        ({"AMAZON_PAAPI_URL": "https://example.com/?a=b"}, "AMAZON_PAAPI_URL"),
        ({"AMAZON_PAAPI_URL": "https://exam\nple.com/"}, "AMAZON_PAAPI_URL"),
        ({"AMAZON_MARKETPLACE": "amazon.example"}, "AMAZON_MARKETPLACE"),
        ({"AMAZON_MARKETPLACE": "ZZ"}, "AMAZON_MARKETPLACE"),
        ({"AMAZON_MARKETPLACE": "www.amazon.com.evil.example"}, "AMAZON_MARKETPLACE"),
    ],
)
def test_a_bad_value_is_told_by_name(environ: dict[str, str], named: str) -> None:
    [problem] = problems(**environ)

    assert problem.startswith(named)
    assert problem.endswith((".", MAKE_KEY))


def test_all_problems_are_told_at_once() -> None:
    sentences = problems(PORT="x", LOG_LEVEL="x", SANDBOX="x", ALIEXPRESS_KEY="x")

    assert [problem.split()[0] for problem in sentences] == [
        "PORT",
        "SANDBOX",
        "LOG_LEVEL",
        "ALIEXPRESS_KEY",
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ENCRYPTION_KEY", "ENCRYPTION_KEYS"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("ADMIN_APIKEY", "ADMIN_API_KEY"),
        ("ADMIN_API_KEY_FILES", "ADMIN_API_KEY_FILE"),
        ("SANDBOX_CATALOGUE", "SANDBOX_CATALOG"),
        ("SANDBOX_SEED", "SANDBOX"),
        ("ALIEXPRESS_SECRET", "ALIEXPRESS_APP_SECRET"),
        ("AMAZON_PARTNERTAG", "AMAZON_PARTNER_TAG"),
        ("LOGLEVEL", "LOG_LEVEL"),
    ],
)
def test_a_mistyped_name_is_told_with_the_nearest(name: str, meant: str) -> None:
    assert problems(**{name: "x"}) == [f"{name} is not a setting. Did you mean {meant}?"]


@pytest.mark.parametrize(
    "name",
    [
        "AMAZON_LINUX",
        "AWS_REGION",
        "HOSTNAME",
        "HOSTS",
        "HOME",
        "TEST_DATABASE_URL",
        "CI",
        "PATH",
        "PG_DATABASE_URL",
        "UV_LOG_LEVEL",
        "DATABASE_PATH",
        "REFERENCE_DIR",
        "PYTHONPATH",
        "ADMIN",
    ],
)
def test_variables_of_others_are_left_alone(name: str) -> None:
    assert isinstance(read_settings({name: "x"}), Settings)


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k" * 30 + "\n")

    key = read_settings({"ADMIN_API_KEY_FILE": str(file)}).admin_api_key

    assert key is not None
    assert key.reveal() == "k" * 30


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\xfa"])
def test_a_file_that_holds_no_text_is_told_by_name(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)

    [problem] = problems(ALIEXPRESS_APP_SECRET_FILE=str(file))

    assert problem.startswith(f"ALIEXPRESS_APP_SECRET_FILE names {file}, which")


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)

    assert problems(
        DATABASE_URL="postgres://127.0.0.1/x",
        **KEYS,
        ENCRYPTION_KEYS_FILE=str(file),
    ) == ["ENCRYPTION_KEYS and ENCRYPTION_KEYS_FILE are both set. Keep one of them."]


def test_bootstrap_credentials_carry_the_names_of_the_api() -> None:
    fields = {each.code: each.credentials for each in registry.SETTINGS}
    names = [each.name for settings in fields.values() for each in settings.values()]

    aliexpress, amazon = read_settings(
        {name: f"{name}-value" for name in names} | {"AMAZON_MARKETPLACE": "www.amazon.co.uk"}
    ).bootstrap

    assert (aliexpress.marketplace, aliexpress.locale) == ("aliexpress", "")
    assert aliexpress.values["appKey"].reveal() == "ALIEXPRESS_APP_KEY-value"
    assert (amazon.marketplace, amazon.locale) == ("amazon", "www.amazon.co.uk")
    assert amazon.values.keys() == fields["amazon"].keys()


def test_only_what_is_given_is_bootstrapped() -> None:
    [amazon] = read_settings({"AMAZON_PARTNER_TAG": "shop-20"}).bootstrap

    assert (amazon.locale, list(amazon.values)) == ("www.amazon.com", ["partnerTag"])
    assert read_settings({"AMAZON_MARKETPLACE": "www.amazon.de"}).bootstrap == ()


def test_gateways_in_place_of_the_real_ones() -> None:
    addresses = {
        "ALIEXPRESS_GATEWAY_URL": "http://127.0.0.1:9000/sync",
        "AMAZON_TOKEN_URL": "http://[::1]:9000/token",
        "AMAZON_CREATORS_URL": "https://proxy.example.com",
    }

    assert read_settings(addresses).gateway_addresses == addresses


def test_no_secret_is_shown() -> None:
    names = [setting.name for setting in SETTINGS if setting.secret]
    environ = dict.fromkeys(names, f"{PASSWORD}-{PASSWORD}")
    environ |= {"ENCRYPTION_KEYS": KEY, "AMAZON_MARKETPLACE": "www.amazon.com"}
    environ |= {"DATABASE_URL": f"postgres://graph:{PASSWORD}@127.0.0.1/graph"}
    environ |= {"REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:6379/0"}

    text = repr(read_settings(environ))

    assert PASSWORD not in text
    assert KEY not in text


def test_secrets_are_known_to_whoever_masks_them() -> None:
    settings = read_settings(
        {
            "ENCRYPTION_KEYS": KEY,
            "ADMIN_API_KEY": f"{PASSWORD}-{PASSWORD}",
            "DATABASE_URL": f"postgres://graph:{PASSWORD}@127.0.0.1/graph",
            "REDIS_URL": "redis://:a%2Fpassword@127.0.0.1:6379/0",
        }
    )

    texts = [secret.reveal() for secret in settings.secrets()]

    assert texts == [KEY, f"{PASSWORD}-{PASSWORD}", PASSWORD, "a%2Fpassword", "a/password"]
    assert read_settings({}).secrets() == ()


def test_no_secret_is_in_a_problem() -> None:
    environ = {setting.name: f"http://{PASSWORD}:{PASSWORD}@[x" for setting in SETTINGS}
    environ |= {"SANDBOX_CATALOG": "", "TRUSTED_DOCUMENTS": "", "ENCRYPTION_KEYS": PASSWORD}

    sentences = problems(**environ)

    assert len(sentences) >= 12
    assert PASSWORD not in " ".join(sentences)


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in known_names(registry.SETTINGS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", "8123")

    assert config.from_environment(registry.SETTINGS).port == 8123


def test_limits_are_read() -> None:
    settings = read_settings(
        {"LIMIT_DEPTH": "20", "LIMIT_COST": "9_000", "BUCKET_RESTORE": "7", "INTROSPECTION": "off"}
    )

    assert settings.limits == replace(Limits(), depth=20, cost=9_000, restore=7)
    assert not settings.introspection


@pytest.mark.parametrize("text", ["-1", "0", "many", "1.5", "9" * 30, "\u0662"])
def test_limits_that_are_no_limits_are_told_with_their_range(text: str) -> None:
    assert problems(LIMIT_DEPTH=text) == ["LIMIT_DEPTH must be a whole number from 3 to 50."]


def test_connections_to_marketplaces_are_bounded() -> None:
    bounds = read_settings({"ACCOUNT_CONNECTIONS": "3"})

    assert (bounds.account_connections, bounds.max_connections) == (3, 100)
    assert problems(ACCOUNT_CONNECTIONS="0", MAX_CONNECTIONS="none") == [
        "ACCOUNT_CONNECTIONS must be a whole number from 1 to 10000.",
        "MAX_CONNECTIONS must be a whole number from 1 to 10000.",
    ]


def test_a_bucket_must_hold_the_dearest_operation() -> None:
    [problem] = problems(LIMIT_COST="160000")

    assert "BUCKET_CAPACITY (100000)" in problem
    assert "LIMIT_COST (160000)" in problem


def test_a_mistyped_limit_is_noticed() -> None:
    assert problems(LIMIT_DEPHT="9") == ["LIMIT_DEPHT is not a setting. Did you mean LIMIT_DEPTH?"]


@pytest.mark.parametrize(
    ("_case", "environ", "hosts"),
    [
        ("this machine only", {}, {"127.0.0.1"}),
        ("by its public name", {"PUBLIC_URL": "https://Graph.example:8443"}, {"graph.example"}),
        ("for others, by whatever name", {"HOST": "0.0.0.0"}, None),
        (
            "for others, by its public name",
            {"HOST": "0.0.0.0", "PUBLIC_URL": "https://graph.example"},
            {"graph.example"},
        ),
        (
            "by more names",
            {"ALLOWED_HOSTS": "A.example, b.example,", "PUBLIC_URL": "https://c.example"},
            {"a.example", "b.example", "c.example"},
        ),
        ("by any name", {"ALLOWED_HOSTS": "*"}, None),
    ],
)
def test_hosts_that_are_answered(
    _case: str, environ: dict[str, str], hosts: set[str] | None
) -> None:
    assert read_settings(environ).allowed_hosts == hosts


def test_origins_are_read_without_their_last_slash() -> None:
    extension = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
    origins = read_settings(
        {"ALLOWED_ORIGINS": f"https://Shop.example/, http://localhost:3000,{extension}"}
    )

    assert origins.allowed_origins == {"https://shop.example", "http://localhost:3000", extension}


def test_header_fields_of_other_pages_are_listed() -> None:
    settings = read_settings({"ALLOWED_HEADERS": "X-Shop, x-other"})

    assert settings.allowed_headers == ("X-Shop", "x-other")


@pytest.mark.parametrize("name", ["a b", "*", "GraphQL-Preflight", "x:y"])
def test_what_no_foreign_page_may_send_is_told(name: str) -> None:
    [problem] = problems(ALLOWED_HEADERS=f"X-Good,{name}")

    assert problem.startswith("ALLOWED_HEADERS: entry 2 is no name of a header field")


@pytest.mark.parametrize(
    "origin", ["*", "shop.example", "https://shop.example/path", "null", "//x"]
)
def test_what_is_no_origin_is_told(origin: str) -> None:
    [problem] = problems(ALLOWED_ORIGINS=f"https://good.example,{origin}")

    assert problem.startswith("ALLOWED_ORIGINS: entry 2 is no origin")


@pytest.mark.parametrize("name", ["https://a.example", "a.example:80", "a b"])
def test_what_is_no_host_name_is_told(name: str) -> None:
    [problem] = problems(ALLOWED_HOSTS=name)

    assert problem.startswith("ALLOWED_HOSTS: name 1 is no host name")


def test_what_was_changed_may_be_shown_without_its_secrets() -> None:
    settings = read_settings(
        {
            "PORT": "8000",
            "LOG_LEVEL": "warning",
            "DATABASE_URL": "postgres://me:abc@db.example/shop",
            **KEYS,
            "ALIEXPRESS_APP_SECRET": "not-to-be-seen",
        }
    )

    assert settings.changed == {
        "DATABASE_URL": MASK,
        "ENCRYPTION_KEYS": MASK,
        "ADMIN_API_KEY": MASK,
        "LOG_LEVEL": "warning",
        "ALIEXPRESS_APP_SECRET": MASK,
    }
