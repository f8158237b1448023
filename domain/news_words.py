"""An event in plain words, for chats. No price is in it but those that the event itself tells."""

from domain.events import EventType, News
from domain.money import Money

WORDS = {
    EventType.PRODUCT_BACK_IN_STOCK: "Back in stock",
    EventType.PRODUCT_OUT_OF_STOCK: "Out of stock",
    EventType.PRODUCT_GONE: "Gone from the marketplace",
    EventType.PRODUCT_RETURNED: "Back at the marketplace",
    EventType.LINK_BROKEN: "A link leads to a product that is gone",
    EventType.LINK_MENDED: "A link works again: its product has returned",
    EventType.CREDENTIALS_REJECTED: "A marketplace refuses the stored credentials",
    EventType.CREDENTIALS_RESTORED: "A marketplace takes the credentials again",
    EventType.MARKETPLACE_NOT_ELIGIBLE: "A marketplace account may not use the interface any more",
    EventType.QUOTA_LOW: "80 % of the marketplace calls of the day are used",
    EventType.JOB_FINISHED: "A job has ended",
    EventType.WEBHOOK_DISABLED: "A webhook was switched off",
    EventType.WATCH_FIRED: "As you wished to be told",
    EventType.PRODUCT_PRICE_DROPPED: "Price dropped",
    EventType.PRODUCT_PRICE_ROSE: "Price rose",
}


def sentence(news: News, title: str | None, url: str | None) -> str:
    """What happened, to what, and where that is. `title`, `url`: of the product, where known."""
    named = title or (news.product.external_id if news.product else "")
    site = " ".join(part for part in (news.marketplace, news.locale) if part)
    told = ": ".join(part for part in (WORDS[news.type], named or site) if part)
    if news.price is not None and news.previous_price is not None:
        told += f", {_money(news.previous_price)} → {_money(news.price)}"
    return f"{told}\n{url}" if url else told


def _money(money: Money) -> str:
    return f"{money.amount} {money.currency}"
