"""What leaves: commands with their parameters, and bodies without a bare line end."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.smtp.features import Features, features_of
from digest.delivery.smtp.replies import Reply
from digest.delivery.smtp.wire import (
    Unsendable,
    UnsendableToAnybody,
    WireForm,
    envelope_lines,
    wire_form,
)
from digest.values import Envelope
from tests.delivery.smtp.fakes import a_mail

ALL = Features(pipelining=True, size=1000, eight_bit=True, smtputf8=True)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\r\n", b"\xe9"])).map(b"".join))
def test_no_bare_line_end_and_no_lone_dot_leaves(content: bytes) -> None:
    sent = wire_form(content)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", sent)
    lines = sent.split(b"\r\n")
    assert lines.pop() == b""
    assert not any(re.match(rb"\.(?!\.)", line) for line in lines)
    undotted = [line[1:] if line.startswith(b".") else line for line in lines]
    meant = re.split(rb"\r\n|\r|\n", content)
    assert undotted == (meant[:-1] if meant[-1] == b"" and len(meant) > 1 else meant)


def test_what_its_maker_vouches_for_is_sent_as_it_is() -> None:
    made = WireForm(b"..\r\n")
    assert wire_form(made) is made
    assert wire_form(bytes(made)) == b"...\r\n"


def test_only_the_parameters_that_are_needed_and_offered_are_said() -> None:
    plain = a_mail("ann", b"x\r\n")
    assert envelope_lines(plain, Features()) == (
        b"MAIL FROM:<digest@example.org>\r\n",
        b"RCPT TO:<ann@example.net>\r\n",
    )
    assert envelope_lines(plain, ALL)[0] == b"MAIL FROM:<digest@example.org> SIZE=3\r\n"
    beyond = a_mail("ann", b"\xe9\r\n", recipient="änn@example.net")
    sender, recipient = envelope_lines(beyond, ALL)
    assert sender == b"MAIL FROM:<digest@example.org> SIZE=3 BODY=8BITMIME SMTPUTF8\r\n"
    assert recipient == "RCPT TO:<änn@example.net>\r\n".encode()


@pytest.mark.parametrize(
    ("mail", "features", "why"),
    [
        (a_mail("ann", b"x" * 1001), ALL, "1001 octets are more than the server takes"),
        (a_mail("ann", b"\xe9"), Features(), "no 8-bit content"),
        (a_mail("änn"), Features(), "no address with letters beyond ASCII"),
        (a_mail("a>\r\nRSET\r\n"), ALL, "cannot be written"),
        (a_mail("a> SIZE=1"), ALL, "cannot be written"),
        (a_mail("a\u2028b"), ALL, "cannot be written"),
        (a_mail("a\ud800b"), ALL, "cannot be written"),
        (a_mail("ann", recipient=""), ALL, "cannot be written"),
    ],
)
def test_what_this_server_cannot_take_is_refused_here(
    mail: object, features: Features, why: str
) -> None:
    with pytest.raises(Unsendable, match=why):
        envelope_lines(mail, features)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mail", "about_all"),
    [
        (a_mail("ann", b"x" * 1001), True),
        (a_mail("ann", b"\xe9"), True),
        (a_mail("ann", sender="änn@example.org"), True),
        (a_mail("änn", sender="änn@example.org"), True),
        (a_mail("änn"), False),
        (a_mail("a b"), False),
    ],
)
def test_what_it_would_take_for_nobody_is_told_from_what_one_address_asks(
    mail: Envelope, about_all: bool
) -> None:
    with pytest.raises(Unsendable) as caught:
        envelope_lines(mail, Features(size=1000))
    assert isinstance(caught.value, UnsendableToAnybody) is about_all


def test_an_announced_size_of_zero_is_no_limit() -> None:
    assert b" SIZE=5000" in envelope_lines(a_mail("ann", b"x" * 5000), Features(size=0))[0]


@pytest.mark.parametrize(
    ("line", "features"),
    [
        (b"pipelining", Features(pipelining=True)),
        (b"SIZE 52428800", Features(size=52428800)),
        (b"SIZE", Features(size=0)),
        (b"SIZE \xc2\xb2", Features(size=0)),
        (b"SIZE " + b"9" * 400, Features(size=0)),
        (b"AUTH PLAIN login", Features(auth=("PLAIN", "LOGIN"))),
        (b"AUTH=PLAIN", Features(auth=("PLAIN",))),
        (b"", Features()),
    ],
)
def test_features_are_read_from_the_lines_of_ehlo(line: bytes, features: Features) -> None:
    assert features_of(Reply(250, (b"PIPELINING is my name", line))) == features
