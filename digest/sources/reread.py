"""When a page that was read is read again, and what is remembered of it until then.

Pure: what a visit remembered and what is told now → a verdict. `Seen.far` tells how far an
address lies from the start: 0 a listing, 1 a page that a listing names, 2 one that a card of such
a page leads to, and so on. Without `read_at` it waits to be read. A page that could not be
understood has no `body_hash`, so that it is never asked whether it changed, but read whole.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from digest.sources.dates import parse_date
from digest.values import Seen

LISTING, LISTED = 0, 1
DAY = timedelta(days=1)
YOUNG = timedelta(days=45)
YOUNG_AGAIN, UNDATED_AGAIN, OLD_AGAIN = DAY, 7 * DAY, 30 * DAY


class Due(IntEnum):
    """How a page is to be read now."""

    NOT = 0
    ASKED = 1  # its regular turn: read if it changed
    CHANGED = 2  # its site says that it changed: likewise, and not put off for good
    WHOLE = 3  # even if it did not change


def due(seen: Seen | None, now: datetime, zone: ZoneInfo, *, told: str, changed: str) -> Due:
    """Whether to read a page. `told`: a card's date of it; `changed`: a sitemap's lastmod."""
    if seen is None or (seen.read_at is None and not seen.body_hash):
        return Due.WHOLE
    if told and not seen.dated:
        return Due.WHOLE  # it stated no date of its own, and now there is one
    if seen.read_at is None or _changed_since(seen.read_at, changed, now, zone):
        return Due.CHANGED
    return Due.ASKED if now - seen.read_at >= _again_after(seen, now, zone) else Due.NOT


def put_off(seen: Seen, verdict: Due, told: str) -> Seen:
    """What to remember of a page whose turn did not come, so that it comes at the next visit."""
    if verdict is Due.WHOLE:
        return Seen(seen.url, dated=told or seen.dated, far=seen.far, problem=seen.problem)
    return replace(seen, read_at=None) if verdict is Due.CHANGED else seen


def instant(stated: str, zone: ZoneInfo) -> datetime | None:
    """The instant that a date states; None when it states none."""
    try:
        return parse_date(stated, zone) if stated else None
    except ValueError:
        return None


def _changed_since(read_at: datetime, changed: str, now: datetime, zone: ZoneInfo) -> bool:
    """A lastmod without a time means all that day: the page is read once more when it is over."""
    moment = instant(changed, zone)
    if moment is None or moment > now:
        return False
    if moment > read_at:
        return True
    local = moment.astimezone(zone)
    if len(changed.strip()) > len("2026-11-01"):
        return False
    over = datetime.combine(local.date() + DAY, time.min, zone).astimezone(UTC)
    return read_at < over <= now


def _again_after(seen: Seen, now: datetime, zone: ZoneInfo) -> timedelta:
    dated = instant(seen.dated, zone)
    if dated is None:
        return UNDATED_AGAIN
    return YOUNG_AGAIN if now - dated < YOUNG else OLD_AGAIN
