"""The arrows and fences of the house, held over the syntax tree.

Each rule is a function from modules to findings. It is asked about our own source, where it must
find nothing, and about a small broken source, where it must find something.
"""

import ast
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from clients.registry import BY_CODE

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {"node_modules", "var", "build", "__pycache__"}  # and whatever begins with a dot

LAYERS = (
    "domain",
    "config",
    "upstream",
    "reading",
    "clients",
    "db",
    "resolvers",
    "schema",
    "exports",
    "sandbox",
    "web",
    "engine",
    "application",
    "commands",
    "server",
)
# Beside itself a layer imports only what begins with one of these names.
ARROWS: dict[str, tuple[str, ...]] = {
    "domain": (),
    "config": ("domain",),
    # How a call is made does not know what a marketplace is: that is handed in.
    "upstream": ("domain",),
    # What texts and files hold does not know it either.
    "reading": ("domain",),
    "clients": ("domain", "upstream", "reading"),
    "db": ("domain",),
    "resolvers": ("clients", "reading", "upstream", "db", "domain"),
    # The marketplaces are registered as members of an enum in clients.registry, and that enum is
    # the graph's. The settings card is drawn from clients.base's description of credential fields
    # and forms. Everything else of a marketplace reaches the schema through resolvers.
    "schema": (
        "resolvers",
        "domain",
        "clients.registry",
        "clients.base.CredentialField",
        "clients.base.CredentialForm",
        "clients.base.Visibility",
    ),
    # Files hold the ids that the graph gives out, so that rows can be matched with its answers.
    "exports": ("domain", "schema.ids"),
    "sandbox": ("domain",),
    # What a request may spend is read from its headers, and travels down to the clients; callers'
    # buckets may be kept in Redis, whose absence upstream.redis_server knows to live with; storage
    # that is away is a 503; and files of /export hold the ids that the graph gives out.
    "web": (
        "domain",
        "resolvers",
        "schema.execution",
        "schema.answers",
        "schema.recalled",
        "schema.ids",
        "exports",
        "upstream.budget",
        "upstream.redis_server",
        "db.exceptions",
    ),
    # What is due is found and stored in db, and done by resolvers, behind whoever waits.
    "engine": ("domain", "resolvers", "db", "upstream.budget"),
    # These two put the parts together, so they may reach for each of them; nobody reaches for them.
    "application": (
        "web",
        "engine",
        "exports",
        "sandbox",
        "schema",
        "resolvers",
        "db",
        "clients",
        "reading",
        "upstream",
        "config",
        "domain",
    ),
    "commands": LAYERS[:-1],
    "server": LAYERS,
}
# Who may import a package of others: folders end in "/".
FENCES: dict[str, tuple[str, ...]] = {
    "httpcore": ("clients/public_network.py", "clients/short_links.py", "clients/webhooks.py"),
    "httpx": ("clients/", "upstream/", "sandbox/"),
    "prometheus_client": ("web/metrics.py",),
    "opentelemetry": ("web/tracing.py",),
    "tortoise": ("db/",),
    "strawberry": (
        "schema/",
        "resolvers/dataloaders.py",
        "resolvers/context.py",
        "resolvers/imports.py",
    ),
    # Of HTTP, application/ does no more than mount what web/ and sandbox/ answer.
    "starlette": ("web/", "sandbox/", "application/app.py"),
    "asyncpg": ("db/",),
    "cryptography": ("db/",),
    "iso3166": ("domain/countries.py",),
    "iso4217": ("domain/money.py",),
    "redis": (
        "upstream/redis_server.py",
        "upstream/redis_permits.py",
        "web/redis_throttle.py",
    ),
    "cashews": ("upstream/cache.py",),
    "python_calamine": ("reading/workbook_process.py",),
    "stamina": ("upstream/pipeline.py",),
    "orjson": ("web/", "db/", "schema/recalled.py", "schema/ids.py"),
    "pgqueuer": ("engine/carrier.py",),
    "backports.zstd": ("web/compression.py",),
    "msgspec": ("upstream/cache.py", "db/product_rows.py"),
    "uvicorn": ("commands/serve.py", "commands/quick_http.py", "sandbox/__main__.py"),
}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "core", "services"}
# Beside its own files (they bear its code) only these name a marketplace, and each says why.
MAY_NAME_MARKETPLACES = {
    "clients/registry.py": "registers them",
    "sandbox/registry.py": "registers their stand-ins",
    "clients/signing/sigv4.py": "follows the document of a retired interface, and goes with it",
}
LONGEST_MODULE = 450
LONGEST_FUNCTION = 60

FunctionNode = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    """A source file: `path` from the root, in forward slashes."""

    path: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, self.path)

    @property
    def layer(self) -> str:
        return self.path.partition("/")[0].removesuffix(".py")

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        is_package = self.path.endswith("/__init__.py")
        return self.name if is_package else self.name.rpartition(".")[0]


