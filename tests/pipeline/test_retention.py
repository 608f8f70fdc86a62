"""Retention: what is kept no longer goes, and nothing that a rule still reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from digest import clock
from digest.config import Config
from digest.delivery.records import MAX_ATTEMPTS, counts, sent_before
from digest.models import Delivery, Issue, QueuedMail, StoredEvent
from digest.pipeline import retention
from digest.pipeline.hear_back import apply_events
from digest.pipeline.retention import RULES, retain
from subscribers.addresses import address_key
from subscribers.consent import Circumstances, append
from subscribers.models import (
    Asked,
    ConsentProof,
    ConsentRecord,
    Membership,
    Request,
    Subscriber,
    Suppression,
)
from tests.builders import NOW, a_config, a_draft, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

DAY = timedelta(days=1)
ASKED = Circumstances("test")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return a_config(tmp_path)


@pytest.fixture
def run(config: Config) -> Callable[..., dict[str, int]]:
    """Apply it; only what went is named."""

    def retain_now(now: datetime = NOW, *, dry_run: bool = False) -> dict[str, int]:
        gone = retain(config, now=now, dry_run=dry_run)
        return {name: count for name, count in gone.items() if count}

    return retain_now


Run = Callable[..., dict[str, int]]


def a_sent_issue(number: int, sent_at: datetime) -> Issue:
    return a_draft(number, state="sent", sent_at=sent_at)


def a_delivery(issue: Issue, person: Subscriber, **changes: object) -> Delivery:
    return Delivery.objects.create(
        **{
            "issue": issue,
            "subscriber": person,
            "audience": "patient",
            "state": "accepted",
            "attempts": 1,
            "detail": "250 queued",
            "reference": f"{issue.number:020}{person.pk:020}",
            "changed_at": issue.sent_at,
            **changes,
        }
    )


def a_soft_bounce(delivery: Delivery, at: datetime, *, applied: bool = True) -> StoredEvent:
    return StoredEvent.objects.create(
        raw_id=f"bounce:{delivery.reference}",
        kind="soft bounce",
        reference=delivery.reference,
        at=at,
        received_at=at,
        applied_at=at if applied else None,
    )


def pending_since(address: str, at: datetime) -> Subscriber:
    person = a_subscriber(address, lists=(), created_at=at)
    Membership.objects.create(
        subscriber=person, list_name="patient", state="pending", changed_at=at
    )
    append("asked", [person.pk], "patient", ASKED, at=at, text="Yes.")
    return person


def test_who_never_confirmed_goes_after_seven_days_with_the_record_of_asking(run: Run) -> None:
    pending_since("old@example.org", NOW - 8 * DAY)
    pending_since("new@example.org", NOW - 6 * DAY)
    assert run() == {"pending": 1, "people": 1}
    assert Subscriber.objects.get().address == "new@example.org"
    assert ConsentRecord.objects.count() == 1
    assert not Suppression.objects.exists()  # they may be asked again
    assert not ConsentProof.objects.exists()  # they agreed to nothing


def test_who_is_on_another_list_stays_on_that(run: Run) -> None:
    person = pending_since("ann@example.org", NOW - 8 * DAY)
    Membership.objects.create(
        subscriber=person, list_name="caregiver", state="left", changed_at=NOW - 90 * DAY
    )
    assert run() == {"pending": 1}
    assert Membership.objects.get().list_name == "caregiver"


def test_who_was_asked_again_has_seven_days_from_then(run: Run) -> None:
    person = pending_since("ann@example.org", NOW - 8 * DAY)
    append("asked", [person.pk], "patient", ASKED, at=NOW - 2 * DAY, text="Yes.")
    assert run() == {}
    assert run(NOW + 6 * DAY) == {"pending": 1, "people": 1}


@pytest.mark.parametrize("state", ["confirmed", "left", "suppressed"])
def test_who_confirmed_left_or_is_suppressed_never_goes_by_itself(run: Run, state: str) -> None:
    a_subscriber(state=state, created_at=NOW - 900 * DAY)
    Membership.objects.update(changed_at=NOW - 900 * DAY)
    assert run() == {}


def test_who_confirms_while_it_runs_stays(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pending_since("ann@example.org", NOW - 8 * DAY)
    due = RULES[0].due
    calls = []

    def confirmed_between(limits: retention.Limits) -> retention.Rows:
        rows = due(limits)
        calls.append(rows.count())
        Membership.objects.update(state="confirmed", joined_at=NOW)
        return rows

    rule = retention.Rule("pending", "", confirmed_between, RULES[0].act)
    monkeypatch.setattr(retention, "RULES", (rule, *RULES[1:]))
    assert (run(), calls) == ({}, [1])
    assert Membership.objects.get().state == "confirmed"


def test_requests_new_addresses_and_notes_of_asking_go(run: Run) -> None:
    for age in (6, 8):
        Request.objects.create(address_key=f"k{age}", kind="join", content="{}", at=NOW - age * DAY)
        a_subscriber(
            f"{age}@example.org", new_address="n@example.org", new_address_at=NOW - age * DAY
        )
    for age in (364, 366):
        Asked.objects.create(address_key="k", purpose="confirm", at=NOW - age * DAY)
    assert run() == {"requests": 1, "new_addresses": 1, "asked": 1}
    kept = [person.new_address for person in Subscriber.objects.order_by("pk")]
    assert kept == ["n@example.org", ""]


def test_a_mail_given_up_goes_and_one_that_is_still_tried_stays(run: Run) -> None:
    for attempts in (1, MAX_ATTEMPTS):
        QueuedMail.objects.create(
            recipient="a@example.org", message_id=f"<{attempts}@x>", content=b"", attempts=attempts,
            queued_at=NOW - 8 * DAY,
        )  # fmt: skip
    assert run() == {"mails": 1}
    assert QueuedMail.objects.get().attempts == 1


def test_after_ninety_days_a_delivery_is_a_number_that_names_nobody(run: Run) -> None:
    ann = a_subscriber()
    long_ago, lately = a_sent_issue(1, NOW - 91 * DAY), a_sent_issue(2, NOW - 89 * DAY)
    old, new = a_delivery(long_ago, ann, owner="abc"), a_delivery(lately, ann)
    before = counts(long_ago), sent_before(NOW)
    assert run() == {"deliveries": 1}
    old.refresh_from_db()
    assert (old.subscriber_id, old.detail, old.reference) == (None, "", "")
    assert (old.state, old.attempts, old.audience) == ("accepted", 1, "patient")
    assert (counts(long_ago), sent_before(NOW)) == before  # and the warm-up counts its days on
    new.refresh_from_db()
    assert (new.subscriber_id, new.detail) == (ann.pk, "250 queued")
    assert run() == {}


def test_an_issue_on_its_way_keeps_whom_it_is_for_however_long_it_takes(run: Run) -> None:
    ann, long_ago = a_subscriber(), NOW - 200 * DAY
    for number, state in enumerate(("sending", "paused", "scheduled"), start=1):
        issue = a_draft(number, state=state, approved_at=long_ago, sent_at=long_ago)
        a_delivery(issue, ann, state="queued")
    claimed = a_sent_issue(9, long_ago)
    a_delivery(claimed, ann, state="claimed", owner="abc")
    assert run() == {}


def test_a_cancelled_issue_counts_from_its_last_change(run: Run) -> None:
    ann = a_subscriber()
    issue = a_draft(1, state="cancelled", approved_at=NOW - 100 * DAY)
    row = a_delivery(issue, ann, state="skipped", changed_at=NOW - 80 * DAY)
    assert run() == {}
    assert run(NOW + 11 * DAY) == {"deliveries": 1}
    row.refresh_from_db()
    assert row.subscriber_id is None


def test_events_go_once_they_are_carried_out_and_old(run: Run) -> None:
    for name, applied in (("old", 91), ("new", 89), ("waits", None)):
        StoredEvent.objects.create(
            raw_id=name, kind="delivered", reference="r", at=NOW - 99 * DAY,
            received_at=NOW - 99 * DAY, applied_at=NOW - applied * DAY if applied else None,
        )  # fmt: skip
    assert run() == {"events": 1}
    assert set(StoredEvent.objects.values_list("raw_id", flat=True)) == {"new", "waits"}


def test_three_soft_bounces_in_a_row_count_where_issues_are_far_apart(
    run: Run, config: Config
) -> None:
    ann, bob = a_subscriber(), a_subscriber("bob@example.org")
    for number, age in ((1, 240), (2, 120)):
        issue = a_sent_issue(number, NOW - age * DAY)
        a_soft_bounce(a_delivery(issue, ann, state="failed"), NOW - age * DAY)
        a_delivery(issue, bob)
    assert run() == {"deliveries": 2}  # bob's; of hers the rule needs both
    third = a_sent_issue(3, NOW)
    for person in (ann, bob):
        a_soft_bounce(a_delivery(third, person), NOW, applied=False)
    apply_events(config, NOW)
    assert list(Suppression.objects.values_list("address_key", flat=True)) == [ann.address_key]


def test_what_a_reader_got_in_between_still_breaks_a_row_of_soft_bounces(
    run: Run, config: Config
) -> None:
    ann = a_subscriber()
    for number, age in ((1, 360), (2, 240), (3, 120)):
        delivery = a_delivery(a_sent_issue(number, NOW - age * DAY), ann)
        if number != 2:
            a_soft_bounce(delivery, NOW - age * DAY)
    run()
    a_soft_bounce(a_delivery(a_sent_issue(4, NOW), ann), NOW, applied=False)
    apply_events(config, NOW)
    assert not Suppression.objects.exists()


def test_a_bounce_is_kept_for_a_year_at_most(run: Run) -> None:
    ann = a_subscriber()
    a_soft_bounce(a_delivery(a_sent_issue(1, NOW - 366 * DAY), ann), NOW - 366 * DAY)
    assert run() == {"deliveries": 1, "events": 1}


def test_a_dry_run_counts_and_changes_nothing(run: Run) -> None:
    pending_since("old@example.org", NOW - 8 * DAY)
    a_delivery(a_sent_issue(1, NOW - 91 * DAY), a_subscriber())
    foreseen = run(dry_run=True)
    assert foreseen == {"pending": 1, "deliveries": 1}  # who is on no list then is counted then
    assert Membership.objects.count() == 2
    assert run() == foreseen | {"people": 1}


def test_killed_between_two_batches_it_goes_on_where_it_was(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    issue = a_sent_issue(1, NOW - 91 * DAY)
    for n in range(5):
        a_delivery(issue, a_subscriber(f"{n}@example.org"))
    emptied: list[int] = []

    def dies_after_one(rows: retention.Rows) -> None:
        if emptied:
            raise KeyboardInterrupt
        emptied.append(rows.update(subscriber=None, detail="", reference=""))

    rules = [rule for rule in RULES if rule.name == "deliveries"]
    dying = retention.Rule("deliveries", "", rules[0].due, dies_after_one)
    monkeypatch.setattr(retention, "RULES", (dying,))
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.setattr(retention, "RULES", RULES)
    assert Delivery.objects.filter(subscriber=None).count() == 2
    assert run() == {"deliveries": 3}


def test_mails_to_people_who_were_erased_leave_the_maildir(run: Run, config: Config) -> None:
    a_subscriber("ann@example.org")
    Suppression.objects.create(address_key=address_key("ann@example.org"), reason="bounce", at=NOW)
    Suppression.objects.create(address_key=address_key("gone@example.org"), reason="erased", at=NOW)
    new = config.path("outbox") / "new"
    new.mkdir(parents=True)
    for name, to in (("1", "ann@example.org"), ("2", "Gone <GONE@example.org>"), ("3", "x@y.org")):
        (new / name).write_text(f"From: us@example.org\r\nTo: {to}\r\n\r\nTo: gone@example.org\r\n")
    assert run(dry_run=True) == {"outbox": 1}
    assert run() == {"outbox": 1}
    assert sorted(path.name for path in new.iterdir()) == ["1", "3"]


def test_the_clock_does_it_once_a_day_and_logs_counts_alone(config: Config) -> None:
    pending_since("canary@example.org", NOW - 8 * DAY)
    with capture_logs() as logged:
        clock.forget(config, NOW)
        clock.forget(config, NOW)
    (line,) = logged  # nothing to tell the second time
    assert (line["event"], line["pending"], line["people"]) == ("retention", 1, 1)
    assert "canary" not in str(line)
