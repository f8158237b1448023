"""Drawings of made products: each kind has its own, in the colour that the title names."""

from xml.etree import ElementTree

import pytest

from sandbox.drawings import COLORS, drawing, mixed
from sandbox.words import GROUPS, Group


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.leaf[1])
def test_every_made_product_is_drawn_as_what_it_is(group: Group) -> None:
    shapes = {drawing(f"Portable {noun} for Travel") for noun in group.nouns}

    assert len(shapes) == 1
    assert shapes != {drawing("Paper Kite")}
    assert ElementTree.fromstring(shapes.pop()).tag == "g"


def test_a_drawing_has_the_colour_that_the_title_names() -> None:
    assert COLORS["red"] in drawing("Desk Lamp Red S1000")
    assert drawing("Desk Lamp Red S1000") != drawing("Desk Lamp Blue S1000")


def test_colours_are_mixed_by_parts() -> None:
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert mixed("#102030", "#ffffff", 0) == "#102030"
