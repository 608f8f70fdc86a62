"""The clock: each slot once, late ones ask, an unapproved issue waits (law 10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event
from typing import Any

import pytest

from digest import clock
from digest.config import Config, Keys
from digest.errors import DeliveryError, Refused
from digest.models import AuditEntry, Issue, Occurrence, QueuedMail, StoredRendition, StoredSummary
from digest.pipeline.compose import compose
from tests.builders import NOW, a_config, a_draft, a_stored_summary

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COMPOSE_SLOT = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # 09:00 in New York
SEND_SLOT = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)


@pytest.fixture
def config() -> Config:
    return a_config(schedule={"gather": None, "compose": "0 9 25 * *", "send": "0 9 1 * *"})


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the clock did; the steps themselves are replaced."""
    happened: list[str] = []

    def step(name: str) -> Callable[[Config, str, datetime, Event], tuple[str, str]]:
        def run(config: Config, slot: str, now: datetime, stop: Event) -> tuple[str, str]:
            happened.append(name)
            return "done", ""

        return run

    monkeypatch.setattr(clock, "STEPS", {name: step(name) for name in clock.STEPS})
    return happened


def states(job: str) -> list[tuple[str, str]]:
    rows = Occurrence.objects.filter(job=job).exclude(note="the clock's first start")
    return [(row.slot, row.state) for row in rows.order_by("slot")]


def test_a_slot_happens_once_however_often_the_clock_ticks(config: Config, done: list[str]) -> None:
    clock.tick(config, START)
    for minute in range(120):
        clock.tick(config, COMPOSE_SLOT + timedelta(minutes=minute))
    assert done == ["compose"]
    assert states("compose") == [("2026-11-25T09:00", "done")]


def test_nothing_before_the_very_first_start_was_ever_due(config: Config, done: list[str]) -> None:
    clock.tick(config, COMPOSE_SLOT + timedelta(minutes=1))
    clock.tick(config, COMPOSE_SLOT + timedelta(minutes=2))
    assert done == []


def test_a_slot_missed_by_less_than_the_lateness_is_caught_up_once(
    config: Config, done: list[str]
) -> None:
    clock.tick(config, START)
    clock.tick(config, COMPOSE_SLOT + timedelta(hours=5))
    clock.tick(config, COMPOSE_SLOT + timedelta(hours=5, minutes=1))
    assert done == ["compose"]


def test_a_slot_that_is_too_late_asks_instead(config: Config, done: list[str]) -> None:
    clock.tick(config, START)
    clock.tick(config, COMPOSE_SLOT + timedelta(hours=7))
    assert done == []
    assert states("compose") == [("2026-11-25T09:00", "missed")]
    assert "run `digest compose`" in Occurrence.objects.get(state="missed").note


def test_a_clock_set_back_repeats_nothing(config: Config, done: list[str]) -> None:
    clock.tick(config, START)
    clock.tick(config, COMPOSE_SLOT)
    for hours in (-24, -1, 0, 1):
        clock.tick(config, COMPOSE_SLOT + timedelta(hours=hours))
    assert done == ["compose"]


def test_a_slot_that_another_clock_claimed_is_left_alone(config: Config, done: list[str]) -> None:
    clock.tick(config, START)
    Occurrence.objects.create(
        job="compose", slot="2026-11-25T09:00", state="claimed", claimed_at=COMPOSE_SLOT
    )
    clock.tick(config, COMPOSE_SLOT + timedelta(seconds=5))
    assert done == []


def test_a_slot_whose_process_died_is_taken_up_again(config: Config, done: list[str]) -> None:
    clock.tick(config, START)
    Occurrence.objects.create(
        job="compose", slot="2026-11-25T09:00", state="claimed", claimed_at=COMPOSE_SLOT
    )
    clock.tick(config, COMPOSE_SLOT + timedelta(minutes=16))
    clock.tick(config, COMPOSE_SLOT + timedelta(minutes=17))
    assert done == ["compose"]


