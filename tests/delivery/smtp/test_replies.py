"""Replies, however they are cut, and garbage."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.delivery.smtp.replies import (
    MAX_DETAIL,
    MAX_LINE,
    MAX_LINES,
    MAX_WAITING,
    Garbage,
    Reply,
    ReplyParser,
    one_line,
    scrubbed,
)

TEXTS = st.binary(max_size=60).map(lambda raw: raw.translate(None, b"\r\n"))
REPLIES = st.builds(
    Reply, st.integers(200, 599), st.lists(TEXTS, min_size=1, max_size=4).map(tuple)
)


def wire(reply: Reply) -> bytes:
    """The reply as a server writes it."""
    *first, last = reply.lines
    lines = [b"%d-%s\r\n" % (reply.code, line) for line in first]
    return b"".join([*lines, b"%d %s\r\n" % (reply.code, last)])


def parsed(chunks: list[bytes]) -> tuple[list[Reply], bool]:
    """The replies, and whether garbage ended them."""
    parser = ReplyParser()
    try:
        for chunk in chunks:
            parser.feed(chunk)
    except Garbage:
        return list(parser.replies), True
    return list(parser.replies), False


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data in pieces."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@settings(max_examples=150, deadline=None)
@given(st.lists(REPLIES, max_size=6), st.lists(st.integers(0, 10_000), max_size=12))
def test_replies_are_read_the_same_however_they_are_cut(
    replies: list[Reply], places: list[int]
) -> None:
    data = b"".join(wire(reply) for reply in replies)
    assert parsed(cut(data, places)) == (replies, False)
    assert parsed([bytes([octet]) for octet in data]) == (replies, False)


@settings(max_examples=150, deadline=None)
@given(st.lists(REPLIES, max_size=3), st.binary(max_size=200), st.lists(st.integers(0, 500)))
@example([Reply(250, (b"ok",))], b"250-a\r\n550 b\r\n250 c\r\n", [3])
@example([], b"25\xc2\xb2 x\r\n", [])
def test_wild_bytes_are_garbage_or_replies_and_what_was_whole_before_counts(
    replies: list[Reply], wild: bytes, places: list[int]
) -> None:
    data = b"".join(wire(reply) for reply in replies) + wild
    found, garbage = parsed([data])
    assert found[: len(replies)] == replies
    assert parsed(cut(data, places)) == (found, garbage)
    assert all(200 <= reply.code <= 599 and reply.text.isprintable() for reply in found)


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\r\n",
        b"25\r\n",
        b"2500 ok\r\n",
        b"199 early\r\n",
        b"600 late\r\n",
        b"+50 ok\r\n",
        b"250-one\r\n251 two\r\n",
        b"250 " + b"x" * MAX_LINE + b"\r\n",
        b"x" * (MAX_LINE + 1),
        b"250-x\r\n" * (MAX_LINES + 1),
        b"250 x\r\n" * (MAX_WAITING + 1),
    ],
)
def test_what_is_no_reply_is_refused(garbage: bytes) -> None:
    with pytest.raises(Garbage) as caught:
        ReplyParser().feed(garbage)
    assert str(caught.value).isprintable()


def test_a_reply_of_a_hundred_lines_is_read() -> None:
    replies, garbage = parsed([b"250-x\r\n" * (MAX_LINES - 1) + b"250 y\r\n"])
    assert not garbage
    assert len(replies[0].lines) == MAX_LINES


@pytest.mark.parametrize(
    ("said", "status", "text"),
    [
        (b"550 5.1.1 no such user\r\n", "5.1.1", "550 5.1.1 no such user"),
        (b"550-5.7.1 not you\r\n550 5.7.1 at all\r\n", "5.7.1", "550 5.7.1 not you at all"),
        (b"250\r\n", "", "250"),
        (b"450 5.1.1 contradicts itself\r\n", "", "450 5.1.1 contradicts itself"),
        (b"250 2.0.0\r\n", "2.0.0", "250 2.0.0"),
        (b"250 5.1.1234 x\r\n", "", "250 5.1.1234 x"),
    ],
)
def test_enhanced_status_codes_are_read_and_said_once(said: bytes, status: str, text: str) -> None:
    (reply,), _ = parsed([said])
    assert (reply.status, reply.text) == (status, text)


def test_the_recipients_address_is_kept_out_of_records() -> None:
    (reply,), _ = parsed([b"550 <ANN@example.net> and ann@EXAMPLE.net unknown\x07\r\n"])
    assert reply.detail("ann@example.net") == "550 <(the address)> and (the address) unknown"
    assert len(Reply(550, (b"x" * 900,)).detail()) == 500


def test_one_line_has_no_control_characters() -> None:
    assert one_line("a\r\nb\x00 \u2028c") == "a b c"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 <ann@example.org>: ask bob@example.net", "550 <(the address)>: ask (an address)"),
        ("250 ok, passed on to <b.o+b@example.net>.", "250 ok, passed on to <(an address)>."),
        ("450 local @ busy, @all later", "450 local @ busy, @all later"),
        ("250 2.0.0 queued as 4F1C", "250 2.0.0 queued as 4F1C"),
    ],
)  # fmt: skip
def test_whatever_is_shaped_like_an_address_is_blotted_out(said: str, kept: str) -> None:
    assert scrubbed(said, "Ann@example.org") == kept


def test_a_very_long_word_is_no_work_and_is_cut() -> None:
    assert scrubbed("x" * 200_000 + "@" * 10, "ann@example.org") == "(an address)"
    assert len(scrubbed("word @ " * 20_000, "")) == MAX_DETAIL
