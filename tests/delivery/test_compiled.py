"""Compiled mails are the mails that `build_envelope` makes of the filled texts, to the letter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.compiled import Compiled, compile_mail
from digest.delivery.message import feedback_id
from digest.errors import Refused
from digest.mail.render import mail_environment, render
from digest.mail.slots import (
    BROWSER_URL,
    JOINED,
    PREFERENCES_URL,
    UNSUBSCRIBE_URL,
    personalise,
    slot_values,
    slots_in,
    without_marks,
)
from digest.mail.variants import for_themes
from digest.values import AUDIENCES, Audience, Envelope, Personal, Rendition
from tests.builders import a_config, a_month, with_words
from tests.delivery.mails import SENDER, an_envelope, head_of, header_line, parsed

CRLF = re.compile(r"\r\n|\r|\n")
SLOTS = (UNSUBSCRIBE_URL, PREFERENCES_URL, BROWSER_URL, JOINED)
PERSONAL = Personal(
    unsubscribe_url="https://digest.example.org/leave/Zk3f9Qx0a7Lw2bV4tY8u1c.p5R6h?a=1&b='2'",
    preferences_url="https://digest.example.org/preferences/" + "Zk3f9Qx0a7" * 12 + "..q7T2k",
    browser_url="https://digest.example.org/issues/12/patient",
    joined="3 March 2026",
)
TO_ANN: Mapping[str, Any] = {
    "recipient_address": "ann@example.net",
    "recipient_name": "Ann Example",
    "message_id": "<1@example.org>",
    "date": datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
}
# Everything that quoted-printable, SMTP or a line's length could trip over, between slots.
SCRAPS = st.one_of(
    st.sampled_from(SLOTS),
    st.sampled_from(
        ["\n", "\r", "\r\n", ".", "..", "\n.", " ", "\t", " \n", "=", "=\n", "=3D", "_", "é", "—",
         "🙂", "\0", "\x85", "\u2028", "&amp;", '"', "<p>", "From ", "--", "--=_digest_alternative"]
    ),
    st.integers(1, 160).map("x".__mul__),
    st.integers(70, 160).map(".".__mul__),
    st.text(max_size=40),
)  # fmt: skip
WILD = st.lists(SCRAPS, max_size=25).map("".join)
ONE_LINE = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
VALUE = st.one_of(
    st.text(ONE_LINE, min_size=1, max_size=200),
    st.text(". =&<é", min_size=1, max_size=200),
    st.sampled_from([".", "..", " ", "x ", "x" * 75, "x" * 76, "x" * 74 + " ", JOINED]),
)
PERSONALS = st.builds(
    Personal,
    unsubscribe_url=st.text("aZ09-_.=&;'", min_size=1, max_size=200).map(
        "https://digest.example.org/leave/".__add__
    ),
    preferences_url=VALUE,
    browser_url=VALUE,
    joined=VALUE,
)


def a_rendition(html: str, text: str, subject: str = "November: what was found") -> Rendition:
    return Rendition("patient", subject, "What was found", html, text)


def compiled(rendition: Rendition, *, text_only: bool = False) -> Compiled:
    """As the issue's mails are compiled."""
    html, text = without_marks(rendition)
    return compile_mail(
        None if text_only else html,
        text,
        rendition.subject,
        sender=SENDER,
        list_host="example.org",
        feedback_id=feedback_id(12, "example.org"),
        slots=slots_in(html, text),
        leave_slot=UNSUBSCRIBE_URL,
    )


def filled(rendition: Rendition, personal: Personal = PERSONAL, **changes: Any) -> Envelope:
    """The mail to Ann, compiled and filled."""
    return compiled(rendition).fill(**{**TO_ANN, "values": slot_values(personal), **changes})


def built(rendition: Rendition, personal: Personal = PERSONAL, **changes: Any) -> Envelope:
    """The same mail, built of finished texts."""
    html, text = personalise(rendition, personal)
    return an_envelope(
        **{
            **TO_ANN,
            "subject": rendition.subject,
            "html": html,
            "text": text,
            "unsubscribe_url": personal.unsubscribe_url,
            **changes,
        }
    )


def parts_read(envelope: Envelope) -> list[bytes]:
    """The decoded parts as Python's older parser reads them, plain first."""
    message = message_from_bytes(envelope.content, policy=policy.compat32)
    _, *parts = message.walk()
    assert not any(part.defects for part in (message, *parts))
    return [cast("bytes", part.get_payload(decode=True)) for part in parts]


def check_body(envelope: Envelope) -> None:
    """Short ASCII lines that end in CRLF, none with a dot first or a blank last."""
    content = envelope.content
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", content)
    for line in content.partition(b"\r\n\r\n")[2].split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert not line.endswith((b" ", b"\t"))


