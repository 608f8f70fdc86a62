"""Delivery records after the wire: settled, released, put off."""

from __future__ import annotations

import os
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction

from digest.delivery import records
from digest.errors import Refused
from digest.models import Delivery, Issue
from digest.values import AUDIENCES, Outcome
from subscribers.models import Membership, Subscriber
from subscribers.recipients import Member, members_of
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


def leave(subscriber: Subscriber) -> None:
    """Leave every list."""
    subscriber.memberships.update(state=Membership.State.LEFT)


def test_a_deferred_mail_waits_longer_each_time_and_is_given_up_in_the_end(issue: Issue) -> None:
    (row,) = queued(issue, "a@example.org")
    now, waits = NOW, []
    while records.claim(issue, 1, now):
        records.settle([(row.pk, Outcome("deferred", "450 later"))], now)
        row.refresh_from_db()
        if row.next_try is None:
            break
        assert records.claim(issue, 1, row.next_try - timedelta(seconds=1)) == []
        waits.append(int((row.next_try - now).total_seconds() / 60))
        now = row.next_try
    assert waits == [1, 5, 30, 120, 360, 720, 1440]
    assert states(issue) == [("failed", "gave up after 8 attempts: 450 later")]


def test_who_leaves_while_their_mail_is_deferred_gets_it_no_more(issue: Issue) -> None:
    (row,) = queued(issue, "a@example.org")
    records.claim(issue, 1, NOW)
    records.settle([(row.pk, Outcome("deferred", "450 later"))], NOW)
    assert row.subscriber is not None
    leave(row.subscriber)
    assert records.claim(issue, 1, NOW + timedelta(days=1)) == []
    assert states(issue) == [("skipped", "left")]


def test_a_released_row_is_queued_again_and_no_attempt_counts(issue: Issue) -> None:
    (row,) = queued(issue, "a@example.org")
    records.claim(issue, 1, NOW)
    records.release([row.pk], LATER)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("queued", 0)


def test_a_claim_names_its_sender_and_only_that_one_settles_it(issue: Issue) -> None:
    ids = [row.pk for row in queued(issue, "a@example.org", "b@example.org")]
    records.claim(issue, 2, NOW, owner="mine")
    assert set(issue.deliveries.values_list("owner", flat=True)) == {"mine"}
    records.settle([(one, Outcome("accepted", "250")) for one in ids], LATER, owner="another")
    records.release(ids, LATER, owner="another")
    records.put_off([(one, LATER) for one in ids], LATER, owner="another")
    assert states(issue) == [("claimed", "")] * 2
    records.settle([(ids[0], Outcome("accepted", "250"))], LATER, owner="mine")
    records.release(ids, LATER, owner="mine")
    assert states(issue) == [("accepted", "250"), ("queued", "")]
    (again,) = records.claim(issue, 2, LATER, owner="another")
    assert (again.delivery_id, again.attempts) == (ids[1], 1)
    assert issue.deliveries.get(pk=ids[1]).owner == "another"


def test_what_failed_is_told_in_the_words_of_its_row(issue: Issue) -> None:
    ids = [row.pk for row in queued(issue, *(f"p{n}@example.org" for n in range(4)))]
    records.claim(issue, 4, NOW)
    Delivery.objects.filter(pk=ids[3]).update(attempts=records.MAX_ATTEMPTS)
    outcomes = [Outcome("accepted", "250"), Outcome("failed", "550 no"),
                Outcome("deferred", "450 later"), Outcome("deferred", "451 later")]  # fmt: skip
    failed = records.settle(zip(ids, outcomes, strict=True), LATER)
    assert failed == {ids[1]: "550 no", ids[3]: "gave up after 8 attempts: 451 later"}


def test_nothing_to_settle_or_to_release_is_no_trouble(issue: Issue) -> None:
    queued(issue, "a@example.org")
    assert records.settle([], NOW) == {}
    records.release([], NOW)
    records.put_off([], NOW)
    assert states(issue) == [("queued", "")]


def test_a_row_that_was_put_off_is_due_at_its_own_turn_and_no_attempt_counts(
    issue: Issue,
) -> None:
    first, second = (row.pk for row in queued(issue, "a@example.org", "b@example.org"))
    assert [one.in_turn for one in records.claim(issue, 2, NOW, owner="me")] == [False, False]
    turns = [(first, NOW + timedelta(seconds=9)), (second, NOW + timedelta(seconds=4))]
    records.put_off(turns, NOW, owner="me")
    assert list(issue.deliveries.values_list("state", "attempts")) == [("queued", 0)] * 2
    assert records.next_turn(issue) == NOW + timedelta(seconds=4)
    assert records.claim(issue, 2, NOW + timedelta(seconds=3), owner="me") == []
    assert not records.is_due(issue, NOW + timedelta(seconds=3))
    (claimed,) = records.claim(issue, 2, NOW + timedelta(seconds=4), owner="me")
    assert (claimed.delivery_id, claimed.in_turn, claimed.attempts) == (second, True, 1)
    assert records.next_turn(issue) == NOW + timedelta(seconds=9)


