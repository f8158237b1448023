"""Documents that callers registered: each caller's own, and bounded."""

from web import registered
from web.registered import RegisteredDocuments


def test_a_document_is_found_by_its_caller_and_hash_alone() -> None:
    documents = RegisteredDocuments()
    documents.keep("one", "a", "{ a }")

    assert documents.find("one", "a") == "{ a }"
    assert documents.find("two", "a") is documents.find("one", "b") is None


def test_the_document_longest_not_used_makes_room() -> None:
    documents = RegisteredDocuments()
    for number in range(registered.MOST_DOCUMENTS):
        documents.keep("one", str(number), "{ a }")
    documents.find("one", "0")

    documents.keep("one", "new", "{ a }")

    assert documents.find("one", "0") == documents.find("one", "new") == "{ a }"
    assert documents.find("one", "1") is None


def test_documents_of_one_caller_have_so_much_room_together() -> None:
    documents = RegisteredDocuments()
    half = "x" * (registered.MOST_CHARACTERS // 2)
    for name in ("a", "a", "b", "c"):
        documents.keep("one", name, half)

    found = [documents.find("one", name) is not None for name in ("a", "b", "c")]

    assert found == [False, True, True]


def test_a_document_larger_than_all_room_is_not_kept() -> None:
    documents = RegisteredDocuments()

    documents.keep("one", "a", "x" * (registered.MOST_CHARACTERS + 1))
    documents.keep("one", "b", "{ b }")

    assert documents.find("one", "a") is None
    assert documents.find("one", "b") == "{ b }"


def test_the_caller_who_used_none_for_the_longest_time_is_forgotten() -> None:
    documents = RegisteredDocuments()
    for number in range(registered.MOST_CALLERS):
        documents.keep(str(number), "a", "{ a }")
    documents.find("0", "a")

    documents.keep("new", "a", "{ a }")

    assert documents.find("0", "a") == documents.find("new", "a") == "{ a }"
    assert documents.find("1", "a") is None
