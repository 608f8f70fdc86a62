"""The message on its raw bytes, and read back by Python's own parser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.message import (
    build_envelope,
    build_notice,
    mailable,
    message_id_for,
    new_message_id,
)
from digest.errors import Refused
from digest.values import Envelope, Sender

SENDER = Sender("Research Digest", "digest@example.org", "editors@example.org")
LONG_LINK = "https://digest.example.org/leave/" + "aB-_0." * 40


def an_envelope(**changes: Any) -> Envelope:
    """A mail to Ann."""
    return build_envelope(
        **{
            "sender": SENDER,
            "recipient_address": "ann@example.net",
            "recipient_name": "Ann Example",
            "subject": "November: what 21 studies found",
            "text": "Hello\n\nA line.\n",
            "html": "<p>Hello</p>\n",
            "message_id": "<1@example.org>",
            "date": datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
            "unsubscribe_url": "https://digest.example.org/leave/abc",
            "list_host": "example.org",
            **changes,
        }
    )


def parsed(envelope: Envelope) -> EmailMessage:
    """The mail as Python's parser reads it."""
    return message_from_bytes(envelope.content, policy=policy.default)


def header_line(envelope: Envelope, name: str) -> bytes:
    """The raw header with its folded lines; it must stand exactly once."""
    head = envelope.content.split(b"\r\n\r\n")[0] + b"\r\n"
    found = re.findall(rb"^%s:.*\r\n(?:[ \t].*\r\n)*" % name.encode(), head, re.MULTILINE)
    assert len(found) == 1
    return bytes(found[0])


def test_the_raw_headers_are_those_that_one_click_unsubscribing_needs() -> None:
    head = an_envelope(unsubscribe_url=LONG_LINK).content.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert f"List-Unsubscribe: <{LONG_LINK}>".encode() in head
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head
    assert b"List-Id: <updates.example.org>" in head
    assert b"Message-ID: <1@example.org>" in head
    assert b"Date: Sat, 21 Nov 2026 12:00:00 +0000" in head
    assert b"MIME-Version: 1.0" in head


def test_each_header_stands_once_and_only_the_expected_ones_stand() -> None:
    assert sorted(parsed(an_envelope()).keys()) == sorted(
        ["From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe",
         "List-Unsubscribe-Post", "List-Id", "MIME-Version", "Content-Type"]
    )  # fmt: skip


def test_sender_and_recipient_are_one_address_each() -> None:
    envelope = an_envelope()
    message = parsed(envelope)
    assert (envelope.sender, envelope.recipient) == ("digest@example.org", "ann@example.net")
    assert str(message["To"]) == "Ann Example <ann@example.net>"
    assert str(message["From"]) == "Research Digest <digest@example.org>"
    assert str(message["Reply-To"]) == "editors@example.org"


def test_the_plain_part_comes_first_and_both_read_back_to_the_letter() -> None:
    text = "Größe — “quoted” 100 % = all\n\n.\n.dot at the start\nFrom here on\n" + "word " * 300
    html = "<p>" + "ü" * 3000 + "</p>"
    message = parsed(an_envelope(text=text, html=html))
    plain, rich = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().replace("\r\n", "\n") == text + "\n"
    assert rich.get_content().replace("\r\n", "\n") == html + "\n"
    for part in (plain, rich):
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert part.get_content_charset() == "utf-8"


def test_every_line_ends_in_crlf_and_is_short_ascii() -> None:
    wild = "a\rb\nc\r\nd\x00\x0b" + "é" * 5000
    content = an_envelope(text=wild, html=wild, subject="é" * 400).content
    assert content.isascii()
    assert content.endswith(b"\r\n")
    for line in content.removesuffix(b"\r\n").split(b"\r\n"):
        assert b"\r" not in line
        assert b"\n" not in line
        assert len(line) <= 78


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_subject_reads_back_and_its_encoded_words_are_short(subject: str) -> None:
    envelope = an_envelope(subject=subject)
    raw = header_line(envelope, "Subject")
    assert all(len(word) <= 75 for word in re.findall(rb"=\?.*?\?=", raw))
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert str(parsed(envelope)["Subject"]) == subject


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120))
@settings(max_examples=150, deadline=None)
def test_any_name_leaves_exactly_one_address_in_the_header(name: str) -> None:
    envelope = an_envelope(recipient_name=name)
    assert [a.addr_spec for a in parsed(envelope)["To"].addresses] == ["ann@example.net"]
    assert all(len(line) <= 100 for line in header_line(envelope, "To").split(b"\r\n"))


def test_a_name_with_quotes_commas_and_umlauts_reads_back() -> None:
    for name in ('Ann "A, B" \\ <x@y.org>', "Änn, Ünal <x@y.org>", "=?utf-8?q?evil?="):
        (address,) = parsed(an_envelope(recipient_name=name))["To"].addresses
        assert address.display_name == name


@pytest.mark.parametrize(
    "control", ["\r", "\n", "\r\nBcc: x@y.org", "\0", "\u2028", "\x85", "\x1b"]
)
@pytest.mark.parametrize(
    "field",
    [
        "subject",
        "recipient_name",
        "recipient_address",
        "message_id",
        "unsubscribe_url",
        "list_host",
    ],
)
def test_a_control_character_in_any_header_is_refused(field: str, control: str) -> None:
    good = {"recipient_address": "ann@example.net", "message_id": "<1@example.org>"}
    with pytest.raises(Refused):
        an_envelope(**{field: good.get(field, "https://x.example.org") + control})
    with pytest.raises(Refused):
        an_envelope(**{field: control + good.get(field, "https://x.example.org")})


@given(st.sampled_from(["subject", "recipient_name", "recipient_address"]), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_value_from_outside_adds_a_header(field: str, value: str) -> None:
    try:
        envelope = an_envelope(**{field: value})
    except Refused:
        return
    assert len(parsed(envelope).keys()) == 11
    assert envelope.recipient.isascii()


def test_a_lone_surrogate_and_a_link_too_long_for_a_line_are_refused() -> None:
    with pytest.raises(Refused):
        an_envelope(subject="half a \ud83d")
    with pytest.raises(Refused, match="longer than 998"):
        an_envelope(unsubscribe_url="https://digest.example.org/" + "a" * 1000)


@pytest.mark.parametrize(
    "link", ["ftp://x.org/", "https://x.org/a b", "https://x.org/>,<mailto:a@b.org", "javascript:1"]
)
def test_only_a_web_address_stands_in_list_unsubscribe(link: str) -> None:
    with pytest.raises(Refused):
        an_envelope(unsubscribe_url=link)


def test_a_foreign_domain_is_mailed_in_idna_2008() -> None:
    envelope = an_envelope(recipient_address="ann@straße.example", list_host="bücher.example")
    assert envelope.recipient == "ann@xn--strae-oqa.example"
    assert b"<ann@xn--strae-oqa.example>" in envelope.content
    assert b"List-Id: <updates.xn--bcher-kva.example>\r\n" in envelope.content


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
    assert message["List-Unsubscribe"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content() == "Open the page.\r\n"
