"""What did not change is not fetched again, and no validator goes where it did not come from."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from digest.values import Seen
from tests.sources.fetch.sites import Opener, fetched, moved, refused, says, sends, wired

TAG, DATE = 'W/"7-é"', "Sat, 01 Nov 2026 10:00:00 GMT"
HASH = hashlib.sha256(b"hello").hexdigest()
CONDITIONS = {"If-None-Match", "If-Modified-Since"}


def as_http_says(request: BaseHTTPRequestHandler) -> None:
    """304 to those who have it, RFC 9110 13.2.2."""
    same = request.headers["If-None-Match"] == TAG or request.headers["If-Modified-Since"] == DATE
    says(b"" if same else b"hello", 304 if same else 200, ETag=TAG, Last_Modified=DATE)(request)


def test_what_did_not_change_is_not_sent_again(open_site: Opener) -> None:
    site = open_site(feed=as_http_says)
    first = fetched(f"{site.url}/feed").answer
    assert first.changed
    assert first.content == b"hello"
    assert first.seen == Seen(f"{site.url}/feed", etag=TAG, last_modified=DATE, body_hash=HASH)
    second = fetched(f"{site.url}/feed", seen=first.seen)
    assert not second.answer.changed
    assert second.answer.content == b""
    assert second.answer.seen == first.seen
    assert second.requests == 1
    assert not CONDITIONS & site.asked[0][1].keys()
    assert site.asked[1][1].keys() >= CONDITIONS


def test_an_answer_of_no_change_may_name_new_validators(open_site: Opener) -> None:
    site = open_site(feed=says(b"", 304, ETag='"new"'))
    seen = Seen(f"{site.url}/feed", etag='"old"', last_modified=DATE, found=7, dated="2026-11-01")
    after = fetched(seen.url, seen=seen).answer.seen
    assert after == Seen(seen.url, etag='"new"', last_modified=DATE, found=7, dated="2026-11-01")


def test_the_same_body_again_is_no_change_whatever_its_headers_say(open_site: Opener) -> None:
    site = open_site(feed=says(ETag='"2"'))
    seen = Seen(f"{site.url}/feed", etag='"1"', body_hash=HASH, found=3)
    answer = fetched(seen.url, seen=seen).answer
    assert not answer.changed
    assert answer.content == b""
    assert answer.seen == Seen(seen.url, etag='"2"', body_hash=HASH, found=3)


def test_no_change_that_we_did_not_ask_for_is_an_error(open_site: Opener) -> None:
    site = open_site(feed=says(b"", 304))
    error = refused(f"{site.url}/feed", seen=Seen(f"{site.url}/feed", body_hash=HASH))
    assert "304 Not Modified, which was not asked for" in error.what
    assert error.status == 304
    assert error.temporary


def test_what_is_remembered_of_another_address_is_of_no_use(open_site: Opener) -> None:
    site = open_site(feed=as_http_says)
    other = Seen(f"{site.url}/other", etag=TAG, body_hash=HASH, moved_to=f"{site.url}/gone")
    answer = fetched(f"{site.url}/feed", seen=other).answer
    assert answer.content == b"hello"
    assert site.paths == ["/feed"]
    assert not CONDITIONS & site.asked[0][1].keys()


def test_a_validator_goes_to_the_address_that_gave_it_alone(open_site: Opener) -> None:
    site = open_site(feed=moved("/today", 302), today=as_http_says)
    seen = Seen(f"{site.url}/feed", etag=TAG, last_modified=DATE, body_hash=HASH)
    answer = fetched(f"{site.url}/feed", seen=seen).answer  # it was no redirect then
    asked = [CONDITIONS & head.keys() for _, head in site.asked]
    assert asked == [CONDITIONS, set()]
    assert not answer.changed  # its body tells
    assert answer.seen.answered == f"{site.url}/today"


def test_behind_a_redirect_for_now_only_what_changed_is_sent(open_site: Opener) -> None:
    site = open_site(feed=moved("/today", 302), today=as_http_says, other=as_http_says)
    first = fetched(f"{site.url}/feed").answer
    assert (first.seen.etag, first.seen.answered) == (TAG, f"{site.url}/today")
    assert first.seen.moved_to == ""
    second = fetched(f"{site.url}/feed", seen=first.seen)
    assert not second.answer.changed
    assert second.answer.seen == first.seen
    asked = [CONDITIONS & head.keys() for _, head in site.asked]
    assert asked == [set(), set(), set(), CONDITIONS]
    elsewhere = open_site(feed=moved(f"{site.url}/other", 302))  # it leads to another page now
    seen = replace(first.seen, url=f"{elsewhere.url}/feed")
    assert fetched(seen.url, seen=seen).answer.seen.answered == f"{site.url}/other"
    assert not any(CONDITIONS & head.keys() for _, head in [*elsewhere.asked, site.asked[-1]])


def test_a_redirect_that_becomes_one_for_good_is_told_though_nothing_changed(
    open_site: Opener,
) -> None:
    site = open_site(feed=moved("/today"), today=as_http_says)
    known = Seen(f"{site.url}/feed", etag=TAG, body_hash=HASH, answered=f"{site.url}/today")
    answer = fetched(known.url, seen=known).answer
    assert not answer.changed
    assert (answer.seen.moved_to, answer.seen.answered) == (f"{site.url}/today", "")


def test_validators_of_where_it_moved_for_good_are_kept_and_go_there(open_site: Opener) -> None:
    site = open_site(old=moved("/new"), new=as_http_says)
    first = fetched(f"{site.url}/old").answer
    assert first.url == first.seen.moved_to == f"{site.url}/new"
    assert first.seen.url == f"{site.url}/old"
    second = fetched(f"{site.url}/old", seen=first.seen).answer
    assert not second.changed
    assert second.seen == first.seen
    assert site.paths == ["/old", "/new", "/new"]


@pytest.mark.parametrize("value", ['"a\tb"', '"\x7f"', '"' + "a" * 1000 + '"', ""])
def test_a_validator_that_we_would_not_repeat_is_dropped(value: str) -> None:
    head = f"HTTP/1.0 200 OK\r\nETag: {value}\r\nLast-Modified: {value}\r\n\r\n"
    with wired(sends(head.encode(), b"hello")) as wire:
        seen = fetched(wire.url).answer.seen
    assert seen == Seen(wire.url, body_hash=HASH)


def test_a_remembered_validator_cannot_smuggle_a_header_in(open_site: Opener) -> None:
    site = open_site(feed=says())
    bad = '"a"\r\nX-Evil: 1'
    fetched(f"{site.url}/feed", seen=Seen(f"{site.url}/feed", etag=bad, last_modified="\u2028"))
    assert not {"X-Evil", *CONDITIONS} & site.asked[0][1].keys()


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("text/HTML; Charset=UTF-8", ("text/html", "UTF-8")),
        ('application/rss+xml;charset="iso-8859-1"', ("application/rss+xml", "iso-8859-1")),
        ("text/xml; boundary=x; charset = windows-1252 ; q=1", ("text/xml", "windows-1252")),
        ("text/xml, text/html; charset=x", ("text/xml", "")),
        ("feed", ("", "")),
        ("; charset=utf-8", ("", "utf-8")),
        ("text/html; charset=", ("text/html", "")),
        ("", ("", "")),
    ],
)
def test_the_media_type_and_charset_are_read(
    open_site: Opener, stated: str, expected: tuple[str, str]
) -> None:
    site = open_site(feed=says(Content_Type=stated))
    answer = fetched(f"{site.url}/feed").answer
    assert (answer.media_type, answer.charset) == expected


def test_an_answer_of_no_change_without_validators_leaves_those_that_are_known(
    open_site: Opener,
) -> None:
    site = open_site(feed=says(b"", 304))
    seen = Seen(f"{site.url}/feed", etag='"1"', last_modified=DATE, body_hash=HASH)
    assert fetched(seen.url, seen=seen).answer.seen == seen


def test_what_is_remembered_never_names_a_password(open_site: Opener) -> None:
    site = open_site(feed=as_http_says)
    url = f"{site.url}/feed".replace("//", "//me:secret@")
    first = fetched(url).answer
    assert first.seen == Seen(f"{site.url}/feed", etag=TAG, last_modified=DATE, body_hash=HASH)
    second = fetched(url, seen=first.seen).answer
    assert not second.changed
    assert second.seen == first.seen
    assert site.asked[1][1].keys() >= {"Authorization", *CONDITIONS}
