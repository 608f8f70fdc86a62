"""An issue that went out after a backup is not sent again by the restored site (law 3)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.config import Config
from digest.errors import Refused
from digest.models import AuditEntry, Delivery, Issue
from digest.pipeline.backup.replay import release, replay_departures
from digest.pipeline.backup.restore import restore_backup
from digest.pipeline.backup.write import write_backup
from digest.pipeline.deliver import send_issue
from digest.project.settings import KEYS
from subscribers.departures import note_departures
from tests.builders import NOW, a_config, a_draft, a_subscriber, an_approved_issue
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
LATER = NOW + timedelta(days=1)


@pytest.fixture
def config(tmp_path: Path, settings: Any) -> Config:
    """A site in a folder of this test, its departures file too."""
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "departures.log")
    return a_config(tmp_path)


def back_up(config: Config) -> Path:
    file = config.folder / "site.backup"
    write_backup(file, KEYS, now=NOW)
    return file


def restore(file: Path, config: Config) -> None:
    restore_backup(file, config, KEYS, now=LATER, replace=True)


def states() -> dict[int, str]:
    return dict(Issue.objects.values_list("number", "state"))


def test_an_issue_that_was_sent_since_the_backup_counts_as_sent(config: Config) -> None:
    an_approved_issue(1)
    an_approved_issue(2)
    a_subscriber()
    file = back_up(config)
    wire = FakeTransport()
    send_issue(1, config, KEYS, transport=wire, now=lambda: LATER)
    assert len(wire.sent) == 1
    restore(file, config)
    assert states() == {1: "approved", 2: "approved"}
    told = replay_departures(now=LATER).document()["issues"]
    assert "not sent again" in told["1"]
    assert told.keys() == {"1"}
    assert states() == {1: "sent", 2: "approved"}
    assert AuditEntry.objects.filter(issue__number=1, who="departures file").count() == 1
    assert release(who="ada", now=LATER).issues == {}  # told once
    assert send_issue(1, config, KEYS, transport=wire, now=lambda: LATER)["accepted"] == 0
    assert len(wire.sent) == 1


def test_an_issue_with_rows_is_paused_and_each_open_one_unknown(config: Config) -> None:
    issue = an_approved_issue(1)
    for n, state in enumerate(("queued", "accepted")):
        Delivery.objects.create(
            issue=issue, subscriber=a_subscriber(f"p{n}@example.org"), audience="patient",
            state=state, changed_at=NOW,
        )  # fmt: skip
    file = back_up(config)
    note_departures("began", ["issue-1"], at=LATER)
    restore(file, config)
    replay_departures(now=LATER)
    assert states() == {1: "paused"}
    assert list(Delivery.objects.values_list("state", flat=True)) == ["unknown", "accepted"]


def test_an_issue_that_was_a_draft_then_and_one_that_was_not_there(config: Config) -> None:
    a_draft(1)
    file = back_up(config)
    for number in (1, 2):
        note_departures("began", [f"issue-{number}"], at=LATER)
    restore(file, config)
    told = replay_departures(now=LATER).issues
    assert states() == {1: "sent"}
    assert "not in the backup" in told[2]


def test_nothing_goes_out_that_cannot_be_noted(config: Config, settings: Any) -> None:
    an_approved_issue(1)
    a_subscriber()
    settings.SUBSCRIBERS_DEPARTURES = str(config.folder / "nowhere" / "departures.log")
    wire = FakeTransport()
    with pytest.raises(Refused, match="departures file cannot be written"):
        send_issue(1, config, KEYS, transport=wire, now=lambda: LATER)
    assert (states(), Delivery.objects.count(), wire.sent) == ({1: "approved"}, 0, [])
