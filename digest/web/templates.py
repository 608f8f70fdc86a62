"""The Jinja2 environment of the pages (the mails have their own in digest.mail)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from digest.mail.wording import people
from digest.timetable import day_of


def environment(**options: Any) -> Environment:
    """Django's options, strict about undefined names, autoescaped, with `url` and `publication`."""
    options.update(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    env = Environment(**options)  # noqa: S701 - autoescape is set above
    env.globals.update(url=reverse, publication=settings.SUBSCRIBERS_PUBLICATION)
    env.globals.update(month=month, day=day, people=people)
    return env


def month(moment: datetime) -> str:
    """ "November 2026", as the publication's readers count it."""
    return f"{moment.astimezone(settings.CONFIG.zone):%B %Y}"


def day(instant: str) -> str:
    """A report's instant (ISO 8601) as "1 November 2026, 09:00", in the publication's zone."""
    moment, zone = datetime.fromisoformat(instant), settings.CONFIG.zone
    return f"{day_of(moment, zone)}, {moment.astimezone(zone):%H:%M}"
