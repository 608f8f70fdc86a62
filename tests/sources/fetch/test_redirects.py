"""Where redirects lead: each hop checked, never in circles, for good only where all say so."""

from __future__ import annotations

import httpx
import pytest

from digest.errors import SourceError
from digest.sources.fetch.addresses import next_hop, parsed
from digest.values import Seen
from tests.sources.fetch.sites import (
    Opener,
    fetched,
    lead,
    moved,
    refused,
    says,
    sends,
    wired,
)


def test_five_redirects_are_followed_and_no_more(open_site: Opener) -> None:
    hops = {f"p{n}": moved(f"/p{n + 1}", 302) for n in range(9)}
    site = open_site(**hops)
    error = refused(f"{site.url}/p0")
    assert error.what == "redirects more than 5 times"
    assert len(site.asked) == 6
    site.answers["/p5"] = says()
    assert fetched(f"{site.url}/p0").answer.content == b"hello"


def test_a_circle_is_left_at_once(open_site: Opener) -> None:
    site = open_site(a=moved("/b#top"), b=moved("/a"))
    assert refused(f"{site.url}/a").what == "redirects in a circle"
    assert site.paths == ["/a", "/b"]


@pytest.mark.parametrize(
    ("statuses", "moved_to"),
    [
        ((301, 308), "/p2"), ((301, 302), "/p1"), ((302, 301), ""), ((307, 308), ""),
        ((303, 303), ""), ((308, 303), "/p1"),
    ],
)  # fmt: skip
def test_only_what_moved_for_good_from_the_start_is_remembered(
    open_site: Opener, statuses: tuple[int, ...], moved_to: str
) -> None:
    hops = {f"p{n}": moved(f"/p{n + 1}", status) for n, status in enumerate(statuses)}
    site = open_site(**hops, p2=says())
    seen = fetched(f"{site.url}/p0").answer.seen
    assert seen.moved_to == (f"{site.url}{moved_to}" if moved_to else "")


def test_where_it_moved_is_asked_first_and_may_move_on(open_site: Opener) -> None:
    site = open_site(new=moved("/newer", 308), newer=says())
    seen = Seen(f"{site.url}/old", moved_to=f"{site.url}/new", etag='"1"')
    answer = fetched(seen.url, seen=seen).answer
    assert site.paths == ["/new", "/newer"]
    assert answer.seen.moved_to == answer.url == f"{site.url}/newer"
    assert answer.seen.url == f"{site.url}/old"


@pytest.mark.parametrize("status", [404, 410])
def test_where_it_moved_but_is_no_longer_gives_way_to_its_own_address(
    open_site: Opener, status: int
) -> None:
    site = open_site(old=says(), new=says(b"", status))
    seen = Seen(f"{site.url}/old", moved_to=f"{site.url}/new", etag='"1"', body_hash="x")
    got = fetched(seen.url, seen=seen)
    assert site.paths == ["/new", "/old"]
    assert got.requests == 2
    assert got.answer.seen.moved_to == ""
    assert "If-None-Match" in site.asked[0][1]
    assert "If-None-Match" not in site.asked[1][1]  # it was the other's


@pytest.mark.parametrize(
    "lost", ["http://127.0.0.1:1/", "http://10.0.0.1/", "http://nowhere.invalid/", "http://[", "x"]
)
def test_where_it_moved_but_cannot_be_reached_gives_way_too(open_site: Opener, lost: str) -> None:
    site = open_site(old=says())
    answer = fetched(f"{site.url}/old", seen=Seen(f"{site.url}/old", moved_to=lost)).answer
    assert answer.content == b"hello"
    assert answer.seen.moved_to == ""


def test_its_own_address_is_asked_once_more_and_no_oftener(open_site: Opener) -> None:
    site = open_site(old=moved("/new"), new=says(b"", 404))
    error = refused(f"{site.url}/old", seen=Seen(f"{site.url}/old", moved_to=f"{site.url}/new"))
    assert error.status == 404
    assert site.paths == ["/new", "/old", "/new"]


def test_trouble_where_it_moved_is_no_reason_to_go_back(open_site: Opener) -> None:
    site = open_site(old=says(), new=says(b"", 503))
    seen = Seen(f"{site.url}/old", moved_to=f"{site.url}/new")
    assert refused(seen.url, seen=seen).status == 503
    assert site.paths == ["/new"]


def test_a_remembered_address_that_leads_inside_now_is_not_asked(
    open_site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wired(sends(b"HTTP/1.0 200 OK\r\n\r\nsecret")) as inside:
        site = open_site(old=says())
        lead(monkeypatch, old_example=[["127.0.0.1"]], new_example=[["127.0.0.1"]])
        url = f"http://old.example:{site.port}/old"
        seen = Seen(url, moved_to=f"http://new.example:{inside.port}/")
        assert fetched(url, seen=seen, allow=("old.example",)).answer.content == b"hello"
        assert inside.callers == 0


def test_a_location_cannot_smuggle_a_header_into_the_next_request(open_site: Opener) -> None:
    site = open_site(feed=says())
    target = f"{site.url}/feed?%0d%0aX-Evil:%201%20\r\nX-Evil: 2"
    with wired(sends(f"HTTP/1.0 302 Found\r\nLocation: {target}\r\n\r\n".encode())) as wire:
        assert fetched(wire.url).answer.content == b"hello"
    ((path, headers),) = site.asked
    assert path == "/feed?%0d%0aX-Evil:%201%20"
    assert "X-Evil" not in headers


@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_a_location_in_another_alphabet_is_followed(open_site: Opener, coding: str) -> None:
    site = open_site(**{"caf%C3%A9": says()})
    head = f"HTTP/1.0 302 Found\r\nLocation: {site.url}/café\r\n\r\n"
    with wired(sends(head.encode(coding))) as wire:
        assert fetched(wire.url).answer.content == b"hello"


def next_of(here: str, target: str, *, been: str = "", secure: bool = True) -> str:
    return str(next_hop(httpx.URL(here), target, {been}, stay_secure=secure))


def test_from_https_we_do_not_go_on_by_http() -> None:
    assert next_of("https://a.example/x", "http://b.example/y") == "https://b.example/y"
    assert next_of("https://a.example/x", "http://b.example:80/y") == "https://b.example/y"
    assert next_of("http://a.example/x", "http://b.example/y") == "http://b.example/y"
    assert next_of("https://a.example/", "http://b.example/", secure=False) == "http://b.example/"
    for target in ("http://b.example:8080/y", "http://a.example/x"):  # a port of its own; no https
        with pytest.raises(SourceError, match="redirects from https to http"):
            next_of("https://a.example/x", target, been="https://a.example/x")


def test_an_address_is_compared_without_its_fragment_and_the_dot_of_the_root() -> None:
    assert str(parsed("https://Example.org.:443/a#b")) == "https://example.org/a"
