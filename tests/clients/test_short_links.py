"""Short links are followed to a product, and nowhere else; what is refused is never dialled."""

import asyncio
import datetime
import logging
import ssl
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clients.public_network import PublicNetwork
from clients.short_links import AT_ONCE, SandboxLinks, ShortLinks
from domain.exceptions import (
    AffiliateGraphError,
    InvalidInput,
    MarketplaceUnavailable,
    NotAProduct,
    ShortLink,
    ShortLinkDead,
    ShortLinkRefused,
    ShortLinkTimeout,
    ShortLinkTooLong,
)
from domain.products import ProductRef
from tests.networks import PUBLIC, FakeNetwork
from upstream.budget import CallBudget

pytestmark = pytest.mark.anyio

ALI = ProductRef("aliexpress", "1005006338829917")
AMAZON = ProductRef("amazon", "B01N5IB20Q", "www.amazon.com")
ALI_PAGE = "https://www.aliexpress.com/item/1005006338829917.html"
IN_APPLICATION = "aliexpress://product/detail?productId=1005006338829917"
GERMAN_PAGE = "https://www.amazon.de/dp/B01N5IB20Q"
PLAIN_PAGE = "http://www.amazon.com/dp/B01N5IB20Q"
AMAZON_PAGE = "https://www.amazon.com/dp/B01N5IB20Q"
SHARED = f"https://star.aliexpress.com/share/share.htm?redirectUrl={ALI_PAGE}"
AMAZON_DE = ProductRef("amazon", "B01N5IB20Q", "www.amazon.de")


def leads_to(location: str, *, start: str = "https://amzn.to/x") -> FakeNetwork:
    return FakeNetwork(redirects={start: (301, location)})


@pytest.mark.parametrize(
    ("_case", "pasted", "location", "ref"),
    [
        ("AliExpress", "https://s.click.aliexpress.com/e/_x", f"{ALI_PAGE}?aff_fcid=1", ALI),
        ("the application's", "https://a.aliexpress.com/_mx", SHARED, ALI),
        ("into the application", "https://a.aliexpress.com/_mx", IN_APPLICATION, ALI),
        ("Amazon", "https://amzn.to/x", f"{AMAZON_PAGE}?tag=somebody-20", AMAZON),
        ("Amazon in Europe", "https://amzn.eu/d/x", GERMAN_PAGE, AMAZON_DE),
        ("Amazon in Asia", "https://amzn.asia/d/x", AMAZON_PAGE, AMAZON),
        ("Amazon in India", "https://amzn.in/d/x", AMAZON_PAGE, AMAZON),
        ("Amazon's newest", "https://link.amazon/b0dy09zws", AMAZON_PAGE, AMAZON),
        ("Amazon's shortest", "https://a.co/d/x", AMAZON_PAGE, AMAZON),
        ("without a scheme", "amzn.to/x", AMAZON_PAGE, AMAZON),
        ("by http, asked by https", "http://amzn.to/x", AMAZON_PAGE, AMAZON),
        ("with blanks and quotes", ' "https://amzn.to/x"\n', AMAZON_PAGE, AMAZON),
        ("with its port", "https://amzn.to:443/x", AMAZON_PAGE, AMAZON),
        ("in capitals", "HTTPS://AMZN.TO/x", AMAZON_PAGE, AMAZON),
        ("a product page by http is only read", "https://amzn.to/x", PLAIN_PAGE, AMAZON),
    ],
)
async def test_a_short_link_leads_to_its_product(
    _case: str, pasted: str, location: str, ref: ProductRef
) -> None:
    bare = pasted.strip(' "\n').lower().removeprefix("https://").removeprefix("http://")
    start = f"https://{bare.replace(':443', '')}"
    network = leads_to(location, start=start)

    found = await network.reader().product(pasted, CallBudget())

    assert found == ref
    assert network.requests == [f"HEAD {start}"]  # the page of the product is not opened
    assert network.dialled == [(PUBLIC, 443)]
    assert network.tls_names == [start.split("/")[2]]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_every_kind_of_redirect_counts(status: int) -> None:
    network = FakeNetwork(redirects={"https://a.co/d/x": (status, AMAZON_PAGE)})

    assert await network.reader().product("https://a.co/d/x", CallBudget()) == AMAZON


