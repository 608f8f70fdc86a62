"""Which addresses on the web may be asked, and where they are.

In: an address as somebody wrote it. Out: its parts, and the places that its name leads to: looked
up once, every one of them checked. Keeps law 8: nothing of a private network is ever asked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from contextlib import suppress

import httpx

from digest.errors import SourceError
from digest.sources.fetch.line import Errand, NotReached, Place

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# What httpx says of text that is no address; beside its own error those of urllib and idna.
NO_ADDRESS = (httpx.InvalidURL, ValueError)
MOST_SHOWN = 300  # characters of an address in a message
# All that has been given out in IPv6 for the internet (RFC 4291 2.4). Every way of wrapping an
# IPv4 address lies outside (mapped ::ffff:0:0/96, NAT64 64:ff9b::/96 and 64:ff9b:1::/48) or is
# named below: a wrapped address leads to wherever the one inside does.
INTERNET = ipaddress.ip_network("2000::/3")
NEVER_PUBLIC = tuple(
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.88.99.0/24",  # relays of 6to4, RFC 7526
        "2001::/23",  # protocol assignments, RFC 2928: Teredo, ORCHID
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
    )
)


def parsed(stated: str, page: httpx.URL | None = None) -> httpx.URL:
    """An address as it was given, or where `page` sends us; without `#…` and a trailing dot.

    Raises NotReached, or a SourceError naming both, when it is none.
    """
    try:
        url = page.join(stated) if page else httpx.URL(stated)
        host = url.raw_host.decode("ascii")
        if url.host and not 0 < port_of(url) < 65536:  # idna reads the host here, not before
            raise ValueError
        bare = {"host": host.rstrip(".")} if host.endswith(".") else {}  # TLS knows no such name
        url = url.copy_with(fragment=None, **bare)
    except NO_ADDRESS:
        shown = shown_address(stated)
        if page is None:
            raise NotReached(
                "is no valid web address", where=shown, mend="Check the address"
            ) from None
        raise SourceError(
            f"redirects to “{shown}”, which is no valid web address",
            where=shown_address(str(page)),
            mend="Tell the site, or name the address that it should lead to",
        ) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise NotReached(
            "is no http or https address",
            where=shown_address(str(url)),
            mend="Check the address",
        )
    return url


def next_hop(
    here: httpx.URL, target: str, been: Collection[str], *, stay_secure: bool
) -> httpx.URL:
    """Where `here` sends us. Raises SourceError for what is no address, or a circle.

    From https we never go on by http: anybody on the way could change what readers will get. As
    the same page is nearly always there by https too, that is what we ask.
    """
    url = parsed(target, here)
    downgrade = stay_secure and here.scheme == "https" and url.scheme == "http"
    if downgrade and port_of(url) == 80:
        url = url.copy_with(scheme="https", port=None)
    if downgrade and (url.scheme == "http" or str(url) in been):
        raise SourceError(
            "redirects from https to http, where anybody on the way could change it",
            where=shown_url(here),
            mend="Tell the site, or name the http address itself if you trust the way",
        )
    if str(url) in been:
        raise SourceError("redirects in a circle", where=shown_url(here), mend="Tell the site")
    return url


def places(url: httpx.URL, allowed: Collection[str], errand: Errand) -> list[Place]:
    """Where the host of `url` is: looked up once, and every place of it may be asked.

    `allowed` are the hosts, in lower case, that may be on a private network. Raises NotReached.
    """
    shown = shown_address(str(url))
    found = _looked_up(url, shown, errand)
    if url.host in allowed or url.raw_host.decode("ascii") in allowed:
        return found
    for _, place in found:
        address = str(place[0])
        if not is_public(ipaddress.ip_address(address.partition("%")[0])):
            raise NotReached(
                f"its host {url.host} is on a private network ({address}); nothing was fetched",
                where=shown,
                mend="If you trust it, add the host to `fetch.allow_private_hosts`",
            )
    return found


def is_public(address: Address) -> bool:
    """True for addresses of the public internet; one that wraps another is none."""
    if address.version == 6 and address not in INTERNET:
        return False
    if any(address in block for block in NEVER_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def shown_address(url: str) -> str:
    """The address without a password that may stand in it."""
    with suppress(*NO_ADDRESS):
        return shown_url(httpx.URL(url))
    return re.sub(r"//[^/?#]*@", "//", url)[:MOST_SHOWN]


def shown_url(url: httpx.URL) -> str:
    """As `shown_address`, of an address that was read already."""
    return without_password(url)[:MOST_SHOWN]


def kept_address(url: str) -> str:
    """What we remember of `url` is kept under this: as it stands, but never with a password."""
    with suppress(*NO_ADDRESS):
        if (read := httpx.URL(url)).userinfo:
            return without_password(read)
    return url


def without_password(url: httpx.URL) -> str:
    """The whole address, without a name and a password that may stand in it."""
    return str(url.copy_with(username=None, password=None) if url.userinfo else url)


def port_of(url: httpx.URL) -> int:
    """The port that is asked; what the scheme stands for when none is named."""
    standard = 443 if url.scheme == "https" else 80
    return standard if url.port is None else url.port


def _looked_up(url: httpx.URL, shown: str, errand: Errand) -> list[Place]:
    host = url.raw_host.decode("ascii").strip("[]")
    try:
        found = errand.within(
            lambda: socket.getaddrinfo(host, port_of(url), type=socket.SOCK_STREAM)
        )
    except (OSError, UnicodeError) as error:  # UnicodeError: a label of more than 63 letters
        raise NotReached(
            f"its host {host[:100]} cannot be found",
            where=shown,
            mend="Check the address and this machine's DNS",
            temporary=isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN,
        ) from None
    return list(dict.fromkeys((family, place) for family, _, _, _, place in found))
