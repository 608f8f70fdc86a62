"""Tokened addresses: read back by their key alone, and nobody can write one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.headers import LEAVE_MAILBOX
from digest.delivery.message import mailable
from digest.errors import Refused
from digest.feedback.addresses import (
    Purpose,
    bounce_address,
    leave_address,
    read_token,
    tokened_address,
    tokens_addressed,
    tokens_in,
)

KEY = "k" * 64
HOST = "digest.example.org"
IDENTITIES = st.from_regex(r"[A-Za-z0-9_.-]{1,40}", fullmatch=True)


def token_of(address: str, purpose: Purpose) -> str:
    return tokens_in(f"To: <{address}>", purpose)[0]


@settings(max_examples=80, deadline=None)
@given(IDENTITIES, st.sampled_from(["bounce", "leave"]))
def test_an_identity_is_read_back_from_its_address(identity: str, purpose: Purpose) -> None:
    address = tokened_address(purpose, identity, KEY, HOST)
    assert read_token(purpose, token_of(address, purpose), KEY) == identity
    assert len(address.partition("@")[0]) <= 64


def test_the_longest_identity_makes_an_address_that_can_be_mailed() -> None:
    address = tokened_address("bounce", "f" * 40, KEY, HOST)
    assert mailable(address) == address


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60))
def test_no_text_that_we_did_not_make_is_a_token(token: str) -> None:
    assert read_token("bounce", token, KEY) is None


@pytest.mark.parametrize("at", range(6))
def test_a_token_changed_in_any_place_is_none(at: int) -> None:
    token = token_of(tokened_address("bounce", "ab12", KEY, HOST), "bounce")
    changed = token[: at * 3] + ("x" if token[at * 3] != "x" else "y") + token[at * 3 + 1 :]
    assert read_token("bounce", token, KEY) == "ab12"
    assert read_token("bounce", changed, KEY) is None


def test_a_token_to_bounce_is_none_to_leave() -> None:
    token = token_of(tokened_address("bounce", "ab12", KEY, HOST), "bounce")
    assert read_token("leave", token, KEY) is None
    assert tokens_in(f"bounce+{token}@{HOST}", "leave") == []


@pytest.mark.parametrize("identity", ["", "a" * 41, "a b", "ann@x", "é", "a\nb", "a+b"])
def test_an_identity_that_no_address_can_carry_is_refused(identity: str) -> None:
    with pytest.raises(Refused):
        tokened_address("bounce", identity, KEY, HOST)


def test_the_addresses_of_a_delivery_can_stand_in_an_envelope_and_a_header() -> None:
    reference = "0123456789abcdef" * 2 + "01234567"
    leaving, bounced = leave_address(reference, KEY, HOST), bounce_address(reference, KEY, HOST)
    assert mailable(bounced) == bounced
    assert LEAVE_MAILBOX.fullmatch(leaving)
    assert len(bounced.partition("@")[0]) == 64
    assert read_token("leave", tokens_addressed(leaving, "leave", HOST)[0], KEY) == reference
    assert read_token("bounce", tokens_addressed(bounced, "bounce", HOST)[0], KEY) == reference


def test_addresses_made_one_after_the_other_do_not_mix() -> None:
    made = [leave_address(f"{n:040x}", KEY, HOST) for n in range(50)]
    assert len(set(made)) == 50
    assert made == [leave_address(f"{n:040x}", KEY, HOST) for n in range(50)]
    assert leave_address("0" * 40, "x" * 64, HOST) != made[0]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200))
def test_no_header_breaks_the_reading_of_its_addresses(header: str) -> None:
    assert all("@" not in token for token in tokens_addressed(header, "leave", HOST))


def test_a_header_of_many_quotes_or_commas_is_read_at_once() -> None:
    for header in ('"' * 60_000, '"\\' * 30_000, "," * 60_000, "<" * 60_000, "a-" * 30_000):
        assert tokens_addressed(header, "leave", HOST) == []