async def test_hops_are_followed_by_whole_and_by_relative_addresses() -> None:
    network = FakeNetwork(
        redirects={
            "https://s.click.aliexpress.com/e/_x": (302, "/s/next?a=b c&ü=1#part"),
            "https://s.click.aliexpress.com/s/next?a=b%20c&%C3%BC=1": (
                302,
                "//de.aliexpress.com/go",
            ),
            "https://de.aliexpress.com/go": (302, "https://best.aliexpress.com:443/?to=1"),
            "https://best.aliexpress.com/?to=1": (302, ALI_PAGE),
        }
    )

    assert (
        await network.reader().product("https://s.click.aliexpress.com/e/_x", CallBudget()) == ALI
    )
    assert len(network.requests) == 4


@pytest.mark.parametrize("status", [200, 403, 404, 405, 501])
async def test_a_shortener_that_answers_no_head_is_asked_by_get(status: int) -> None:
    network = FakeNetwork(
        redirects={
            "HEAD https://amzn.to/x": (status, ""),
            "GET https://amzn.to/x": (301, AMAZON_PAGE),
        }
    )

    assert await network.reader().product("https://amzn.to/x", CallBudget()) == AMAZON
    assert network.requests == ["HEAD https://amzn.to/x", "GET https://amzn.to/x"]


async def test_nothing_is_told_about_the_caller() -> None:
    network = FakeNetwork(
        redirects={
            "https://amzn.to/x": (301, "https://www.amazon.com/go"),
            "https://www.amazon.com/go": (301, AMAZON_PAGE),
        }
    )

    await network.reader().product("https://amzn.to/x", CallBudget())

    kept = [set(filter(None, request.headers)) for request in network.received]
    assert kept == [{"host", "user-agent", "accept"}] * 2


REFUSED_STARTS = [
    ("decimal host", "https://2852039166/e/_x"),
    ("hexadecimal host", "https://0xa9fea9fe/e/_x"),
    ("octal host", "https://0251.0376.0251.0376/e/_x"),
    ("address", "https://169.254.169.254/latest/meta-data/"),
    ("address of version 6", "https://[::1]/e/_x"),
    ("user information", "https://amzn.to@evil.example/x"),
    ("user information before our host", "https://user@amzn.to/x"),
    ("user and password", "https://user:pass@amzn.to/x"),
    ("backslash", "https://evil.example\\@amzn.to/x"),
    ("backslash as a slash", "https:\\\\amzn.to\\x"),
    ("tab in the host", "https://amzn\t.to/x"),
    ("line feed in the path", "https://amzn.to/x\ny"),
    ("homograph а", "https://s.click.аliexpress.com/e/_x"),
    ("homograph in punycode", "https://s.click.xn--liexpress-1nf.com/e/_x"),
    ("full-width dot", "https://amzn。to/x"),
    ("trailing dot", "https://amzn.to./x"),
    ("look-alike", "https://evilaliexpress.com/e/_x"),
    ("our name before another", "https://aliexpress.com.evil/e/_x"),
    ("other port", "https://amzn.to:8443/x"),
    ("port of http", "https://amzn.to:80/x"),
    ("port that is no number", "https://amzn.to:x/"),
    ("percent-encoded host", "https://amzn%2eto/x"),
    ("no host", "https:///x"),
    ("other scheme", "ftp://amzn.to/x"),
    ("no address", "javascript:alert(1)"),
    ("too long", "https://amzn.to/" + "x" * 9_000),
]


@pytest.mark.parametrize(
    ("_case", "pasted"), REFUSED_STARTS, ids=[case for case, _ in REFUSED_STARTS]
)
async def test_a_hostile_start_touches_no_network(_case: str, pasted: str) -> None:
    network = FakeNetwork()

    with pytest.raises(ShortLinkRefused):
        await network.reader().product(pasted, CallBudget())

    assert (network.looked_up, network.dialled) == ([], [])


