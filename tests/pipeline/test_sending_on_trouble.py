"""The sending loop on a database that is locked or full, and a journal that cannot be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from digest.config import Config
from digest.delivery import records
from digest.delivery.journal import Journal, open_journal
from digest.delivery.pace import Pace
from digest.delivery.records import Claimed
from digest.errors import DeliveryError
from digest.models import Delivery, Issue
from digest.pipeline import sending
from tests.builders import a_config, a_subscriber, an_approved_issue
from tests.fakes import FakeTransport
from tests.pipeline.runs import NO_SUCH_USER, Time, Wire, a_run, people, send, sparing, states

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

LOCKED = OperationalError("database is locked")
FULL = OperationalError("database or disk is full")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site in a folder of this test."""
    return a_config(tmp_path)


@pytest.fixture
def time() -> Time:
    """Begins at NOW."""
    return Time()


@pytest.fixture
def journal(config: Config) -> Iterator[Journal]:
    """Begun."""
    with open_journal(config.folder) as opened:
        opened.begin(repeatable=False)
        yield opened


@pytest.fixture
def large_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is claimed before the first answer."""
    monkeypatch.setattr(Pace, "claim_size", lambda pace, connections: 50)


def failing(monkeypatch: pytest.MonkeyPatch, name: str, errors: Sequence[Exception]) -> list[int]:
    """`records.NAME` raises these in turn, then works; the times that it was called."""
    works, called = getattr(records, name), list[int]()

    def fail_first(*args: Any, **options: Any) -> Any:
        called.append(len(called))
        if len(called) <= len(errors):
            raise errors[len(called) - 1]
        return works(*args, **options)

    monkeypatch.setattr(records, name, fail_first)
    return called


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["claim", "settle", "put_off", "next_turn"])
def test_a_database_that_is_locked_is_waited_for(
    tmp_path: Path, time: Time, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, spared = sparing(tmp_path, 5)
    an_approved_issue()
    people(4, "slow.example")
    called = failing(monkeypatch, name, [LOCKED, LOCKED])
    transport = FakeTransport()
    assert send(config, transport, time, pace=spared) == {"accepted": 4}
    assert len(called) > 2
    assert len(set(transport.recipients)) == len(transport.recipients) == 4


@pytest.mark.usefixtures("large_claims")
@pytest.mark.django_db(transaction=True)
def test_a_pause_is_seen_and_its_claim_released_though_the_database_is_locked(
    config: Config, journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)
    people(40)

    def stop(done: int, total: int) -> None:
        if done:
            Issue.objects.update(state="paused")

    wire = Wire(journal, time)
    run = a_run(config, journal, time, wire, progress=stop)
    called = failing(monkeypatch, "release", [LOCKED, LOCKED])
    run.run()
    assert len(called) == 3
    assert states() == {"accepted": len(wire.begun), "queued": 40 - len(wire.begun)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["claim", "settle"])
def test_a_database_that_stays_locked_is_not_waited_for_for_ever(
    config: Config, time: Time, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "DATABASE_PATIENCE", -1.0)
    an_approved_issue()
    people(2)
    failing(monkeypatch, name, [LOCKED] * 9)
    with pytest.raises(DeliveryError, match="database is locked") as caught:
        send(config, FakeTransport(), time)
    assert caught.value.temporary
    assert time.seconds == 0


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_told_at_once_and_what_was_sent_is_settled_by_the_next_run(
    config: Config, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_approved_issue()
    people(30)
    a_subscriber("no@example.net")
    first = FakeTransport({"no@example.net": NO_SUCH_USER})
    with monkeypatch.context() as patch:
        failing(patch, "settle", [FULL] * 99)
        failing(patch, "release", [FULL] * 99)
        with pytest.raises(DeliveryError, match="database or disk is full") as caught:
            send(config, first, time)
    assert (caught.value.temporary, time.seconds) == (True, 0)
    assert first.sent
    assert states()["claimed"] >= len(first.sent)
    second = FakeTransport({"no@example.net": NO_SUCH_USER})
    assert send(config, second, time) == {"accepted": 30, "failed": 1}
    assert set(first.recipients).isdisjoint(second.recipients)
    assert Delivery.objects.filter(attempts=1).count() == 31


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4])
def test_a_journal_that_cannot_be_written_ends_the_run_and_doubles_nothing(
    config: Config, time: Time, fails_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_approved_issue()
    people(5)
    noted, note = list[int](), Journal._note

    def disk_full(journal: Journal, lines: dict[int, bytes]) -> None:
        noted.append(1)
        if len(noted) >= fails_at:
            raise DeliveryError("the journal of sending cannot be written", temporary=True)
        note(journal, lines)

    first = FakeTransport()
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_note", disk_full)
        with pytest.raises(DeliveryError, match="journal"):
            send(config, first, time)
    assert states() == {"queued": 5 - fails_at // 2} | (
        {"accepted": fails_at // 2} if fails_at > 1 else {}
    )
    second = FakeTransport()
    assert send(config, second, time) == {"accepted": 5}
    assert len(set(first.recipients) | set(second.recipients)) == 5
    assert set(first.recipients).isdisjoint(second.recipients)


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_claim_whose_commit_was_never_confirmed_is_given_back(
    config: Config, time: Time, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was restarted while it committed: the rows may be claimed, and nobody knows."""
    an_approved_issue()
    people(8)
    claim, calls = records.claim, list[int]()

    def interrupted(*args: Any, **options: Any) -> list[Claimed]:
        calls.append(1)
        if len(calls) == 1 and moment == "after the commit":
            claim(*args, **options)
            return []  # as if nobody had heard of them
        return claim(*args, **options)

    monkeypatch.setattr(records, "claim", interrupted)
    transport = FakeTransport()
    send(config, transport, time)
    assert "claimed" not in states()
    send(config, transport, time)
    assert states() == {"accepted": 8}
    assert len(set(transport.recipients)) == len(transport.recipients) == 8