@dataclass(frozen=True)
class Import:
    """`target` is the dotted name, that of the imported thing included; `source` is the module."""

    target: str
    source: str
    line: int


Rule = Callable[[Sequence[Module]], list[str]]


def imports_of(module: Module) -> Iterator[Import]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node)
            for alias in node.names:
                yield Import(f"{source}.{alias.name}", source, node.lineno)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = module.package.split(".")
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def begins_with(target: str, name: str) -> bool:
    return target == name or target.startswith(f"{name}.")


def wrong_arrows(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{found.line} imports {found.target}, but {module.layer} may import only "
        f"{', '.join((module.layer, *ARROWS[module.layer]))}."
        for module in modules
        for found in imports_of(module)
        if found.target.partition(".")[0] in LAYERS
        and not any(
            begins_with(found.target, name) for name in (module.layer, *ARROWS[module.layer])
        )
    ]


def importers_of_server(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{found.line} imports server, which assembles everything and is imported "
        "by nobody."
        for module in modules
        for found in imports_of(module)
        if begins_with(found.target, "server")
    ]


def clients_and_db_meeting(modules: Sequence[Module]) -> list[str]:
    strangers = {"clients": "db", "db": "clients"}
    return [
        f"{module.path}:{found.line} imports {found.target}: clients/ and db/ meet only in "
        "resolvers/, over the records of domain/."
        for module in modules
        for found in imports_of(module)
        if begins_with(found.target, strangers.get(module.layer, "(nobody)"))
    ]


def climbed_fences(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{found.line} imports {package}, which only {' and '.join(places)} may."
        for module in modules
        for found in imports_of(module)
        for package, places in FENCES.items()
        if begins_with(found.target, package)
        and not any(
            module.path.startswith(place) if place.endswith("/") else module.path == place
            for place in places
        )
    ]


def readers_of_the_environment(modules: Sequence[Module]) -> list[str]:
    def reads(node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute):
            is_os = isinstance(node.value, ast.Name) and node.value.id == "os"
            return is_os and node.attr in ENVIRONMENT
        if isinstance(node, ast.ImportFrom):
            return node.module == "os" and any(alias.name in ENVIRONMENT for alias in node.names)
        return False

    return [
        f"{module.path}:{getattr(node, 'lineno', 0)} reads the environment: only config.py does, "
        "and passes the Settings on."
        for module in modules
        if module.path != "config.py"
        for node in ast.walk(module.tree)
        if reads(node)
    ]


def imports_inside_functions(modules: Sequence[Module]) -> list[str]:
    def is_import(node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            return name in ("import_module", "__import__")
        return isinstance(node, ast.Import | ast.ImportFrom)

    return [
        f"{module.path}:{getattr(node, 'lineno', 0)} imports inside {function.name}(): an arrow "
        "points the wrong way."
        for module in modules
        for function in ast.walk(module.tree)
        if isinstance(function, FunctionNode)
        for node in ast.walk(function)
        if is_import(node)
    ]


def nameless_places(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}: {part} says nothing. Name the thing after what it is."
        for module in modules
        for part in module.path.removesuffix(".py").split("/")
        if part in NAMELESS
    ]


def long_modules(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path} has {lines} lines; at most {LONGEST_MODULE}. Which two things is it?"
        for module in modules
        if (lines := len(module.source.splitlines())) > LONGEST_MODULE
    ]


def long_functions(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{node.lineno} {node.name}() has {lines} lines; at most {LONGEST_FUNCTION}."
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, FunctionNode)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]


def named_marketplaces(modules: Sequence[Module]) -> list[str]:
    """A marketplace is its own folders, its tests and its registration: no list holds it besides.

    Words in comments count as well: what is true of one marketplace stands in its description.
    """
    names = {
        market.code: re.compile(f"{market.code}|{re.escape(market.name)}", re.IGNORECASE)
        for market in BY_CODE.values()
    }
    return [
        f"{module.path}:{number} names {market}. Take what differs from its description."
        for module in modules
        if module.path not in MAY_NAME_MARKETPLACES
        for market, name in names.items()
        if not any(part.startswith(market) for part in module.path.split("/"))
        for number, line in enumerate(module.source.splitlines(), start=1)
        if name.search(line)
    ]


def unknown_layers(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}: {module.layer} has no arrows yet. Give it some in this test."
        for module in modules
        if module.layer not in ARROWS
    ]


