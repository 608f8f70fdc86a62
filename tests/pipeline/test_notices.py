"""The editors are told once: a draft is ready, an issue was skipped; nothing of anybody else."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from digest.config import Config
from digest.models import AuditEntry, Issue, QueuedMail
from digest.pipeline import compose as step
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.deliver import flush_queue
from digest.pipeline.notices import tell_editors
from digest.project.settings import KEYS
from subscribers.models import Suppression
from subscribers.suppression import suppress
from tests.builders import NOW, a_config, a_stored_summary, a_subscriber
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

SLOT = "2026-11-25T09:00"
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
    compose(config, now=NOW, slot=SLOT)
    assert len(notices()) == 4


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
    a_stored_summary("two")
    compose(config, now=NOW, slot=SLOT)
    assert len(notices()) == 4
    for mail in notices():
        assert config.privacy.diagnosis_in(str(mail["Subject"])) is None
        assert config.privacy.diagnosis_in(mail.get_content()) is None
        assert "ann@" not in mail.as_string()


@pytest.mark.parametrize(
    ("approval", "send", "said"),
    [
        ("none", "0 9 1 * *", "The schedule sends it on 1 December 2026, approved or not."),
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
