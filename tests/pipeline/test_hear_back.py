"""What comes back settles, suppresses and takes off: once, whatever happens on the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from digest import clock
from digest.config import Config
from digest.delivery.lock import only_one
from digest.errors import DigestError
from digest.feedback.errors import MailboxError
from digest.feedback.events import FeedbackEvent
from digest.feedback.sendgrid_events import Received, read_post
from digest.models import AuditEntry, Delivery, Issue, StoredEvent
from digest.pipeline import hear_back as room
from digest.pipeline.deliver import send_issue
from digest.pipeline.hear_back import Heard, apply_events, hear_back, read_mailbox, store_post
from digest.project.settings import KEYS
from subscribers.models import ConsentRecord, Membership, Subscriber, Suppression
from tests.builders import NOW, a_config, a_draft, a_subscriber, an_approved_issue
from tests.fakes import FakeTransport
from tests.feedback.letters import dsn, mail, recipient, returned
from tests.feedback.posts import body_of, posted

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

HOST = "example.org"  # of the sender; the first test holds it to that
LATER = NOW + timedelta(hours=1)
HARD = {"status": "5.1.1", "reason": "550 no such user", "type": "bounce"}
FULL = {"status": "4.2.2", "reason": "452 mailbox full", "type": "bounce"}
Say = Callable[..., Heard]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "bounces" / "new").mkdir(parents=True)
    return a_config(tmp_path, feedback={"mailbox": "bounces"})


@pytest.fixture
def say(config: Config) -> Say:
    """Store SendGrid's word on a delivery, and apply all that is stored."""
    count = iter(range(10_000))

    def one(event: str, delivery: Delivery, **changes: Any) -> Heard:
        item = posted(next(count), event, delivery.reference, **changes)
        store_post(read_post(body_of(item), NOW), NOW)
        return apply_events(config, LATER)

    return one


def a_delivery(
    person: Subscriber, number: int = 1, state: str = "unknown", **changes: Any
) -> Delivery:
    issue = Issue.objects.filter(number=number).first() or a_draft(number, state="sent")
    fresh = {"audience": "patient", "reference": f"{number * 1000 + person.pk:040x}", **changes}
    return Delivery.objects.create(
        issue=issue, subscriber=person, state=state, changed_at=NOW, **fresh
    )


def state_of(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


def lists_of(person: Subscriber) -> dict[str, str]:
    return dict(Membership.objects.filter(subscriber=person).values_list("list_name", "state"))


def test_what_is_sent_has_the_reference_of_its_message_id(config: Config) -> None:
    an_approved_issue()
    a_subscriber("ann@example.net")
    transport = FakeTransport()
    send_issue(1, config, KEYS, now=lambda: NOW, transport=transport)
    assert transport.sent[0].message_id == f"<{Delivery.objects.get().reference}@{HOST}>"


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        ("delivered", "unknown", "accepted"),
        ("processed", "queued", "accepted"),
        ("deferred", "claimed", "accepted"),
        ("bounce", "unknown", "failed"),
        ("bounce", "accepted", "failed"),
        ("dropped", "accepted", "failed"),
        ("delivered", "failed", "failed"),
        ("delivered", "skipped", "skipped"),
    ],
)
def test_an_event_settles_its_delivery(say: Say, event: str, before: str, after: str) -> None:
    delivery = a_delivery(a_subscriber(), state=before)
    say(event, delivery, **HARD)
    assert state_of(delivery) == after


def test_a_hard_bounce_suppresses_and_tells_why_without_an_address(say: Say) -> None:
    ann = a_subscriber(lists=("patient", "caregiver"))
    delivery = a_delivery(ann)
    assert say("bounce", delivery, **HARD).suppressed == 1
    assert Suppression.objects.get().reason == "bounce"
    assert lists_of(ann) == {"patient": "suppressed", "caregiver": "suppressed"}
    delivery.refresh_from_db()
    assert delivery.detail == "hard bounce 5.1.1 550 no such user"


def test_a_complaint_leaves_every_list_and_suppresses(say: Say) -> None:
    ann = a_subscriber(lists=("patient", "caregiver"))
    say("spamreport", a_delivery(ann, state="accepted"))
    assert set(lists_of(ann).values()) == {"left"}
    assert Suppression.objects.get().reason == "complaint"
    assert ConsentRecord.objects.filter(event="withdrawn", subscriber=ann).count() >= 2