def cycles(modules: Sequence[Module]) -> list[str]:
    """Circles of modules; that a package is imported before its modules does not count."""
    names = {module.name for module in modules}
    graph = {module.name: sorted(_imported(module, names)) for module in modules}
    done: set[str] = set()
    found: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            circle = (*trail[trail.index(name) :], name)
            found.append(f"import cycle: {' -> '.join(circle)}")
        elif name not in done:
            for following in graph[name]:
                visit(following, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
    return found


def _imported(module: Module, names: set[str]) -> set[str]:
    targets = {
        found.target if found.target in names else found.source for found in imports_of(module)
    }
    return {target for target in targets if target in names and target != module.name}


def our_files(*endings: str) -> list[Module]:
    """Source of the product: neither tests nor benchmarks, nor the programs of callers."""
    modules = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED and name[0] != "."]
        for path in (Path(folder, name) for name in files if name.endswith(endings)):
            place = path.relative_to(ROOT).as_posix()
            if not place.startswith(("tests/", "benchmarks/", "examples/")):
                modules.append(Module(place, path.read_text("utf-8")))
    return sorted(modules, key=lambda module: module.path)


MODULES = our_files(".py")
# What else is written by hand: the page, its operations, the commands of `make`.
OTHER_FILES = our_files(".js", ".html", "Makefile") + [
    Module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    for path in (ROOT / "web/operations").glob("*.graphql")
]
# Tests that run for every marketplace take what differs from its `sample`.
SHARED_TESTS = [
    Module(place, (ROOT / place).read_text("utf-8"))
    for place in ("tests/fakes.py", "tests/clients/test_contract.py")
]


def told(findings: Sequence[str]) -> str:
    return "\n  ".join(["", *findings])


def test_source_is_found() -> None:
    assert {module.layer for module in MODULES} >= set(LAYERS)


def test_every_layer_has_its_arrows_and_none_is_forgotten() -> None:
    assert set(ARROWS) == set(LAYERS)


def test_every_folder_has_its_arrows() -> None:
    findings = unknown_layers(MODULES)

    assert not findings, told(findings)


@pytest.mark.parametrize("layer", LAYERS)
def test_arrows_point_inwards(layer: str) -> None:
    findings = wrong_arrows([module for module in MODULES if module.layer == layer])

    assert not findings, told(findings)


def test_nobody_imports_server() -> None:
    findings = importers_of_server([module for module in MODULES if module.layer != "server"])

    assert not findings, told(findings)


def test_clients_and_db_never_meet() -> None:
    findings = clients_and_db_meeting(MODULES)

    assert not findings, told(findings)


@pytest.mark.parametrize("package", FENCES)
def test_packages_stay_behind_their_fences(package: str) -> None:
    findings = [finding for finding in climbed_fences(MODULES) if f" imports {package}," in finding]

    assert not findings, told(findings)


def test_only_config_reads_the_environment() -> None:
    findings = readers_of_the_environment(MODULES)

    assert not findings, told(findings)


def test_imports_stand_at_the_top() -> None:
    findings = imports_inside_functions(MODULES)

    assert not findings, told(findings)


def test_everything_has_a_name() -> None:
    findings = nameless_places(MODULES)

    assert not findings, told(findings)


def test_modules_are_short() -> None:
    findings = long_modules(MODULES)

    assert not findings, told(findings)


def test_functions_are_short() -> None:
    findings = long_functions(MODULES)

    assert not findings, told(findings)


def test_no_file_names_a_marketplace_but_its_own() -> None:
    findings = named_marketplaces([*MODULES, *OTHER_FILES, *SHARED_TESTS])

    assert not findings, told(findings)


@pytest.mark.parametrize("path", MAY_NAME_MARKETPLACES)
def test_no_exception_is_out_of_date(path: str) -> None:
    assert named_marketplaces([Module(f"not {path}", (ROOT / path).read_text("utf-8"))])


def test_no_module_imports_itself_in_a_circle() -> None:
    findings = cycles(MODULES)

    assert not findings, told(findings)


LONG_FUNCTION = "def slow() -> None:\n" + "    pass\n" * LONGEST_FUNCTION

