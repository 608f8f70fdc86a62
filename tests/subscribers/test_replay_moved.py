"""Replay after a change of address: the restored row has the old one, the person another."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from subscribers.addresses import address_key
from subscribers.departures import Departure, Noted
from subscribers.erase import erase
from subscribers.membership import Consent, confirm, find_subscriber, join
from subscribers.models import Membership, Subscriber, Suppression
from subscribers.recipients import standing
from subscribers.replay import Replayed, replay
from subscribers.signup import answer_requests, request_to_join
from tests.builders import NOW, a_subscriber

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

OLD, NEW, NEWEST = "old@example.org", "new@example.org", "newest@example.org"
LATER = NOW + timedelta(hours=2)
Line = tuple[Departure, str, str]
MOVED: Line = ("moved", OLD, NEW)


@pytest.fixture(autouse=True)
def log(tmp_path: Path, settings: Any) -> None:
    """A departures file of this test."""
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "departures.log")


def again(*lines: Line) -> Replayed:
    """Replay these, each about an address; of a move the detail is another."""
    noted = [
        Noted(LATER, kind, address_key(one), address_key(detail) if "@" in detail else detail)
        for kind, one, detail in lines
    ]
    return replay(noted, lambda one, at: erase(one, now=at), now=LATER)[0]


def reason(address: str) -> str:
    found = Suppression.objects.filter(address_key=address_key(address)).first()
    return found.reason if found else ""


def test_the_old_address_is_mailed_no_more_and_this_is_counted_once() -> None:
    ann = a_subscriber(OLD, lists=("patient", "caregiver"))
    bob = a_subscriber("bob@example.org")
    assert again(MOVED) == Replayed(moved=1)
    assert standing([ann.pk, bob.pk]) == {ann.pk: set(), bob.pk: {"patient"}}
    assert (reason(OLD), reason(NEW)) == ("erased", "")
    assert join(OLD, "patient", Consent("Yes.", "operator", source="paper")) == "suppressed"
    assert again(MOVED) == Replayed()


def test_the_person_can_come_back_to_it() -> None:
    ann = a_subscriber(OLD)
    again(MOVED)
    later = LATER + timedelta(days=1)
    request_to_join(OLD, ["patient"], now=later)
    answer_requests(later)
    yes = confirm(ann, "patient", source="page", text="Yes.", actor="subscriber", now=later)
    assert yes == "confirmed"
    assert standing([ann.pk]) == {ann.pk: {"patient"}}
    assert again(MOVED, ("suppressed", OLD, "erased"), ("returned", OLD, "patient")) == Replayed()
    assert standing([ann.pk]) == {ann.pk: {"patient"}}


@pytest.mark.parametrize(
    "then",
    [("left", NEW, "patient"), ("suppressed", NEW, "complaint"), ("erased", NEW, "")],
)
def test_a_later_departure_closes_the_row_under_the_old_address(then: Line) -> None:
    a_subscriber(OLD, name="Ann")
    counts = again(MOVED, then)
    assert not Membership.objects.filter(state="confirmed").exists()
    assert reason(OLD) == "erased"
    assert reason(NEW) == ("complaint" if then[0] == "suppressed" else "erased")
    assert counts.erased == (then[0] == "erased")
    assert again(MOVED, then) == Replayed()


def test_an_erasure_reaches_the_row_through_every_address_in_between() -> None:
    a_subscriber(OLD, name="Ann")
    again(MOVED, ("moved", NEW, NEWEST), ("erased", NEWEST, ""))
    assert not Subscriber.objects.exists()
    assert [reason(one) for one in (OLD, NEW, NEWEST)] == ["erased"] * 3


def test_who_changed_back_keeps_the_lists_that_they_were_still_on() -> None:
    ann = a_subscriber(OLD, lists=("patient", "caregiver"))
    again(
        MOVED, ("left", NEW, "caregiver"), ("moved", NEW, OLD), ("returned", OLD, "patient"),
        ("erased", NEW, ""),  # somebody else, who had it after her
    )  # fmt: skip
    assert standing([ann.pk]) == {ann.pk: {"patient"}}
    assert (reason(OLD), reason(NEW)) == ("", "erased")


def test_a_bounce_of_the_old_address_stays_one() -> None:
    a_subscriber(OLD)
    again(("suppressed", OLD, "bounce"), MOVED)
    assert reason(OLD) == "bounce"


def test_an_old_address_that_the_backup_does_not_know_is_kept_from_imports() -> None:
    assert again(MOVED) == Replayed(moved=1)
    assert find_subscriber(OLD) is None
    assert reason(OLD) == "erased"
