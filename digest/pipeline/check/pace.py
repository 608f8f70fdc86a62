"""How long an issue takes at the pace that config.yaml asks for, for the readers there are now."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from digest.config import Config
from digest.config.settings import PaceSettings
from digest.delivery.headers import ascii_domain
from digest.errors import DigestError
from digest.pipeline.check.finding import Finding, error, ok, warning
from digest.pipeline.deliver import warm_up_of
from subscribers.recipients import confirmed_recipients

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST = timedelta(days=3660)  # what takes longer is only called that


def examine(config: Config) -> Iterator[Finding]:
    """Domains that are none, and the time that the readers of today take."""
    for domain in config.pace.per_domain:
        if not _is_domain(domain):
            yield error(
                "pace.per_domain",
                f"'{domain}' is no domain",
                "Write the part after the @ alone, like example.com",
            )
    warm_up = warm_up_of(config, datetime.now(UTC))
    plan = warm_up.plan[warm_up.days_before :] if warm_up.plan else ()
    limits = ", ".join(_limits(config.pace, plan))
    if not limits:
        return
    readers = sum(1 for _ in confirmed_recipients(config.audience_order))
    if not readers:
        yield ok("pace", f"{limits}; there is no reader yet")
        return
    taken = _time_taken(config.pace, plan, readers)
    who = "1 reader takes" if readers == 1 else f"{readers:,} readers take"
    reason = f"{limits}, {who} {_in_words(taken)}"
    if taken > DAY:
        hint = "Raise it, or begin earlier: some would read an issue days after others"
        yield warning("pace", reason, hint)
    else:
        yield ok("pace", reason)


def _is_domain(domain: str) -> bool:
    try:
        ascii_domain(domain)
    except DigestError:
        return False
    return True


def _limits(pace: PaceSettings, plan: Sequence[int]) -> Iterator[str]:
    """The limits that hold for every mail, in words; those of single domains come on top."""
    second, hour = pace.per_second, pace.per_hour
    if second and not (hour and hour < second * 3600):
        yield f"at {second:,g} a second"
    elif hour:
        yield f"at {hour:,g} an hour"
    if plan:
        days = ", ".join(f"{mails:,}" for mails in plan)
        yield f"with a warm-up of {days} mails a day still to come"


def _time_taken(pace: PaceSettings, plan: Sequence[int], readers: int) -> timedelta:
    """From the first mail to the last, the plan being what is left of the warm-up."""
    hourly = min((pace.per_second or math.inf) * 3600, pace.per_hour or math.inf)
    days, left = 0, float(readers)
    for most in plan:
        today = min(most, hourly * 24)
        if left <= today:
            break
        days, left = days + 1, left - today
    hours = left / hourly
    if days * 24 + hours >= LONGEST / HOUR:
        return LONGEST
    return days * DAY + hours * HOUR


def _in_words(time: timedelta) -> str:
    """`3 h 20 min`: two units at most, the last rounded up."""
    if time >= LONGEST:
        return f"more than {LONGEST.days // 366} years"
    minutes = math.ceil(time / timedelta(minutes=1))
    if minutes <= 1:
        return "a minute at most"
    if minutes >= 48 * 60:
        days, hours = divmod(math.ceil(minutes / 60), 24)
        return f"{days} days {hours} h" if hours else f"{days} days"
    hours, minutes = divmod(minutes, 60)
    parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")
    return " ".join(filter(None, parts))
