"""The guarded fetcher against servers of our own: who is asked, and when it gives up."""

from __future__ import annotations

import gzip
import socket

import httpcore
import httpx
import pytest

from digest.errors import SourceError
from digest.sources.fetch import MOST_BYTES, Fetcher, line, reach, shown_address
from digest.sources.fetch import client as fetching
from digest.sources.fetch.answers import explained
from tests.sources.fetch.sites import (
    LOCAL,
    Opener,
    fetched,
    get,
    lead,
    moved,
    refused,
    says,
    sends,
    wired,
)


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
    target = f"http://{host}:{inside.port}/secret"
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
    lead(monkeypatch, news_example=[["93.184.215.14", "10.0.0.1"]])
    monkeypatch.setattr(fetching, "dial", None)  # would be the connection
    assert "(10.0.0.1)" in refused("http://news.example/", allow=()).what


def test_the_connection_goes_to_the_address_that_was_checked(
    open_site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(feed=says())
    asked = lead(monkeypatch, news_example=[["127.0.0.1"], ["10.0.0.1"]])
    assert get(f"http://news.example.:{site.port}/feed", allow=("News.Example.",)) == b"hello"
    assert asked == ["news.example"]
    assert site.asked[0][1]["Host"] == f"news.example:{site.port}"


def test_a_second_look_up_that_leads_inside_makes_no_connection_there(
    open_site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wired(sends(b"HTTP/1.0 200 OK\r\n\r\nsecret")) as inside:
        site = open_site(old=moved(f"http://news.example:{inside.port}/"))
        names = lead(monkeypatch, news_example=[["93.184.215.14"], ["127.0.0.1"]])
        dialled: list[object] = []

        def only_here(found: list[tuple[int, tuple[str, int]]], *others: object) -> object:
            dialled.extend(place[0] for _, place in found)
            here = [(socket.AF_INET, ("127.0.0.1", site.port))]
            return really_dial(here, *others)  # type: ignore[arg-type]

        really_dial = line.dial
        monkeypatch.setattr(fetching, "dial", only_here)
        error = refused(f"http://news.example:{site.port}/old", allow=())
        assert "on a private network (127.0.0.1)" in error.what
        assert names == ["news.example", "news.example"]  # once for each hop
        assert dialled == ["93.184.215.14"]
        assert inside.callers == 0


def test_the_next_address_is_tried_when_the_first_does_not_answer(
    open_site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(feed=says())
    lead(monkeypatch, news_example=[["127.0.0.2", "127.0.0.1"]])
    assert get(f"http://news.example:{site.port}/feed", allow=("news.example",)) == b"hello"


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


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1/", "data:,x"])
def test_a_redirect_to_another_scheme_is_refused(open_site: Opener, target: str) -> None:
    site = open_site(a=moved(target))
    hosts: list[str] = []
    with (
        Fetcher(allow_private_hosts=LOCAL, contact=None) as fetcher,
        pytest.raises(SourceError, match="is no http or https address"),
    ):
        fetcher.get(f"{site.url}/a", accept="*/*", before_hop=lambda hop: hosts.append(hop.host))
    assert hosts == ["127.0.0.1"]  # nobody's turn is taken for it


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


def test_every_error_of_httpcore_is_told_in_our_words() -> None:
    for kind in (httpcore.RemoteProtocolError, httpcore.LocalProtocolError, httpcore.WriteError):
        told = explained(kind("odd"), "http://x/")
        assert "odd" in told.what
        assert told.mend
        assert told.where == "http://x/"


def reached(url: str, *, allow: tuple[str, ...] = LOCAL) -> None:
    reach(url, allow_private_hosts=allow, contact=None, seconds=5)


def test_a_page_is_reached_whatever_its_size_and_asked_for_as_a_page(open_site: Opener) -> None:
    large = says(b"x" * (MOST_BYTES + 1))
    site = open_site(large=large, old=says(b"", 302, Location="/large"))
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


def test_a_password_goes_to_its_own_site_alone(open_site: Opener) -> None:
    other = open_site(feed=says())
    site = open_site(
        near=moved("/far"), far=moved(f"{other.url.replace('127.0.0.1', 'localhost')}/feed")
    )
    url = f"{site.url.replace('//', '//me:secret@')}/near"
    answer = fetched(url, allow=("127.0.0.1", "localhost")).answer
    assert [head["Authorization"] for _, head in site.asked] == ["Basic bWU6c2VjcmV0"] * 2
    assert "Authorization" not in other.asked[0][1]
    site.answers["/far"] = says()
    at_home = fetched(url, allow=LOCAL).answer
    for one in (answer, at_home):
        assert "secret" not in one.url + one.seen.moved_to
    assert at_home.seen.moved_to == ""  # without its password it would be refused


def test_the_pace_is_asked_before_each_hop_and_its_time_is_not_counted(
    open_site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(old=moved("/feed"), feed=says())
    hosts: list[str] = []
    clock = [0.0]
    monkeypatch.setattr("digest.sources.fetch.line.monotonic", lambda: clock[0])

    def wait(hop: httpx.URL) -> None:
        hosts.append(f"{hop.host} {len(site.asked)}")
        clock[0] += 1000

    with Fetcher(allow_private_hosts=("127.0.0.1",), contact=None) as fetcher:
        got = fetcher.get(f"{site.url}/old", accept="*/*", before_hop=wait)
    assert hosts == ["127.0.0.1 0", "127.0.0.1 1"]
    assert got.answer.content == b"hello"
    assert got.requests == 2
    assert 100 < got.wire_bytes < 1000  # two heads and five bytes


def test_hanging_up_ends_what_is_under_way_and_what_comes_later(open_site: Opener) -> None:
    site = open_site(feed=says())
    fetcher = Fetcher(allow_private_hosts=("127.0.0.1",), contact=None)

    def act(wire: object, caller: socket.socket) -> None:
        caller.recv(65536)
        caller.sendall(b"HTTP/1.0 200 OK\r\n\r\nhel")
        fetcher.hang_up()
        caller.recv(1)

    with wired(act) as slow, pytest.raises(SourceError, match="broken off by us"):
        fetcher.get(slow.url, accept="*/*")
    with pytest.raises(SourceError, match="broken off by us"):
        fetcher.get(f"{site.url}/feed", accept="*/*")
    assert site.asked == []


def test_a_body_that_ends_because_we_hung_up_is_not_taken_for_whole() -> None:
    lines = line.Lines()

    class Ended(socket.socket):
        def recv(self, *others: int) -> bytes:
            lines.hang_up()
            return b""

    with Ended() as ended, pytest.raises(SourceError, match="broken off by us"):
        line.Line(ended, line.Errand("http://x/", 5, lines)).read(100)
