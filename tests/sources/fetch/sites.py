"""Web servers on this machine, honest and hostile, and names that lead where a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from digest.errors import SourceError
from digest.sources.fetch import PAGES, Fetched, Fetcher
from digest.values import Seen

LOCAL = ("127.0.0.1",)
Handler = Callable[[BaseHTTPRequestHandler], None]
Act = Callable[["Wire", socket.socket], None]


class Site:
    """A web server; `answers` maps a path to what it does. `asked`: each path with its headers."""

    def __init__(self, answers: dict[str, Handler]):
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stopped = threading.Event()
        self.answers = answers
        site = self

        class Handling(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, dict(self.headers)))
                site.answers[self.path.partition("?")[0]](self)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handling)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def close(self) -> None:
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


Opener = Callable[..., Site]


@contextmanager
def opened() -> Iterator[Opener]:
    """Opens sites: `open_site(feed=says(b"…"))` answers /feed."""
    sites: list[Site] = []

    def opener(**answers: Handler) -> Site:
        sites.append(Site({f"/{name}": answer for name, answer in answers.items()}))
        return sites[-1]

    yield opener
    for site in sites:
        site.close()


def says(body: bytes = b"hello", status: int = 200, **headers: str) -> Handler:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        if status != 304:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        try:
            request.wfile.write(body)
        except OSError:
            request.close_connection = True  # the fetcher had enough

    return answer


def moved(target: str, status: int = 301) -> Handler:
    return says(b"", status, Location=target)


class Wire:
    """A plain socket that does to each caller what `act` says; counts callers and bytes sent."""

    def __init__(self, act: Act):
        self.callers = self.sent = 0
        self.stopped = threading.Event()
        self._act = act
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.settimeout(0.01)
        self.port = self._door.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self.stopped.is_set():
            with suppress(TimeoutError):
                caller, _ = self._door.accept()
                self.callers += 1
                with caller, suppress(OSError):
                    caller.settimeout(10)
                    self._act(self, caller)

    def send(self, caller: socket.socket, data: bytes) -> None:
        """Raises OSError once the other side hung up."""
        caller.sendall(data)
        self.sent += len(data)

    def close(self) -> None:
        self.stopped.set()
        self._thread.join()
        self._door.close()


@contextmanager
def wired(act: Act) -> Iterator[Wire]:
    wire = Wire(act)
    try:
        yield wire
    finally:
        wire.close()


def sends(*parts: bytes, again: bytes = b"", times: int = 0) -> Act:
    """Reads the request, sends `parts`, then `again` as often as is said, and hangs up."""

    def act(wire: Wire, caller: socket.socket) -> None:
        caller.recv(65536)
        for part in parts:
            wire.send(caller, part)
        for _ in range(times):
            wire.send(caller, again)
        caller.shutdown(socket.SHUT_WR)
        while caller.recv(65536):
            pass  # until the other side hung up too: nothing of ours is lost

    return act


def drips(first: bytes, *, greet: bool = True) -> Act:
    """Sends `first`, then a byte now and then until the other side hangs up."""

    def act(wire: Wire, caller: socket.socket) -> None:
        if greet:
            caller.recv(65536)
        wire.send(caller, first)
        while not wire.stopped.wait(0.02):
            wire.send(caller, b"x")

    return act


def fetched(
    url: str,
    *,
    allow: tuple[str, ...] = LOCAL,
    seconds: float = 10,
    seen: Seen | None = None,
) -> Fetched:
    with Fetcher(allow_private_hosts=allow, contact="ed@example.org") as fetcher:
        return fetcher.get(url, accept=PAGES, seconds=seconds, seen=seen)


def get(url: str, *, allow: tuple[str, ...] = LOCAL, seconds: float = 10) -> bytes:
    return fetched(url, allow=allow, seconds=seconds).answer.content


def refused(
    url: str,
    *,
    allow: tuple[str, ...] = LOCAL,
    seconds: float = 10,
    seen: Seen | None = None,
) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetched(url, allow=allow, seconds=seconds, seen=seen)
    error = caught.value
    assert error.mend
    assert error.where
    assert "\n" not in error.line()
    return error


def lead(monkeypatch: pytest.MonkeyPatch, **names: list[list[str]]) -> list[str]:
    """Lets names (`news_example` is news.example) lead to addresses: one list for each lookup.

    The last list is given again. Returns who was looked up, in order.
    """
    asked: list[str] = []
    answers = {name.replace("_", "."): list(lists) for name, lists in names.items()}
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *args: int, **how: int) -> object:
        asked.append(host)
        if host not in answers:
            return real(host, port, *args, **how)
        given = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in given]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return asked