BROKEN: list[tuple[str, Rule, dict[str, str]]] = [
    ("domain imports clients", wrong_arrows, {"domain/a.py": "from clients import http"}),
    ("domain imports relatively", wrong_arrows, {"domain/a.py": "from ..db import products"}),
    ("clients import resolvers", wrong_arrows, {"clients/a.py": "import resolvers.links"}),
    ("db imports config", wrong_arrows, {"db/a.py": "from config import Settings"}),
    ("resolvers import schema", wrong_arrows, {"resolvers/a.py": "from schema import ids"}),
    ("schema imports db", wrong_arrows, {"schema/a.py": "from db import products"}),
    ("schema imports a client", wrong_arrows, {"schema/a.py": "from clients import amazon"}),
    (
        "schema imports more of clients.base",
        wrong_arrows,
        {"schema/a.py": "from clients.base import Visibility, Upstream"},
    ),
    ("sandbox imports clients", wrong_arrows, {"sandbox/a.py": "import clients.signing"}),
    ("config imports db", wrong_arrows, {"config.py": "from db.keys import KeyRing"}),
    ("web imports the tables", wrong_arrows, {"web/a.py": "from db.models import Product"}),
    (
        "an import for the type checker only",
        wrong_arrows,
        {"domain/a.py": "if TYPE_CHECKING:\n    from db import models"},
    ),
    ("web imports server", importers_of_server, {"web/a.py": "from server import VERSION"}),
    ("clients import db", clients_and_db_meeting, {"clients/a.py": "from db import products"}),
    ("db imports clients", clients_and_db_meeting, {"db/a.py": "import clients.base"}),
    ("httpx in db", climbed_fences, {"db/a.py": "import httpx"}),
    ("tortoise in resolvers", climbed_fences, {"resolvers/a.py": "from tortoise import models"}),
    ("strawberry in domain", climbed_fences, {"domain/a.py": "import strawberry.types"}),
    ("strawberry in another resolver", climbed_fences, {"resolvers/a.py": "import strawberry"}),
    ("starlette in schema", climbed_fences, {"schema/a.py": "import starlette.requests"}),
    ("os.environ", readers_of_the_environment, {"db/a.py": "import os\nHOME = os.environ['HOME']"}),
    ("from os import getenv", readers_of_the_environment, {"web/a.py": "from os import getenv"}),
    ("import in a function", imports_inside_functions, {"db/a.py": "def f():\n    import json"}),
    (
        "import by name in a method",
        imports_inside_functions,
        {"db/a.py": "class A:\n    async def f(self):\n        importlib.import_module('clients')"},
    ),
    ("folder called utils", nameless_places, {"clients/utils/text.py": ""}),
    ("module called helpers", nameless_places, {"db/helpers.py": ""}),
    ("451 lines", long_modules, {"db/a.py": "x = 1\n" * (LONGEST_MODULE + 1)}),
    ("61 lines", long_functions, {"db/a.py": LONG_FUNCTION}),
    ("a marketplace in a table", named_marketplaces, {"config.py": "X = {'amazon': 1}"}),
    ("a marketplace in a page", named_marketplaces, {"web/page/a.js": 'c !== "AMAZON"'}),
    ("a marketplace in a comment", named_marketplaces, {"db/a.py": "# AliExpress is slow"}),
    (
        "a marketplace in the other's folder",
        named_marketplaces,
        {"clients/amazon/a.py": "import clients.aliexpress"},
    ),
    ("new folder", unknown_layers, {"billing/a.py": ""}),
    (
        "circle of two",
        cycles,
        {"db/a.py": "from db import b", "db/b.py": "from db.a import thing"},
    ),
    (
        "circle through a package",
        cycles,
        {"db/__init__.py": "from db import a", "db/a.py": "from db import THING"},
    ),
]

SOUND: list[tuple[str, Rule, dict[str, str]]] = [
    (
        "the layer itself and what it may",
        wrong_arrows,
        {"schema/a.py": "from schema import b\nfrom clients.registry import BY_CODE"},
    ),
    (
        "the names of clients.base",
        wrong_arrows,
        {"schema/a.py": "from clients.base import CredentialField as Field, Visibility"},
    ),
    ("strawberry's loader", climbed_fences, {"resolvers/dataloaders.py": "import strawberry"}),
    ("a name that only begins alike", climbed_fences, {"db/a.py": "import httpx2, tortoises"}),
    ("config reads", readers_of_the_environment, {"config.py": "import os\nos.environ"}),
    (
        "a marketplace in its own files",
        named_marketplaces,
        {
            "clients/amazon/a.py": "AMAZON = 1",
            "clients/signing/aliexpress.py": "# AliExpress",
            "clients/registry.py": "AMAZON = amazon.MARKETPLACE",
        },
    ),
    ("60 lines", long_functions, {"db/a.py": LONG_FUNCTION.removesuffix("    pass\n")}),
    (
        "a package and its modules",
        cycles,
        {"db/__init__.py": "from db import a", "db/a.py": "from db import b", "db/b.py": ""},
    ),
]


@pytest.mark.parametrize(("_case", "rule", "sources"), BROKEN, ids=[case for case, _, _ in BROKEN])
def test_rules_see_what_is_broken(_case: str, rule: Rule, sources: dict[str, str]) -> None:
    findings = rule([Module(path, source) for path, source in sources.items()])

    assert len(findings) == 1
    assert findings[0].rstrip(".")


@pytest.mark.parametrize(("_case", "rule", "sources"), SOUND, ids=[case for case, _, _ in SOUND])
def test_rules_leave_what_is_sound(_case: str, rule: Rule, sources: dict[str, str]) -> None:
    assert rule([Module(path, source) for path, source in sources.items()]) == []
