"""The guarded fetcher against servers of our own: who is asked, and when it gives up."""

from __future__ import annotations

import gzip
import inspect
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from digest.errors import SourceError
from digest.sources import fetch as fetching
from digest.sources.fetch import fetch, reach, shown_address

LOCAL = ("127.0.0.1",)


class Site:
    """A web server on this machine; `answers` maps a path to what it does."""

    def __init__(self, answers: dict[str, Callable[[BaseHTTPRequestHandler], None]]):
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stopped = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, dict(self.headers)))
                answers[self.path.partition("?")[0]](self)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


Opener = Callable[..., Site]


@pytest.fixture
def open_site() -> Iterator[Opener]:
    sites: list[Site] = []

    def opener(**answers: Callable[[BaseHTTPRequestHandler], None]) -> Site:
        sites.append(Site({f"/{name}": answer for name, answer in answers.items()}))
        return sites[-1]

    yield opener
    for site in sites:
        site.close()


def says(
    body: bytes = b"hello", status: int = 200, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        try:
            request.wfile.write(body)
        except OSError:
            request.close_connection = True  # the fetcher had enough

    return answer


def drips(site: list[Site], first: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Sends `first`, then a byte now and then until the other side hangs up."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        try:
            request.wfile.write(first)
            while not site[0].stopped.wait(0.02):
                request.wfile.write(b"x")
        except OSError:
            pass
        request.close_connection = True

    return answer


def get(url: str, *, allow: tuple[str, ...] = LOCAL, seconds: float = 10) -> bytes:
    return fetch(url, allow_private_hosts=allow, contact="ed@example.org", seconds=seconds)


def refused(url: str, *, allow: tuple[str, ...] = LOCAL, seconds: float = 10) -> SourceError:
    with pytest.raises(SourceError) as caught:
        get(url, allow=allow, seconds=seconds)
    assert caught.value.mend
    assert caught.value.where
    return caught.value


def test_content_is_fetched_and_we_say_who_asks(open_site: Opener) -> None:
    site = open_site(feed=says())
    assert get(f"{site.url}/feed?x=1") == b"hello"
    ((path, headers),) = site.asked
    assert path == "/feed?x=1"
    assert headers["User-Agent"].startswith("ms-research-digest/")
    assert headers["User-Agent"].endswith("(+mailto:ed@example.org)")
    assert headers["Host"] == site.url.removeprefix("http://")


def test_gzip_is_unpacked(open_site: Opener) -> None:
    body = b"hello " * 500_000
    site = open_site(feed=says(gzip.compress(body), Content_Encoding="gzip"))
    assert get(f"{site.url}/feed") == body


def test_a_redirect_is_followed_and_checked_again(open_site: Opener) -> None:
    site = open_site(old=says(b"", 302, Location="/feed"), feed=says())
    assert get(f"{site.url}/old") == b"hello"


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433"]
)
def test_a_redirect_to_a_private_host_makes_no_connection_there(
    open_site: Opener, host: str
) -> None:
    inside = open_site(secret=says(b"secret"))
    target = f"http://{host}:{inside.server.server_port}/secret"
    site = open_site(old=says(b"", 302, Location=target))
    error = refused(f"{site.url}/old")
    assert "private network" in error.what or "cannot be found" in error.what
    assert inside.asked == []


def test_a_private_host_is_refused_without_a_connection(open_site: Opener) -> None:
    site = open_site(feed=says())
    error = refused(f"{site.url}/feed", allow=("intranet.example",))
    assert "private network" in error.what
    assert "fetch.allow_private_hosts" in error.mend
    assert not error.temporary
    assert site.asked == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve(monkeypatch, "93.184.215.14", "10.0.0.1")
    monkeypatch.setattr(fetching, "_get", None)  # would be the connection
    assert "(10.0.0.1)" in refused("http://news.example.org/", allow=()).what


def test_the_connection_goes_to_the_address_that_was_checked(
    open_site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(feed=says())
    asked = resolve(monkeypatch, "127.0.0.1")
    port = site.server.server_port
    assert get(f"http://news.example.org:{port}/feed", allow=("News.Example.org.",)) == b"hello"
    assert asked == ["news.example.org", "127.0.0.1"]  # the second: the pinned address itself
    assert site.asked[0][1]["Host"] == f"news.example.org:{port}"


def test_the_next_address_is_tried_when_the_first_does_not_answer(
    open_site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(feed=says())
    resolve(monkeypatch, "127.0.0.2", "127.0.0.1")
    url = f"http://news.example.org:{site.server.server_port}/feed"
    assert get(url, allow=("news.example.org",)) == b"hello"


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """news.example.org gets `addresses`, once; returns who was asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *args: int, **how: int) -> object:
        asked.append(host)
        if host != "news.example.org":
            return real(host, port, *args, **how)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return asked


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("file:///etc/passwd", "is no http or https address"),
        ("ftp://news.example.org/x", "is no http or https address"),
        ("feed.xml", "is no http or https address"),
        ("http://", "is no http or https address"),
        ("http://a\nb/", "is no valid web address"),
        ("http://[::1", "is no valid web address"),
        ("https://xn--a.example/page", "is no valid web address"),
        ("https://xn--/", "is no valid web address"),
        ("http://news.example.org:0/", "is no valid web address"),
        (f"http://127.0.0.1:{'9' * 30}/", "is no valid web address"),
        ("http://\ud800.example/", "is no valid web address"),
        (f"http://{'a' * 70}.example/", "cannot be found"),
        ("http://nowhere.invalid/", "cannot be found"),
    ],
)
def test_what_is_no_web_address_is_refused(url: str, what: str) -> None:
    assert what in refused(url).what


@pytest.mark.parametrize(
    "target",
    ["https://xn--a.example/", "//xn--/", "//[x]/", "http://a:99999/", "//1.2.3.256/"],
)
def test_a_redirect_to_no_web_address_is_refused_with_both_addresses(
    open_site: Opener, target: str
) -> None:
    site = open_site(a=says(b"", 302, Location=target))
    error = refused(f"{site.url}/a")
    assert error.what == f"redirects to “{target}”, which is no valid web address"
    assert error.where == f"{site.url}/a"
    assert not error.temporary


def test_too_many_redirects_are_refused(open_site: Opener) -> None:
    site = open_site(a=says(b"", 301, Location="/a"))
    assert "more than 5 times" in refused(f"{site.url}/a").what
    assert len(site.asked) == 6


def test_a_redirect_to_another_scheme_is_refused(open_site: Opener) -> None:
    site = open_site(a=says(b"", 301, Location="file:///etc/passwd"))
    assert "no http or https address" in refused(f"{site.url}/a").what


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_too_big_is_cut(open_site: Opener, packed: bool) -> None:
    body = gzip.compress(bytes(60_000_000), 1) if packed else bytes(11_000_000)
    site = open_site(feed=says(body, Content_Encoding="gzip" if packed else "identity"))
    error = refused(f"{site.url}/feed")
    assert "larger than 10 MB" in error.what


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"hello")[:-9]], ids=["none", "cut"])
def test_bad_compression_is_an_error(open_site: Opener, body: bytes) -> None:
    site = open_site(feed=says(body, Content_Encoding="gzip"))
    assert "badly compressed" in refused(f"{site.url}/feed").what


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.0 200 OK\r\nX-Slow: ",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    ],
    ids=["status", "headers", "body to the end", "body of a length"],
)
def test_a_server_that_drips_is_given_up(open_site: Opener, first: bytes) -> None:
    sites: list[Site] = []
    sites.append(open_site(feed=drips(sites, first)))
    error = refused(f"{sites[0].url}/feed", seconds=0.3)
    assert "took more than 0.3 seconds" in error.what or "did not answer" in error.what
    assert error.temporary


def test_a_server_that_hangs_is_given_up(open_site: Opener) -> None:
    sites: list[Site] = []

    def hangs(request: BaseHTTPRequestHandler) -> None:
        sites[0].stopped.wait(20)

    sites.append(open_site(feed=hangs))
    assert refused(f"{sites[0].url}/feed", seconds=0.2).temporary


def test_nobody_there_is_temporary() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = refused(f"http://127.0.0.1:{free.getsockname()[1]}/")
    assert error.temporary
    assert "cannot be reached" in error.what


@pytest.mark.parametrize(
    ("status", "temporary"), [(404, False), (403, False), (204, False), (429, True), (503, True)]
)
def test_an_answer_that_is_no_content_says_which(
    open_site: Opener, status: int, temporary: bool
) -> None:
    site = open_site(feed=says(b"", status))
    error = refused(f"{site.url}/feed")
    assert f"answered {status}" in error.what
    assert error.temporary is temporary


def test_a_password_in_the_address_is_not_shown() -> None:
    error = refused("http://me:secret@nowhere.invalid/x")
    assert "secret" not in error.line()
    assert shown_address("http://me:secret@[::1/x@y") == "http://[::1/x@y"
    assert shown_address("feeds/x.xml") == "feeds/x.xml"


def test_every_error_of_httpx_is_told_in_our_words() -> None:
    errors = [
        kind
        for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, httpx.HTTPError) and kind is not httpx.HTTPStatusError
    ]
    assert len(errors) > 15
    for kind in errors:
        told = fetching._explained(kind("odd"), "http://x/")
        assert told.what
        assert told.mend
        assert told.where == "http://x/"


def reached(url: str, *, allow: tuple[str, ...] = LOCAL) -> None:
    reach(url, allow_private_hosts=allow, contact=None, seconds=5)


def test_a_page_is_reached_whatever_its_size_and_asked_for_as_a_page(open_site: Opener) -> None:
    large = says(b"x" * (fetching.MOST_BYTES + 1))
    site = open_site(large=large, old=says(status=302, Location="/large"))
    reached(f"{site.url}/old")
    assert [path for path, _ in site.asked] == ["/old", "/large"]
    assert site.asked[0][1]["Accept"].startswith("text/html")


def test_what_does_not_answer_or_is_private_is_not_reached(open_site: Opener) -> None:
    site = open_site(gone=says(status=410))
    with pytest.raises(SourceError, match="answered 410 Gone"):
        reached(f"{site.url}/gone")
    with pytest.raises(SourceError, match="on a private network"):
        reached(f"{site.url}/gone", allow=())
    assert len(site.asked) == 1
