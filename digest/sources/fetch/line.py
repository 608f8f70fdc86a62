"""The wire under the fetcher: connections that end in time, and all at once when they must.

In: places that were checked. Out: a connection to one of them, whose every wait (for a name, a
handshake, a byte) is cut from the time of the whole errand: a server that drips gains nothing.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, TypeVar

import httpcore
import httpx

from digest.errors import SourceError
from digest.sources.fetch.bodies import too_large
from digest.sources.kind import MOST_BYTES

MOST_SECONDS = 30.0  # for all hops of an errand together
CONNECT_SECONDS = 10.0  # for one place
MOST_HEAD = 256 * 1024  # bytes until an answer begins: its headers, and every "please wait"
MOST_ANSWER = MOST_BYTES + 1_000_000  # headers and all, and what it takes to send it in chunks
LOOK_UP_SECONDS = 0.2  # how soon a wait for a name notices that all was broken off
Place = tuple[socket.AddressFamily, tuple[Any, ...]]  # as socket.connect takes it
T = TypeVar("T")


class NotReached(SourceError):
    """Nobody was asked: the host is unknown, refused, silent, or not who it says it is."""


class Lines:
    """Every connection that stands, so that all can be ended at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.over = False

    def add(self, line: socket.socket) -> None:
        """From now on `hang_up` ends it."""
        with self._lock:
            self._open.add(line)

    def end(self, line: socket.socket) -> None:
        """Close one."""
        with self._lock:
            self._open.discard(line)
        line.close()

    def hang_up(self) -> None:
        """End them all, whatever they are waiting for; no new one is of use."""
        self.over = True
        with self._lock:
            for line in self._open:
                with suppress(OSError):
                    # The one of TLS would change the socket under the thread that reads it.
                    socket.socket.shutdown(line, socket.SHUT_RDWR)


class Errand:
    """One thing to fetch, with all its hops: the time that it has and what it cost."""

    def __init__(self, shown: str, seconds: float, lines: Lines):
        self.shown, self.seconds, self.lines = shown, seconds, lines
        self.requests = 0
        self.received = 0  # bytes, headers and all, as they came
        self.elsewhere = False  # a redirect for now led to another host: not its own word
        self._ends = monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left, above 0. Raises SourceError when there are none."""
        if self.lines.over:
            raise self.broken_off()
        left = self._ends - monotonic()
        if left <= 0:
            raise self.too_slow()
        return left

    def wait(self, task: Callable[[], object]) -> None:
        """A wait of our own choice (the pace that a host is asked at) is no time of its errand."""
        began = monotonic()
        task()
        self._ends += monotonic() - began

    def within(self, task: Callable[[], T]) -> T:
        """What `task` gives; not waited for any longer than there is time.

        For looking up names, which knows no limit of its own.
        """
        results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

        def run() -> None:
            try:
                results.put((task(), None))
            except BaseException as error:
                results.put((None, error))

        threading.Thread(target=run, daemon=True).start()
        while True:
            with suppress(Empty):
                result, error = results.get(timeout=min(self.left(), LOOK_UP_SECONDS))
                if error is not None:
                    raise error
                return result  # type: ignore[return-value]

    def too_slow(self) -> SourceError:
        """The error when the time is up."""
        return SourceError(
            f"took more than {self.seconds:g} seconds",
            where=self.shown,
            mend="Try again later",
            temporary=True,
        )

    def broken_off(self) -> SourceError:
        """The error when `Lines.hang_up` ended it."""
        return SourceError(
            "was broken off by us", where=self.shown, mend="Gather again", temporary=True
        )


class Line(httpcore.NetworkStream):
    """A connection that stands, as httpcore reads and writes it, for one answer."""

    def __init__(self, line: socket.socket, errand: Errand):
        self._line, self._errand = line, errand
        self._came = 0
        self.begun = False  # whether the headers of the answer itself are there

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Raises SourceError when the time is up, the other side broke off or sends too much."""
        try:
            self._line.settimeout(self._errand.left())
            got = self._line.recv(max_bytes)
        except TimeoutError:
            raise self._errand.too_slow() from None
        except OSError as error:
            self._errand.left()  # if it was us who hung up
            # TLS says that it ends, or anybody on the way could end it (RFC 9112 9.8).
            cut_off = isinstance(error, ssl.SSLEOFError)
            raise SourceError(
                "the answer was cut off" if cut_off else f"the site broke off ({said(error)})",
                where=self._errand.shown,
                mend="Try again later",
                temporary=True,
            ) from None
        if not got:
            self._errand.left()  # a body without a stated length just ends when we hang up
        self._errand.received += len(got)
        self._came += len(got)
        self._keep_in_bounds()
        return got

    def _keep_in_bounds(self) -> None:
        """What says next to nothing in many bytes would keep us busy until the time is up."""
        if self._came > MOST_ANSWER:
            raise too_large(self._errand.shown)
        if self._came > MOST_HEAD and not self.begun:
            raise SourceError(
                f"sends {MOST_HEAD // 1024} KB before its answer begins",
                where=self._errand.shown,
                mend="Tell the site",
            )

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Raises httpcore's own WriteError: the site may have answered before it had all."""
        try:
            while buffer:
                self._line.settimeout(self._errand.left())
                buffer = buffer[self._line.send(buffer) :]
        except OSError as error:
            raise httpcore.WriteError(said(error)) from None

    def close(self) -> None:
        """Hang up."""
        self._errand.lines.end(self._line)


