"""Disk and database that fail while mails are on the wire: nothing lost, nothing twice (law 3)."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from digest.delivery.couriers.smtp import SmtpCourier
from digest.delivery.journal import JOURNAL
from digest.errors import DeliveryError
from digest.models import Issue
from tests.journeys.faults.site import Site, a_site, elsewhere

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

FULL = {
    "sqlite": "database or disk is full",
    "postgresql": 'could not extend file "base/5/1259": No space left on device',
}


def assert_resumed(site: Site) -> None:
    """The next run ends it, and the server has each mail once."""
    assert site.send() == {"accepted": len(site.readers)}
    assert site.state == "sent"
    site.assert_once_each()


@contextmanager
def no_room_for_the_journal(after: int) -> Iterator[None]:
    """The disk takes so many more notes, then none."""
    write, notes = os.write, [0]

    def full(descriptor: int, data: bytes) -> int:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == JOURNAL:
            notes[0] += 1
            if notes[0] > after:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", full)
        yield


@pytest.mark.parametrize("after", [0, 1, 100, 101])
def test_a_disk_without_room_for_the_journal_stops_the_issue_and_loses_nothing(
    tmp_path: Path, after: int
) -> None:
    with a_site(tmp_path) as site:
        with no_room_for_the_journal(after), pytest.raises(DeliveryError) as told:
            site.send()
        assert "No space left on device" in told.value.line()
        assert (told.value.temporary, "\n" in told.value.line()) == (True, False)
        assert "claimed" not in site.states().values()
        assert {a for a, state in site.states().items() if state == "accepted"} == set(
            site.server.taken
        )
        assert_resumed(site)


@contextmanager
def no_room_for_outcomes(after: int) -> Iterator[None]:
    """The database stores so many rounds of outcomes, then nothing at all."""
    stored = [0]

    def full(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.lstrip().startswith(("UPDATE", "INSERT")):
            stored[0] += "outcome" in sql or "SET state = %s, detail" in sql
            if stored[0] > after:
                raise OperationalError(FULL[connection.vendor])
        return execute(sql, *rest)

    with connection.execute_wrapper(full):
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [0, 3])
def test_a_full_database_stops_the_issue_and_what_the_server_said_is_not_forgotten(
    tmp_path: Path, after: int
) -> None:
    with a_site(tmp_path) as site:
        with no_room_for_outcomes(after), pytest.raises(DeliveryError) as told:
            site.send()
        assert FULL[connection.vendor] in told.value.line()
        assert (told.value.temporary, "\n" in told.value.line()) == (True, False)
        assert site.server.taken
        assert_resumed(site)


@pytest.mark.django_db(transaction=True)
def test_a_full_database_waits_for_the_answer_to_what_is_on_the_wire(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rule(step: str, about: str, time: int) -> str:
        return "hold" if step == "dot" and about == "p003@example.net" else ""

    stop = SmtpCourier.stop

    def stop_and_hear(courier: SmtpCourier) -> None:
        stop(courier)
        site.server.release()

    monkeypatch.setattr(SmtpCourier, "stop", stop_and_hear)
    with a_site(tmp_path, rule) as site:
        with no_room_for_outcomes(0), pytest.raises(DeliveryError):
            site.send()
        assert site.server.held == 1
        assert_resumed(site)


@pytest.fixture
def other(on_disk: Path | None) -> Iterator[sqlite3.Connection]:
    """Another process that can lock the database; who meets that is told at once."""
    assert on_disk is not None  # PostgreSQL locks rows, not the database
    options = connection.settings_dict["OPTIONS"]
    connection.settings_dict["OPTIONS"] = {**options, "timeout": 0.02}  # ours is 20 s
    connection.close()
    opened = sqlite3.connect(on_disk, check_same_thread=False, isolation_level=None)
    yield opened
    opened.close()
    connection.settings_dict["OPTIONS"] = options


@pytest.mark.only_sqlite
def test_a_database_that_is_locked_for_thirty_seconds_is_waited_for(
    tmp_path: Path, other: sqlite3.Connection
) -> None:
    waited: list[float] = []

    def lock(mails: int) -> None:
        if mails == 70:
            other.execute("BEGIN IMMEDIATE")

    def sleep(seconds: float) -> None:
        site.hours.sleep(seconds)
        waited.append(seconds)
        if other.in_transaction and sum(waited) > 30:
            other.execute("COMMIT")

    with a_site(tmp_path, on_taken=lock) as site:
        assert site.send(sleep=sleep) == {"accepted": 200}
        assert sum(waited) > 30
        site.assert_once_each()


@pytest.mark.only_sqlite
def test_a_database_that_is_locked_when_an_issue_begins_says_so_and_changes_nothing(
    tmp_path: Path, other: sqlite3.Connection
) -> None:
    with a_site(tmp_path, people=60) as site:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DeliveryError, match=r"^database: .*locked.*nothing is lost$") as told:
            site.send()
        assert told.value.temporary
        other.execute("COMMIT")
        assert (site.state, site.server.taken) == ("approved", [])
        assert_resumed(site)


@pytest.mark.only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_postgresql_that_is_restarted_is_waited_for(tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]

    def restart() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

    def at_the_ninetieth(mails: int) -> None:
        if mails == 90:
            elsewhere(restart)

    with a_site(tmp_path, on_taken=at_the_ninetieth) as site:
        assert site.send() == {"accepted": 200}
        site.assert_once_each()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            assert cursor.fetchone()[0] != pid
        assert Counter(site.states().values()) == {"accepted": 200}
        assert Issue.objects.get().state == "sent"
