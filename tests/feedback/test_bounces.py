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
    LEAVE_TO,
    OUR_ID,
    READER,
    arf,
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


@pytest.mark.parametrize(
    "headers",
    [
        (f"To: <{LEAVE_TO}>",),
        (f"To: Nobody <nobody@{HOST}>, {LEAVE_TO}",),
        (f"To: {LEAVE_TO.replace(HOST, HOST.upper())}",),
        (f"Delivered-To: {LEAVE_TO}", f"To: digest@{HOST}"),
        (f"Delivered-To: example-{LEAVE_TO}",),  # qmail, with the user of a virtual domain
        (f"X-Original-To: {LEAVE_TO}", "Delivered-To: vmail@localhost"),
        (f"Envelope-To: {LEAVE_TO}",),
        (f"Original-Recipient: rfc822;{LEAVE_TO}",),
        (f"To: {LEAVE_TO}", "Auto-Submitted: no"),
    ],
)
def test_a_mail_that_came_to_the_address_to_leave_leaves(headers: tuple[str, ...]) -> None:
    found = event(mail("", "", *headers, sender=READER))
    assert (found.kind, found.delivery_id, found.message_id) == ("leave", DELIVERY, "")


@pytest.mark.parametrize(
    "headers",
    [
        (f"Cc: {LEAVE_TO}",),  # an answer to all of somebody's wish to leave
        (f'To: "{LEAVE_TO}" <digest@{HOST}>',),
        (f"To: digest@{HOST} ({LEAVE_TO})",),
        (f"List-Unsubscribe: <mailto:{LEAVE_TO}>",),
        (f"In-Reply-To: <{LEAVE_TO}>", f"Subject: {LEAVE_TO}"),
        (f"To: {LEAVE_TO}.evil.example",),
        (f"To: {LEAVE_TO.replace(HOST, 'else.example')}",),
    ],
)
def test_a_mail_that_only_mentions_the_address_to_leave_is_nothing(
    headers: tuple[str, ...],
) -> None:
    forwarded = f"> List-Unsubscribe: <mailto:{LEAVE_TO}>\n> To: {LEAVE_TO}\n"
    assert reason(mail("Fwd: November", forwarded, *headers, sender=READER)) == "not a bounce"


def test_the_envelope_counts_for_more_than_what_its_writer_put_into_to() -> None:
    other = tokened_address("leave", "f" * 40, KEY, HOST)
    found = event(mail("", "", f"To: {other}", f"X-Original-To: {LEAVE_TO}", sender=READER))
    assert found.delivery_id == DELIVERY


@pytest.mark.parametrize(
    "address",
    [
        LEAVE_TO.replace("d41d", "d41e"),  # somebody else's
        f"{LEAVE_TO.partition('@')[0][:-1]}x@{HOST}",
        BOUNCE_TO.replace("bounce+", "leave+"),
        tokened_address("leave", DELIVERY, "x" * 64, HOST),
        f"leave+nothing@{HOST}",
    ],
)
def test_a_forged_address_to_leave_is_counted_and_does_nothing(address: str) -> None:
    said = reason(mail("unsubscribe", "", f"To: {address}", sender=READER))
    assert said == "an address to leave that we never made"


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (rejected)",
        "Precedence: auto_reply",
        "Precedence: bulk",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "X-Failed-Recipients: ann@reader.example",
        f"List-Id: <updates.{HOST}>",  # our own mail, forwarded there: a loop
    ],
)
def test_no_machine_leaves_for_a_person(header: str) -> None:
    said = reason(mail("November", "", header, f"To: {LEAVE_TO}", sender=READER))
    assert said == "no person's mail to an address to leave"


def test_a_bounce_or_an_out_of_office_at_the_address_to_leave_is_nothing() -> None:
    away = mail("Out of office: November", "Back soon", f"To: {LEAVE_TO}", sender=READER)
    for raw in (away, dsn(FAILED, f"To: {LEAVE_TO}").replace(b"Auto-Submitted", b"X-Was")):
        assert reason(raw) == "no person's mail to an address to leave"


def test_a_complaint_at_the_address_to_leave_is_a_complaint() -> None:
    found = event(arf("abuse", f"To: {LEAVE_TO}", copy="Subject: x\n\n"))
    assert (found.kind, found.delivery_id) == ("complaint", DELIVERY)


@pytest.mark.parametrize(
    "header",
    [f"To: <{BOUNCE_TO}>", f"Delivered-To: {BOUNCE_TO}", f"X-Original-To: {BOUNCE_TO}",
     f"Envelope-To: {BOUNCE_TO}"],
)  # fmt: skip
def test_a_report_is_known_by_the_address_it_came_to_alone(header: str) -> None:
    bare = dsn(FAILED, header, copy="Subject: x\n\n").replace(OUR_ID.encode(), b"")
    found = event(bare)
    assert (found.kind, found.delivery_id, found.message_id) == ("hard bounce", DELIVERY, "")


def test_a_bounce_in_words_is_known_by_the_address_it_came_to_alone() -> None:
    found = event(mail("failure notice", "550 5.1.1 no such user", f"To: {BOUNCE_TO}"))
    assert (found.kind, found.delivery_id) == ("hard bounce", DELIVERY)


def test_an_altered_bounce_address_names_no_delivery() -> None:
    forged = BOUNCE_TO.replace("d41d", "d41e")
    found = event(dsn(FAILED, f"To: {forged}", copy="Subject: x\n\n"))
    assert not found.identified


def test_the_same_mail_has_the_same_raw_id_and_another_has_another() -> None:
    assert read(dsn(FAILED)).raw_id == read(dsn(FAILED)).raw_id
    assert read(dsn(FAILED)).raw_id != read(dsn(FAILED, "X-Other: 1")).raw_id