def dial(places: Sequence[Place], shown: str, errand: Errand) -> socket.socket:
    """A connection to the first of `places` that takes it. Raises NotReached."""
    reason = "no address"
    for family, place in places:
        try:
            return _connected(family, place, errand)
        except OSError as error:
            reason = said(error)
    errand.left()
    raise _not_reached(f"cannot be reached ({reason})", shown)


def secure(plain: socket.socket, host: str, shown: str, errand: Errand) -> socket.socket:
    """The same connection under TLS, once the other side proved that it is `host`.

    Raises NotReached.
    """
    try:
        line = certificates().wrap_socket(
            plain,
            server_hostname=host,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,
        )
        with _kept(line, errand):
            line.settimeout(min(CONNECT_SECONDS, errand.left()))
            line.do_handshake()  # the time is for all of it, however slowly its bytes come
        return line
    except ssl.SSLCertVerificationError as error:
        what = f"its certificate is not valid ({error.verify_message})"
        raise NotReached(what, where=shown, mend="Tell the site") from None
    except (OSError, ValueError) as error:  # ValueError: no name that a certificate could have
        errand.left()
        raise _not_reached(f"cannot be reached ({said(error)})", shown) from None
    finally:
        errand.lines.end(plain)  # empty by now: its connection moved


_certificates: list[ssl.SSLContext] = []
_reading = threading.Lock()


def certificates() -> ssl.SSLContext:
    """Whom we trust to know names: read once, since reading takes tens of milliseconds."""
    with _reading:
        if not _certificates:
            context = httpx.create_ssl_context(trust_env=False)
            context.set_alpn_protocols(["http/1.1"])
            _certificates.append(context)
        return _certificates[0]


def said(error: Exception) -> str:
    """What the system says of it, without numbers and lines of C."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return words.partition(" (_ssl.c")[0][:200]


def _connected(
    family: socket.AddressFamily, place: tuple[Any, ...], errand: Errand
) -> socket.socket:
    line = socket.socket(family, socket.SOCK_STREAM)
    with _kept(line, errand):
        line.settimeout(min(CONNECT_SECONDS, errand.left()))
        line.connect(place)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


@contextmanager
def _kept(line: socket.socket, errand: Errand) -> Iterator[None]:
    """It can be ended from now on, and is when it fails."""
    errand.lines.add(line)
    try:
        yield
    except BaseException:
        errand.lines.end(line)
        raise


def _not_reached(what: str, shown: str) -> NotReached:
    return NotReached(what, where=shown, mend="Try again later", temporary=True)
