"""What a dead sender left: settled, unknown or queued again, and nothing twice (law 3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.delivery import records
from digest.delivery.journal import Left
from digest.delivery.recovery import recover
from digest.models import Delivery, Issue
from digest.values import AUDIENCES, Outcome
from tests.builders import NOW, a_draft, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

DEAD, ALIVE = "a" * 16, "b" * 16
LATER = NOW + timedelta(minutes=10)
ACCEPTED = Outcome("accepted", "250 2.0.0 queued as 17")
DIED = "the sender stopped while this mail was on its way"

Row = tuple[str, str, int]  # state, detail, attempts


def claimed(number: int = 1, people: int = 5, owner: str = DEAD) -> list[int]:
    """Ids of the deliveries of a new issue, all claimed by `owner`."""
    issue = a_draft(number, state="sending")
    readers = [a_subscriber(f"p{n}.{number}@example.org") for n in range(people)]
    records.enqueue(issue, AUDIENCES, NOW)
    issue.deliveries.exclude(subscriber__in=readers).delete()
    records.claim(issue, people, NOW, owner=owner)
    return list(issue.deliveries.order_by("pk").values_list("pk", flat=True))


def rows() -> list[Row]:
    """All, in order."""
    return list(Delivery.objects.order_by("pk").values_list("state", "detail", "attempts"))


def test_each_claim_ends_as_its_journal_tells() -> None:
    ids = claimed(people=6)
    outcomes = {
        ids[0]: ACCEPTED,
        ids[1]: Outcome("deferred", "451 later"),
        ids[2]: Outcome("failed", "550 5.1.1 no such user"),
        ids[3]: Outcome("unknown", "sent, but not answered"),
    }
    left = Left(DEAD, begun=frozenset({ids[4]}), outcomes=outcomes)
    assert recover(left, LATER) == {ids[2]: "550 5.1.1 no such user"}
    assert rows() == [
        ("accepted", ACCEPTED.detail, 1), ("deferred", "451 later", 1),
        ("failed", "550 5.1.1 no such user", 1), ("unknown", "sent, but not answered", 1),
        ("unknown", DIED, 1), ("queued", "", 0),
    ]  # fmt: skip
    deferred = Delivery.objects.get(pk=ids[1])
    assert (deferred.next_try, deferred.changed_at) == (LATER + timedelta(minutes=1), LATER)


def test_done_twice_it_changes_nothing_more() -> None:
    ids = claimed()
    left = Left(DEAD, begun=frozenset({ids[1]}), outcomes={ids[0]: ACCEPTED})
    recover(left, LATER)
    before = list(Delivery.objects.order_by("pk").values())
    assert recover(left, LATER + timedelta(hours=1)) == {}
    assert list(Delivery.objects.order_by("pk").values()) == before


def test_what_was_settled_before_it_died_stays_settled() -> None:
    """The outcome was committed, and the journal not yet told of it."""
    ids = claimed(people=2)
    records.settle([(ids[0], ACCEPTED)], NOW, owner=DEAD)
    recover(Left(DEAD, begun=frozenset({ids[0]})), LATER)
    assert rows() == [("accepted", ACCEPTED.detail, 1), ("queued", "", 0)]


def test_one_that_was_deferred_once_too_often_has_failed() -> None:
    (one,) = claimed(people=1)
    Delivery.objects.update(attempts=records.MAX_ATTEMPTS)
    given_up = "gave up after 8 attempts: 451 later"
    left = Left(DEAD, outcomes={one: Outcome("deferred", "451 later")})
    assert recover(left, LATER) == {one: given_up}
    assert rows() == [("failed", given_up, 8)]


def test_claims_of_every_issue_are_settled() -> None:
    first, second = claimed(1, people=2), claimed(2, people=2)
    Issue.objects.filter(number=1).update(state="paused")
    recover(Left(DEAD, begun=frozenset({first[0], second[1]})), LATER)
    assert [state for state, _, _ in rows()] == ["unknown", "queued", "queued", "unknown"]


def test_after_a_reboot_the_whole_claim_is_unknown() -> None:
    """What was noted may be less than what was done: the disk was not waited for."""
    ids = claimed(people=3)
    left = Left(DEAD, trusted=False, begun=frozenset({ids[0]}), outcomes={ids[1]: ACCEPTED})
    assert recover(left, LATER) == {}
    assert [state for state, _, _ in rows()] == ["unknown"] * 3
    assert all("machine was started anew" in detail for _, detail, _ in rows())


@pytest.mark.parametrize("trusted", [False, True])
def test_what_cannot_double_is_queued_again(trusted: bool) -> None:
    claimed(people=3)
    recover(Left(DEAD, trusted=trusted, repeatable=True), LATER)
    assert rows() == [("queued", "", 0)] * 3


def test_after_a_reboot_a_repeatable_claim_is_queued_whatever_was_noted() -> None:
    ids = claimed(people=2)
    begun, outcomes = frozenset({ids[0]}), {ids[1]: ACCEPTED}
    left = Left(DEAD, trusted=False, repeatable=True, begun=begun, outcomes=outcomes)
    recover(left, LATER)
    assert rows() == [("queued", "", 0)] * 2


@pytest.mark.parametrize("left", [Left(), Left(DEAD), Left(DEAD, trusted=False)])
def test_another_senders_claims_are_its_own_for_a_day(left: Left) -> None:
    ids = claimed(owner=ALIVE, people=2)
    told = Left(left.owner, left.trusted, begun=frozenset(ids), outcomes={ids[0]: ACCEPTED})
    recover(told, NOW + timedelta(days=1))
    assert rows() == [("claimed", "", 1)] * 2
    recover(left, NOW + timedelta(days=1, seconds=1))
    never = "the sender that claimed this mail never came back"
    assert rows() == [("unknown", never, 1)] * 2


def test_claims_of_an_earlier_version_are_unknown_at_once() -> None:
    claimed(owner="", people=2)
    assert recover(Left(), NOW) == {}
    assert [state for state, _, _ in rows()] == ["unknown"] * 2


@pytest.mark.parametrize("state", ["queued", "accepted", "deferred", "failed", "skipped"])
def test_only_claims_are_recovered(state: str) -> None:
    ids = claimed(people=1)
    Delivery.objects.update(state=state, owner=DEAD)
    recover(Left(DEAD, begun=frozenset(ids), outcomes={}), NOW + timedelta(days=9))
    assert rows() == [(state, "", 1)]