def test_a_deferred_row_that_is_due_has_no_turn_yet(issue: Issue) -> None:
    (row,) = queued(issue, "a@example.org")
    records.claim(issue, 1, NOW)
    records.settle([(row.pk, Outcome("deferred", "450 later"))], NOW)
    assert records.next_turn(issue) is None
    (claimed,) = records.claim(issue, 1, LATER)
    assert (claimed.in_turn, claimed.attempts) == (False, 2)
    records.put_off([(row.pk, LATER + timedelta(hours=1))], LATER)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("queued", 1)
    (claimed,) = records.claim(issue, 1, LATER + timedelta(hours=1))
    assert (claimed.in_turn, claimed.attempts) == (True, 2)


def test_a_deferred_row_that_was_claimed_and_given_back_has_no_turn_of_its_own(
    issue: Issue,
) -> None:
    (row,) = queued(issue, "a@example.org")
    records.claim(issue, 1, NOW, owner="me")
    records.settle([(row.pk, Outcome("deferred", "451 later"))], NOW, owner="me")
    assert records.claim(issue, 1, LATER, owner="me")
    records.release([row.pk], LATER, owner="me")
    row.refresh_from_db()
    assert row.next_try is None
    (again,) = records.claim(issue, 1, LATER, owner="me")
    assert not again.in_turn


def test_a_new_run_forgets_the_turns_of_the_last_and_no_wait_of_a_deferred_mail(
    issue: Issue,
) -> None:
    first, second = (row.pk for row in queued(issue, "a@example.org", "b@example.org"))
    records.claim(issue, 2, NOW)
    records.settle([(second, Outcome("deferred", "450 later"))], NOW)
    records.put_off([(first, NOW + timedelta(days=1))], NOW)
    records.forget_turns(issue)
    (claimed,) = records.claim(issue, 2, NOW)
    assert (claimed.delivery_id, claimed.in_turn) == (first, False)
    assert records.next_turn(issue) is None


def test_turns_of_another_issue_are_left_to_it(issue: Issue) -> None:
    (row,) = queued(issue, "a@example.org")
    records.claim(issue, 1, NOW)
    records.put_off([(row.pk, LATER)], NOW)
    other = a_draft(2, state="sending")
    records.forget_turns(other)
    assert (records.next_turn(issue), records.next_turn(other)) == (LATER, None)


def test_what_is_not_through_yet_is_open(issue: Issue) -> None:
    queued(issue, *(f"p{n}@example.org" for n in range(7)))
    rows = issue.deliveries.order_by("pk")
    for row, state in zip(rows, Delivery.State.values, strict=True):
        Delivery.objects.filter(pk=row.pk).update(state=state)
    assert records.open_rows(issue) == 3
    issue.deliveries.filter(state__in=("queued", "claimed", "deferred")).delete()
    assert records.open_rows(issue) == 0


def test_days_on_which_mails_went_out_are_counted_and_todays_mails(issue: Issue) -> None:
    midnight = NOW.replace(hour=0)
    ids = [row.pk for row in queued(issue, *(f"p{n}@example.org" for n in range(9)))]
    went = [
        ("accepted", 1, NOW), ("failed", 1, midnight), ("unknown", 1, NOW),
        ("accepted", 1, midnight - timedelta(seconds=1)), ("deferred", 1, NOW - timedelta(days=1)),
        ("accepted", 1, NOW - timedelta(days=9)),
        ("skipped", 0, NOW), ("failed", 0, NOW - timedelta(days=3)), ("queued", 1, NOW),
    ]  # fmt: skip
    for one, (state, attempts, at) in zip(ids, went, strict=True):
        Delivery.objects.filter(pk=one).update(state=state, attempts=attempts, changed_at=at)
    assert records.sent_before(midnight) == (2, 3)


def test_nothing_was_sent_before_the_first_mail(issue: Issue) -> None:
    queued(issue, "a@example.org")
    assert records.sent_before(NOW) == (0, 0)


def test_counts_name_every_state(issue: Issue) -> None:
    queued(issue, "a@example.org")
    assert records.counts(issue) == {
        "queued": 1, "claimed": 0, "accepted": 0, "deferred": 0, "failed": 0, "unknown": 0,
        "skipped": 0,
    }  # fmt: skip


def test_rows_that_another_took_between_reading_and_claiming_are_not_claimed(
    issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = queued(issue, "a@example.org", "b@example.org")

    def taken_meanwhile(ids: set[int]) -> dict[tuple[int, str], Member]:
        Delivery.objects.filter(pk=rows[0].pk).update(state="claimed")
        return members_of(ids)

    monkeypatch.setattr(records, "members_of", taken_meanwhile)
    with pytest.raises(Refused):
        records.claim(issue, 5, LATER)
    assert [row[0] for row in states(issue)] == ["queued", "queued"]


if os.environ.get("DIGEST_TEST_DATABASE") == "postgresql":
    # SQLite has one writer at a time, so there is nothing to see there.
    @pytest.mark.django_db(transaction=True)
    def test_two_connections_claim_different_rows_without_waiting(issue: Issue) -> None:
        rows = queued(issue, *(f"p{n}@example.org" for n in range(6)))
        other: list[int] = []

        def claim_elsewhere() -> None:
            try:
                other.extend(c.delivery_id for c in records.claim(issue, 3, LATER))
            finally:
                connection.close()

        with transaction.atomic():
            mine = [c.delivery_id for c in records.claim(issue, 3, LATER)]
            thread = Thread(target=claim_elsewhere)
            thread.start()
            thread.join(30)
            assert not thread.is_alive()
        assert mine == [row.pk for row in rows[:3]]
        assert other == [row.pk for row in rows[3:]]
