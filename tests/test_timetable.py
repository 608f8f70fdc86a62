"""Slots: wall-clock minutes that happen once, whatever the clocks do (law 10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from digest.timetable import due_times, instant_of, next_time, slot_of

ZONE = ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slots(expression: str, since: str, now: str) -> list[str]:
    return [slot_of(moment, ZONE) for moment in due_times(expression, ZONE, utc(since), utc(now))]


def test_the_next_time_is_after_the_moment_never_at_it() -> None:
    nine = utc("2026-11-25T14:00")  # 09:00 in New York
    assert next_time("0 9 25 * *", ZONE, nine - timedelta(minutes=1)) == nine
    assert next_time("0 9 25 * *", ZONE, nine) == utc("2026-12-25T14:00")


def test_an_hour_that_comes_twice_in_autumn_is_one_slot() -> None:
    names = slots("30 1 * * *", "2026-11-01T03:00", "2026-11-01T20:00")
    assert set(names) == {"2026-11-01T01:30"}


def test_a_minute_that_is_missing_in_spring_is_due_once_after_the_gap() -> None:
    assert slots("30 2 * * *", "2026-03-08T03:00", "2026-03-08T20:00") == ["2026-03-08T03:30"]


def test_every_slot_of_a_downtime_is_named_oldest_first() -> None:
    names = slots("0 9 * * *", "2026-11-10T00:00", "2026-11-12T20:00")
    assert names == ["2026-11-10T09:00", "2026-11-11T09:00", "2026-11-12T09:00"]


def test_a_slot_reads_back_as_its_instant() -> None:
    moment = utc("2026-07-01T13:00")
    assert instant_of(slot_of(moment, ZONE), ZONE) == moment
