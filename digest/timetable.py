"""When: cron expressions of the configuration → instants and slots (law 10).

A slot is the wall-clock minute in the publication's zone, "2026-11-01T09:00": it sorts as text,
and an hour that comes twice in autumn is one slot. A minute that is missing in spring is due at
the first minute after the gap.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

LOOK_BACK_AT_MOST = timedelta(days=62)


def next_time(expression: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first instant after `after` that the expression names, in UTC."""
    trigger = CronTrigger.from_crontab(expression, timezone=zone)
    found: datetime | None = trigger.get_next_fire_time(None, after + timedelta(seconds=1))
    assert found is not None  # five valid fields always come again
    return found.astimezone(UTC)


def due_times(expression: str, zone: ZoneInfo, since: datetime, now: datetime) -> list[datetime]:
    """Every instant after `since` up to `now`, oldest first; at most 62 days back."""
    moment = max(since, now - LOOK_BACK_AT_MOST)
    found: list[datetime] = []
    while (moment := next_time(expression, zone, moment)) <= now:
        found.append(moment)
    return found


def slot_of(moment: datetime, zone: ZoneInfo) -> str:
    """The wall-clock minute that names an occurrence."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def instant_of(slot: str, zone: ZoneInfo) -> datetime:
    """When a slot was; of an hour that comes twice, the first."""
    return datetime.fromisoformat(slot).replace(tzinfo=zone).astimezone(UTC)


def day_of(moment: datetime, zone: ZoneInfo) -> str:
    """The date as the publication's readers count and say it: "3 March 2026"."""
    return _said(moment.astimezone(zone).date())


@lru_cache(maxsize=1024)
def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