def check_same(rendition: Rendition, personal: Personal = PERSONAL) -> None:
    """Filled and built read alike, part by part; their header blocks are the same bytes."""
    ours, theirs = filled(rendition, personal), built(rendition, personal)
    html, text = personalise(rendition, personal)
    wanted = [CRLF.sub("\r\n", text), CRLF.sub("\r\n", html)]
    assert head_of(ours) == head_of(theirs)
    assert parsed(ours).items() == parsed(theirs).items()
    assert (ours.sender, ours.recipient, ours.message_id) == (
        theirs.sender, theirs.recipient, theirs.message_id,
    )  # fmt: skip
    for envelope in (ours, theirs):
        check_body(envelope)
        assert [part.get_content() for part in parsed(envelope).iter_parts()] == wanted
        assert parts_read(envelope) == [part.encode() for part in wanted]


def check_text_alone(rendition: Rendition, personal: Personal = PERSONAL) -> None:
    """One plain part that reads as the text, and but for its type the headers of the whole mail."""
    ours = compiled(rendition, text_only=True).fill(**TO_ANN, values=slot_values(personal))
    theirs, whole = built(rendition, personal, html=None), filled(rendition, personal)
    _, text = personalise(rendition, personal)
    wanted = CRLF.sub("\r\n", text)
    wanted += "" if wanted.endswith("\r\n") else "\r\n"  # a mail's last line ends, too
    assert head_of(ours) == head_of(theirs)
    assert parsed(ours).items()[:-2] == parsed(whole).items()[:-1]
    assert parsed(ours).items()[-2:] == [
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", "quoted-printable"),
    ]
    for envelope in (ours, theirs):
        check_body(envelope)
        read = message_from_bytes(envelope.content, policy=policy.compat32)
        assert not read.is_multipart()
        assert not read.defects
        assert read.get_payload(decode=True) == wanted.encode()
        assert parsed(envelope).get_content() == wanted


@given(WILD, PERSONALS)
@settings(max_examples=150, deadline=None)
def test_wild_texts_alone_read_as_they_were_approved(text: str, personal: Personal) -> None:
    check_text_alone(a_rendition("<p>Hello.</p>", text), personal)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_real_edition_as_text_alone_is_the_frozen_text(audience: Audience) -> None:
    rendition = an_edition_of(audience)
    check_text_alone(rendition)
    mail = compiled(rendition, text_only=True).fill(**TO_ANN, values=slot_values(PERSONAL))
    assert b"__DIGEST" not in mail.content


@given(WILD, WILD, PERSONALS)
@settings(max_examples=150, deadline=None)
def test_wild_texts_with_slots_anywhere_read_as_if_they_were_built(
    html: str, text: str, personal: Personal
) -> None:
    check_same(a_rendition(html, text), personal)


@pytest.mark.parametrize("length", [0, 1, 73, 74, 75, 76, 77, 150, 151, 152])
@pytest.mark.parametrize("letter", ["x", ".", "=", "é", " "])
def test_a_slot_may_stand_at_any_column(length: int, letter: str) -> None:
    run = letter * length
    text = f"{run}{JOINED}{run}\n{JOINED}{run}{JOINED}{BROWSER_URL}\n{run}{JOINED}"
    check_same(a_rendition(text, text))
    check_same(a_rendition(text, text), replace(PERSONAL, joined=""))


def test_a_slot_that_fills_its_line_has_no_soft_break_around_it() -> None:
    content = filled(a_rendition("<p>Hello.</p>", f"Leave:\n{JOINED}\n\nGood bye.")).content
    assert b"\r\nLeave:\r\n3 March 2026\r\n\r\nGood bye.\r\n" in content


def test_a_text_without_slots_is_the_same_bytes() -> None:
    plain = a_rendition("<p>“Größe” = 1</p>" * 30, "Hello.\n.\n")
    assert filled(plain).content == built(plain).content


@cache
def an_edition_of(audience: Audience) -> Rendition:
    wording = a_config().audiences[audience].wording(audience)
    return render(with_words(a_month(cards=15, wording=wording)), mail_environment())


@pytest.mark.parametrize("chosen", [(), ("theme-0", "theme-3")])
@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_real_edition_reads_as_if_it_were_built(
    audience: Audience, chosen: tuple[str, ...]
) -> None:
    rendition = for_themes(an_edition_of(audience), frozenset(chosen))
    assert rendition is not None
    check_same(rendition)
    assert b"__DIGEST" not in filled(rendition).content


