"""The header block on its raw bytes: what one-click leaving needs, and nothing slipped in."""

from __future__ import annotations

import re
import unicodedata
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.message import feedback_id
from digest.errors import Refused
from digest.values import Envelope, Sender
from tests.delivery.mails import HEADERS, LONG_LINK, an_envelope, head_of, header_line, parsed

NO_HEADERS = ("Cc", "Cs", "Zl", "Zp")  # Unicode categories
LINE = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
MAILBOX = "leave+Zk3f9Qx0a7Lw2bV4@digest.example.org"
# Wild text, and the pieces of which a header is forged.
WILD = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.sampled_from(["\r\n", "\n", "Bcc: x@y.org", "=?utf-8?q?", "?=", "<x@y.org>", '"', "\\",
                         ",", ";", ":", "(", ")", "é", "🙂", " ", "  ", "\t", "a", "@"]),
        max_size=30,
    ).map("".join),
)  # fmt: skip


def stands(value: str) -> bool:
    """Whether the value may stand in a header at all."""
    return not any(unicodedata.category(char) in NO_HEADERS for char in value)


def name_read(envelope: Envelope, header: str) -> str:
    """The name beside an address, decoded as RFC 2047 has it.

    Not by the newer parser of Python: of two encoded words it makes two words of a name.
    """
    name, _ = parseaddr(header_line(envelope, header).decode("ascii").partition(":")[2])
    return str(make_header(decode_header(name)))


def encoded_words(raw: bytes) -> list[bytes]:
    """The RFC 2047 encoded words of a raw header."""
    return re.findall(rb"=\?[^?\s]*\?[bq]\?[^?\s]*\?=", raw, re.IGNORECASE)


def test_the_raw_headers_are_those_that_one_click_unsubscribing_needs() -> None:
    head = head_of(an_envelope(unsubscribe_url=LONG_LINK)).split(b"\r\n")
    assert f"List-Unsubscribe: <{LONG_LINK}>".encode() in head
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head
    assert b"List-Id: <updates.example.org>" in head
    assert b"Message-ID: <1@example.org>" in head
    assert b"Date: Sat, 21 Nov 2026 12:00:00 +0000" in head
    assert b"MIME-Version: 1.0" in head


def test_each_header_stands_once_and_only_the_expected_ones_stand() -> None:
    assert sorted(parsed(an_envelope()).keys()) == sorted(HEADERS)
    for name in HEADERS:
        header_line(an_envelope(), name)  # once in the raw bytes too


def test_pythons_default_policy_breaks_a_long_list_unsubscribe_and_ours_does_not() -> None:
    # The trap for which the message is written by hand. Should the first half fail one day,
    # Python has mended it.
    assert len(LONG_LINK) == 300
    theirs = EmailMessage(policy=policy.SMTP)
    theirs["List-Unsubscribe"] = f"<{LONG_LINK}>"
    broken = theirs.as_bytes()
    assert b"\r\n =?utf-8?" in broken
    assert LONG_LINK.encode() not in broken

    ours = header_line(an_envelope(unsubscribe_url=LONG_LINK), "List-Unsubscribe")
    assert ours == f"List-Unsubscribe: <{LONG_LINK}>\r\n".encode()


def test_a_mailbox_to_leave_by_stands_after_the_web_address_on_the_same_line() -> None:
    raw = header_line(
        an_envelope(unsubscribe_url=LONG_LINK, unsubscribe_mailto=MAILBOX), "List-Unsubscribe"
    )
    assert raw == f"List-Unsubscribe: <{LONG_LINK}>, <mailto:{MAILBOX}>\r\n".encode()


@pytest.mark.parametrize(
    "mailbox",
    ["", "mailto:" + MAILBOX, MAILBOX + "?subject=leave", MAILBOX + ",x@y.org", f"<{MAILBOX}>",
     MAILBOX + "\r\nBcc: x@y.org", "leave\0@example.org", "le ave@example.org", "leave@localhost",
     "leave%0d@example.org", "leave&x@example.org", "jörg@example.org", "leave"],
)  # fmt: skip
def test_only_a_plain_mailbox_is_one_to_leave_by(mailbox: str) -> None:
    with pytest.raises(Refused):
        an_envelope(unsubscribe_mailto=mailbox)


@pytest.mark.parametrize(
    "link", ["ftp://x.org/", "https://x.org/a b", "https://x.org/>,<mailto:a@b.org", "javascript:1",
             "https://", "https://x.org/é", "http://digest.example.org/leave/a",
             "http://127.0.0.1.example.org/", "http://127.0.0.1@example.org/", "http://localhost"],
)  # fmt: skip
def test_only_a_safe_web_address_stands_in_list_unsubscribe(link: str) -> None:
    with pytest.raises(Refused, match=r"Write publication\.site_url with https"):
        an_envelope(unsubscribe_url=link)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]", "127.0.0.1"])
def test_a_rehearsal_on_this_machine_needs_no_https(host: str) -> None:
    raw = header_line(an_envelope(unsubscribe_url=f"http://{host}/leave/a"), "List-Unsubscribe")
    assert raw == f"List-Unsubscribe: <http://{host}/leave/a>\r\n".encode()


