"""What the fetcher makes of any address: an error of our own, and no private one is public."""

from __future__ import annotations

import ipaddress
import socket

import httpcore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.fetch import client, is_public
from tests.sources.fetch.sites import get, refused, sends, wired

# httpx, urllib, idna and the socket each have errors of their own for what these can make up.
PIECES = (
    "http://", "https://", "HTTPS://", "//", ":", "/", ".", "@", "[", "]", "%", "?", "#", "-", "_",
    "xn--", "xn--a.example", "xn--mnchen-3ya", "a", "a" * 70, "é", "ß", "\u2100", "\u3002",
    "\u200d", "\ud800", "\u0663", "\n", " ", "::1", "127.1", "fe80::1%25", ":0", ":-5", ":65536",
    ":" + "9" * 30,
)  # fmt: skip
URLS = st.lists(st.sampled_from(PIECES), max_size=7).map("".join) | st.text(max_size=30)


@given(URLS)
@settings(deadline=None)
def test_no_text_makes_the_fetcher_fail_with_an_error_not_its_own(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        nobody_is_found(patch)
        with pytest.raises(SourceError):
            get(url)


@given(URLS.filter(bool))
@settings(deadline=None)
def test_no_redirect_makes_the_fetcher_fail_with_an_error_not_its_own(target: str) -> None:
    away = httpcore.Response(302, headers=[(b"Location", target.encode("utf-8", "surrogatepass"))])
    with pytest.MonkeyPatch.context() as patch:
        nobody_is_found(patch)
        patch.setattr(httpcore.HTTP11Connection, "handle_request", lambda *others: away)
        with pytest.raises(SourceError):
            get("http://127.0.0.1/")


def nobody_is_found(patch: pytest.MonkeyPatch) -> None:
    """Only this machine's own address has a host behind it; nobody is connected to."""

    def lookup(host: str, port: int, **how: int) -> object:
        host.encode("idna")  # as the real one does first
        if host == "127.0.0.1":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    patch.setattr(socket, "getaddrinfo", lookup)
    patch.setattr(client, "dial", lambda *others: socket.socket())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::",
        "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
        "2001:0:7f00:1::", "2001:db8::1", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e",
        "64:ff9b:1::5db8:d70e", "2002:5db8:d70e::1", "::93.184.215.14", "192.0.0.8",
        "192.88.99.1", "198.18.0.1", "203.0.113.9", "3fff::1", "5f00::1", "100::1", "2001:20::1",
    ],
)  # fmt: skip
def test_no_address_of_a_private_network_is_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07::1", "2a00:1450:4001:80b::200e"],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "127.0.0.1.", "localhost",
        "LOCALHOST.", "me:pw@127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]", "0", "0.0.0.0", "[::]", "１２７.0.0.1", "127。0。0。1",
    ],
)  # fmt: skip
def test_no_spelling_of_this_machine_is_asked(host: str) -> None:
    with wired(sends(b"HTTP/1.0 200 OK\r\n\r\nsecret")) as inside:
        error = refused(f"http://{host}:{inside.port}/", allow=("intranet.example",))
        assert inside.callers == 0
    words = ("private network", "cannot be found", "no valid web address")
    assert any(word in error.what for word in words)