def test_an_unsubscribe_of_a_group_leaves_the_list_of_the_mail_alone(say: Say) -> None:
    ann = a_subscriber(lists=("patient", "caregiver"))
    assert say("group_unsubscribe", a_delivery(ann, audience="caregiver")).left == 1
    assert lists_of(ann) == {"patient": "confirmed", "caregiver": "left"}
    assert not Suppression.objects.exists()


def test_three_issues_in_a_row_that_a_mailbox_cannot_take_suppress(say: Say) -> None:
    ann = a_subscriber()
    rows = [a_delivery(ann, number, "accepted") for number in (1, 2, 3)]
    assert [say("bounce", row, **FULL).suppressed for row in rows] == [0, 0, 1]


def test_one_issue_that_came_through_starts_the_count_anew(say: Say) -> None:
    ann = a_subscriber()
    rows = [a_delivery(ann, number, "accepted") for number in (1, 2, 3, 4)]
    for row in (rows[0], rows[1], rows[3]):
        say("bounce", row, **FULL)
    assert not Suppression.objects.exists()


def test_the_same_bounce_told_three_times_counts_for_one_issue(say: Say) -> None:
    delivery = a_delivery(a_subscriber(), state="accepted")
    for _ in range(3):
        say("bounce", delivery, **FULL)
    assert not Suppression.objects.exists()


def test_a_late_delivered_or_bounce_brings_nobody_back(say: Say) -> None:
    ann = a_subscriber()
    first, second = a_delivery(ann, 1, "accepted"), a_delivery(ann, 2, "accepted")
    say("spamreport", second)
    say("bounce", first, **HARD)
    say("delivered", first)
    assert Suppression.objects.get().reason == "complaint"
    assert set(lists_of(ann).values()) == {"left"}


def test_what_is_refused_for_our_sake_harms_no_reader_and_is_told(say: Say) -> None:
    delivery = a_delivery(a_subscriber(), 7, "accepted")
    say("bounce", delivery, type="blocked", reason="550 5.7.1 bad reputation", status="5.7.1")
    assert not Suppression.objects.exists()
    assert "1 mails were refused" in AuditEntry.objects.get().what


def test_events_about_no_delivery_or_an_erased_reader_change_nothing_more(say: Say) -> None:
    ann = a_subscriber()
    delivery = a_delivery(ann)
    ann.delete()
    delivery.refresh_from_db()
    assert say("bounce", delivery, **HARD).settled == 1
    old = a_delivery(a_subscriber("bob@example.net"), 2, reference="")
    assert say("bounce", old, **HARD).unmatched == 0  # about nothing: kept, and ignored
    old.reference = "f" * 40
    assert say("bounce", old, **HARD).unmatched == 1
    assert not Suppression.objects.exists()
    assert not StoredEvent.objects.filter(applied_at=None).exists()


def test_a_thousand_events_are_applied_in_few_queries(
    config: Config, django_assert_max_num_queries: Any
) -> None:
    people = [a_subscriber(f"reader{n}@example.net") for n in range(20)]
    rows = [a_delivery(person, number) for person in people for number in range(1, 51)]
    items = [posted(n, "delivered", row.reference) for n, row in enumerate(rows)]
    store_post(read_post(body_of(*items), NOW), NOW)
    with django_assert_max_num_queries(40):
        heard = apply_events(config, LATER)
    assert (heard.settled, heard.applied) == (1000, {"delivered": 1000})