@given(st.text(ONE_LINE.filter(lambda one: one not in "\x1c\x1d\x1e"), max_size=200))
@settings(max_examples=50, deadline=None)
def test_the_message_is_the_one_that_pythons_email_builds(line: str) -> None:
    rendition = a_rendition(f"<p>{line}</p>\n{JOINED}\n", f"{line}\n{JOINED} {BROWSER_URL}\n")
    html, text = personalise(rendition, PERSONAL)
    theirs = EmailMessage(policy=policy.SMTP)
    theirs["From"] = "Research Digest <digest@example.org>"
    theirs["Reply-To"] = "editors@example.org"
    theirs["To"] = "Ann Example <ann@example.net>"
    theirs["Subject"] = rendition.subject
    theirs["Date"] = TO_ANN["date"]
    theirs["Message-ID"] = TO_ANN["message_id"]
    theirs.set_content(text, cte="quoted-printable")
    theirs.add_alternative(html, subtype="html", cte="quoted-printable")
    read = message_from_bytes(theirs.as_bytes(), policy=policy.default)
    ours = parsed(filled(rendition))
    for name in ("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version"):
        assert ours[name] == read[name]
    assert ours.get_content_type() == read.get_content_type()
    for one, other in zip(ours.iter_parts(), read.iter_parts(), strict=True):
        assert one["Content-Type"] == other["Content-Type"]
        assert CRLF.sub("\n", one.get_content()) == CRLF.sub("\n", other.get_content())


@given(st.text(ONE_LINE, max_size=120), st.text(ONE_LINE, max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_name_and_subject_stand_in_the_same_headers(name: str, subject: str) -> None:
    rendition = a_rendition("<p>Hello.</p>", "Hello.", subject)
    ours = filled(rendition, recipient_name=name)
    assert head_of(ours) == head_of(built(rendition, recipient_name=name))
    assert max(map(len, head_of(ours).split(b"\r\n"))) <= 998


def test_a_name_outside_of_ascii_is_in_encoded_words() -> None:
    raw = header_line(filled(a_rendition("", ""), recipient_name="Zoë, Ünal"), "To")
    assert raw == b"To: =?utf-8?q?Zo=C3=AB=2C_=C3=9Cnal?=\r\n <ann@example.net>\r\n"


@pytest.mark.parametrize("control", ["\r", "\n", "\r\nBcc: x@y.org", "\0", "\u2028", "\x1b"])
@pytest.mark.parametrize("field", ["recipient_name", "recipient_address", "message_id"])
def test_a_control_character_in_a_readers_header_is_refused(field: str, control: str) -> None:
    for bad in (TO_ANN[field] + control, control + TO_ANN[field]):
        with pytest.raises(Refused):
            filled(a_rendition("", ""), **{field: bad})


@pytest.mark.parametrize("control", ["\r", "\n", "\r\n.\r\n", "\0", "\u2028"])
@pytest.mark.parametrize("slot", SLOTS)
def test_a_value_is_one_line(slot: str, control: str) -> None:
    values = slot_values(PERSONAL)
    values[slot] += control
    with pytest.raises(Refused):
        filled(a_rendition("<p></p>", " ".join(SLOTS)), values=values)


def test_a_value_of_another_kind_never_becomes_a_link_to_leave() -> None:
    for wrong in ("3 March 2026", "http://digest.example.org/leave/a", "https://x.org/a>,<b"):
        with pytest.raises(Refused):
            filled(a_rendition("", ""), values={UNSUBSCRIBE_URL: wrong})


def test_a_slot_without_a_value_is_no_mail() -> None:
    with pytest.raises(KeyError):
        filled(a_rendition("", JOINED), values={UNSUBSCRIBE_URL: PERSONAL.unsubscribe_url})


def test_a_mailbox_to_leave_by_is_offered_where_there_is_one() -> None:
    mailbox = "leave+Zk3f9Qx0a7@example.org"
    empty = a_rendition("", "")
    raw = header_line(filled(empty, unsubscribe_mailto=mailbox), "List-Unsubscribe")
    assert raw.endswith(b">, <mailto:leave+Zk3f9Qx0a7@example.org>\r\n")
    assert raw == header_line(built(empty, unsubscribe_mailto=mailbox), "List-Unsubscribe")


def test_one_compiled_mail_fills_many_and_keeps_nothing_of_them() -> None:
    mail = compiled(a_rendition(f"<p>{JOINED}</p>", f"{UNSUBSCRIBE_URL}\n{JOINED}\n"))
    before = mail.pieces
    ann = slot_values(PERSONAL)
    bob = {**ann, JOINED: "4 May 2025", UNSUBSCRIBE_URL: "https://digest.example.org/leave/bob"}
    to_bob = {**TO_ANN, "recipient_address": "bob@example.net", "recipient_name": "Bob"}
    first = mail.fill(**TO_ANN, values=ann)
    other = mail.fill(**to_bob, values=bob)
    assert b"Ann" not in other.content
    assert b"3 March" not in other.content
    assert mail.fill(**TO_ANN, values=ann) == first
    assert mail.pieces == before
