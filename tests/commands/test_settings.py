"""The settings on paper: both files that are made from them are as they would be made now."""

import re
from pathlib import Path

import pytest

from clients.registry import SETTINGS
from commands.main import main
from commands.settings import example, groups, renewed
from config import every_setting

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs/configuration.md").read_text("utf-8")
NAMES = [setting.name for setting in every_setting(SETTINGS)]


def test_the_page_is_current() -> None:
    assert renewed(PAGE) == PAGE, "Run `make settings`."


def test_the_page_has_a_row_for_each_setting_and_for_nothing_else() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)

    assert sorted(rows) == sorted(NAMES)


def test_the_example_is_current() -> None:
    assert (ROOT / ".env.example").read_text("utf-8") == example(), "Run `make settings`."


def test_a_group_is_one_table_wherever_its_settings_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    first, other, *_, last = every_setting(SETTINGS)
    apart = (first, last, other)
    monkeypatch.setattr("commands.settings.every_setting", lambda _: apart)

    assert groups() == {first.group: [first, other], last.group: [last]}


def test_a_stale_row_is_made_anew() -> None:
    stale = PAGE.replace("| 8000 |", "| 8001 |")

    assert stale != PAGE
    assert renewed(stale) == PAGE


@pytest.mark.parametrize("option", ["", "--env"])
def test_every_setting_is_printed(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["settings", *filter(None, [option])])

    printed = capsys.readouterr().out
    assert code == 0
    assert [name for name in NAMES if not re.search(rf"^(\| `|#){name}\b", printed, re.M)] == []


def test_a_table_of_an_unknown_group_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- settings: Weather -->\n\n<!-- end -->\n")

    assert main(["settings", str(page)]) == 2
    assert "Weather" in capsys.readouterr().err
