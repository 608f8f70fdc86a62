"""Dates as sources write them → instants in UTC (law 10).

A date without a time is midnight in the publication's time zone, and so is a time without an
offset read there. Slashes are month/day/year, as on the pages this product was made for.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

YEARS = range(1900, 2101)
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?", re.IGNORECASE)
# RFC 5322 section 3.3, with the two-digit years of section 4.3.
MAIL = re.compile(
    WEEKDAY + r"\d{1,2}\s+[a-z]{3}\s+\d{2}(?:\d\d)?\s+\d\d?:\d\d(?::\d\d)?(?:\s+\S+)?",
    re.IGNORECASE,
)
SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
MONTH_FIRST = re.compile(
    WEEKDAY + r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", re.IGNORECASE
)
DAY_FIRST = re.compile(
    WEEKDAY + r"(\d{1,2})(?:st|nd|rd|th)?\.?\s+([a-z]{3,9})\.?,?\s+(\d{4})", re.IGNORECASE
)
KNOWN = "write one like 2026-03-31, 3/31/2026 or March 31, 2026"


def parse_date(text: str, zone: ZoneInfo) -> datetime:
    """The instant in UTC that `text` states.

    Reads ISO 8601 dates and times, RFC 5322 (and 822) dates, M/D/YYYY, "March 3, 2026" and
    "3 March 2026". Raises ValueError with the reason: no date, no such day, or a year that is
    not between 1900 and 2100.
    """
    stated = " ".join(text.split())
    shown = stated if len(stated) <= 40 else stated[:40] + "…"
    if not stated:
        raise ValueError(f"the date is empty; {KNOWN}")
    try:
        moment = _read(stated, zone)
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(f"'{shown}' is no date ({error})") from None
    if moment is None:
        raise ValueError(f"'{shown}' is no date; {KNOWN}")
    if moment.year not in YEARS:
        raise ValueError(f"'{shown}': the year must be from {YEARS[0]} to {YEARS[-1]}")
    return moment.astimezone(UTC)


def _read(stated: str, zone: ZoneInfo) -> datetime | None:
    if ISO.fullmatch(stated):
        moment = datetime.fromisoformat(stated.upper())
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if MAIL.fullmatch(stated):
        moment = parsedate_to_datetime(stated)
        # Section 4.3: a zone that nobody knows is -0000, that is UTC.
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if match := SLASHES.fullmatch(stated):
        return _midnight(int(match[3]), int(match[1]), int(match[2]), zone)
    if match := MONTH_FIRST.fullmatch(stated):
        return _midnight(int(match[3]), _month(match[1]), int(match[2]), zone)
    if match := DAY_FIRST.fullmatch(stated):
        return _midnight(int(match[3]), _month(match[2]), int(match[1]), zone)
    return None


def _midnight(year: int, month: int, day: int, zone: ZoneInfo) -> datetime:
    if not 1 <= month <= 12:
        raise ValueError(f"there is no month {month}; slashes are read as month/day/year")
    return datetime.combine(date(year, month, day), time.min, zone)


def _month(name: str) -> int:
    """1 to 12 for a full name or a short form of three letters (or "Sept")."""
    for number, full in enumerate(MONTHS, start=1):
        if full.startswith(name.lower()) and (len(name) <= 4 or len(name) == len(full)):
            return number
    raise ValueError(f"there is no month {name}")
