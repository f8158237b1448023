"""Links are remembered up to an end, and links of others have no maker."""

from sandbox import MadeLink
from sandbox.aliexpress.links import LinkMaker


def test_the_oldest_short_links_are_forgotten() -> None:
    links = LinkMaker(remembered=2)
    old, again = (links.short("500100", "blog", page, "0") for page in ("a", "b"))
    links.short("500100", "blog", "c", "0")

    same = links.short("500100", "blog", "b", "0")
    links.short("500100", "blog", "d", "0")

    assert links.made(old) is None
    assert same == again
    assert links.made(again) == MadeLink(account="500100", tracking_id="blog", target="b")


def test_links_of_others_have_no_maker() -> None:
    links = LinkMaker()

    assert links.made("https://example.org/dp/B0SANDBX00?tag=sandbox-20") is None
    assert links.made("https://s.click.aliexpress.com/e/_cABC") is None
    assert links.made("https://s.click.aliexpress.com.sandbox.invalid/s/torn.xx") is None
