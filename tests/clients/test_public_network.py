"""Only public addresses are dialled, and the one that was judged is the one that is dialled."""

import httpcore
import pytest

from clients.public_network import NotPublic, PublicNetwork, is_public, resolve
from tests.networks import PUBLIC, FakeNetwork

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "address",
    [
        PUBLIC,
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "::ffff:93.184.215.14",
        "64:ff9b::5db8:d70e",  # NAT64 of a public address: the way out of a network without IPv4
        "2002:5db8:d70e::1",
    ],
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("_case", "address"),
    [
        ("this machine", "127.0.0.1"),
        ("this machine, another number", "127.9.8.7"),
        ("this machine, version 6", "::1"),
        ("any address", "0.0.0.0"),
        ("any address, version 6", "::"),
        ("private, class A", "10.0.0.1"),
        ("private, class B", "172.16.5.4"),
        ("private, class C", "192.168.1.1"),
        ("shared by a provider", "100.64.0.1"),
        ("cloud metadata", "169.254.169.254"),
        ("cloud metadata, version 6", "fd00:ec2::254"),
        ("link-local, version 6", "fe80::1"),
        ("link-local with its interface", "fe80::1%eth0"),
        ("a public address with an interface", "2606:2800:21f::1%eth0"),
        ("site-local", "fec0::1"),
        ("unique local", "fc00::1"),
        ("multicast", "224.0.0.1"),
        ("multicast, version 6", "ff0e::1"),
        ("broadcast", "255.255.255.255"),
        ("reserved", "240.0.0.1"),
        ("protocol assignments", "192.0.0.8"),
        ("relay of 6to4", "192.88.99.1"),
        ("documentation", "203.0.113.1"),
        ("benchmarks", "198.18.0.1"),
        ("documentation, version 6", "2001:db8::1"),
        ("new documentation, version 6", "3fff::1"),
        ("IPv4-mapped", "::ffff:127.0.0.1"),
        ("IPv4-mapped in hexadecimal", "::ffff:a9fe:a9fe"),
        ("IPv4-compatible", "::127.0.0.1"),
        ("NAT64 of this machine", "64:ff9b::7f00:1"),
        ("NAT64 of cloud metadata", "64:ff9b::a9fe:a9fe"),
        ("NAT64 for local use", "64:ff9b:1::5db8:d70e"),
        ("6to4 of this machine", "2002:7f00:1::1"),
        ("6to4 of a private address", "2002:c0a8:101::1"),
        ("Teredo of a private address", "2001:0:5db8:d70e:8000:63bf:f5ff:fffe"),
        ("Teredo by a private server", "2001:0:a00:1:8000:63bf:a247:28f1"),
        ("discard", "100::1"),
        ("decimal", "2130706433"),
        ("hexadecimal", "0x7f.0.0.1"),
        ("octal", "0177.0.0.1"),
        ("two parts", "127.1"),
        ("a name", "localhost"),
        ("nothing", ""),
    ],
)
def test_other_addresses(_case: str, address: str) -> None:
    assert not is_public(address)


async def test_the_judged_address_is_dialled_after_one_look_up() -> None:
    network = FakeNetwork(names={"a.co": [[PUBLIC], ["127.0.0.1"]]})

    await PublicNetwork(resolve=network.resolve, dial=network).connect_tcp("a.co", 443)

    assert network.looked_up == ["a.co"]
    assert network.dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], [PUBLIC, "64:ff9b::a9fe:a9fe"]]
)
async def test_one_closed_address_among_all_is_enough_to_refuse(addresses: list[str]) -> None:
    network = FakeNetwork(names={"a.co": [addresses]})

    with pytest.raises(NotPublic):
        await PublicNetwork(resolve=network.resolve, dial=network).connect_tcp("a.co", 443)

    assert network.dialled == []


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    network = FakeNetwork(
        names={"a.co": [["198.51.99.1", PUBLIC]]}, closed=frozenset({"198.51.99.1"})
    )

    await PublicNetwork(resolve=network.resolve, dial=network).connect_tcp("a.co", 443)

    assert network.dialled == [("198.51.99.1", 443), (PUBLIC, 443)]


@pytest.mark.parametrize("closed", [frozenset({PUBLIC}), frozenset()])
async def test_a_host_out_of_reach_is_a_failure_of_the_connection(closed: frozenset[str]) -> None:
    network = FakeNetwork(names={"a.co": [[PUBLIC] if closed else []]}, closed=closed)

    with pytest.raises(httpcore.ConnectError):
        await PublicNetwork(resolve=network.resolve, dial=network).connect_tcp("a.co", 443)


async def test_an_unknown_name_is_a_failure_of_the_connection() -> None:
    async def unknown(_host: str) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(httpcore.ConnectError, match="no address"):
        await PublicNetwork(resolve=unknown, dial=FakeNetwork()).connect_tcp("a.co", 443)


@pytest.mark.parametrize("host", [f"{'a' * 64}.com", "a..com", "."])
async def test_what_can_be_no_name_is_a_failure_of_the_connection(host: str) -> None:
    with pytest.raises(httpcore.ConnectError, match="no address"):
        await PublicNetwork(dial=FakeNetwork()).connect_tcp(host, 443)


async def test_the_systems_resolver_gives_every_address() -> None:
    assert "127.0.0.1" in await resolve("localhost")