def test_a_feedback_id_is_four_fields_that_tell_only_the_issue() -> None:
    told = feedback_id(12, "ms-society.example")
    number, stream, kind, sender_id = told.split(":")
    assert (number, stream, kind) == ("12", "updates", "digest")
    assert re.fullmatch(r"[0-9a-f]{5,15}", sender_id)  # Gmail's length; no name can be spelled
    raw = header_line(an_envelope(feedback_id=told), "Feedback-ID")
    assert raw == f"Feedback-ID: {told}\r\n".encode()


def test_a_senders_mails_share_one_sender_id_and_no_other_senders_do() -> None:
    def sender_id(number: int, host: str) -> str:
        return feedback_id(number, host).rpartition(":")[2]

    assert sender_id(1, "example.org") == sender_id(99, "Example.ORG")
    assert sender_id(1, "bücher.example") == sender_id(1, "xn--bcher-kva.example")
    assert sender_id(1, "example.org") != sender_id(1, "example.net")
    with pytest.raises(Refused):
        feedback_id(1, "no host")


@pytest.mark.parametrize(
    "value",
    ["", "12:patient:digest:0123456789ab", "12:updates:digest:patient", "12:updates:digest:",
     "12:updates:digest:0123456789ab:x", "x:updates:digest:0123456789ab",
     "12:updates:digest:0123456789ab\n", "١٢:updates:digest:0123456789ab"],
)  # fmt: skip
def test_no_other_feedback_id_is_taken(value: str) -> None:
    with pytest.raises(Refused, match="Feedback-ID"):
        an_envelope(feedback_id=value)


@given(st.text(LINE, max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_subject_reads_back_and_its_encoded_words_are_short(subject: str) -> None:
    envelope = an_envelope(subject=subject)
    raw = header_line(envelope, "Subject")
    assert all(len(word) <= 75 for word in encoded_words(raw))
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert str(parsed(envelope)["Subject"]) == subject


@given(st.text(LINE, max_size=120))
@settings(max_examples=100, deadline=None)
def test_any_name_reads_back_and_leaves_exactly_one_address(name: str) -> None:
    envelope = an_envelope(recipient_name=name)
    raw = header_line(envelope, "To")
    (address,) = parsed(envelope)["To"].addresses
    assert address.addr_spec == "ann@example.net"
    assert name_read(envelope, "To") == name.strip()
    assert all(len(word) <= 75 for word in encoded_words(raw))
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))


@given(WILD, WILD, WILD)
@settings(max_examples=100, deadline=None)
def test_wild_words_are_refused_or_read_back_and_never_add_a_header(
    subject: str, name: str, sender_name: str
) -> None:
    def made() -> Envelope:
        sender = Sender(sender_name, "digest@example.org", None)
        return an_envelope(subject=subject, recipient_name=name, sender=sender)

    if not all(map(stands, (subject, name, sender_name))):
        with pytest.raises(Refused, match="control character"):
            made()
        return
    envelope = made()
    message = parsed(envelope)
    assert sorted(message.keys()) == sorted(set(HEADERS) - {"Reply-To"})
    assert str(message["Subject"]) == subject
    assert [one.addr_spec for one in message["To"].addresses] == ["ann@example.net"]
    assert [one.addr_spec for one in message["From"].addresses] == ["digest@example.org"]
    assert name_read(envelope, "To") == name.strip()
    assert name_read(envelope, "From") == sender_name.strip()


def test_a_name_with_quotes_commas_and_umlauts_reads_back() -> None:
    for name in ('Ann "A, B" \\ <x@y.org>', "Änn, Ünal <x@y.org>", "=?utf-8?q?evil?="):
        (address,) = parsed(an_envelope(recipient_name=name))["To"].addresses
        assert address.display_name == name


@pytest.mark.parametrize(
    "control", ["\r", "\n", "\r\nBcc: x@y.org", "\0", "\u2028", "\x85", "\x1b"]
)
@pytest.mark.parametrize(
    "field",
    ["subject", "recipient_name", "recipient_address", "message_id", "unsubscribe_url",
     "list_host", "feedback_id", "unsubscribe_mailto"],
)  # fmt: skip
def test_a_control_character_in_any_header_is_refused(field: str, control: str) -> None:
    good = {
        "recipient_address": "ann@example.net",
        "message_id": "<1@example.org>",
        "list_host": "example.org",
        "feedback_id": feedback_id(1, "example.org"),
        "unsubscribe_mailto": MAILBOX,
    }.get(field, "https://x.example.org/")
    an_envelope(**{field: good})
    for bad in (good + control, control + good):
        with pytest.raises(Refused):
            an_envelope(**{field: bad})


@given(st.sampled_from(["recipient_address", "unsubscribe_mailto"]), st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_address_from_outside_adds_a_header(field: str, value: str) -> None:
    try:
        envelope = an_envelope(**{field: value})
    except Refused:
        return
    assert sorted(parsed(envelope).keys()) == sorted(HEADERS)
    assert envelope.recipient.isascii()


def test_a_lone_surrogate_and_a_link_too_long_for_a_line_are_refused() -> None:
    with pytest.raises(Refused):
        an_envelope(subject="half a \ud83d")
    with pytest.raises(Refused, match="longer than 998"):
        an_envelope(unsubscribe_url="https://digest.example.org/" + "a" * 1000)