def test_a_step_that_is_refused_is_noted_and_stops_no_other(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(config: Config, slot: str, now: datetime, stop: Event) -> tuple[str, str]:
        raise Refused("no room", mend="Make room")

    monkeypatch.setitem(clock.STEPS, "compose", refuse)
    clock.tick(config, START)
    clock.tick(config, COMPOSE_SLOT)
    assert Occurrence.objects.get(slot="2026-11-25T09:00").note == "no room. Make room"


def test_a_draft_composed_in_a_slot_that_is_taken_up_again_is_told_once(config: Config) -> None:
    config = config.model_copy(
        update={"issue": config.issue.model_copy(update={"tell": ("ada@example.org",)})}
    )
    for slug in ("one", "two", "three"):
        a_stored_summary(slug)
    clock.tick(config, START)
    clock.tick(config, COMPOSE_SLOT)
    assert Occurrence.objects.get(slot="2026-11-25T09:00").note == "issue 1 is a draft"
    # The process died between writing the draft and finishing its slot.
    Occurrence.objects.filter(slot="2026-11-25T09:00").update(state="claimed")
    QueuedMail.objects.all().delete()
    clock.tick(config, COMPOSE_SLOT + timedelta(minutes=16))
    assert states("compose") == [("2026-11-25T09:00", "done")]
    assert not QueuedMail.objects.exists()
    told = AuditEntry.objects.get()
    assert told.what == "told the editors that it is ready (schedule of 2026-11-25, 09:00)"


def test_an_unapproved_issue_waits_and_goes_out_once_approved(config: Config) -> None:
    clock.tick(config, START)
    issue = a_draft()
    clock.tick(config, SEND_SLOT)
    assert states("send") == [("2026-12-01T09:00", "waiting")]
    Issue.objects.filter(pk=issue.pk).update(state="approved", approved_by="Ada")
    clock.tick(config, SEND_SLOT + timedelta(hours=1))
    issue.refresh_from_db()
    assert (issue.state, issue.send_at) == ("scheduled", SEND_SLOT + timedelta(hours=1))
    assert states("send") == [("2026-12-01T09:00", "done")]


def test_an_issue_still_unapproved_after_the_lateness_asks(config: Config) -> None:
    clock.tick(config, START)
    a_draft()
    clock.tick(config, SEND_SLOT)
    clock.tick(config, SEND_SLOT + timedelta(hours=6, minutes=1))
    assert states("send") == [("2026-12-01T09:00", "missed")]
    assert "digest approve 1" in Occurrence.objects.get(job="send", state="missed").note


def test_a_send_slot_without_an_issue_is_skipped(config: Config) -> None:
    clock.tick(config, START)
    clock.tick(config, SEND_SLOT)
    assert states("send") == [("2026-12-01T09:00", "skipped")]


def test_an_issue_approved_long_after_its_slot_does_not_go_out_by_itself(config: Config) -> None:
    clock.tick(config, START)
    a_draft()
    clock.tick(config, SEND_SLOT)
    Issue.objects.update(state="approved", approved_by="Ada")  # while the machine was off
    clock.tick(config, SEND_SLOT + timedelta(days=9))
    assert Issue.objects.get().state == "approved"
    assert states("send") == [("2026-12-01T09:00", "missed")]


def test_a_slot_whose_process_died_days_ago_asks(config: Config, done: list[str]) -> None:
    clock.tick(config, START)
    Occurrence.objects.create(
        job="compose", slot="2026-11-25T09:00", state="claimed", claimed_at=COMPOSE_SLOT
    )
    clock.tick(config, COMPOSE_SLOT + timedelta(days=2))
    assert done == []
    assert states("compose") == [("2026-11-25T09:00", "missed")]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the issues that the clock handed to the sender."""
    numbers: list[int] = []

    def send(number: int, config: Config, keys: Keys, *, progress: Any) -> dict[str, int]:
        progress(0, 1)
        numbers.append(number)
        return {"accepted": 1}

    monkeypatch.setattr(clock, "send_issue", send)
    return numbers


KEYS = Keys("s" * 40, "d" * 40, "h" * 40)


def test_what_is_scheduled_and_due_or_under_way_is_sent(config: Config, sent: list[int]) -> None:
    a_draft(1, state="scheduled", send_at=SEND_SLOT)
    a_draft(2, state="scheduled", send_at=SEND_SLOT + timedelta(days=1))
    a_draft(3, state="sending")
    a_draft(4, state="paused")
    clock.mails(config, KEYS, Event(), SEND_SLOT + timedelta(minutes=1))
    assert sent == [1, 3]


def test_a_scheduled_issue_that_is_too_late_waits_for_a_person(
    config: Config, sent: list[int]
) -> None:
    a_draft(1, state="scheduled", send_at=SEND_SLOT)
    clock.mails(config, KEYS, Event(), SEND_SLOT + timedelta(hours=7))
    assert sent == []


def test_a_stopping_process_sends_nothing_more(config: Config, sent: list[int]) -> None:
    a_draft(1, state="sending")
    stop = Event()
    stop.set()
    clock.mails(config, KEYS, stop, NOW)
    assert sent == []


def test_a_long_issue_keeps_no_confirmation_waiting(
    config: Config, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: dict[str, Callable[[], None]] = {}
    flushed: list[str] = []

    class Scheduler:
        """Starts nothing; keeps what it was asked to do."""

        def __init__(self, **options: Any) -> None: ...

        def add_job(self, work: Callable[[], None], trigger: str, **options: Any) -> None:
            assert options["max_instances"] == 1
            jobs[options["id"]] = work

        def start(self) -> None: ...

    monkeypatch.setattr(clock, "BackgroundScheduler", Scheduler)
    monkeypatch.setattr(clock, "close_old_connections", lambda: None)
    monkeypatch.setattr(clock, "flush_queue", lambda config, keys: flushed.append("a mail"))
    a_draft(1, state="sending")
    clock.start_clock(config, KEYS, Event())
    jobs["mails"]()
    assert (sent, flushed) == ([1], [])
    jobs["queue"]()
    assert (sent, flushed) == ([1], ["a mail"])


def test_one_issue_that_cannot_be_sent_stops_no_other(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def send(number: int, config: Config, keys: Keys, *, progress: Any) -> dict[str, int]:
        tried.append(number)
        raise DeliveryError("the mail server is down", temporary=True)

    monkeypatch.setattr(clock, "send_issue", send)
    a_draft(1, state="sending")
    a_draft(2, state="sending")
    clock.mails(config, KEYS, Event(), NOW)
    assert tried == [1, 2]


# ── approval: none ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def unattended(config: Config) -> Config:
    """A site whose issues go out without anybody's approval; its subject names a diagnosis."""
    patient = config.audiences["patient"].model_copy(update={"subject": "MS: {studies}"})
    a_stored_summary("one")
    settings = config.issue.model_copy(update={"approval": "none", "min_items": 1})
    audiences = {**config.audiences, "patient": patient}
    return config.model_copy(update={"issue": settings, "audiences": audiences})


def test_what_preflight_blocks_never_goes_out_by_itself_and_waits(
    config: Config, unattended: Config
) -> None:
    compose(unattended, now=NOW)
    clock.tick(unattended, START)
    clock.tick(unattended, SEND_SLOT)
    assert (Issue.objects.get().state, StoredRendition.objects.count()) == ("draft", 0)
    assert states("send") == [("2026-12-01T09:00", "waiting")]
    note = Occurrence.objects.get(job="send", state="waiting").note
    assert note == "issue 1 could not be approved: `digest preflight 1` says why"
    assert config.privacy.diagnosis_in(note) is None  # it is logged
    mended = unattended.model_copy(update={"audiences": config.audiences})
    clock.tick(mended, SEND_SLOT + timedelta(hours=1))
    issue = Issue.objects.get()
    assert (issue.state, issue.approved_by) == ("scheduled", "the schedule (approval: none)")
    assert states("send") == [("2026-12-01T09:00", "done")]


def told() -> list[EmailMessage]:
    """What waits to be mailed to editors."""
    rows = QueuedMail.objects.filter(purpose="notice").order_by("pk")
    return [
        message_from_bytes(bytes(row.content), _class=EmailMessage, policy=policy.default)
        for row in rows
    ]


@pytest.fixture
def telling(unattended: Config) -> Config:
    """The same, with an editor who is told."""
    settings = unattended.issue.model_copy(update={"tell": ("ada@example.org",)})
    return unattended.model_copy(update={"issue": settings})


def test_editors_are_told_once_that_an_issue_is_held_back_and_no_diagnosis(
    config: Config, telling: Config
) -> None:
    compose(telling, now=NOW)
    clock.tick(telling, START)
    for minutes in range(4):
        clock.tick(telling, SEND_SLOT + timedelta(minutes=minutes))
    (mail,) = told()
    assert (mail["To"], mail["Subject"]) == (
        "ada@example.org",
        "Issue 1 is held back: something has to be mended first",
    )
    assert "digest preflight 1" in mail.get_content()
    assert "https://digest.example.org/studio/issues/1" in mail.get_content()
    assert config.privacy.diagnosis_in(mail["Subject"] + mail.get_content()) is None
    QueuedMail.objects.all().delete()  # it went out meanwhile
    clock.tick(telling, SEND_SLOT + timedelta(minutes=9))
    assert told() == []
    acts = AuditEntry.objects.values_list("what", flat=True)
    assert list(acts) == ["told the editors that it is held back (schedule of 2026-12-01, 09:00)"]


def test_the_reason_is_told_in_its_own_words_also_where_no_check_blocks(
    config: Config, telling: Config
) -> None:
    sound = telling.model_copy(update={"audiences": config.audiences})
    compose(sound, now=NOW)
    StoredSummary.objects.update(content_hash="another")
    clock.tick(sound, START)
    clock.tick(sound, SEND_SLOT)
    (mail,) = told()
    read = " ".join(mail.get_content().split())
    assert "changed at the source since issue 1 was composed: one" in read
    assert "preflight blocks" not in read


def test_a_notice_of_what_was_mended_before_it_left_is_withdrawn(
    config: Config, telling: Config
) -> None:
    compose(telling, now=NOW)
    clock.tick(telling, START)
    clock.tick(telling, SEND_SLOT)
    assert len(told()) == 1
    mended = telling.model_copy(update={"audiences": config.audiences})
    clock.tick(mended, SEND_SLOT + timedelta(minutes=1))
    assert (told(), Issue.objects.get().state) == ([], "scheduled")


def test_where_nobody_is_told_it_is_kept_that_nobody_was(unattended: Config) -> None:
    sender = unattended.sender.model_copy(update={"reply_to": None})
    alone = unattended.model_copy(update={"sender": sender})
    compose(alone, now=NOW)
    clock.tick(alone, START)
    for minutes in range(3):
        clock.tick(alone, SEND_SLOT + timedelta(minutes=minutes))
    assert told() == []
    (act,) = AuditEntry.objects.values_list("what", flat=True)
    assert act.startswith("there was nobody to tell that it is held back")


def test_what_is_still_blocked_after_the_lateness_asks(unattended: Config) -> None:
    compose(unattended, now=NOW)
    clock.tick(unattended, START)
    clock.tick(unattended, SEND_SLOT)
    clock.tick(unattended, SEND_SLOT + timedelta(hours=6, minutes=1))
    assert states("send") == [("2026-12-01T09:00", "missed")]
    assert Issue.objects.get().state == "draft"
