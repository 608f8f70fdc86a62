"""The guarded fetcher: an address on the web → bytes. All that is fetched comes through here.

Keeps law 8: http and https only, no address of a private network unless the configuration names
its host, the connection goes to the very address that was checked, each redirect is checked like
the first hop, and size and time are capped.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import httpx

from digest import __version__
from digest.errors import SourceError

MOST_BYTES = 10_000_000  # after decompression
PART_BYTES = 1_000_000
MOST_SECONDS = 30.0  # for all hops together
MOST_REDIRECTS = 5
CONNECT_SECONDS = 10.0
TEMPORARY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# What httpx says of text that is no address; beside its own error those of urllib and idna.
NO_ADDRESS = (httpx.InvalidURL, ValueError)
FEEDS = (  # what is wanted, as in an Accept header (RFC 9110 12.5.1)
    "application/atom+xml, application/rss+xml, application/xml, text/xml, "
    "text/html;q=0.8, */*;q=0.1"
)
PAGES = "text/html, application/xhtml+xml, */*;q=0.8"
T = TypeVar("T")


def fetch(
    url: str,
    *,
    allow_private_hosts: tuple[str, ...],
    contact: str | None,
    seconds: float = MOST_SECONDS,
) -> bytes:
    """The content at `url`, at most 10 MB, within `seconds`, over at most five redirects.

    Raises SourceError for everything that can go wrong: the address, what, the mend, and
    whether trying again may help.
    """
    return _asked(url, FEEDS, _content, allow_private_hosts, contact, seconds)


def reach(
    url: str,
    *,
    allow_private_hosts: tuple[str, ...],
    contact: str | None,
    seconds: float = MOST_SECONDS,
) -> None:
    """Ask for `url` as a reader's browser would, and hang up once it answers that it is there.

    Raises SourceError as `fetch` does; how large the page is plays no part.
    """
    _asked(url, PAGES, _refuse_failure, allow_private_hosts, contact, seconds)


def is_public(address: Address) -> bool:
    """True for addresses of the public internet, also for one wrapped in an IPv6 address."""
    inner: list[Address | None] = []
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in NAT64:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.is_site_local:
            return False
        if any(inner):
            return all(is_public(part) for part in inner if part)
    return address.is_global and not (address.is_multicast or address.is_reserved)


def shown_address(url: str) -> str:
    """The address without a password that may stand in it."""
    with suppress(*NO_ADDRESS):
        return str(httpx.URL(url).copy_with(username=None, password=None))[:300]
    return re.sub(r"//[^/?#]*@", "//", url)[:300]


def _asked(
    url: str,
    accept: str,
    read: Callable[[httpx.Response, httpx.URL], T],
    allow_private_hosts: tuple[str, ...],
    contact: str | None,
    seconds: float,
) -> T:
    """What `read` makes of the answer. Raises SourceError."""
    shown = shown_address(url)
    try:
        with (
            _hang_up_after(seconds) as watch,
            _client(contact, accept, seconds, watch) as client,
        ):
            made = _follow(client, url, allow_private_hosts, read, watch)
            if watch.passed:  # a body without a stated length just ends when we hang up
                raise _too_slow(shown, seconds)
            return made
    except httpx.HTTPError as error:
        if watch.passed:
            raise _too_slow(shown, seconds) from None
        raise _explained(error, shown) from None


class _Watch:
    """Hangs up at the deadline, whatever the request is at.

    httpx counts the time of each read; a server that drips a byte at a time would never end.
    """

    def __init__(self) -> None:
        self.passed = False
        self._socket: socket.socket | None = None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """httpx's own hook: told of the connection as soon as it stands."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.passed:
                self.hang_up()

    def hang_up(self) -> None:
        self.passed = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def _hang_up_after(seconds: float) -> Iterator[_Watch]:
    watch = _Watch()
    timer = threading.Timer(seconds, watch.hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()


def _client(contact: str | None, accept: str, seconds: float, watch: _Watch) -> httpx.Client:
    about = f" (+mailto:{contact})" if contact else ""
    return httpx.Client(
        headers={
            "User-Agent": f"ms-research-digest/{__version__}{about}",
            "Accept": accept,
            "Accept-Encoding": "gzip",  # the one that `_unpacked` caps while it unpacks
        },
        timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        follow_redirects=False,
        trust_env=False,  # a proxy would look names up again, past our check
        event_hooks={"response": [_take_location]},
    )


def _take_location(response: httpx.Response) -> None:
    """httpx would read the next address even though it is not to follow it: that is ours to do."""
    response.extensions["location"] = response.headers.pop("location", None)


def _follow(
    client: httpx.Client,
    url: str,
    allow_private_hosts: tuple[str, ...],
    read: Callable[[httpx.Response, httpx.URL], T],
    watch: _Watch,
) -> T:
    here = _parsed(url)
    for _ in range(MOST_REDIRECTS + 1):
        addresses = _checked_addresses(here, allow_private_hosts)
        response = _get(client, here, addresses, watch)
        try:
            location = response.extensions["location"]
            if not (response.is_redirect and location):
                return read(response, here)
            here = _parsed(location, here)
        finally:
            response.close()
    raise SourceError(
        f"redirects more than {MOST_REDIRECTS} times",
        where=shown_address(url),
        mend="Correct `url` of this source: name the address it ends at",
    )


def _parsed(stated: str, page: httpx.URL | None = None) -> httpx.URL:
    """An address as it was given, or where `page` sends us."""
    try:
        url = page.join(stated) if page else httpx.URL(stated)
        if url.host and not 0 < _port(url) < 65536:  # idna reads the host here, not before
            raise ValueError
    except NO_ADDRESS:
        shown = shown_address(stated)
        if page is None:
            raise SourceError(
                "is no valid web address", where=shown, mend="Correct `url` of this source"
            ) from None
        raise SourceError(
            f"redirects to “{shown}”, which is no valid web address",
            where=shown_address(str(page)),
            mend="Tell the site, or name the address that it should lead to",
        ) from None
    return url


def _port(url: httpx.URL) -> int:
    standard = 443 if url.scheme == "https" else 80
    return standard if url.port is None else url.port


def _checked_addresses(url: httpx.URL, allow_private_hosts: tuple[str, ...]) -> list[str]:
    """The host's addresses, every one of them allowed."""
    shown = shown_address(str(url))
    if url.scheme not in ("http", "https") or not url.host:
        raise SourceError(
            "is no http or https address", where=shown, mend="Correct `url` of this source"
        )
    addresses = _resolved(url, shown)
    host = url.host.rstrip(".").lower()
    if host in {name.rstrip(".").lower() for name in allow_private_hosts}:
        return addresses
    for address in addresses:
        if not is_public(ipaddress.ip_address(address.partition("%")[0])):
            raise SourceError(
                f"its host {host} is on a private network ({address}); nothing was fetched",
                where=shown,
                mend="If you trust it, add the host to `fetch.allow_private_hosts`",
            )
    return addresses


def _resolved(url: httpx.URL, shown: str) -> list[str]:
    host = url.raw_host.decode("ascii").strip("[]")
    try:
        found = socket.getaddrinfo(host, _port(url), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label of more than 63 letters
        raise SourceError(
            f"its host {host[:100]} cannot be found",
            where=shown,
            mend="Check the address and this machine's DNS",
            temporary=isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN,
        ) from None
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _get(
    client: httpx.Client, url: httpx.URL, addresses: list[str], watch: _Watch
) -> httpx.Response:
    """The response from the first address that answers; the name goes into Host and SNI only."""
    last: httpx.TransportError | None = None
    for address in addresses:
        request = client.build_request(
            "GET",
            url.copy_with(host=address),
            headers={"Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.raw_host.decode("ascii"), "trace": watch.trace},
        )
        try:
            return client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            last = error
            if watch.passed:
                break
    raise last or httpx.ConnectError("no address")


def _refuse_failure(response: httpx.Response, url: httpx.URL) -> None:
    if response.status_code != 200:
        code = response.status_code
        raise SourceError(
            f"the site answered {code} {response.reason_phrase}".rstrip(),
            where=shown_address(str(url)),
            mend="Check the address in a browser",
            temporary=code in TEMPORARY_STATUS,
        )


def _content(response: httpx.Response, url: httpx.URL) -> bytes:
    _refuse_failure(response, url)
    shown = shown_address(str(url))
    content = bytearray()
    try:
        for part in _unpacked(response):
            content += part
            if len(content) > MOST_BYTES:
                raise SourceError(
                    f"is larger than {MOST_BYTES // 1_000_000} MB",
                    where=shown,
                    mend="Ask the publisher for a shorter feed",
                )
    except zlib.error:
        raise SourceError(
            "the answer is badly compressed", where=shown, mend="Try again later", temporary=True
        ) from None
    return bytes(content)


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    """The body in parts of at most 1 MB: 64 KB of gzip may hold 64 MB, so httpx's own is not used.

    An encoding that we did not ask for passes as it is and is then no feed.
    """
    if response.headers.get("content-encoding", "").lower() not in ("gzip", "x-gzip"):
        yield from response.iter_raw()
        return
    unpack = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    for packed in response.iter_raw():
        rest, part = packed, b""
        while not unpack.eof and (rest or len(part) == PART_BYTES):
            part = unpack.decompress(rest, PART_BYTES)
            rest = unpack.unconsumed_tail
            yield part
    if not unpack.eof:
        raise zlib.error("cut off")


def _explained(error: httpx.HTTPError, shown: str) -> SourceError:
    """Every error of httpx in our words."""
    reason = str(error).strip()
    if isinstance(error, httpx.TimeoutException):
        what, mend, temporary = "did not answer in time", "Try again later", True
    elif "CERTIFICATE" in reason.upper():
        what, mend, temporary = f"its certificate is not valid ({reason})", "Tell the site", False
    elif isinstance(error, httpx.NetworkError):
        what, mend, temporary = f"cannot be reached ({reason})", "Try again later", True
    elif isinstance(error, httpx.UnsupportedProtocol):
        what, mend, temporary = "is no http or https address", "Correct `url`", False
    else:
        what, mend, temporary = f"does not speak HTTP ({reason})", "Check the address", True
    return SourceError(what, where=shown, mend=mend, temporary=temporary)


def _too_slow(shown: str, seconds: float) -> SourceError:
    return SourceError(
        f"took more than {seconds:g} seconds", where=shown, mend="Try again later", temporary=True
    )
