"""Tokens prove who, which list and what for, and tell nothing else."""

from __future__ import annotations

import time

import pytest
from django.conf import settings as site
from django.core.signing import Signer
from django.urls import resolve
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from subscribers.models import Subscriber
from subscribers.tokens import (
    Purpose,
    WrongToken,
    confirm_url,
    leave_url,
    make_token,
    preferences_token,
    read_token,
)

ANN = Subscriber(public_id="AAAAAAAAAAAAAAAAAAAAAA", address="ann@example.org")
BOB = Subscriber(public_id="BBBBBBBBBBBBBBBBBBBBBB", address="bob@example.org")
PURPOSES: tuple[Purpose, ...] = ("leave", "confirm")


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("list_name", ["patient", "caregiver", "clinician"])
def test_a_token_tells_whom_and_which_list(purpose: Purpose, list_name: str) -> None:
    token = make_token(purpose, ANN, list_name)
    assert read_token(purpose, token) == (ANN.public_id, list_name)


def test_a_token_for_one_purpose_is_wrong_for_the_other() -> None:
    for made, read in (PURPOSES, PURPOSES[::-1]):
        with pytest.raises(WrongToken):
            read_token(read, make_token(made, ANN, "patient"))


def test_every_altered_character_makes_a_token_wrong() -> None:
    token = make_token("leave", ANN, "patient")
    for place, char in enumerate(token):
        altered = token[:place] + ("A" if char != "A" else "B") + token[place + 1 :]
        with pytest.raises(WrongToken):
            read_token("leave", altered)


def test_the_signature_of_ann_does_not_serve_for_bob() -> None:
    ann, bob = (make_token("leave", who, "patient") for who in (ANN, BOB))
    forged = bob.rpartition(".")[0] + "." + ann.rpartition(".")[2]
    with pytest.raises(WrongToken):
        read_token("leave", forged)


@given(st.text(max_size=120))
@hypothesis_settings(max_examples=100, deadline=None)
def test_any_other_text_is_a_wrong_token(text: str) -> None:
    for purpose in PURPOSES:
        with pytest.raises(WrongToken):
            read_token(purpose, text)


def test_a_link_to_confirm_ends_after_seven_days_and_one_to_leave_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave, confirm = (make_token(purpose, ANN, "patient") for purpose in PURPOSES)
    start = time.time()
    monkeypatch.setattr(time, "time", lambda: start + 6.9 * 86400)
    assert read_token("confirm", confirm) == (ANN.public_id, "patient")
    monkeypatch.setattr(time, "time", lambda: start + 7.1 * 86400)
    with pytest.raises(WrongToken):
        read_token("confirm", confirm)
    assert read_token("leave", leave) == (ANN.public_id, "patient")


def test_a_token_signed_with_an_old_key_still_works(settings: Settings) -> None:
    token = make_token("leave", ANN, "patient")
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "new" * 20
    with pytest.raises(WrongToken):
        read_token("leave", token)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert read_token("leave", token) == (ANN.public_id, "patient")


def test_a_list_that_is_no_more_makes_its_token_wrong(settings: Settings) -> None:
    token = make_token("leave", ANN, "clinician")
    settings.SUBSCRIBER_LISTS = {"patient": "patients"}
    with pytest.raises(WrongToken):
        read_token("leave", token)


def test_links_name_neither_address_nor_list_and_meet_their_pages() -> None:
    for url, page in (
        (leave_url(ANN, "patient"), "leave"),
        (confirm_url(ANN, "patient"), "confirm"),
    ):
        assert url.startswith(f"{site.SUBSCRIBERS_SITE_URL}/{page}/")
        assert not any(word in url for word in ("ann", "example.org/ann", "@", "patient"))
        assert resolve(url.removeprefix(site.SUBSCRIBERS_SITE_URL)).url_name == page


def test_the_mark_of_a_list_differs_between_subscribers() -> None:
    ann, bob = (make_token("leave", who, "patient")[22:30] for who in (ANN, BOB))
    assert ann != bob


@pytest.mark.parametrize("purpose", ["leave", "preferences"])
def test_the_quick_signature_is_djangos_to_the_letter(purpose: str, settings: Settings) -> None:
    """So that links in mails of every version work, and a Django that signs anew is noticed."""
    ann = Subscriber(public_id="a1b2c3")
    token = make_token("leave", ann, "patient") if purpose == "leave" else preferences_token(ann)
    value = token.rpartition(".")[0]
    signer = Signer(key=settings.SECRET_KEY, sep=".", salt=f"subscribers.{purpose}")
    assert token == signer.sign(value)
