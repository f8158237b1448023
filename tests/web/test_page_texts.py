"""The page's words: each in English and German, each used, and none in a module."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.page import FOLDER

PAGE = FOLDER / "page"
MODULES = sorted(path for path in PAGE.rglob("*.js") if path.parent.name != "texts")
LINE = re.compile(r'^  ("[^"]+"): "(.*)",$', flags=re.MULTILINE)
PLACE = re.compile(r"\{(\w+)\}")
BRANDS = {"Affiliate", "Graph", "Graphi", "Google", "Merchant", "Shopify", "English", "Deutsch"}
NAMES = {"Enter", "Files", "Content", "Accept"}  # of keys, headers and kinds, not words
WORD = re.compile(r"[A-Za-z][a-z]+")


def texts(language: str) -> dict[str, str]:
    lines = (PAGE / f"texts/{language}.js").read_text("utf-8")
    return {key.strip('"'): text for key, text in LINE.findall(lines)}


def places(text: str) -> set[frozenset[str]]:
    """What each form of a text has to be told; a form for one may leave the number out."""
    return {frozenset(PLACE.findall(form)) - {"n"} for form in text.split("|")}


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    english, german = texts("en"), texts("de")

    assert len(english) > 300
    assert english.keys() == german.keys()
    assert [key for key in english if places(english[key]) != places(german[key])] == []


def test_every_text_is_used() -> None:
    scripts = "".join(path.read_text("utf-8") for path in MODULES)
    groups = set(re.findall(r"`([a-zA-Z.]+\.)\$\{", scripts))
    groups |= {f"{group}." for group in re.findall(r'named\(\s*"(\w+)"', scripts)}

    unused = [key for key in texts("en") if f'"{key}"' not in scripts]

    assert [key for key in unused if not key.startswith(tuple(groups))] == []


def test_every_text_that_is_asked_for_is_there() -> None:
    scripts = "".join(path.read_text("utf-8") for path in MODULES)

    asked = set(re.findall(r'\bsay\(\s*"([^"]+)"', scripts))

    assert asked - texts("en").keys() == set()


class Reader:
    """The static parts of a module's html templates, also of those inside others."""

    def __init__(self, script: str) -> None:
        self._script = script
        self.parts: list[str] = []

    def read(self) -> list[str]:
        end = 0
        for match in re.finditer(r"html`", self._script):
            if match.end() > end:  # else it stands inside the one before
                end = self._template(match.end(), is_markup=True)
        return self.parts

    def _template(self, at: int, *, is_markup: bool) -> int:
        static = ""
        while self._script[at] != "`":
            if self._script.startswith("${", at):
                at, static = self._expression(at + 2), f"{static}\0"
            else:
                static += self._script[at]
                at += 2 if self._script[at] == "\\" else 1
        if is_markup:
            self.parts.append(static)
        return at + 1

    def _expression(self, at: int) -> int:
        depth = 0
        while depth or self._script[at] != "}":
            sign = self._script[at]
            if sign == "`":
                at = self._template(at + 1, is_markup=self._script.endswith("html", 0, at))
                continue
            if sign in "\"'":
                at = self._script.index(sign, at + 1)
            depth += {"{": 1, "}": -1}.get(sign, 0)
            at += 1
        return at + 1


def spoken(script: str) -> Iterator[str]:
    """What of a module somebody reads: text and attributes of markup, and sentences in quotes."""
    for part in Reader(script).read():
        yield from re.sub(r"<[^>]*>", "\0", part).split("\0")
        yield from re.findall(
            r'\b(?:aria-label|title|placeholder|label|alt)="(?!https:)([^"]*)"', part
        )
    code = re.sub(r"/\*\*.*?\*/", "", script, flags=re.DOTALL)
    code = re.sub(r"^\s*//.*$|(?<=[;{,]) // .*$", "", code, flags=re.MULTILINE)
    yield from re.findall(r'"([A-Z][a-z]+(?: [^"\n]*)?)"', code)
    yield from re.findall(r"`([A-Z][a-z]+ [^`\n]*)`", code)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PAGE).as_posix())
def test_no_word_stands_in_a_module(path: Path) -> None:
    found = {word for text in spoken(path.read_text("utf-8")) for word in WORD.findall(text)}

    assert found - BRANDS - NAMES - {"Woo", "Commerce"} == set()


def test_words_in_a_module_are_found() -> None:
    script = """html`<p title="Help">${rows.map((row) => html`<b>Price</b> ${row.n}`)}</p>`;
fail("No answer came.");"""

    assert {word for text in spoken(script) for word in WORD.findall(text)} == {
        "Help",
        "Price",
        "No",
        "answer",
        "came",
    }
