"""Bytes: what a reader's mailbox gets of each edition, and how much of it is words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest

from digest.delivery.message import build_envelope, feedback_id
from digest.mail.render import LARGEST, size_as_sent
from digest.values import Audience, Sender
from tests.builders import a_month, with_words
from tests.mail.material import EDITIONS, Mail, made, mail_of, said, shipped_wording

A_THEME_MORE = 700


@cache
def size(audience: Audience, cards: int, themes: int = 6) -> int:
    """Bytes of the HTML that a reader gets; hard words are explained to all but clinicians."""
    edition = a_month(cards=cards, themes=themes, wording=shipped_wording(audience))
    mail = made(edition if audience == "clinician" else with_words(edition))
    return len(mail.html.encode())


@EDITIONS
def test_fifteen_cards_in_six_themes_stay_under_25_000_bytes(audience: Audience) -> None:
    assert size(audience, 15) <= 25_000


@EDITIONS
@pytest.mark.parametrize("themes", range(7, 13))
def test_a_further_theme_costs_700_bytes_at_most(audience: Audience, themes: int) -> None:
    assert size(audience, 15, themes) - size(audience, 15, themes - 1) <= A_THEME_MORE


@EDITIONS
@pytest.mark.parametrize("themes", [6, 12])
def test_25_cards_stay_under_45_000_bytes(audience: Audience, themes: int) -> None:
    assert size(audience, 25, themes) <= 45_000


def test_the_html_part_as_sent_is_not_cut_off_by_any_inbox(mail: Mail) -> None:
    assert size_as_sent(mail.html) <= LARGEST == 80_000


@EDITIONS
def test_the_size_as_sent_is_that_of_the_message(audience: Audience) -> None:
    mail = mail_of(audience, 15)
    envelope = build_envelope(
        sender=Sender("Digest", "digest@example.org", None),
        recipient_address="ann@example.net",
        recipient_name="",
        subject=mail.rendition.subject,
        text=mail.text,
        html=mail.html,
        message_id="<1@example.org>",
        date=datetime(2026, 11, 21, tzinfo=UTC),
        unsubscribe_url="https://digest.example.org/leave/abc",
        list_host="example.org",
        feedback_id=feedback_id(12, "example.org"),
    )
    part = envelope.content.rpartition(b"Content-Type: text/html")[2]
    body = part.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
    # The line end before the boundary, and the dots that start a line.
    assert abs(size_as_sent(mail.html) - len(body)) <= 100


def test_most_of_a_mail_is_not_markup(mail: Mail) -> None:
    wrapper = mail.page.css_first("[role=article]")
    assert wrapper is not None
    visible = said(wrapper.text(separator=" "))
    share = len(visible.encode()) / len(mail.html.encode())
    assert share >= (0.20 if len(mail.edition.items) == 5 else 0.25)


def test_marks_and_slots_cost_a_reader_nothing(mail: Mail) -> None:
    assert not re.search(r"<!--(?!\[if mso\])|__DIGEST", mail.html)
    assert "__DIGEST" not in mail.text


@EDITIONS
def test_words_outside_of_ascii_count_as_they_travel(audience: Audience) -> None:
    edition = a_month(cards=5, themes=5, wording=shipped_wording(audience))
    far = replace(edition.publication, postal_address="ü" * 200)
    plain, other = made(edition).html, made(replace(edition, publication=far)).html
    assert size_as_sent(other) - size_as_sent(plain) > 1_000  # six bytes a letter
