"""The alarm: an issue that cannot go on is told once for each cause, even by a full database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError

from digest import clock
from digest.config import Config
from digest.errors import DeliveryError
from digest.models import AuditEntry, Issue, QueuedMail
from digest.pipeline import alarm as room
from digest.pipeline.alarm import Alarm
from digest.project.settings import KEYS
from tests.builders import NOW, a_config, a_draft
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

FULL = DeliveryError("no space left", where="database", mend="Make room", temporary=True)
DOWN = DeliveryError("the mail server cannot be reached (sclerosis)", temporary=True)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site with an editor who is told."""
    return a_config(tmp_path, issue={"tell": ("ada@example.org",)})


@pytest.fixture
def ticks(config: Config, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The clock at these minutes, while sending meets this error."""
    a_draft(1, state="sending")
    alarm = Alarm(config, KEYS)

    def run(error: DeliveryError | None, *minutes: int) -> None:
        def send(*rest: Any, **more: Any) -> dict[str, int]:
            if error is not None:
                raise error
            return {}

        monkeypatch.setattr(clock, "send_issue", send)
        for minute in minutes:
            now = NOW + timedelta(minutes=minute)
            clock.mails(config, KEYS, Event(), now, alarm=alarm)

    return run


def told() -> list[EmailMessage]:
    """What waits to be mailed to editors."""
    return [read(bytes(row.content)) for row in QueuedMail.objects.order_by("pk")]


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, _class=EmailMessage, policy=policy.default)


def test_what_keeps_an_issue_for_ten_minutes_is_told_once_and_pauses_nothing(
    ticks: Callable[..., None],
) -> None:
    ticks(FULL, *range(10))
    assert told() == []
    ticks(FULL, *range(10, 300))
    (mail,) = told()
    assert mail["To"] == "ada@example.org"
    assert mail["Subject"] == "Issue 1 cannot go on: somebody has to look"
    assert "database: no space left. Make room." in " ".join(mail.get_content().split())
    assert Issue.objects.get().state == "sending"
    assert AuditEntry.objects.get().what == "told the editors that it cannot go on"


def test_another_cause_is_told_too_and_no_diagnosis(
    config: Config, ticks: Callable[..., None]
) -> None:
    ticks(FULL, *range(12))
    ticks(DOWN, *range(12, 30))
    ticks(FULL, 31)
    _, second = told()
    assert config.privacy.diagnosis_in(second["Subject"] + second.get_content()) is None


def test_what_passes_by_itself_is_told_to_nobody(ticks: Callable[..., None]) -> None:
    ticks(FULL, *range(9))
    ticks(None, 9)
    ticks(FULL, *range(10, 19))
    assert told() == []


def test_an_alarm_that_has_not_left_when_it_goes_on_is_withdrawn(
    ticks: Callable[..., None],
) -> None:
    ticks(DOWN, 0, 10)
    assert len(told()) == 1
    ticks(None, 11)
    assert told() == []


def test_where_the_database_takes_nothing_the_alarm_goes_straight_out(
    ticks: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*anything: object, **more: object) -> int:
        raise OperationalError("database or disk is full")

    wire = FakeTransport()
    monkeypatch.setattr(room, "queue_notices", full)
    monkeypatch.setattr(room, "open_transport", lambda config, keys: wire)
    ticks(FULL, *range(30))
    (sent,) = wire.sent
    assert read(sent.content)["Subject"] == "Issue 1 cannot go on: somebody has to look"


def test_an_alarm_that_nobody_takes_stops_nothing(
    ticks: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*anything: object, **more: object) -> int:
        raise OperationalError("database or disk is full")

    wire = FakeTransport({"ada@example.org": DOWN})
    monkeypatch.setattr(room, "queue_notices", full)
    monkeypatch.setattr(room, "open_transport", lambda config, keys: wire)
    ticks(FULL, 0, 10, 20)
    assert wire.sent == []
