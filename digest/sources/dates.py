"""Dates as sources write them → instants in UTC (law 10), or one sentence on why not.

A date without a time is midnight in the publication's time zone, and a time without an offset is
read there. Slashes are month/day/year, as on the pages this product was made for; what may mean
two days (3.4.2026) is not guessed at. Of a local time that the clocks skip in spring or show
twice in autumn, the offset before the change counts: so a midnight that they skip is the first
instant of its day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=366)
LONGEST, SHOWN = 100, 40  # characters: of any date, and of one that is quoted

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
# RFC 5322 section 4.3, and what American pages write for whichever of the two holds that day.
OFFSETS = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
US_ZONES = {
    "et": "America/New_York", "ct": "America/Chicago",
    "mt": "America/Denver", "pt": "America/Los_Angeles",
}  # fmt: skip

_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_MONTH = r"(?P<name>[a-z]{3,9})\.?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_DATES = (
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})",  # ISO 8601, RFC 3339
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    r"(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})",
    r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})",
    rf"{_WEEKDAY}{_MONTH}\s+{_DAY},?\s+(?P<year>[0-9]{{4}})",  # March 3, 2026
    rf"{_WEEKDAY}{_DAY}\.?[\s-]{_MONTH},?[\s-](?P<year>[0-9]{{4}})",  # 3 March 2026, RFC 5322
    # The two-digit years of RFC 822, only where a time follows as it does there.
    rf"{_WEEKDAY}{_DAY}[\s-](?P<name>[a-z]{{3}})[\s-](?P<year>[0-9]{{2}})(?=\s[0-9]{{1,2}}:)",
)
_OFFSET = r"(?:gmt|utc)?[+-][0-9]{2}(?::?[0-9]{2})?(?:\s*\([a-z ]{1,40}\))?"
_CLOCK = (
    r"(?:t|,?\s+(?:at\s+)?)(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,12}))?)?)?"
    rf"(?:\s?(?P<half>[ap])\.?m\b\.?)?(?:\s?(?P<zone>{_OFFSET}|[a-z]{{1,5}}))?"
)
_BASIC_CLOCK = (
    r"t(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?(?P<fraction>)(?P<half>)"
    rf"(?P<zone>{_OFFSET}|z)?"
)
DATES = tuple(re.compile(form + r"(?![0-9])", re.IGNORECASE | re.ASCII) for form in _DATES)
CLOCKS = tuple(re.compile(form, re.IGNORECASE | re.ASCII) for form in (_CLOCK, _BASIC_CLOCK))
NUMBERS = r"[0-9]{1,2}"
REASONS = (
    (rf"{NUMBERS}/{NUMBERS}/[0-9]{{2}}(?![0-9])", "its year has two digits, not four"),
    (rf"{NUMBERS}([.-]){NUMBERS}\1[0-9]{{2,4}}(?![0-9])", "day and month cannot be told apart"),
    (r"[0-9]{4}(?:[-/][0-9]{1,2})?$|[a-z]{3,9}\.?,?\s+[0-9]{4}$", "it names no day"),
    (r"-?[0-9]{9,19}(?:\.[0-9]+)?$", "it is a bare number, where a date is needed"),
)  # fmt: skip
WHY_NOT = tuple((re.compile(form, re.IGNORECASE | re.ASCII), reason) for form, reason in REASONS)
KNOWN = "it is not written like 2026-03-31, 3/31/2026 or March 31, 2026"


def instant_of(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime | None, str]:
    """What `text` states, and ""; or None, and one sentence on why that cannot be.

    A date before 1900 or more than 366 days after `now` cannot. (None, "") of "": not stated.
    """
    if not text.strip():
        return None, ""
    shown = _shown(text)
    try:
        moment = parse_date(text, zone)
    except ValueError as error:
        return None, f"its date “{shown}” cannot be read: {error}"
    if moment < EARLIEST:
        return None, f"its date “{shown}” lies before {EARLIEST.year}"
    if moment > now + AHEAD:
        return None, f"its date “{shown}” lies more than {AHEAD.days} days ahead"
    return moment, ""


def parse_date(text: str, zone: ZoneInfo) -> datetime:
    """The instant in UTC that `text` states, whatever its year.

    Reads ISO 8601 dates and times (RFC 3339, and the basic form), RFC 5322 (and 822) dates,
    M/D/YYYY, "March 3, 2026" and "3 March 2026", each with a time or without. Raises ValueError:
    the reason, without the date.
    """
    text = text.strip()
    stated = " ".join(text[: LONGEST + 1].split())
    if len(text) > LONGEST:
        raise ValueError("it is too long for a date")
    if not stated:
        raise ValueError("it is empty")
    for form in DATES:
        if (found := form.match(stated)) and (clock := _clock(stated[found.end() :])) is not None:
            return _in_utc(_day(found), clock, zone)
    raise ValueError(next((why for form, why in WHY_NOT if form.match(stated)), KNOWN))


def _shown(text: str) -> str:
    seen = "".join(char if char.isprintable() else " " for char in text.strip()[:LONGEST])
    seen = " ".join(seen.split())
    return seen if len(seen) <= SHOWN else seen[:SHOWN] + "…"


def _clock(rest: str) -> re.Match[str] | str | None:
    """The time that follows a date: "" for none, None for what is no time."""
    if not rest:
        return rest
    for form in CLOCKS:
        if (found := form.fullmatch(rest)) and (found["minute"] or found["half"]):
            return found
    return None


def _day(found: re.Match[str]) -> date:
    parts = found.groupdict()
    name, day, year = parts.get("name"), int(parts["day"]), int(parts["year"])
    month = _month(name) if name else int(parts["month"])
    if not 1 <= month <= 12:
        slashes = "; slashes are read as month/day/year" if "/" in found[0] else ""
        raise ValueError(f"there is no month {month}{slashes}")
    if len(parts["year"]) == 2:  # RFC 5322 section 4.3
        year += 2000 if year < 50 else 1900
    if not year:
        raise ValueError("there is no year 0")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{MONTHS[month - 1].title()} {year} has no day {day}") from None


def _month(name: str) -> int:
    """1 to 12 for a full name or a short form of three letters (or "Sept")."""
    for number, full in enumerate(MONTHS, start=1):
        if full.startswith(name.lower()) and (len(name) <= 4 or len(name) == len(full)):
            return number
    raise ValueError(f"there is no month {name}")


def _in_utc(day: date, clock: re.Match[str] | str, zone: ZoneInfo) -> datetime:
    """An instant beyond the years that Python counts becomes the first or the last of them."""
    if isinstance(clock, str):
        local, leap = datetime.combine(day, time.min, zone), timedelta()
    else:
        at, leap = _time(clock)
        local = datetime.combine(day, at, _zone(clock["zone"], zone))
    try:
        return local.astimezone(UTC) + leap
    except OverflowError:
        edges = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return edges[day.year > 1]


def _time(clock: re.Match[str]) -> tuple[time, timedelta]:
    """The time, and the second that a leap second (:60) adds to it."""
    hour, minute, second = (int(clock[name] or 0) for name in ("hour", "minute", "second"))
    if clock["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"there is no hour {hour} {clock['half']}.m.")
        hour = hour % 12 + (12 if clock["half"].lower() == "p" else 0)
    for name, value, most in (("hour", hour, 23), ("minute", minute, 59), ("second", second, 60)):
        if value > most:
            raise ValueError(f"there is no {name} {value}")
    fraction = int((clock["fraction"] or "").ljust(6, "0")[:6])
    return time(hour, minute, min(second, 59), fraction), timedelta(seconds=second // 60)


def _zone(stated: str | None, zone: ZoneInfo) -> tzinfo:
    """A name that nobody knows means UTC, by RFC 5322 section 4.3."""
    if not stated:
        return zone
    if name := US_ZONES.get(stated.lower()):
        return ZoneInfo(name)
    if not (numbers := re.search(r"([+-])([0-9]{2}):?([0-9]{2})?", stated)):
        return timezone(timedelta(hours=OFFSETS.get(stated.lower(), 0)))
    sign, hours, minutes = numbers[1], int(numbers[2]), int(numbers[3] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(f"there is no offset {numbers[0]}")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if sign == "-" else offset)
