"""What is asked in one turn becomes few calls, and a failure stays with whom it belongs to."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date

import pytest

from db import credentials as stored_credentials
from db import links as stored_links
from db import quota as stored_quota
from domain.catalog import Page, PageArgs
from domain.exceptions import (
    InvalidInput,
    MarketplaceError,
    MarketplaceUnavailable,
    NotInProgram,
    ProductNotFound,
)
from domain.links import Link, LinkKey
from domain.marketplaces import Account, AccountKey
from domain.products import ProductRef, SourceProduct, Variant, VariantList
from resolvers.context import Context
from tests.fakes import FakeMarketplaceClient, product

pytestmark = pytest.mark.anyio

MakeContext = Callable[..., Context]


async def test_120_products_of_one_turn_are_3_calls(make_context: MakeContext) -> None:
    lamps = [product(number) for number in range(120)]
    fake = FakeMarketplaceClient(products=lamps)
    loader = make_context(aliexpress=fake).dataloaders.live_product

    found = await asyncio.gather(*(loader.load(lamp.ref) for lamp in lamps))

    assert found == lamps
    assert [len(ids) for _, ids in fake.calls] == [50, 50, 20]


async def test_marketplaces_are_asked_each_for_its_own(make_context: MakeContext) -> None:
    ours = [product(number) for number in range(12)]
    theirs = [product(number, marketplace="amazon") for number in range(12)]
    ali, amazon = FakeMarketplaceClient(products=ours), FakeMarketplaceClient(products=theirs)
    loader = make_context(aliexpress=ali, amazon=amazon).dataloaders.live_product

    await loader.load_many([one.ref for one in (*ours, *theirs)])

    assert [len(ids) for _, ids in ali.calls] == [12]
    assert [len(ids) for _, ids in amazon.calls] == [10, 2]


async def test_country_sites_are_asked_apart(make_context: MakeContext) -> None:
    fake = FakeMarketplaceClient()
    loader = make_context(amazon=fake).dataloaders.live_product
    refs = [ProductRef("amazon", "B000000001", f"www.amazon.{site}") for site in ("com", "de")]

    found = await asyncio.gather(*(loader.load(ref) for ref in refs), return_exceptions=True)

    assert fake.calls == [("get_products", ["B000000001"])] * 2
    assert all(isinstance(one, ProductNotFound) for one in found)


async def test_a_product_that_the_answer_lacks_is_told_with_its_id(
    make_context: MakeContext,
) -> None:
    class Forgetful(FakeMarketplaceClient):
        async def get_products(
            self, ids: Sequence[str]
        ) -> dict[str, SourceProduct | MarketplaceError]:
            return {"another": product(9)}

    loader = make_context(aliexpress=Forgetful()).dataloaders.live_product

    with pytest.raises(ProductNotFound, match="AliExpress does not show a product 100500000001"):
        await loader.load(product(1).ref)


async def test_a_failed_call_leaves_the_other_batches_of_ten(make_context: MakeContext) -> None:
    lamps = [product(number, marketplace="amazon") for number in range(30)]
    spoiled = {lamps[17].ref.external_id: MarketplaceUnavailable("No answer.")}
    fake = FakeMarketplaceClient(products=lamps, spoiling=spoiled)
    loader = make_context(amazon=fake).dataloaders.live_product

    found = await asyncio.gather(*(loader.load(one.ref) for one in lamps), return_exceptions=True)

    assert found[:10] == lamps[:10]
    assert all(isinstance(one, MarketplaceUnavailable) for one in found[10:20])
    assert found[20:] == lamps[20:]


async def test_a_product_is_asked_once_in_a_request(make_context: MakeContext) -> None:
    fake = FakeMarketplaceClient(products=[product(1)])
    loader = make_context(aliexpress=fake).dataloaders.live_product

    await asyncio.gather(loader.load(product(1).ref), loader.load(product(1).ref))
    await loader.load(product(1).ref)

    assert fake.count("get_products") == 1


async def test_links_of_one_tracking_id_share_calls(make_context: MakeContext) -> None:
    fake = FakeMarketplaceClient()
    loader = make_context(aliexpress=fake).dataloaders.new_link
    keys = [LinkKey(product(number).ref, "blog") for number in range(60)]
    keys += [LinkKey(product(number).ref, "shop") for number in range(3)]
    keys += [LinkKey(product(1).ref, "blog", "summer")]

    links = await loader.load_many(keys)

    assert sorted(len(ids) for _, ids in fake.calls) == [1, 3, 10, 50]
    assert links[60] == f"https://links.example/shop/{product(0).ref.external_id}"


async def test_a_product_outside_the_programme_spoils_no_other_link(
    make_context: MakeContext,
) -> None:
    unsold = frozenset({product(1).ref.external_id})
    loader = make_context(
        aliexpress=FakeMarketplaceClient(without_link=unsold)
    ).dataloaders.new_link

    found = await asyncio.gather(
        *(loader.load(LinkKey(product(number).ref, "blog")) for number in range(3)),
        return_exceptions=True,
    )

    assert isinstance(found[1], NotInProgram)
    assert all(isinstance(found[place], str) for place in (0, 2))


async def test_variants_are_asked_product_by_product(make_context: MakeContext) -> None:
    red = Variant(external_id="12000001")
    fake = FakeMarketplaceClient(variants={product(1).ref.external_id: (red,)})
    loader = make_context(aliexpress=fake).dataloaders.variants

    found = await loader.load_many([product(1).ref, product(2).ref])

    assert [one.variants for one in found] == [(red,), ()]
    assert fake.count("get_variants") == 2


async def test_credentials_are_opened_once_in_a_request(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []

    async def accounts(*given: object) -> list[Account]:
        opened.append(given)
        return []

    context = make_context(aliexpress=FakeMarketplaceClient(), amazon=FakeMarketplaceClient())
    monkeypatch.setattr(stored_credentials, "accounts", accounts)
    refs = [product(1).ref, product(1, marketplace="amazon").ref]

    await asyncio.gather(
        *(context.dataloaders.live_product.load(ref) for ref in refs), return_exceptions=True
    )

    assert len(opened) == 1


async def test_all_accounts_are_opened_with_the_first_one(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []

    async def accounts(*given: object) -> list[Account]:
        opened.append(given)
        return []

    context = make_context(aliexpress=FakeMarketplaceClient(), amazon=FakeMarketplaceClient())
    monkeypatch.setattr(stored_credentials, "accounts", accounts)

    await context.accounts.get(context.workspace.account_key("amazon", "www.amazon.com"))
    await context.accounts.get(context.workspace.account_key("aliexpress", ""))
    every = await context.accounts.all()

    assert every == {}
    assert len(opened) == 1


async def test_lists_are_asked_together_by_equal_arguments(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    async def pages_of(
        _: object, refs: Sequence[ProductRef], args: PageArgs
    ) -> dict[ProductRef, Page[Link]]:
        asked.append((len(refs), args.size))
        if args.after is not None:
            raise InvalidInput("No cursor of this list.")
        return dict.fromkeys(refs, Page(records=(), positions=(), has_next=False))

    monkeypatch.setattr(stored_links, "pages_of", pages_of)
    loader = make_context().dataloaders.links_of
    refs = [product(number).ref for number in range(5)]

    *found, bad = await asyncio.gather(
        *(loader.load((ref, PageArgs(20, None))) for ref in refs),
        loader.load((refs[0], PageArgs(5, None))),
        loader.load((refs[1], PageArgs(5, ("forged",)))),
        return_exceptions=True,
    )

    assert found == [Page(records=(), positions=(), has_next=False)] * 6
    assert isinstance(bad, InvalidInput)
    assert sorted(asked) == [(1, 5), (1, 5), (5, 20)]


async def test_calls_of_several_accounts_are_counted_apart(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def used_by(days: Mapping[AccountKey, date]) -> dict[AccountKey, int]:
        return {key: len(key.locale) for key in days}

    monkeypatch.setattr(stored_quota, "used_by", used_by)
    context = make_context()
    sites = ["www.amazon.com", "www.amazon.de"]

    found = await context.dataloaders.calls_today.load_many(
        [context.workspace.account_key("amazon", site) for site in sites]
    )

    assert found == [14, 13]


async def test_a_request_asks_for_the_variants_of_ten_products(make_context: MakeContext) -> None:
    fake = FakeMarketplaceClient()
    context = make_context(aliexpress=fake)
    refs = [product(number).ref for number in range(12)]

    found = await asyncio.gather(
        *(context.dataloaders.variants.load(ref) for ref in refs), return_exceptions=True
    )
    context.forget_loaded()
    later = await asyncio.gather(context.dataloaders.variants.load(refs[0]), return_exceptions=True)

    assert found[:10] == [VariantList()] * 10
    assert all(isinstance(one, InvalidInput) for one in [*found[10:], *later])
    assert fake.count("get_variants") == 10


async def test_a_request_that_is_stopped_takes_no_account_from_a_call_that_others_share(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = product(1)
    context = make_context(aliexpress=FakeMarketplaceClient(products=[lamp]))
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slowly(*_: object) -> list[Account]:
        asked.set()
        await may_answer.wait()
        return []

    monkeypatch.setattr(stored_credentials, "accounts", slowly)
    first, second = (
        Context(workspace=context.workspace, upstream=context.upstream, keys=context.keys)
        for _ in range(2)
    )

    async def hang_up() -> None:
        """The call is made by the means of the one who came last, and who opens an account too."""
        loaders = second.dataloaders
        await asyncio.gather(loaders.live_product.load(lamp.ref), second.accounts.all())

    async with asyncio.timeout(60):
        staying = asyncio.ensure_future(first.dataloaders.live_product.load(lamp.ref))
        leaving = asyncio.create_task(hang_up())
        await asked.wait()
        await asyncio.sleep(0.05)
        leaving.cancel()
        await asyncio.wait([leaving])
        may_answer.set()

        assert await staying == lamp
