"""The papers say what the code does: codes, marketplaces, links, commands, queries."""

import ast
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_schema, parse, validate
from packaging.requirements import Requirement

from clients.base import Marketplace, MarketplaceClient
from clients.registry import SETTINGS, MarketplaceCode
from commands.banner import FIRST_QUERY
from commands.main import parser_of_commands
from config import known_names
from domain.marketplaces import HealthState, OfferPolicy
from schema import schema
from schema.enums import ErrorCode

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

# What is answered about a request as such, in the words that GraphQL tools know.
REQUEST_CODES = {
    "BAD_REQUEST",
    "BAD_USER_INPUT",
    "BATCHING_NOT_SUPPORTED",
    "DOCUMENT_NOT_TRUSTED",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "INTERNAL_SERVER_ERROR",
    "OPERATION_RESOLUTION_FAILURE",
    "OPERATION_TIMEOUT",
    "PAYLOAD_TOO_LARGE",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_NOT_SUPPORTED",
    "QUERY_TOO_COMPLEX",
    "SERVER_ENDING",
    "UNAUTHENTICATED",
}
# The modules that word answers. In them every upper-case word with an underscore is a code.
WORDING = [
    "schema/errors.py",
    "schema/execution.py",
    "schema/answers.py",
    "schema/streaming.py",
    "schema/documents.py",
    "schema/scalars.py",
    "web/access.py",
    "web/endpoint.py",
    "web/exports.py",
    "web/files.py",
    "web/middleware.py",
    "web/graphql_route.py",
    "web/sessions.py",
    "web/streams.py",
    "web/trusted.py",
]
CODE = re.compile(r"[A-Z]+(_[A-Z]+)+")

# In pieces, so that this file does not hold what it looks for: folders of a developer's machine,
# and hosts of package registries, which would tie a checkout to one of them.
FORBIDDEN = [
    "/" + "work" + "/",
    "/" + "root" + "/",
    *(
        ".".join(parts)
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("yarnpkg", "com"),
        )
    ),
]
SKIPPED = {"node_modules", "var", "build", "__pycache__"}

ARCHITECTURE = ROOT / "docs/architecture.md"
LONGEST_ARCHITECTURE = 150  # lines: one page that somebody reads to its end
PATH = re.compile(r"(?<![\w/.])(?:[\w.-]+/)+[\w.-]*|(?<![\w/.])[\w-]+\.(?:py|md)\b")


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)


def anchor(heading: str) -> str:
    """The fragment by which a heading can be reached."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|`", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def blocks(page: Path, language: str) -> list[str]:
    found = re.findall(
        rf"^```{language}\n(.*?)^```$", text_of(page), flags=re.DOTALL | re.MULTILINE
    )
    return [str(block) for block in found]


def each_block(language: str) -> pytest.MarkDecorator:
    """Run the test with the `example`s of all pages, each with its page for a name."""
    found = {
        f"{page.relative_to(ROOT).as_posix()}-{number}": block
        for page in PAGES
        for number, block in enumerate(blocks(page, language))
    }
    assert found
    return pytest.mark.parametrize("example", found.values(), ids=found.keys())


def own_files() -> Iterator[Path]:
    """What belongs to the repository or is about to; without git, what looks like it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
        yield from (ROOT / name for name in names if (ROOT / name).is_file())
        return
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not any(part in SKIPPED or part[0] == "." for part in parts[:-1]):
            yield path


