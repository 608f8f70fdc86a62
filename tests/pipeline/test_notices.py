"""The editors are told once: a draft is ready, an issue was skipped; nothing of anybody else."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from digest.config import Config
from digest.delivery.queue import queue_notices
from digest.models import AuditEntry, Issue, QueuedMail
from digest.pipeline import compose as step
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.notices import tell_editors
from digest.pipeline.queued import flush_queue
from digest.project.settings import KEYS
from subscribers.models import Suppression
from subscribers.suppression import suppress
from tests.builders import NOW, a_config, a_stored_summary, a_subscriber
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

SLOT = "2026-11-25T09:00"
NEXT_SLOT = "2026-12-25T09:00"
SENDER = a_config().sender_value()
LATER = NOW + timedelta(days=30)
EDITORS = ["ada@example.org", "ben@example.org"]


def a_site(folder: Path = Path("site"), **changes: Any) -> Config:
    """A site whose two editors are told."""
    return a_config(folder, **{"issue": {"min_items": 2, "tell": EDITORS}, **changes})


@pytest.fixture
def config() -> Config:
    return a_site()


def notices() -> list[EmailMessage]:
    """What waits to be mailed, parsed."""
    rows = QueuedMail.objects.filter(purpose="notice").order_by("pk")
    return [message_from_bytes(bytes(row.content), policy=policy.default) for row in rows]


def audit() -> list[str]:
    """What was done, oldest first."""
    return list(AuditEntry.objects.order_by("pk").values_list("what", flat=True))


def two_studies() -> None:
    a_stored_summary("one")
    a_stored_summary("two")


def test_a_draft_that_the_clock_made_is_told_to_each_editor(config: Config) -> None:
    two_studies()
    compose(config, now=NOW, slot=SLOT)
    told = notices()
    assert [str(mail["To"]) for mail in told] == EDITORS
    assert str(told[0]["Subject"]) == "Issue 1 is ready to look at: 2 studies in 1 theme"
    text = told[0].get_content()
    assert "https://digest.example.org/studio/issues/1" in text
    assert "It goes out on 1 December 2026 only if somebody approves it" in text
    assert told[0]["Auto-Submitted"] == "auto-generated"


def test_a_draft_made_by_hand_is_told_to_nobody(config: Config) -> None:
    two_studies()
    compose(config, now=NOW)
    assert notices() == []


def test_the_same_slot_tells_nobody_twice_and_the_next_one_tells_again(config: Config) -> None:
    two_studies()
    for _ in range(2):
        compose(config, now=NOW, slot=SLOT)
        QueuedMail.objects.all().delete()  # it went out meanwhile
    assert AuditEntry.objects.filter(what__startswith="told").count() == 1
    compose(config, now=NOW, slot="2026-12-25T09:00")
    assert len(notices()) == 2


def test_a_skipped_issue_is_told_with_what_it_lacks(config: Config) -> None:
    a_stored_summary("one")
    compose(config, now=NOW)
    (told, _) = notices()
    assert str(told["Subject"]) == ("Issue 1 was skipped: 1 of the 2 items it needs; all is kept")
    assert "All is kept for the next" in told.get_content()


def test_an_issue_that_was_skipped_before_is_told_again_by_the_clock_only(config: Config) -> None:
    a_stored_summary("one")
    compose(config, now=NOW)
    compose(config, now=NOW)
    assert len(notices()) == 2
    QueuedMail.objects.all().delete()  # they went out meanwhile
    compose(config, now=NOW, slot=SLOT)
    assert len(notices()) == 2


def test_a_later_notice_stands_for_one_that_was_not_sent(config: Config) -> None:
    a_stored_summary("one")
    for slot in (SLOT, NEXT_SLOT):
        compose(config, now=NOW, slot=slot)
    assert [str(mail["To"]) for mail in notices()] == EDITORS


def test_a_notice_that_is_no_longer_true_is_withdrawn(config: Config) -> None:
    a_stored_summary("one")
    compose(config, now=NOW)
    assert len(notices()) == 2
    a_stored_summary("two")
    assert compose(config, now=NOW).state == "draft"
    assert notices() == []
    assert audit() == [
        "told the editors that it was skipped",
        "withdrew a mail to the editors that was not sent: no longer true",
    ]


def test_what_was_tried_or_is_about_another_issue_is_not_withdrawn(config: Config) -> None:
    a_stored_summary("one")
    compose(config, now=NOW)
    tried = QueuedMail.objects.order_by("pk")[0]
    QueuedMail.objects.filter(pk=tried.pk).update(attempts=1)
    queue_notices(["x@example.org"], "Issue 12", "x", about="issue-12", sender=SENDER, now=NOW)
    a_stored_summary("two")
    compose(config, now=NOW)
    assert [str(mail["To"]) for mail in notices()] == ["ada@example.org", "x@example.org"]


def test_a_draft_that_is_told_and_then_skipped_or_cancelled_is_not_told_as_ready(
    config: Config,
) -> None:
    two_studies()
    issue = compose(config, now=NOW, slot=SLOT)
    review.put(issue, "one", "hold", config, who="Ada", now=NOW)
    assert {str(mail["Subject"])[:19] for mail in notices()} == {"Issue 1 was skipped"}
    review.cancel(issue, who="Ada", now=NOW)
    assert notices() == []


def test_an_editors_address_that_is_given_twice_is_mailed_once() -> None:
    two_studies()
    compose(
        a_site(issue={"min_items": 2, "tell": ["ada@example.org", "ADA@Example.org"]}),
        now=NOW,
        slot=SLOT,
    )
    assert [str(mail["To"]) for mail in notices()] == ["ada@example.org"]


# ── taken up again in a later slot ────────────────────────────────────────────────────────


def decided(config: Config) -> Issue:
    """An issue that the schedule composed, and what an editor then decided on it."""
    issue = compose(config, now=NOW, slot=SLOT)
    review.set_words(issue, "patient", "subject", "November!", config, who="Ada", now=NOW)
    review.put(issue, "one", "hold", config, who="Ada", now=NOW)
    review.put(issue, "old", "exclude", config, who="Ada", now=NOW)
    review.move(issue, "one", "life", config, who="Ada", now=NOW)
    QueuedMail.objects.all().delete()  # they went out meanwhile
    return issue


def test_a_skipped_issue_taken_up_in_a_later_slot_lets_go_of_words_and_holds(
    config: Config,
) -> None:
    for slug in ("one", "old"):
        a_stored_summary(slug)
    assert decided(config).state == "skipped"
    a_stored_summary("two")
    issue = compose(config, now=LATER, slot=NEXT_SLOT)
    assert (issue.number, issue.state, issue.wording) == (1, "draft", {})
    states = dict(issue.ledger.filter(audience="patient").values_list("summary__slug", "state"))
    assert states == {"one": "in", "two": "in", "old": "left out"}
    assert issue.items.get(summary__slug="one").theme == "life"
    what = "own words (patient subject) and 1 hold"
    assert f"let go of what was meant for the skipped issue: {what}" in audit()
    assert f"Let go of what was meant for then: {what}." in notices()[0].get_content()


def test_a_skipped_issue_that_is_refreshed_within_its_month_keeps_what_was_decided(
    config: Config,
) -> None:
    for slug in ("one", "old"):
        a_stored_summary(slug)
    decided(config)
    for slug in ("two", "three"):
        a_stored_summary(slug)
    for slot in ("", SLOT):  # by hand, and the same slot once more
        issue = compose(config, now=NOW, slot=slot)
        assert issue.wording == {"patient": {"subject": "November!"}}
        assert set(issue.ledger.filter(summary__slug="one").values_list("state")) == {("held",)}


def test_a_draft_taken_up_in_a_later_slot_keeps_all_and_the_editors_are_told(
    config: Config,
) -> None:
    for slug in ("one", "old", "two", "three"):
        a_stored_summary(slug)
    assert decided(config).state == "draft"
    issue = compose(config, now=LATER, slot=NEXT_SLOT)
    assert issue.wording == {"patient": {"subject": "November!"}}
    assert set(issue.ledger.filter(summary__slug="one").values_list("state")) == {("held",)}
    text = notices()[0].get_content()
    assert "Still there from before" in text
    assert "own words (patient subject) and 1 hold" in " ".join(text.split())


def test_the_slots_are_known_where_nobody_is_told() -> None:
    config = a_site(issue={"min_items": 2, "tell": []}, sender={"reply_to": None})
    for slug in ("one", "old"):
        a_stored_summary(slug)
    decided(config)
    assert compose(config, now=LATER, slot=NEXT_SLOT).wording == {}
    assert sum("nobody to tell" in what for what in audit()) == 2


def test_an_editors_change_that_skips_the_issue_is_told(config: Config) -> None:
    two_studies()
    issue = compose(config, now=NOW)
    review.put(issue, "one", "exclude", config, who="Ada", now=NOW)
    assert issue.state == "skipped"
    assert len(notices()) == 2


def test_a_notice_exists_exactly_when_its_draft_does(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell_and_fail(*arguments: Any, **more: Any) -> None:
        tell_editors(*arguments, **more)
        assert notices()
        raise LookupError("the disk is full")

    two_studies()
    monkeypatch.setattr(step, "tell_editors", tell_and_fail)
    with pytest.raises(LookupError):
        compose(config, now=NOW, slot=SLOT)
    assert not QueuedMail.objects.exists()
    assert not Issue.objects.exists()


def test_without_editors_the_replies_address_is_told_else_nobody() -> None:
    two_studies()
    compose(a_site(issue={"min_items": 2, "tell": []}), now=NOW, slot=SLOT)
    assert [str(mail["To"]) for mail in notices()] == ["editors@example.org"]
    QueuedMail.objects.all().delete()
    nobody = a_site(issue={"min_items": 2, "tell": []}, sender={"reply_to": None})
    compose(nobody, now=NOW, slot="2026-12-25T09:00")
    assert notices() == []
    assert AuditEntry.objects.filter(what__startswith="told").count() == 1


def test_an_address_that_cannot_be_mailed_stops_neither_the_others_nor_the_draft() -> None:
    two_studies()
    config = a_site(issue={"min_items": 2, "tell": ["jörg@example.org", *EDITORS]})
    assert compose(config, now=NOW, slot=SLOT).state == "draft"
    assert [str(mail["To"]) for mail in notices()] == EDITORS


def test_no_notice_names_a_diagnosis_or_anybody_of_the_lists(config: Config) -> None:
    a_subscriber("ann@example.net")
    a_stored_summary("one", title="MS and Multiple Sclerosis")
    compose(config, now=NOW)
    told = notices()
    a_stored_summary("two")
    compose(config, now=NOW, slot=SLOT)
    told += notices()
    assert len(told) == 4
    for mail in told:
        assert config.privacy.diagnosis_in(str(mail["Subject"])) is None
        assert config.privacy.diagnosis_in(mail.get_content()) is None
        assert "ann@" not in mail.as_string()


@pytest.mark.parametrize(
    ("approval", "send", "said"),
    [
        (
            "none",
            "0 9 1 * *",
            "sends it on 1 December 2026, approved or not, unless preflight blocks it.",
        ),
        ("required", None, "It goes out only if somebody approves it: digest approve 1"),
        ("none", None, "Nothing sends it by itself: digest approve 1"),
    ],
)
def test_the_notice_says_what_happens_next(approval: str, send: str | None, said: str) -> None:
    two_studies()
    config = a_site(
        issue={"min_items": 2, "tell": EDITORS, "approval": approval}, schedule={"send": send}
    )
    compose(config, now=NOW, slot=SLOT)
    assert said in notices()[0].get_content()


# ── the queue ─────────────────────────────────────────────────────────────────────────────


def test_a_notice_goes_out_though_its_editor_is_on_no_list(tmp_path: Path) -> None:
    config = a_site(tmp_path)
    two_studies()
    compose(config, now=NOW, slot=SLOT)
    transport = FakeTransport()
    sent = flush_queue(config, KEYS, now=lambda: NOW, transport=transport)
    assert (sent["accepted"], transport.recipients) == (2, EDITORS)
    assert not QueuedMail.objects.exists()


def test_a_suppressed_editor_is_not_mailed(tmp_path: Path) -> None:
    config = a_site(tmp_path)
    two_studies()
    compose(config, now=NOW, slot=SLOT)
    suppress("ADA@example.org", Suppression.Reason.COMPLAINT, "test")
    transport = FakeTransport()
    flush_queue(config, KEYS, now=lambda: NOW + timedelta(minutes=1), transport=transport)
    assert transport.recipients == ["ben@example.org"]
    assert not QueuedMail.objects.exists()
