"""What the fetcher makes of any address: an error of our own, and no private one is public."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import nullcontext

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources import fetch as fetching
from digest.sources.fetch import is_public
from tests.sources.test_fetch import get

# httpx, urllib, idna and the socket each have errors of their own for what these can make up.
PIECES = (
    "http://", "https://", "HTTPS://", "//", ":", "/", ".", "@", "[", "]", "%", "?", "#", "-", "_",
    "xn--", "xn--a.example", "xn--mnchen-3ya", "a", "a" * 70, "é", "ß", "\u2100", "\u3002",
    "\u200d", "\ud800", "\u0663", "\n", " ", "::1", "127.1", "fe80::1%25", ":0", ":-5", ":65536",
    ":" + "9" * 30,
)  # fmt: skip
URLS = st.lists(st.sampled_from(PIECES), max_size=7).map("".join) | st.text(max_size=30)


@given(URLS)
def test_no_text_makes_the_fetcher_fail_with_an_error_not_its_own(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        nobody_is_found(patch)
        with pytest.raises(SourceError):
            get(url)


@given(URLS.filter(bool))
def test_no_redirect_makes_the_fetcher_fail_with_an_error_not_its_own(target: str) -> None:
    away = httpx.Response(302, extensions={"location": target})
    with pytest.MonkeyPatch.context() as patch:
        nobody_is_found(patch)
        patch.setattr(fetching, "_get", lambda *others: away)
        with pytest.raises(SourceError):
            get("http://127.0.0.1/")


def nobody_is_found(patch: pytest.MonkeyPatch) -> None:
    """Only this machine's own address has a host behind it; no client can be made."""

    def lookup(host: str, port: int, **how: int) -> object:
        host.encode("idna")  # as the real one does first
        if host == "127.0.0.1":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    patch.setattr(socket, "getaddrinfo", lookup)
    patch.setattr(fetching, "_client", lambda *others: nullcontext())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::",
        "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
        "2001:0:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_no_address_of_a_private_network_is_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