def codes_used() -> set[str]:
    constants = (
        node.value
        for name in WORDING
        for node in ast.walk(ast.parse(text_of(ROOT / name)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in constants if CODE.fullmatch(text) or text == "UNAUTHENTICATED"}


def test_request_codes_are_those_of_the_code() -> None:
    assert codes_used() - {code.value for code in ErrorCode} == REQUEST_CODES


def test_every_error_code_has_a_row_and_no_other_has() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|", text_of(ROOT / "docs/errors.md"), flags=re.MULTILINE)

    assert sorted(rows) == sorted(REQUEST_CODES | {code.value for code in ErrorCode})


def test_errors_page_names_nothing_unknown() -> None:
    known = REQUEST_CODES | {code.value for code in ErrorCode} | known_names(SETTINGS)
    known |= {state.value for state in HealthState}
    named = {match.group() for match in CODE.finditer(text_of(ROOT / "docs/errors.md"))}

    assert named <= known


def test_operators_read_of_settings_that_exist() -> None:
    known = REQUEST_CODES | {code.value for code in ErrorCode} | known_names(SETTINGS)
    foreign = {"OTEL_EXPORTER_OTLP_ENDPOINT"}  # OpenTelemetry reads this one itself
    named = {match.group() for match in CODE.finditer(text_of(ROOT / "docs/operations.md"))}

    assert named <= known | foreign


def test_every_state_of_health_is_explained() -> None:
    page = text_of(ROOT / "docs/errors.md")

    assert [state.value for state in HealthState if state.value not in page] == []


@pytest.mark.parametrize("marketplace", MarketplaceCode)
def test_every_marketplace_has_its_section(marketplace: MarketplaceCode) -> None:
    name = marketplace.value.name
    sections = [heading for page in PAGES for heading in headings(page)]

    assert any(name in section for section in sections), f"No heading names {name}."


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", prose(page))

    lost = []
    for target in targets:
        path, _, fragment = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists():
            lost.append(f"{target}: there is no such file")
        elif fragment and fragment not in map(anchor, headings(there)):
            lost.append(f"{target}: there is no such heading")

    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_named_make_targets_exist(page: Path) -> None:
    makefile = text_of(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, flags=re.MULTILINE))
    text = text_of(page)
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^(?: {4}.*)$", text, flags=re.MULTILINE)
    named = {name for line in code for name in re.findall(r"\bmake ([a-z][a-z0-9-]*)", line)}

    assert named <= targets


PROMPT = r"(?:[A-Z_]+=\S+ )*\.venv/bin/python server\.py"


@pytest.mark.parametrize(
    "page", [README, *ROOT.glob("docs/*.md")], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_named_commands_are_understood(page: Path) -> None:
    text = text_of(page)
    inline = re.findall(r"`([^`\n]*\bpython3? server\.py[^`\n]*)`", text)
    blocks = re.findall(r"^ {4,}(.*\bpython3? server\.py.*)$", text, flags=re.MULTILINE)
    named = [line.partition(" #")[0].rpartition(" | ")[2].strip() for line in blocks + inline]

    assert [line for line in named if not re.match(rf"{PROMPT}( |$)|docker ", line)] == []
    for line in named:
        arguments = shlex.split(line.partition("server.py")[2])
        if not {"COMMAND", "..."} & {*arguments}:
            parser_of_commands().parse_args(arguments)


@pytest.mark.parametrize("described", [Marketplace, OfferPolicy, MarketplaceClient])
def test_whoever_adds_a_marketplace_is_told_of_every_field(described: type) -> None:
    page = text_of(ROOT / "docs/adding-a-marketplace.md")
    names = (
        [field.name for field in fields(described)]
        if is_dataclass(described)
        else [name for name in vars(described) if not name.startswith("_")]
    )

    assert names
    assert [name for name in names if not re.search(rf"`{name}[`(]", page)] == []


def test_first_query_is_the_one_that_the_server_prints() -> None:
    [command] = re.findall(r"^ {4}(curl (?:.*\\\n)*.*)$", text_of(README), flags=re.MULTILINE)
    words = shlex.split(command.replace("\\\n", " "))

    assert json.loads(words[words.index("-d") + 1]) == {"query": FIRST_QUERY % "ALIEXPRESS"}
    assert text_of(README)[: text_of(README).index(command)].count("\n") < 24


@each_block("graphql")
def test_queries_fit_the_schema(example: str) -> None:
    assert validate(build_schema(schema.as_str()), parse(example)) == []


def test_error_examples_have_the_two_shapes() -> None:
    in_payload, in_response = map(json.loads, blocks(ROOT / "docs/errors.md", "json"))
    user_error = build_schema(schema.as_str()).type_map["UserError"]
    assert isinstance(user_error, GraphQLObjectType)

    assert set(in_payload) == set(user_error.fields)
    assert set(in_response) == {"message", "locations", "path", "extensions"}
    assert {in_payload["code"], in_response["extensions"]["code"]} <= {
        code.name for code in ErrorCode
    }


@each_block("json")
def test_json_examples_are_objects(example: str) -> None:
    assert isinstance(json.loads(example), dict)


def test_every_example_is_shown_in_the_readme() -> None:
    examples = {path.name for path in (ROOT / "examples").glob("*.graphql")}

    assert set(re.findall(r"\(examples/([^)/]+)\)", text_of(README))) == examples
    assert examples


def test_decisions_are_listed() -> None:
    folder = ROOT / "docs/decisions"
    pages = {path.name for path in folder.glob("[0-9]*.md")}
    index = text_of(folder / "README.md")

    assert set(re.findall(r"\(([0-9]{4}-[^)]+\.md)\)", index)) == pages
    for name in pages:
        sections = headings(folder / name)[1:]
        assert sections == ["Context", "Decision", "Consequences", "Alternatives"], name


def test_architecture_is_one_page_of_places_that_exist() -> None:
    text = re.sub(r"\]\([^)]+\)", "]", text_of(ARCHITECTURE))  # links are looked at by another test
    named = {path.rstrip(".") for path in PATH.findall(text)}

    assert text.count("\n") <= LONGEST_ARCHITECTURE
    assert len(named) > 50
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_architecture_calls_things_by_their_names() -> None:
    named = set(re.findall(r"`@?([A-Za-z_]+)(?:\(\w*\.*\))?`", text_of(ARCHITECTURE)))
    code = "\n".join(text_of(path) for path in own_files() if path.suffix in (".py", ".js"))
    words = set(re.findall(r"\w+", code))

    assert {"CallBudget", "open_context", "mutation"} <= named
    assert sorted(named - words) == []


def test_each_dependency_has_its_row() -> None:
    needed = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["dependencies"]
    lock = text_of(ROOT / "requirements.lock")
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", lock, flags=re.MULTILINE))
    page = text_of(ROOT / "docs/decisions/0012-runtime-dependencies.md")

    rows = dict(re.findall(r"^\| ([a-z][\w-]*) \| ([\d.]+) \|", page, flags=re.MULTILINE))

    names = [Requirement(line).name for line in needed]
    assert rows == {name: locked[name] for name in names}


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)} holds {word}"
        for path in own_files()
        for word in FORBIDDEN
        if word.encode() in path.read_bytes()
    ]

    assert found == []