def test_killed_in_the_middle_it_has_done_nothing_and_does_it_all_again(
    config: Config, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = a_subscriber()
    delivery = a_delivery(ann)
    with monkeypatch.context() as patched:
        patched.setattr(room._Batch, "_save_deliveries", _killed)
        with pytest.raises(KeyboardInterrupt):
            say("bounce", delivery, **HARD)
    assert not Suppression.objects.exists()
    assert StoredEvent.objects.get().applied_at is None
    assert apply_events(config, LATER).suppressed == 1
    assert apply_events(config, LATER).applied == {}


def _killed(batch: object) -> None:
    raise KeyboardInterrupt


def test_while_another_process_applies_this_one_leaves_it_alone(config: Config, say: Say) -> None:
    delivery = a_delivery(a_subscriber())
    with only_one(config.folder, room.HEAR_LOCK):
        assert say("delivered", delivery).applied == {}
    assert apply_events(config, LATER).applied == {"delivered": 1}


# ── the mailbox ───────────────────────────────────────────────────────────────────────────


def bounced(config: Config, delivery: Delivery, name: str = "1.bounce") -> Path:
    """A bounce of this delivery's mail in the mailbox."""
    copy = returned(f"<{delivery.reference}@{HOST}>")
    raw = dsn(recipient("failed", "5.1.1", "550 5.1.1 no such user"), copy=copy)
    path = config.folder / "bounces" / "new" / name
    path.write_bytes(raw)
    return path


def test_a_bounce_in_the_mailbox_suppresses_and_is_done(config: Config) -> None:
    ann = a_subscriber()
    path = bounced(config, a_delivery(ann, state="accepted"))
    heard = hear_back(config, KEYS, LATER)
    assert (heard.applied, heard.suppressed) == ({"hard bounce": 1}, 1)
    assert not path.exists()
    assert [one.name for one in (config.folder / "bounces" / "cur").iterdir()] == ["1.bounce:2,S"]
    assert StoredEvent.objects.get().raw == ""


def test_a_mail_that_comes_again_counts_once(config: Config) -> None:
    delivery = a_delivery(a_subscriber(), state="accepted")
    bounced(config, delivery)
    read_mailbox(config, KEYS, NOW)
    bounced(config, delivery, "2.again")
    assert hear_back(config, KEYS, LATER).applied == {"hard bounce": 1}


def test_an_out_of_office_is_nothing_and_done(config: Config) -> None:
    path = config.folder / "bounces" / "new" / "1.away"
    path.write_bytes(mail("Away", "I am away.", "Auto-Submitted: auto-replied"))
    heard = hear_back(config, KEYS, LATER)
    assert (heard.passed, heard.applied) == ({"an automatic reply": 1}, {})
    assert not path.exists()


def test_a_mailbox_that_cannot_be_read_does_not_keep_events_from_being_applied(
    config: Config, tmp_path: Path
) -> None:
    delivery = a_delivery(a_subscriber())
    store_post(read_post(body_of(posted(1, "delivered", delivery.reference)), NOW), NOW)
    gone = a_config(tmp_path, feedback={"mailbox": "nowhere"})
    with pytest.raises(MailboxError):
        hear_back(gone, KEYS, LATER)
    assert state_of(delivery) == "accepted"


def test_the_clock_goes_on_when_the_mailbox_cannot_be_read(tmp_path: Path) -> None:
    clock.hear(a_config(tmp_path, feedback={"mailbox": "nowhere"}), KEYS, NOW)
    assert issubclass(MailboxError, DigestError)


def test_a_message_id_in_capitals_is_that_of_its_delivery(config: Config) -> None:
    delivery = a_delivery(a_subscriber())
    name = f"<{delivery.reference.upper()}@example.org>"
    event = FeedbackEvent("delivered", NOW, "1", message_id=name)
    store_post([Received("1", "{}", event)], NOW)
    assert apply_events(config, LATER).applied == {"delivered": 1}
    assert state_of(delivery) == "accepted"


if os.environ.get("DIGEST_TEST_DATABASE") == "postgresql":
    # SQLite has one writer at a time, so there is nothing to see there.
    @pytest.mark.django_db(transaction=True)
    def test_a_delivery_that_a_sender_holds_is_not_waited_for_and_settled_next_time(
        config: Config,
    ) -> None:
        delivery = a_delivery(a_subscriber())
        store_post(read_post(body_of(posted(1, "delivered", delivery.reference)), NOW), NOW)
        heard: list[Heard] = []

        def apply_elsewhere() -> None:
            try:
                heard.append(apply_events(config, LATER))
            finally:
                connection.close()

        with transaction.atomic():
            Delivery.objects.select_for_update().get()
            thread = Thread(target=apply_elsewhere)
            thread.start()
            thread.join(30)
            assert not thread.is_alive()
        assert [one.applied for one in heard] == [{}]
        assert apply_events(config, LATER).applied == {"delivered": 1}
        assert state_of(delivery) == "accepted"
