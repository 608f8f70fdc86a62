"""Answering the public pages: rows and mails in the queue, which the queue then sends."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import structlog
from pytest_django import Settings

from digest import clock
from digest.models import QueuedMail
from digest.pipeline.answer import answer
from digest.pipeline.queued import flush_queue
from digest.project.settings import KEYS
from subscribers.leave import leave
from subscribers.membership import confirm
from subscribers.models import Subscriber
from subscribers.signup import request_link, request_to_join
from tests.builders import NOW, a_config, a_subscriber
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ANN = "ann@example.net"
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def as_on_the_site(settings: Settings, tmp_path: Path) -> None:
    """Mails go into the queue; departures into a file of this test."""
    settings.EMAIL_BACKEND = "digest.delivery.queue.QueueBackend"
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "departures.log")


def sent(tmp_path: Path) -> list[str]:
    """To whom the queue sends now."""
    transport = FakeTransport()
    flush_queue(a_config(tmp_path), KEYS, now=lambda: LATER, transport=transport)
    assert not QueuedMail.objects.exists()
    return [envelope.recipient for envelope in transport.sent]


def leave_all(person: Subscriber) -> None:
    leave(person, None, actor="subscriber", source="page", now=LATER + timedelta(hours=1))


def confirm_it(person: Subscriber) -> None:
    confirm(person, "patient", source="page", text="Yes.", actor="s", now=LATER + timedelta(1))


def test_who_asks_to_join_gets_the_mail(tmp_path: Path) -> None:
    request_to_join(ANN, ["patient"], now=NOW)
    assert answer(LATER)["mailed"] == 1
    assert sent(tmp_path) == [ANN]


@pytest.mark.parametrize("state", ["left", "confirmed"])
def test_who_left_or_is_a_member_gets_it_as_well(tmp_path: Path, state: str) -> None:
    a_subscriber(ANN, state=state)
    request_to_join(ANN, ["patient"], now=NOW)
    answer(LATER)
    assert sent(tmp_path) == [ANN]


def test_who_asks_for_the_link_gets_it(tmp_path: Path) -> None:
    a_subscriber(ANN)
    request_link(ANN, now=NOW)
    answer(LATER)
    assert sent(tmp_path) == [ANN]


@pytest.mark.parametrize("act", [leave_all, confirm_it])
def test_a_mail_that_lost_its_sense_meanwhile_is_not_sent(tmp_path: Path, act: Any) -> None:
    request_to_join(ANN, ["patient"], now=NOW)
    answer(LATER)
    act(Subscriber.objects.get())
    assert sent(tmp_path) == []


def test_the_log_tells_counts_and_no_address(settings: Settings) -> None:
    settings.SUBSCRIBERS_MAILS_PER_HOUR = 1
    for who in ("ann", "bob"):
        request_to_join(f"{who}@example.net", ["patient"], now=NOW)
    with structlog.testing.capture_logs() as logs:
        answer(LATER)
        answer(LATER)
        answer(NOW + timedelta(hours=25))
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [
        ("info", "answered"),
        ("info", "answered"),
        ("warning", "requests dropped"),
    ]
    assert logs[0]["mailed"] == logs[1]["dropped"] == 1
    assert "example.net" not in str(logs)


def test_the_clock_answers_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jobs: dict[str, Any] = {}

    class Scheduler:
        """Starts nothing; keeps what it was asked to do."""

        def __init__(self, **options: Any) -> None: ...

        def add_job(self, work: Any, trigger: str, **options: Any) -> None:
            jobs[options["id"]] = (work, options["seconds"])

        def start(self) -> None: ...

    monkeypatch.setattr(clock, "BackgroundScheduler", Scheduler)
    monkeypatch.setattr(clock, "close_old_connections", lambda: None)
    clock.start_clock(a_config(tmp_path), KEYS, Event())
    request_to_join(ANN, ["patient"])
    work, seconds = jobs["answers"]
    work()
    assert seconds == 5
    assert QueuedMail.objects.get().recipient == ANN
