"""Delivery records: one row each, claimed once, and nobody mailed who left (laws 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from digest.delivery import records
from digest.delivery.records import Themes
from digest.models import Delivery, Issue
from digest.values import AUDIENCES, Outcome
from subscribers.addresses import address_key
from subscribers.models import Membership, Subscriber, Suppression
from tests.builders import NOW, a_draft, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def issue() -> Issue:
    """An issue that is going out."""
    return a_draft(state="sending")


def queued(issue: Issue, *addresses: str, lists: tuple[str, ...] = ("patient",)) -> list[Delivery]:
    """Subscribers at these addresses with a queued row each."""
    for address in addresses:
        a_subscriber(address, lists=lists)
    records.enqueue(issue, AUDIENCES, NOW)
    return list(issue.deliveries.all())


def states(issue: Issue) -> list[tuple[str, str]]:
    """State and detail of each row in order."""
    return list(issue.deliveries.order_by("pk").values_list("state", "detail"))


def test_each_confirmed_recipient_gets_one_row_however_often_it_is_asked(issue: Issue) -> None:
    a_subscriber("a@example.org", lists=("clinician", "patient"))
    a_subscriber("b@example.org", lists=("caregiver",))
    a_subscriber("c@example.org", state="pending")
    assert records.enqueue(issue, AUDIENCES, NOW) == 2
    a_subscriber("d@example.org")
    assert records.enqueue(issue, AUDIENCES, LATER) == 1
    found = issue.deliveries.order_by("pk").values_list("subscriber__address", "audience")
    assert list(found) == [
        ("a@example.org", "patient"), ("b@example.org", "caregiver"), ("d@example.org", "patient"),
    ]  # fmt: skip


def test_the_table_itself_refuses_a_second_row_for_a_subscriber(issue: Issue) -> None:
    (row,) = queued(issue, "a@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(
            issue=issue, subscriber=row.subscriber, audience="clinician", changed_at=NOW
        )


def test_a_row_is_claimed_once_in_the_order_of_rows(issue: Issue) -> None:
    rows = queued(issue, *(f"p{n}@example.org" for n in range(5)))
    first = records.claim(issue, 3, LATER)
    second = records.claim(issue, 3, LATER)
    assert [c.delivery_id for c in first + second] == [row.pk for row in rows]
    assert records.claim(issue, 3, LATER) == []
    assert first[0].subscriber.address == "p0@example.org"
    assert (first[0].audience, first[0].joined_at, first[0].attempts) == ("patient", NOW, 1)
    assert records.counts(issue)["claimed"] == 5


def test_a_claim_begins_after_the_row_that_it_is_told(issue: Issue) -> None:
    rows = queued(issue, "a@example.org", "b@example.org")
    (claimed,) = records.claim(issue, 5, LATER, after=rows[0].pk)
    assert claimed.delivery_id == rows[1].pk


@pytest.mark.parametrize("state", [s for s in Issue.State if s != "sending"])
def test_an_issue_that_is_not_sending_has_nothing_to_claim(issue: Issue, state: str) -> None:
    queued(issue, "a@example.org")
    Issue.objects.update(state=state)
    assert records.claim(issue, 5, LATER) == []


def leave(subscriber: Subscriber) -> None:
    """Leave every list."""
    subscriber.memberships.update(state=Membership.State.LEFT)


def suppress(subscriber: Subscriber) -> None:
    """The address bounced; its memberships still say confirmed."""
    Suppression.objects.create(address_key=subscriber.address_key, reason="bounce", at=NOW)


def suppress_membership(subscriber: Subscriber) -> None:
    """The operator suppressed the membership."""
    subscriber.memberships.update(state=Membership.State.SUPPRESSED)


def unconfirm(subscriber: Subscriber) -> None:
    """Asked again, not answered yet."""
    subscriber.memberships.update(state=Membership.State.PENDING)


def move_to_another_list(subscriber: Subscriber) -> None:
    """Left the list of the row, but stays on another."""
    subscriber.memberships.filter(list_name="patient").update(state=Membership.State.LEFT)


def erase(subscriber: Subscriber) -> None:
    """Gone for good; the row keeps no link."""
    subscriber.delete()


@pytest.mark.parametrize(
    ("happens", "detail"),
    [(leave, "left"), (suppress, "suppressed"), (suppress_membership, "suppressed"),
     (unconfirm, "not confirmed"), (move_to_another_list, "left"), (erase, "erased")],
)  # fmt: skip
def test_who_may_not_be_mailed_any_more_is_skipped_at_claim_time(
    issue: Issue, happens: Callable[[Subscriber], None], detail: str
) -> None:
    rows = queued(issue, "a@example.org", "b@example.org", lists=("patient", "caregiver"))
    assert rows[0].subscriber is not None
    happens(rows[0].subscriber)
    (claimed,) = records.claim(issue, 5, LATER)
    assert claimed.subscriber.address == "b@example.org"
    assert states(issue) == [("skipped", detail), ("claimed", "")]


def choose(address: str, *themes: str) -> None:
    """What the page of preferences stores."""
    Subscriber.objects.filter(address_key=address_key(address)).update(themes=list(themes))


def themes(*held: str) -> Themes:
    """An edition of these themes; its readers can choose from four."""
    return Themes(frozenset(held), frozenset({"mind", "symptoms", "treatment", "life"}))


HELD = {"patient": themes("mind", "symptoms", "old"), "clinician": themes("treatment")}


@pytest.mark.parametrize(
    ("chosen", "mailed"),
    [((), True), (("mind",), True), (("treatment", "symptoms"), True), (("treatment",), False),
     (("gone", "mind"), True), (("gone", "treatment"), False)],
)  # fmt: skip
def test_who_finds_none_of_their_themes_is_skipped_at_claim_time(
    issue: Issue, chosen: tuple[str, ...], mailed: bool
) -> None:
    queued(issue, "a@example.org")
    choose("a@example.org", *chosen)
    claimed = records.claim(issue, 5, LATER, themes=HELD)
    assert len(claimed) == mailed
    skipped = ("skipped", "no chosen theme in this issue")
    assert states(issue) == [("claimed", "") if mailed else skipped]


@pytest.mark.parametrize(
    ("chosen", "counts"),
    [(("gone",), ()), (("gone", "past"), ()), (("mind", "gone"), ("mind",)),
     (("old",), ("old",)), (("old", "gone"), ("old",))],
)  # fmt: skip
def test_who_chose_only_themes_that_are_gone_gets_every_theme(
    issue: Issue, chosen: tuple[str, ...], counts: tuple[str, ...]
) -> None:
    """A theme that the edition still holds is not gone from it."""
    queued(issue, "a@example.org")
    choose("a@example.org", *chosen)
    (claimed,) = records.claim(issue, 5, LATER, themes=HELD)
    assert claimed.chosen == set(counts)


def test_who_chose_only_what_is_gone_and_left_is_skipped(issue: Issue) -> None:
    (row,) = queued(issue, "a@example.org")
    choose("a@example.org", "gone")
    assert row.subscriber is not None
    leave(row.subscriber)
    assert records.claim(issue, 5, LATER, themes=HELD) == []
    assert states(issue) == [("skipped", "left")]


def test_a_choice_is_held_against_the_edition_of_the_rows_own_list(issue: Issue) -> None:
    queued(issue, "a@example.org", lists=("clinician",))
    queued(issue, "b@example.org", lists=("patient", "clinician"))
    for address in ("a@example.org", "b@example.org"):
        choose(address, "treatment")
    (claimed,) = records.claim(issue, 5, LATER, themes=HELD)
    assert claimed.subscriber.address == "a@example.org"


def test_an_edition_from_before_there_were_choices_goes_to_everybody(issue: Issue) -> None:
    queued(issue, "a@example.org")
    queued(issue, "b@example.org", lists=("clinician",))
    for address in ("a@example.org", "b@example.org"):
        choose(address, "life")
    (claimed,) = records.claim(issue, 5, LATER, themes={"clinician": themes("treatment")})
    assert claimed.subscriber.address == "a@example.org"


def test_who_left_is_skipped_for_that_whatever_they_chose(issue: Issue) -> None:
    (row,) = queued(issue, "a@example.org")
    choose("a@example.org", "life")
    assert row.subscriber is not None
    leave(row.subscriber)
    assert records.claim(issue, 5, LATER, themes=HELD) == []
    assert states(issue) == [("skipped", "left")]


def test_a_claim_carries_the_choice_that_it_was_judged_by(issue: Issue) -> None:
    queued(issue, "a@example.org")
    choose("a@example.org", "mind")
    (claimed,) = records.claim(issue, 5, LATER, themes=HELD)
    choose("a@example.org", "life")
    assert claimed.chosen == {"mind"}


def test_choices_cost_no_query_of_their_own(issue: Issue) -> None:
    queued(issue, *(f"p{n}@example.org" for n in range(20)))
    asked = []
    for held in ({}, HELD):
        with CaptureQueriesContext(connection) as queries:
            assert len(records.claim(issue, 10, LATER, themes=held)) == 10
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_a_batch_of_people_who_left_does_not_end_the_claiming(issue: Issue) -> None:
    rows = queued(issue, *(f"p{n}@example.org" for n in range(7)))
    for row in rows[:6]:
        assert row.subscriber is not None
        leave(row.subscriber)
    assert [c.delivery_id for c in records.claim(issue, 2, LATER)] == [rows[6].pk]


def test_outcomes_are_stored_and_only_on_claimed_rows(issue: Issue) -> None:
    rows = queued(issue, *(f"p{n}@example.org" for n in range(4)))
    records.claim(issue, 3, NOW)
    outcomes = [Outcome("accepted", "250 ok"), Outcome("failed", "550 no"), Outcome("unknown", "?")]
    outcomes.append(Outcome("accepted", "never claimed"))
    records.settle(zip((row.pk for row in rows), outcomes, strict=True), LATER)
    assert states(issue) == [
        ("accepted", "250 ok"), ("failed", "550 no"), ("unknown", "?"), ("queued", ""),
    ]  # fmt: skip
    records.settle([(rows[0].pk, Outcome("failed", "too late"))], LATER)
    assert states(issue)[0] == ("accepted", "250 ok")