@pytest.mark.parametrize(
    "pasted", ["https://ali.click/x", "https://www.amazon.com/x", "https://best.aliexpress.com/x"]
)
async def test_only_some_hosts_are_a_start(pasted: str) -> None:
    network = FakeNetwork()

    with pytest.raises(ShortLink, match="are not opened here"):
        await network.reader().product(pasted, CallBudget())

    assert (network.looked_up, network.dialled) == ([], [])


REFUSED_HOPS = [
    ("cloud metadata", "http://169.254.169.254/latest/meta-data/"),
    ("cloud metadata by https", "https://169.254.169.254/latest/meta-data/"),
    ("this machine", "https://127.0.0.1:8000/graphql"),
    ("this machine by name", "https://localhost/"),
    ("decimal host", "https://2852039166/"),
    ("hexadecimal host", "https://0xa9fea9fe/"),
    ("octal host", "https://0251.0376.0251.0376/"),
    ("mapped address", "https://[::ffff:169.254.169.254]/"),
    ("http downgrade", "http://www.amazon.com/go"),
    ("other port", "https://www.amazon.com:8443/go"),
    ("user information", "https://www.amazon.com@evil.example/go"),
    ("user information on our host", "https://evil.example@www.amazon.com/go"),
    ("backslash", "https://evil.example\\.www.amazon.com/go"),
    ("backslash, relative", "\\\\evil.example/go"),
    ("tab", "https://evil.exa\tmple/go"),
    ("tab in the scheme", "ht\ttps://www.amazon.com/go"),
    ("homograph а", "https://www.аmazon.com/go"),
    ("trailing dot", "https://www.amazon.com./go"),
    ("look-alike", "https://evilaliexpress.com/item/1005006338829917.html"),
    ("our name before another", "https://aliexpress.com.evil/item/1005006338829917.html"),
    ("another host, relative", "//evil.example/go"),
    ("another shop", "https://www.ebay.com/itm/1"),
    ("file", "file:///etc/passwd"),
    ("gopher", "gopher://www.amazon.com/"),
    ("script", "javascript:alert(1)"),
    ("broken address", "https://[www.amazon.com/go"),
    ("too long", "https://www.amazon.com/" + "x" * 9_000),
]


@pytest.mark.parametrize(
    ("_case", "location"), REFUSED_HOPS, ids=[case for case, _ in REFUSED_HOPS]
)
async def test_a_hostile_redirect_is_not_followed(_case: str, location: str) -> None:
    network = leads_to(location)

    with pytest.raises(ShortLinkRefused, match="Paste the address of the product page instead"):
        await network.reader().product("https://amzn.to/x", CallBudget())

    assert network.looked_up == ["amzn.to"]
    assert network.dialled == [(PUBLIC, 443)]
    assert network.requests == ["HEAD https://amzn.to/x"]


@pytest.mark.parametrize(
    ("_case", "addresses"),
    [
        ("this machine", ["127.0.0.1"]),
        ("public and private mixed", [PUBLIC, "192.168.0.1"]),
        ("NAT64", ["64:ff9b::a9fe:a9fe"]),
        ("6to4", ["2002:7f00:1::1"]),
        ("mapped", ["::ffff:10.0.0.1"]),
    ],
)
async def test_a_shortener_at_a_closed_address_is_not_dialled(
    _case: str, addresses: list[str]
) -> None:
    network = FakeNetwork(names={"amzn.to": [addresses]})

    with pytest.raises(ShortLinkRefused, match="not public"):
        await network.reader().product("https://amzn.to/x", CallBudget())

    assert network.looked_up == ["amzn.to"]
    assert network.dialled == []


async def test_a_later_host_at_a_closed_address_is_not_dialled() -> None:
    network = leads_to("https://internal.amazon.com/go")
    network.names = {"internal.amazon.com": [["10.1.2.3"]]}

    with pytest.raises(ShortLinkRefused, match="not public"):
        await network.reader().product("https://amzn.to/x", CallBudget())

    assert network.dialled == [(PUBLIC, 443)]


