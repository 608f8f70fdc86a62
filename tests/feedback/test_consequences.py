"""The table of rules: what each event changes, in whatever order it comes."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import permutations
from typing import get_args

import pytest

from digest.feedback.consequences import (
    RULES,
    Consequence,
    DeliveryState,
    IssueResult,
    consequence_of,
    soft_in_a_row,
)
from digest.feedback.events import FeedbackEvent, Kind
from tests.feedback.letters import AT, OUR_ID

STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)
KINDS: tuple[Kind, ...] = get_args(Kind)
THREE: tuple[IssueResult, ...] = ("soft", "soft", "soft")


def an_event(kind: Kind) -> FeedbackEvent:
    return FeedbackEvent(kind, AT, "raw-1", message_id=OUR_ID)


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(KINDS)


TABLE: list[tuple[Kind, Consequence]] = [
    ("processed", Consequence("accepted")),
    ("delivered", Consequence("accepted")),
    ("deferred", Consequence("accepted")),
    ("hard bounce", Consequence("failed", suppress="bounce")),
    ("soft bounce", Consequence("failed")),
    ("blocked", Consequence("failed", tell=True)),
    ("dropped", Consequence("failed", tell=True)),
    ("complaint", Consequence("accepted", suppress="complaint", leave="all")),
    ("leave", Consequence("accepted", leave="list")),
    ("leave all", Consequence("accepted", leave="all")),
]


@pytest.mark.parametrize(("kind", "expected"), TABLE)
def test_an_event_settles_an_unknown_delivery(kind: Kind, expected: Consequence) -> None:
    assert consequence_of(an_event(kind), "unknown") == expected


@pytest.mark.parametrize("state", ["queued", "claimed", "deferred", "unknown"])
@pytest.mark.parametrize("kind", KINDS)
def test_after_an_event_nothing_is_sent_again(kind: Kind, state: DeliveryState) -> None:
    assert consequence_of(an_event(kind), state).state in ("accepted", "failed")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["failed", "skipped"])
def test_what_failed_or_was_skipped_stays(kind: Kind, state: DeliveryState) -> None:
    assert consequence_of(an_event(kind), state).state is None


def test_a_late_bounce_undoes_an_acceptance_and_a_late_delivery_undoes_no_bounce() -> None:
    assert consequence_of(an_event("hard bounce"), "accepted").state == "failed"
    assert consequence_of(an_event("delivered"), "failed").state is None


@pytest.mark.parametrize("kind", ["hard bounce", "complaint"])
@pytest.mark.parametrize("state", STATES)
def test_a_hard_bounce_and_a_complaint_suppress_however_late(
    kind: Kind, state: DeliveryState
) -> None:
    assert consequence_of(an_event(kind), state).suppress


def test_a_consequence_has_no_word_for_lifting_a_suppression() -> None:
    assert {field.name for field in fields(Consequence)} == {"state", "suppress", "leave", "tell"}
    for kind in KINDS:
        for state in STATES:
            assert consequence_of(an_event(kind), state, THREE).suppress in (
                None, "bounce", "complaint",
            )  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(["processed", "delivered", "hard bounce"])))
def test_events_end_in_the_same_state_in_any_order(order: tuple[Kind, ...]) -> None:
    state: DeliveryState = "unknown"
    for kind in (*order, *order):  # and twice
        state = consequence_of(an_event(kind), state).state or state
    assert state == "failed"


def test_the_third_soft_bounce_in_a_row_suppresses() -> None:
    soft = an_event("soft bounce")
    assert consequence_of(soft, "accepted", ("soft", "soft")).suppress is None
    assert consequence_of(soft, "accepted", THREE).suppress == "bounce"
    assert consequence_of(soft, "accepted", ("soft", "soft", "through", "soft")).suppress is None


def test_blocked_mails_never_suppress_a_reader() -> None:
    assert consequence_of(an_event("blocked"), "accepted", THREE).suppress is None


@pytest.mark.parametrize(
    ("results", "count"),
    [
        ((), 0),
        (("through", "soft"), 0),
        (("soft", "through", "soft"), 1),
        (("soft", "not sent", "soft"), 2),
        (("not sent", "through"), 0),
    ],
)
def test_issues_not_sent_do_not_break_a_row(results: tuple[IssueResult, ...], count: int) -> None:
    assert soft_in_a_row(results) == count


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_that_knows_an_address_alone_changes_nothing(kind: Kind) -> None:
    hint = replace(an_event(kind), message_id="", recipient="victim@else.example")
    assert consequence_of(hint, "accepted", THREE) == Consequence(tell=True)


def test_an_event_about_nothing_cannot_be() -> None:
    with pytest.raises(ValueError, match="about nothing"):
        FeedbackEvent("delivered", AT, "raw-1")
