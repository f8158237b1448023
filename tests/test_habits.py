"""Habits of the tests themselves: where they lie, and what they leave alone."""

import ast
import re
from collections.abc import Iterator, Sequence

import pytest

from tests.test_architecture import LAYERS, MODULES, ROOT, Module, imports_of, told

LONG = 60  # lines; what is longer has a test of its name
NAMED = 0.8  # of the long modules


def our_tests() -> list[Module]:
    """Tests, and the programs that stand on them."""
    paths = [path for name in ("tests", "benchmarks") for path in (ROOT / name).rglob("*.py")]
    return [
        Module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for path in sorted(paths)
        if "node_modules" not in path.parts
    ]


TESTS = our_tests()


def methods(node: ast.ClassDef) -> set[str]:
    return {
        each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def classes(modules: Sequence[Module]) -> Iterator[tuple[Module, ast.ClassDef]]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                yield module, node


def overridden_private_methods(tests: Sequence[Module], code: Sequence[Module]) -> list[str]:
    """Classes of tests that replace what a class of ours keeps to itself."""
    ours = {(module.name, node.name): node for module, node in classes(code)}
    findings = []
    for module, node in classes(tests):
        origin = {
            each.target.rpartition(".")[2]: (each.source, each.target.rpartition(".")[2])
            for each in imports_of(module)
        }
        for base in node.bases:
            above = ours.get(origin.get(ast.unparse(base).partition("[")[0], ("", "")))
            if above is not None:
                findings += [
                    f"{module.path}:{node.lineno} {node.name} overrides {above.name}.{name}: hand "
                    "something in instead."
                    for name in sorted(methods(node) & methods(above))
                    if is_private(name)
                ]
    return findings


def expected_test(module: Module) -> str:
    """Where the test of a module lies."""
    folder, _, name = module.path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")
    return "/".join(part for part in ("tests", folder, f"test_{name.strip('_')}.py") if part)


def share_named(code: Sequence[Module], tests: Sequence[Module]) -> tuple[float, list[str]]:
    """The part of the long modules that have a test of their name, and the others."""
    paths = {test.path for test in tests}
    long = [
        module
        for module in code
        if len(module.source.splitlines()) > LONG and "/migrations/" not in module.path
    ]
    lacking = [module.path for module in long if expected_test(module) not in paths]
    return 1 - len(lacking) / len(long), lacking


def test_no_test_overrides_a_private_method() -> None:
    findings = overridden_private_methods(TESTS, MODULES)

    assert not findings, told(findings)


def test_modules_have_tests_of_their_names() -> None:
    share, lacking = share_named([one for one in MODULES if one.layer in LAYERS], TESTS)

    assert share >= NAMED, f"{share:.0%} of the modules over {LONG} lines.{told(lacking)}"


def test_tests_are_named_alike_in_every_process() -> None:
    """Processes that share the tests name them by themselves, and must agree."""
    calls = {"uuid4", "random", "now", "monotonic", "token_hex", "token_urlsafe", "new_key"}
    findings = [
        f"{module.path}:{node.lineno} parametrises by {name}(), which differs in every process."
        for module in TESTS
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.parametrize"
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and (name := ast.unparse(call.func).rpartition(".")[2]) in calls
        and not any(isinstance(each, ast.Lambda) for each in ast.walk(node))
    ]

    assert not findings, told(findings)


def test_folders_left_out_on_postgresql_ask_for_no_database() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    [listed] = re.findall(r"^WITHOUT_DATABASE := (.+)$", makefile, re.MULTILINE)
    folders = tuple(f"{folder}/" for folder in listed.split())
    words = r"\b(graph: Graph|migrated_database|empty_database|running_graph|running_server)\b"
    left_out = [module for module in TESTS if module.path.startswith(folders)]

    findings = [each.path for each in left_out if re.search(words, each.source)]

    assert len(left_out) > len(folders)
    assert not findings, f"They ask for a database:{told(findings)}"


CODE = [
    Module("upstream/pace.py", "class Pace:\n    def _take(self): ...\n    def take(self): ...")
]


@pytest.mark.parametrize(
    ("_case", "source", "found"),
    [
        ("private", "class Mine(Pace):\n    async def _take(self): ...", 1),
        ("public", "class Mine(Pace):\n    def take(self): ...", 0),
        ("its own", "class Mine(Pace):\n    def _help(self): ...", 0),
        ("of another class", "class Mine(Other):\n    def _take(self): ...", 0),
    ],
)
def test_overrides_are_seen(_case: str, source: str, found: int) -> None:
    test = Module("tests/test_a.py", f"from upstream.pace import Pace\n{source}")

    assert len(overridden_private_methods([test], CODE)) == found


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("config.py", "tests/test_config.py"),
        ("clients/amazon/client.py", "tests/clients/amazon/test_client.py"),
        ("clients/aliexpress/__init__.py", "tests/clients/test_aliexpress.py"),
        ("sandbox/__main__.py", "tests/sandbox/test_main.py"),
    ],
)
def test_a_test_has_its_modules_name(path: str, test: str) -> None:
    assert expected_test(Module(path, "")) == test


def test_the_share_counts_long_modules_only() -> None:
    code = [Module("db/a.py", "x = 1\n" * 61), Module("db/b.py", "x\n" * 61), Module("db/c.py", "")]

    assert share_named(code, [Module("tests/db/test_a.py", "")]) == (0.5, ["db/b.py"])
