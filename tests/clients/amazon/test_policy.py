"""What must stand beside a link, and how long its data may be kept."""

from clients.amazon import MARKETPLACE


def test_rules_for_published_links() -> None:
    assert MARKETPLACE.rel == "sponsored nofollow noopener"
    assert MARKETPLACE.prefers_answered_link
