"""Matching, forged and hostile mails: what nobody may do with the feedback mailbox."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.message import message_id_for
from digest.feedback.addresses import tokened_address
from digest.feedback.bounces import read_mail
from digest.feedback.events import FeedbackEvent, Passed
from digest.feedback.mime import MAX_MAIL, read_mime
from tests.feedback.letters import (
    AT,
    BOUNCE_TO,
    DELIVERY,
    HOST,
    KEY,
    OUR_ID,
    READER,
    dsn,
    mail,
    multipart,
    recipient,
    returned,
)  # fmt: skip
from tests.feedback.samples import samples

FAILED = recipient("failed", "5.1.1", "550 5.1.1 no such user")
# Cut, joined and spoilt samples come nearer to real trouble than random bytes alone.
WILD = st.one_of(
    st.binary(max_size=2000),
    st.tuples(
        st.sampled_from([sample.raw for sample in samples()]),
        st.integers(0, 3000), st.integers(0, 3000), st.binary(max_size=30),
    ).map(lambda t: t[0][: t[1]] + t[3] + t[0][t[2] :]),
)  # fmt: skip


def read(raw: bytes) -> FeedbackEvent | Passed:
    return read_mail(raw, at=AT, key=KEY, host=HOST)


def event(raw: bytes) -> FeedbackEvent:
    found = read(raw)
    assert isinstance(found, FeedbackEvent), found
    return found


def reason(raw: bytes) -> str:
    found = read(raw)
    assert isinstance(found, Passed), found
    return found.reason


@settings(max_examples=150, deadline=None)
@given(WILD)
def test_no_mail_whatever_it_holds_raises(raw: bytes) -> None:
    found = read(raw)
    assert found.raw_id.startswith("mail:")


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["zlib", "punycode", "idna", "hex", "undefined", "utf-7", "x\0y", "utf-16"]),
       st.binary(max_size=300))  # fmt: skip
def test_no_charset_breaks_the_reading_of_a_text(charset: str, body: bytes) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
    for leaf in read_mime(head + body).leaves:
        assert "\0" not in leaf.text


def test_the_message_id_that_we_make_is_the_one_that_is_found() -> None:
    made = message_id_for("12 someone", KEY, HOST)
    assert event(dsn(FAILED, copy=returned(made))).message_id == made


def test_a_message_id_of_another_host_is_not_ours() -> None:
    other = OUR_ID.replace(HOST, "digest.example.org.evil.example")
    found = event(dsn(FAILED, copy=returned(other)))
    assert not found.identified


def test_two_of_our_message_ids_in_a_text_tell_nothing() -> None:
    second = OUR_ID.replace("0123", "3210")
    words = f"550 5.1.1 no such user\n{OUR_ID} {second}"
    assert reason(mail("failure notice", words)) == "about no mail of ours"


def test_the_returned_mail_counts_for_more_than_what_the_text_names() -> None:
    other = OUR_ID.replace("0123", "3210")
    assert event(dsn(FAILED, words=f"See {other}")).message_id == OUR_ID


def test_a_bounce_address_is_read_from_the_returned_mail_too() -> None:
    copy = f"Return-Path: <{BOUNCE_TO}>\nSubject: x\n\n"
    assert event(dsn(FAILED, copy=copy)).delivery_id == DELIVERY


@pytest.mark.parametrize("key", ["x" * 64, KEY[:-1]])
def test_a_bounce_address_of_another_key_names_no_delivery(key: str) -> None:
    forged = tokened_address("bounce", DELIVERY, key, HOST)
    assert event(dsn(FAILED, f"To: {forged}", copy="Subject: x\n\n")).delivery_id == ""


def test_a_forged_report_that_names_an_address_alone_identifies_nothing() -> None:
    found = event(dsn(recipient("failed", "5.1.1", "550 no", who="victim@else.example"),
                      copy="Subject: x\n\n"))  # fmt: skip
    assert found.recipient == "victim@else.example"
    assert not found.identified
    assert "victim" not in repr(found)


def test_of_several_recipients_the_one_that_failed_counts() -> None:
    fine = recipient("delivered", "2.0.0", "250 stored", who="list@reader.example")
    assert event(dsn(f"{fine}\n{FAILED}")).kind == "hard bounce"


def test_an_automatic_reply_to_the_bounce_address_is_nothing() -> None:
    away = mail("Re: November", "550 5.1.1 user unknown", f"To: {BOUNCE_TO}",
                "Auto-Submitted: auto-replied", sender="mailer-daemon@reader.example")  # fmt: skip
    assert reason(away) == "an automatic reply"


def test_the_words_of_our_own_mail_are_not_judged() -> None:
    words = "550 we cannot take it: no such user\n\n----- Original message -----\nmailbox full spam"
    assert event(mail("failure notice", words, f"To: {BOUNCE_TO}")).kind == "hard bounce"


def test_the_readers_name_before_the_at_is_masked_in_what_is_kept() -> None:
    found = event(dsn(recipient("failed", "5.1.1", "550 user ann.lee unknown",
                                who="ann.lee@reader.example")))  # fmt: skip
    assert found.detail == "5.1.1 550 user (the address) unknown"


def test_a_mail_larger_than_ten_megabytes_is_not_read() -> None:
    assert reason(b"x" * (MAX_MAIL + 1)) == "larger than 10 MB"


def test_parts_deeper_than_eight_are_left() -> None:
    kind, body = "message/delivery-status", f"Reporting-MTA: dns; x\n\n{FAILED}"
    for depth in range(12):
        kind, body = multipart("mixed", (kind, body), boundary=f"b{depth}")
    assert reason(mail("x", body, kind=kind, sender="ann@reader.example")) == "not a bounce"


def test_a_thousand_parts_are_read_as_a_hundred() -> None:
    kind, body = multipart("mixed", *[("text/plain", "x")] * 1000)
    assert len(read_mime(mail("x", body, kind=kind)).leaves) == 100


def test_a_boundary_that_never_ends_loses_nothing() -> None:
    assert event(dsn(FAILED).replace(b"--=_b--", b"")).kind == "hard bounce"


def test_a_wish_to_leave_hands_on_its_token_unread() -> None:
    found = event(mail("", "", f"Delivered-To: leave+AbC-d.e_f@{HOST}", sender=READER))
    assert (found.kind, found.address_token) == ("leave", "AbC-d.e_f")
    assert "AbC" not in repr(found)


def test_the_same_mail_has_the_same_raw_id_and_another_has_another() -> None:
    assert read(dsn(FAILED)).raw_id == read(dsn(FAILED)).raw_id
    assert read(dsn(FAILED)).raw_id != read(dsn(FAILED, "X-Other: 1")).raw_id
