"""Tags: what is one, and what a product has after a change."""

import pytest

from domain import tags
from domain.exceptions import InvalidInput

AT = ("input", "addTags")


def test_tags_are_stored_without_blanks_around_and_once() -> None:
    assert tags.checked(["  Gift   ideas ", "gift ideas", "50% off"], AT) == (
        "gift ideas",
        "50% off",
    )


@pytest.mark.parametrize(
    ("tag", "words"),
    [(" \t ", "not empty"), ("x" * 51, "50 characters"), ("a, b", "comma"), ("a\x07", "control")],
    ids=["empty", "long", "comma", "bell"],
)
def test_what_is_no_tag_is_refused_at_its_place(tag: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refusal:
        tags.checked([tag], AT)

    assert refusal.value.path == AT


def test_a_tag_that_is_there_keeps_its_spelling_and_its_place_in_the_alphabet() -> None:
    now = tags.changed(("Summer",), add=("summer", "beach", "Ärmel"), remove=())

    assert now == ("beach", "Summer", "Ärmel")


def test_what_is_removed_goes_first_so_that_a_spelling_can_be_changed() -> None:
    assert tags.changed(("Summer", "old"), add=("summer",), remove=("SUMMER", "none")) == (
        "old",
        "summer",
    )


def test_the_twenty_first_tag_is_refused_unless_another_goes() -> None:
    full = tuple(f"tag {number:02}" for number in range(tags.MOST))

    with pytest.raises(InvalidInput, match="at most 20 tags"):
        tags.changed(full, add=("one more",), remove=())
    assert "one more" in tags.changed(full, add=("one more",), remove=("tag 00",))
