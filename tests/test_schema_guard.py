"""The guard of schema.graphql finds breaks and missing words, and knows what to compare with."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.schema_guard import findings, history
from tests.schema_guard.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = '''
"""Asks."""
directive @limited(
  """How much."""
  cost: Int = 1
) on FIELD_DEFINITION

"""Reads."""
type Query {
  """One lamp."""
  lamp(
    """Which."""
    id: ID
  ): Lamp
  """What is found."""
  found: Found
}

"""A thing."""
interface Thing {
  """Its name."""
  name: String!
}

"""A lamp."""
type Lamp implements Thing {
  """Its name."""
  name: String!
  """Its colour."""
  colour: Colour!
}

"""A shade."""
type Shade {
  """Its name."""
  name: String!
}

"""Either."""
union Found = Lamp | Shade

"""A colour."""
enum Colour {
  """Like blood."""
  RED
  """Like the sky."""
  BLUE
}

"""Which lamps."""
input LampFilter {
  """Only this colour."""
  colour: Colour
}
'''
BREAKS = [
    ("field removed", '  """Its colour."""\n  colour: Colour!\n', "", "Lamp.colour"),
    ("field may be null", "colour: Colour!", "colour: Colour", "Lamp.colour"),
    ("enum value removed", '  """Like the sky."""\n  BLUE\n', "", "Colour.BLUE"),
    ("argument required", "id: ID\n", "id: ID!\n", "Query.lamp(id:)"),
    ("argument removed", '(\n    """Which."""\n    id: ID\n  )', "", "Query.lamp(id:)"),
    (
        "required argument added",
        "    id: ID\n",
        '    id: ID\n    """New."""\n    size: Int!\n',
        "Query.lamp(size:)",
    ),
    (
        "required input field added",
        "  colour: Colour\n}",
        '  colour: Colour\n  """New."""\n  size: Int!\n}',
        "LampFilter.size",
    ),
    ("input field of another type", "  colour: Colour\n}", "  colour: Int\n}", "LampFilter.colour"),
    ("union member removed", "Lamp | Shade", "Lamp", "Found"),
    ("interface left", "type Lamp implements Thing", "type Lamp", "Lamp"),
    ("type of another kind", "interface Thing", "type Thing", "Thing"),
    (
        "directive argument removed",
        '(\n  """How much."""\n  cost: Int = 1\n)',
        "",
        "@limited(cost:)",
    ),
]


@pytest.mark.parametrize(
    ("_case", "old", "new", "coordinate"), BREAKS, ids=[case for case, *_ in BREAKS]
)
def test_a_break_is_found_with_its_coordinate(
    _case: str, old: str, new: str, coordinate: str
) -> None:
    assert old in SCHEMA
    after = SCHEMA.replace(old, new)
    if new == "type Thing":
        after = after.replace("type Lamp implements Thing", "type Lamp")

    found = findings.breaks(SCHEMA, after)

    assert coordinate in {one.coordinate for one in found}


def test_a_removed_type_is_found() -> None:
    after = SCHEMA[: SCHEMA.index('"""Which lamps."""')]

    assert [one.coordinate for one in findings.breaks(SCHEMA, after)] == ["LampFilter"]


@pytest.mark.parametrize(
    ("_case", "old", "new"),
    [
        ("field added", "  name: String!\n}", '  name: String!\n  """New."""\n  size: Int\n}'),
        ("value added", "  BLUE\n", '  BLUE\n  """Like grass."""\n  GREEN\n'),
        ("optional argument added", "id: ID\n", 'id: ID\n    """New."""\n    size: Int\n'),
        ("other words", "A lamp.", "A thing that shines."),
    ],
)
def test_what_breaks_nobody_is_let_through(_case: str, old: str, new: str) -> None:
    assert old in SCHEMA

    assert findings.breaks(SCHEMA, SCHEMA.replace(old, new)) == []


@pytest.mark.parametrize(
    ("_case", "changelog", "coordinates"),
    [
        ("one", "## Unreleased\n\n- Gone. Breaking: Lamp.colour\n", {"Lamp.colour"}),
        (
            "several, in code",
            "## Unreleased\n\n- Breaking: `Lamp.colour`, `Query.lamp(id:)`, @limited\n",
            {"Lamp.colour", "Query.lamp(id:)", "@limited"},
        ),
        ("a released one", "## Unreleased\n\n## 1.0\n\n- Breaking: Lamp.colour\n", set()),
        ("none", "## Unreleased\n\n- Lamp.colour is gone.\n", set()),
        ("no such part", "Breaking: Lamp.colour\n", set()),
    ],
)
def test_only_a_named_break_is_allowed(_case: str, changelog: str, coordinates: set[str]) -> None:
    assert findings.allowed(changelog, "## Unreleased\n\n## 1.0\n") == coordinates


def test_a_break_stays_announced_when_unreleased_becomes_a_release() -> None:
    before = "## Unreleased\n\n- Breaking: Lamp.colour\n\n## 1.0\n\n- Breaking: Lamp.size\n"
    released = before.replace("## Unreleased\n", "## Unreleased\n\n## 1.1 - 2026-12-01\n")

    assert findings.allowed(released, before) == {"Lamp.colour"}
    assert findings.allowed(released, released) == set()


@pytest.mark.parametrize(
    ("words", "coordinate"),
    [
        ("A lamp.", "Lamp"),
        ("Its colour.", "Lamp.colour"),
        ("Which.", "Query.lamp(id:)"),
        ("Like the sky.", "Colour.BLUE"),
        ("Only this colour.", "LampFilter.colour"),
        ("Either.", "Found"),
        ("Asks.", "@limited"),
        ("How much.", "@limited(cost:)"),
    ],
)
def test_missing_words_are_found(words: str, coordinate: str) -> None:
    assert findings.undescribed(SCHEMA) == []

    assert findings.undescribed(SCHEMA.replace(f'"""{words}"""', "")) == [coordinate]
    assert findings.undescribed(SCHEMA.replace(f'"""{words}"""', '"""  """')) == [coordinate]


class Project:
    """A folder under git with a schema and a changelog."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commits = 0
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(SCHEMA, "## Unreleased\n")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, schema: str, changelog: str) -> None:
        (self.folder / "schema.graphql").write_text(schema, "utf-8")
        (self.folder / "CHANGELOG.md").write_text(changelog, "utf-8")

    def commit(self) -> str:
        self.git("add", "--all")
        self.commits += 1
        self.git("commit", "--quiet", "--allow-empty", f"--message=Change {self.commits}")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


