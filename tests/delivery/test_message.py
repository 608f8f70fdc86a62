"""The body of a message, its addresses and its identity, on raw bytes and read back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.message import build_notice, mailable, message_id_for, new_message_id
from digest.errors import Refused
from digest.values import Envelope
from tests.delivery.mails import SENDER, an_envelope, header_line, parsed

CRLF = re.compile(r"\r\n|\r|\n")


def test_sender_and_recipient_are_one_address_each() -> None:
    envelope = an_envelope()
    message = parsed(envelope)
    assert (envelope.sender, envelope.recipient) == ("digest@example.org", "ann@example.net")
    assert str(message["To"]) == "Ann Example <ann@example.net>"
    assert str(message["From"]) == "Research Digest <digest@example.org>"
    assert str(message["Reply-To"]) == "editors@example.org"


def test_the_plain_part_comes_first_and_both_say_how_they_are_written() -> None:
    message = parsed(an_envelope())
    plain, rich = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    for part in (plain, rich):
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert part.get_content_charset() == "utf-8"


@pytest.mark.parametrize("ending", ["", "\n", "\n\n", " ", "\t\n", "=", "\n."])
def test_both_parts_read_back_to_the_letter_however_they_end(ending: str) -> None:
    text = "Größe — “quoted” 100 % = all\n\n.\n.dot first\nFrom here on\n" + "word " * 300 + ending
    html = "<p>" + "ü" * 3000 + "</p>" + ending
    plain, rich = parsed(an_envelope(text=text, html=html)).iter_parts()
    assert plain.get_content() == text.replace("\n", "\r\n")
    assert rich.get_content() == html.replace("\n", "\r\n")


@given(st.text(max_size=200), st.text("=_-\r\n. d\t", max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_body_reads_back_and_leaves_as_short_ascii_lines(text: str, html: str) -> None:
    envelope = an_envelope(text=text, html=html)
    plain, rich = parsed(envelope).iter_parts()
    assert plain.get_content() == CRLF.sub("\r\n", text)
    assert rich.get_content() == CRLF.sub("\r\n", html)
    assert longest_line_of_the_body(envelope) <= 76


@pytest.mark.parametrize("blank", [" ", "\t", "é", "=", "."])
def test_no_line_is_too_long_wherever_its_last_letter_stands(blank: str) -> None:
    # Python's own encoder writes 77 characters where a blank ends a line of 75.
    lines = "".join("x" * length + blank + "\n" for length in range(60, 160))
    envelope = an_envelope(text=lines, html="x" * 74 + blank)
    plain, rich = parsed(envelope).iter_parts()
    assert plain.get_content() == lines.replace("\n", "\r\n")
    assert rich.get_content() == "x" * 74 + blank
    assert longest_line_of_the_body(envelope) <= 76


def longest_line_of_the_body(envelope: Envelope) -> int:
    """Characters, line ends aside; a bare CR or LF fails here."""
    body = envelope.content.partition(b"\r\n\r\n")[2]
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", body)
    return max(map(len, body.split(b"\r\n")))


def test_every_line_ends_in_crlf_and_is_short_ascii() -> None:
    wild = "a\rb\nc\r\nd\x00\x0b" + "é" * 5000
    content = an_envelope(text=wild, html=wild, subject="é" * 400).content
    assert content.isascii()
    assert content.endswith(b"\r\n")
    for line in content.removesuffix(b"\r\n").split(b"\r\n"):
        assert b"\r" not in line
        assert b"\n" not in line
        assert len(line) <= 78


def test_a_foreign_domain_is_mailed_in_idna_2008() -> None:
    envelope = an_envelope(recipient_address="ann@straße.example", list_host="bücher.example")
    assert envelope.recipient == "ann@xn--strae-oqa.example"
    assert b"<ann@xn--strae-oqa.example>" in envelope.content
    assert header_line(envelope, "List-Id") == b"List-Id: <updates.xn--bcher-kva.example>\r\n"


@pytest.mark.parametrize(
    "address",
    ["", "ann", "@example.org", "ann@", "ann@localhost", "a b@example.org", "a@b@example.org",
     "<ann@example.org>", "ann@example.org, bob@example.org", ".ann@example.org", "ann@-x.org",
     "ann@exa mple.org", '"a b"@example.org', "ann@[127.0.0.1]", "x" * 65 + "@example.org",
     "ann@example..org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        mailable(address)


def test_a_local_part_that_needs_smtputf8_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="outside of ASCII"):
        mailable("jörg@example.org")


def test_a_message_id_is_stable_for_its_delivery_and_tells_nothing() -> None:
    first = message_id_for("7 ann abc", "k" * 32, "example.org")
    assert first == message_id_for("7 ann abc", "k" * 32, "example.org")
    assert first != message_id_for("8 ann abc", "k" * 32, "example.org")
    assert first != message_id_for("7 ann abc", "l" * 32, "example.org")
    assert re.fullmatch(r"<[0-9a-f]{40}@example\.org>", first)
    assert new_message_id("example.org") != new_message_id("example.org")


def test_the_date_is_told_in_utc() -> None:
    local = datetime(2026, 11, 21, 7, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert b"Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n" in an_envelope(date=local).content


def test_a_notice_has_no_list_headers_and_says_that_it_is_automatic() -> None:
    envelope = build_notice(
        sender=SENDER,
        recipient_address="ann@example.net",
        recipient_name="",
        subject="Please confirm",
        text="Open the page.",
        html=None,
        message_id="<2@example.org>",
        date=datetime(2026, 11, 21, tzinfo=UTC),
    )
    message = parsed(envelope)
    for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID"):
        assert message[name] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content() == "Open the page.\r\n"