async def test_a_name_that_changes_its_answer_gains_nothing() -> None:
    network = FakeNetwork(
        redirects={"GET https://amzn.to/x": (301, AMAZON_PAGE)},
        names={"amzn.to": [[PUBLIC], ["127.0.0.1"]]},
    )

    found = await network.reader().product("https://amzn.to/x", CallBudget())  # HEAD 404, then GET

    assert found == AMAZON
    assert network.looked_up == ["amzn.to"]
    assert network.dialled == [(PUBLIC, 443)]


async def test_a_name_that_changes_between_links_is_judged_anew() -> None:
    network = leads_to(AMAZON_PAGE)
    network.names = {"amzn.to": [[PUBLIC], ["127.0.0.1"]]}
    reader = network.reader()

    await reader.product("https://amzn.to/x", CallBudget())
    with pytest.raises(ShortLinkRefused):
        await reader.product("https://amzn.to/x", CallBudget())

    assert network.dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    ("_case", "redirects", "kind"),
    [
        ("to itself", {"https://amzn.to/x": (301, "/x")}, ShortLinkTooLong),
        (
            "between two",
            {
                "https://amzn.to/x": (301, "https://a.co/d/y"),
                "https://a.co/d/y": (301, "https://amzn.to/x"),
            },
            ShortLinkTooLong,
        ),
        ("unknown", {}, ShortLinkDead),
        ("gone", {"https://amzn.to/x": (410, "")}, ShortLinkDead),
        ("a page", {"https://amzn.to/x": (200, "")}, NotAProduct),
        ("nothing", {"https://amzn.to/x": (301, "https://www.amazon.com/")}, ShortLinkDead),
        ("redirect without a place", {"https://amzn.to/x": (302, "")}, MarketplaceUnavailable),
        ("throttled", {"https://amzn.to/x": (429, "")}, MarketplaceUnavailable),
        ("in trouble", {"https://amzn.to/x": (503, "")}, MarketplaceUnavailable),
        ("robots kept out", {"https://amzn.to/x": (403, "")}, MarketplaceUnavailable),
    ],
)
async def test_other_ends_are_told_by_their_kind(
    _case: str, redirects: dict[str, tuple[int, str]], kind: type[AffiliateGraphError]
) -> None:
    with pytest.raises(kind, match=r"[Pp]aste the address of the product page") as refusal:
        await FakeNetwork(redirects=redirects).reader().product("https://amzn.to/x", CallBudget())

    assert type(refusal.value) is kind


async def test_at_most_five_hosts_are_asked() -> None:
    network = FakeNetwork(
        redirects={
            f"https://www.amazon.com/{hop}": (302, f"https://www.amazon.com/{hop + 1}")
            for hop in range(20)
        }
        | {"https://amzn.to/x": (301, "https://www.amazon.com/0")}
    )

    with pytest.raises(ShortLinkTooLong, match="more than 4 times"):
        await network.reader().product("https://amzn.to/x", CallBudget())

    assert len(network.requests) == 5


async def test_the_fifth_host_may_still_name_the_product() -> None:
    network = FakeNetwork(
        redirects={
            f"https://www.amazon.com/{hop}": (302, f"https://www.amazon.com/{hop + 1}")
            for hop in range(3)
        }
        | {
            "https://amzn.to/x": (301, "https://www.amazon.com/0"),
            "https://www.amazon.com/3": (302, AMAZON_PAGE),
        }
    )

    assert await network.reader().product("https://amzn.to/x", CallBudget()) == AMAZON


async def test_a_host_that_never_answers_ends_in_time() -> None:
    network = FakeNetwork(silent=frozenset({"amzn.to"}))

    with pytest.raises(ShortLinkTimeout, match=r"within 0\.01 seconds") as refusal:
        await network.reader(patience=0.01).product("https://amzn.to/x", CallBudget())

    assert refusal.value.retryable


