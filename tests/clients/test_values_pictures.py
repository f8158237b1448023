"""Which addresses of pictures are kept."""

import pytest

from clients.values import picture


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://ae01.pictures.example/kf/a.jpg", "https://ae01.pictures.example/kf/a.jpg"),
        ("http://pictures.example/a.jpg", "https://pictures.example/a.jpg"),
        ("//pictures.example/a.jpg", "https://pictures.example/a.jpg"),
        ("HTTPS://Pictures.Example:443/a.jpg?x=1", "https://Pictures.Example:443/a.jpg?x=1"),
        ("https://xn--bcher-kva.example./a", "https://xn--bcher-kva.example./a"),
    ],
)
def test_pictures_of_public_names(address: str, kept: str) -> None:
    assert picture(address) == kept


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.1.2.3", "8.8.8.8", "169.254.169.254", "2130706433", "0x7f000001", "127.1",
        "0177.0.0.1", "127.0.0.1.", "[::1]", "[fe80::1]", "[2001:db8::1]", "localhost", "printer",
        "localhost.localdomain", "router.lan", "nas.local", "metadata.google.internal",
        "me@pictures.example", "pictures.example:8080", "pictures.example:x", "", ".", "-a.example",
        "a..example", "\u0131p.example", "pictures.example\\@10.0.0.1", "1.0.0.127.in-addr.arpa",
    ],
)  # fmt: skip
@pytest.mark.parametrize("may_be_local", [False, True])
def test_other_hosts_are_not_asked(host: str, may_be_local: bool) -> None:
    assert picture(f"https://{host}/a.jpg", may_be_local=may_be_local) is None


@pytest.mark.parametrize(
    "address",
    ["", "a.jpg", "/a.jpg", "ftp://pictures.example/a", "javascript:alert(1)", "data:image/png,x",
     "https://pictures.example/a b", "https://[broken/a", "https://pictures.example/" + "a" * 5000],
)  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    assert picture(address) is None


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_pictures_of_a_gateway_of_this_machine(host: str) -> None:
    address = f"http://{host}/sandbox/pictures/1.svg"

    assert picture(address, may_be_local=True) == address
    assert picture(address) is None
