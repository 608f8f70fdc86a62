"""What a refusal says: of the address, of the mailbox for now, or of us."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.feedback.hardness import code_in, hardness, says_later

CASES = [
    ("5.1.1", "", "hard"),
    ("5.1.2", "mailbox full", "hard"),  # a code that names its reason decides
    ("5.1.10", "", "hard"),
    ("5.1.8", "", "blocked"),  # the sender's address, not hers
    ("5.2.1", "", "hard"),
    ("5.2.2", "user unknown", "soft"),
    ("5.2.3", "", "soft"),
    ("5.3.4", "", "soft"),
    ("5.4.4", "", "hard"),
    ("5.4.7", "delivery time ran out", "soft"),
    ("5.4.1", "Recipient address rejected: Access denied", "hard"),
    ("5.5.0", "mailbox unavailable", "hard"),
    ("5.5.2", "syntax", "soft"),
    ("5.6.1", "", "blocked"),
    ("5.7.1", "recipient unknown", "blocked"),
    ("5.7.606", "", "blocked"),
    ("4.2.2", "user unknown", "soft"),
    ("4.7.1", "", "soft"),
    ("5.0.0", "", "hard"),
    ("5.0.0", "550 5.2.2 no room", "soft"),
    ("5.0.0", "the message was found to be spam", "blocked"),
    ("5.5.0", "mailbox is full", "soft"),
    ("", "550 no such user here", "hard"),
    ("", "550-5.1.1 whatever", "hard"),
    ("", "452 out of order", "soft"),
    ("", "450 mailbox unavailable", "soft"),
    ("", "552 quota exceeded", "soft"),
    ("", "554 listed by a blocklist", "blocked"),
    ("", "550 nothing that we know", "hard"),
    ("", "554 nothing that we know", "blocked"),
    ("", "This account has been closed", "hard"),
    ("", "written by Exim 4.96.2 on 5.1.1.9", "soft"),  # neither is a status
    ("", "", "soft"),
]


@pytest.mark.parametrize(("status", "words", "level"), CASES)
def test_a_refusal_is_as_hard_as_it_says(status: str, words: str, level: str) -> None:
    assert hardness(status, words) == level


def test_the_code_after_a_reply_beats_one_that_stands_alone() -> None:
    assert code_in("server 5.0.1 said: 552-5.2.2 full") == "5.2.2"


def test_a_warning_is_told_from_a_failure() -> None:
    assert says_later("We will keep trying for three days")
    assert not says_later("We gave up")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=300))
def test_whatever_is_said_there_is_an_answer(status: str, words: str) -> None:
    assert hardness(status, words) in ("hard", "soft", "blocked")