async def test_nobody_waits_longer_than_the_request_may_take() -> None:
    network = FakeNetwork(silent=frozenset({"amzn.to"}))

    budget = CallBudget(deadline=0.01, monotonic=lambda: 0.0)

    with pytest.raises(ShortLinkTimeout, match="that a request may take"):
        await network.reader().product("https://amzn.to/x", budget)


async def test_a_host_out_of_reach_is_told() -> None:
    network = FakeNetwork(closed=frozenset({PUBLIC}))

    with pytest.raises(MarketplaceUnavailable, match=r"could not be reached \(ConnectError\)"):
        await network.reader().product("https://amzn.to/x", CallBudget())


async def test_an_answer_that_is_no_http_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    network = FakeNetwork()

    async def nonsense(_request: bytes) -> bytes:
        return b"SSH-2.0-OpenSSH_9.2\r\n\r\n"

    monkeypatch.setattr(network, "take", nonsense)

    with pytest.raises(MarketplaceUnavailable, match="RemoteProtocolError"):
        await network.reader().product("https://amzn.to/x", CallBudget())


async def test_few_links_are_followed_at_the_same_time() -> None:
    network = FakeNetwork(
        redirects={f"https://amzn.to/{number}": (301, AMAZON_PAGE) for number in range(40)}
    )
    reader = network.reader()

    found = await asyncio.gather(
        *(reader.product(f"https://amzn.to/{number}", CallBudget()) for number in range(40))
    )

    assert found == [AMAZON] * 40
    assert network.most_at_once == AT_ONCE


async def test_the_log_names_the_host_and_the_outcome_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    with pytest.raises(ShortLinkDead):
        await (
            FakeNetwork().reader().product("https://amzn.to/secret-path?token=secret", CallBudget())
        )

    assert "short link of amzn.to: SHORT_LINK_DEAD in" in caplog.text
    assert "secret" not in caplog.text


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """Files of a certificate for these hosts, signed by itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


class Loopback(httpcore.AnyIOBackend):
    """Dials a server of this process, whichever address was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    async def connect_tcp(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        return await super().connect_tcp("127.0.0.1", self.port)


@pytest.mark.parametrize(("name", "is_trusted"), [("amzn.to", True), ("evil.example", False)])
async def test_tls_verifies_the_hosts_own_name(tmp_path: Path, name: str, is_trusted: bool) -> None:
    certificate_file, key_file = certificate(tmp_path, name)
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0])
        writer.write(f"HTTP/1.1 301 -\r\nLocation: {AMAZON_PAGE}\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    of_server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    of_server.load_cert_chain(certificate_file, key_file)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=of_server)
    tls = ssl.create_default_context(cafile=str(certificate_file))
    dial = Loopback(server.sockets[0].getsockname()[1])
    reader = ShortLinks(network=PublicNetwork(resolve=FakeNetwork().resolve, dial=dial), tls=tls)

    async with server:
        if is_trusted:
            assert await reader.product("https://amzn.to/x", CallBudget()) == AMAZON
        else:
            with pytest.raises(MarketplaceUnavailable, match="could not be reached"):
                await reader.product("https://amzn.to/x", CallBudget())

    assert asked == (["HEAD /x HTTP/1.1"] if is_trusted else [])


async def test_the_sandbox_reads_its_own_links_without_a_network() -> None:
    link = "https://s.click.aliexpress.com.sandbox.invalid/e/_cABC"
    reader = SandboxLinks({link: ALI_PAGE}.get)

    assert await reader.product(f" {link}\n", CallBudget()) == ALI
    with pytest.raises(ShortLinkDead, match="did not make this link"):
        await reader.product(f"{link}D", CallBudget())


@pytest.mark.parametrize(
    "pasted", ["https://amzn.to/x", "https://s.click.aliexpress.com/e/_x", "https://amzn.asia/x"]
)
async def test_the_sandbox_opens_no_real_link(pasted: str) -> None:
    def never(link: str) -> str:
        raise AssertionError(f"asked for {link}")

    with pytest.raises(ShortLink, match="The sandbox contacts no marketplace") as refusal:
        await SandboxLinks(never).product(pasted, CallBudget())

    assert isinstance(refusal.value, InvalidInput)
