"""Servers that mean harm: little time, little memory, and one clear error each."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.fetch import MOST_BYTES
from digest.sources.fetch.line import MOST_ANSWER
from tests.sources.fetch.sites import Wire, drips, fetched, get, refused, sends, wired

OK = b"HTTP/1.1 200 OK\r\n"
PART = bytes(100_000)
IN_FLIGHT = 16_000_000  # what the buffers of both machines may hold besides


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.0 200 OK\r\nX-Slow: ",
        b"HTTP/1.0 200 OK\r\n\r\n",
        OK + b"Content-Length: 100000\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /\r\nX-Slow: ",
    ],
    ids=["status", "headers", "body to the end", "body of a length", "chunk", "redirect"],
)
def test_a_server_that_drips_is_given_up(first: bytes) -> None:
    with wired(drips(first)) as wire:
        error = refused(wire.url, seconds=0.3)
    assert error.what == "took more than 0.3 seconds"
    assert error.temporary


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x03\x3f\xff\x02\x00"], ids=["mute", "slow"])
def test_a_handshake_that_drips_is_given_up(first: bytes) -> None:
    with wired(drips(first)) as wire:
        error = refused(f"https://127.0.0.1:{wire.port}/", seconds=0.3)
    assert error.temporary


def test_a_server_that_hangs_is_given_up() -> None:
    def hangs(wire: Wire, caller: socket.socket) -> None:
        wire.stopped.wait(20)

    with wired(hangs) as wire:
        assert refused(wire.url, seconds=0.2).what == "took more than 0.2 seconds"


def test_a_name_that_is_looked_up_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with wired(drips(b"")) as wire:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **how: wire.stopped.wait(20))
        assert refused("http://news.example/", seconds=0.2).what == "took more than 0.2 seconds"


def test_redirects_share_the_time_of_one_request() -> None:
    def slowly_elsewhere(wire: Wire, caller: socket.socket) -> None:
        caller.recv(65536)
        wire.stopped.wait(0.15)
        wire.send(caller, b"HTTP/1.1 302 Found\r\nLocation: /%d\r\n\r\n" % wire.callers)

    with wired(slowly_elsewhere) as wire:
        assert refused(wire.url, seconds=0.4).what == "took more than 0.4 seconds"
        assert wire.callers <= 3


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.0 200 OK\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n",
        OK + b"Content-Length: 50000000\r\n\r\n",
        OK + b"Content-Length: 50000000\r\nContent-Encoding: br\r\n\r\n",
    ],
    ids=["to the end", "chunks", "of a length", "packed"],
)
def test_a_body_of_50_mb_is_hung_up_on(head: bytes) -> None:
    part = b"%x\r\n%s\r\n" % (len(PART), PART) if b"chunked" in head else PART
    with wired(sends(head, again=part, times=500)) as wire:
        assert refused(wire.url).what == "is larger than 10 MB"
    assert wire.sent < MOST_BYTES + IN_FLIGHT


def test_a_header_of_a_megabyte_is_refused() -> None:
    with wired(sends(OK + b"X-Long: ", again=PART.replace(b"\0", b"x"), times=200)) as wire:
        assert "does not speak HTTP" in refused(wire.url).what
    assert wire.sent < 1_000_000 + IN_FLIGHT


def test_headers_without_end_are_refused() -> None:
    with wired(sends(OK, again=b"X-Many: 1\r\n" * 1000, times=2000)) as wire:
        assert "does not speak HTTP" in refused(wire.url).what


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 10\r\n\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\nhello",
    ],
)
def test_a_body_shorter_than_was_said_is_an_error(answer: bytes) -> None:
    with wired(sends(answer)) as wire:
        error = refused(wire.url)
    assert "the answer was cut off" in error.what
    assert error.temporary


def test_what_follows_the_stated_length_is_not_read() -> None:
    with wired(sends(OK + b"Content-Length: 5\r\n\r\nhello world")) as wire:
        assert get(wire.url) == b"hello"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"hello",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: none\r\n\r\n",
        OK + b"Content-Length: -5\r\n\r\nhello",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        OK + b"Transfer-Encoding: gzip\r\n\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 999 \x1b[31mred\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
)
def test_what_is_no_http_is_one_clear_error(answer: bytes) -> None:
    with wired(sends(answer)) as wire:
        assert "\x1b" not in refused(wire.url).line()


def test_plain_http_where_tls_is_spoken_is_one_clear_error() -> None:
    with wired(sends(OK + b"\r\nhello")) as wire:
        error = refused(f"https://127.0.0.1:{wire.port}/")
    assert "cannot be reached (" in error.what
    assert "_ssl.c" not in error.what
    assert error.temporary


def test_a_server_that_breaks_off_is_temporary() -> None:
    def breaks_off(wire: Wire, caller: socket.socket) -> None:
        caller.recv(65536)
        caller.sendall(OK + b"Content-Length: 10\r\n\r\nhel")
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # RST

    with wired(breaks_off) as wire:
        assert refused(wire.url).temporary


@given(st.binary(max_size=80), st.sampled_from([b"", OK, OK + b"ETag: ", OK + b"Content-Type: "]))
@settings(max_examples=40, deadline=None)
def test_nothing_that_a_server_sends_raises_an_error_not_our_own(data: bytes, first: bytes) -> None:
    with wired(sends(first + data, b"\r\n\r\n")) as wire, suppress(SourceError):
        assert fetched(wire.url, seconds=5).answer.changed


@pytest.mark.parametrize("head", [b"HTTP/1.1 100 \r\n\r\n", b"HTTP/1.1 103 E\r\nA: b\r\n\r\n"])
def test_a_storm_of_answers_that_are_none_is_hung_up_on(head: bytes) -> None:
    with wired(sends(again=head * 1000, times=2000)) as wire:
        assert refused(wire.url).what == "sends 256 KB before its answer begins"
    assert wire.sent < 256 * 1024 + IN_FLIGHT


def test_a_few_answers_on_the_way_and_long_headers_do_no_harm() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    long = OK + b"X-Long: " + b"x" * 60_000 + b"\r\nContent-Length: 5\r\n\r\nhello"
    with wired(sends(early * 10, long)) as wire:
        assert get(wire.url) == b"hello"


def test_a_body_of_tiny_chunks_is_hung_up_on() -> None:
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    with wired(sends(chunked, again=b"1\r\nx\r\n" * 1000, times=9000)) as wire:
        assert refused(wire.url).what == "comes in more than 100,000 pieces"


def test_what_surrounds_the_chunks_counts_too() -> None:
    chunk = b"1;" + b"x" * 10_000 + b"\r\nx\r\n"
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    with wired(sends(chunked, again=chunk * 10, times=500)) as wire:
        error = refused(wire.url)
    assert error.what == "is larger than 10 MB"
    assert error.mend == "Ask the publisher for a smaller one"
    assert wire.sent < MOST_ANSWER + IN_FLIGHT