WITHOUT_COLOUR = SCHEMA.replace('  """Its colour."""\n  colour: Colour!\n', "")


def test_a_break_fails_with_what_to_write(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit()
    project.git("switch", "--quiet", "--create", "work")
    project.write(WITHOUT_COLOUR, "## Unreleased\n")
    project.commit()

    code = main([str(project.folder)])

    told = capsys.readouterr().err
    assert code == 1
    assert "Lamp.colour: Field Lamp.colour was removed." in told
    assert '"Breaking: Lamp.colour"' in told


def test_a_named_break_passes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.commit()
    project.write(WITHOUT_COLOUR, "## Unreleased\n\n- No colours. Breaking: Lamp.colour\n")
    project.commit()

    assert main([str(project.folder)]) == 0
    assert "Deliberate break: Field Lamp.colour was removed." in capsys.readouterr().out


def test_a_change_that_is_not_committed_is_seen(project: Project) -> None:
    project.commit()
    project.commit()
    project.write(WITHOUT_COLOUR, "## Unreleased\n")

    assert main([str(project.folder)]) == 1


def test_missing_words_fail(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write(SCHEMA.replace('"""A lamp."""', ""), "")

    assert main([str(project.folder)]) == 1
    assert "schema.graphql: Lamp has no description." in capsys.readouterr().err


def test_a_schema_that_is_none_fails(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("type Query {", "")

    assert main([str(project.folder)]) == 1
    assert "cannot be read: Syntax Error" in capsys.readouterr().err


def test_a_branch_is_compared_with_where_it_left_main(project: Project) -> None:
    fork = project.commit()
    project.git("switch", "--quiet", "--create", "work")
    project.commit()
    project.commit()
    project.git("switch", "--quiet", "main")
    project.commit()
    project.git("switch", "--quiet", "work")

    assert history.base(project.folder) == fork


def test_main_is_compared_with_its_commit_before(project: Project) -> None:
    before = project.commit()
    project.commit()

    assert history.base(project.folder) == before


def test_a_branch_of_another_name_without_main_is_compared_with_its_commit_before(
    project: Project,
) -> None:
    before = project.commit()
    project.commit()
    project.git("branch", "--move", "main", "trunk")

    assert history.base(project.folder) == before


@pytest.mark.parametrize("commits", [0, 1])
def test_without_history_there_is_nothing_to_compare(
    project: Project, commits: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(commits):
        project.commit()

    assert main([str(project.folder)]) == 0
    assert "no earlier commit" in capsys.readouterr().out


def test_without_git_there_is_nothing_to_compare(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit()
    project.commit()
    monkeypatch.setenv("PATH", "")

    assert main([str(project.folder)]) == 0
    assert "no earlier commit" in capsys.readouterr().out


def test_a_shallow_clone_is_refused(
    project: Project, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit()
    project.commit()
    clone = tmp_path_factory.mktemp("clone") / "shallow"
    project.git("clone", "--quiet", "--depth=1", project.folder.as_uri(), str(clone))

    assert main([str(clone)]) == 1
    assert "shallow" in capsys.readouterr().err


def test_a_commit_without_schema_is_nothing_to_compare_with(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.folder / "schema.graphql").unlink()
    project.commit()
    project.write(SCHEMA, "")
    project.commit()

    assert main([str(project.folder)]) == 0
    assert "has no schema.graphql" in capsys.readouterr().out


def test_our_own_schema_says_everything() -> None:
    assert findings.undescribed((ROOT / "schema.graphql").read_text("utf-8")) == []


def test_the_command_tells_by_its_exit_code(project: Project) -> None:
    project.commit()
    project.write(WITHOUT_COLOUR, "## Unreleased\n")
    project.commit()

    done = subprocess.run(
        [sys.executable, "-m", "tests.schema_guard", str(project.folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Lamp.colour" in done.stderr
