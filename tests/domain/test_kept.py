"""What is kept, and for how long."""

from domain.kept import Kept


def test_what_was_not_used_for_longest_makes_room() -> None:
    kept: Kept[str, int] = Kept(30)
    for number, key in enumerate("abc"):
        kept.keep(key, number, 10)

    kept.get("a")
    kept.keep("d", 3, 10)

    assert [kept.get(key) for key in "abcd"] == [0, None, 2, 3]


def test_a_value_kept_anew_counts_once() -> None:
    kept: Kept[str, int] = Kept(30)

    for number in range(9):
        kept.keep("a", number, 20)
    kept.keep("b", 1, 10)

    assert (kept.get("a"), kept.get("b"), len(kept)) == (8, 1, 2)


def test_what_is_larger_than_all_the_room_is_not_kept() -> None:
    kept: Kept[str, int] = Kept(30)

    kept.keep("a", 1, 31)

    assert kept.get("a") is None
