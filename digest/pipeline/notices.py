"""Notices: the editors are told that a draft is ready, or that an issue was skipped.

A notice is queued in the transaction that writes the draft, so it is told exactly when it is
true. It names no diagnosis and nobody on the lists (law 7).
"""

from __future__ import annotations

from datetime import datetime

from digest.config import Config
from digest.delivery.queue import queue_notices
from digest.mail import wording
from digest.models import AuditEntry, Issue
from digest.timetable import day_of, next_time

State = Issue.State
COMPOSE = "digest compose"


def editors(config: Config) -> tuple[str, ...]:
    """Who is told: `issue.tell`, else where readers' replies go, else nobody."""
    reply_to = config.sender.reply_to
    return config.issue.tell or ((reply_to,) if reply_to else ())


def tell_editors(
    issue: Issue, config: Config, *, studies: int, was: str | None, slot: str, now: datetime
) -> None:
    """Queue what this composing gives to tell, if anything; the caller holds a transaction.

    `studies` is how many were found. The schedule (`slot`) always tells, but once a slot. By
    hand only what nobody sees coming is told: an issue that `was` not skipped before, and is now.
    """
    skipped = issue.state == State.SKIPPED
    if not slot and (not skipped or was == State.SKIPPED):
        return
    what = f"told the editors that it {'was skipped' if skipped else 'is ready'}"
    if slot:
        what += f" (schedule of {slot.replace('T', ', ')})"
        if issue.audit.filter(what=what).exists():
            return
    subject, text = (_skipped if skipped else _ready)(issue, config, studies, now)
    if queue_notices(editors(config), subject, text, sender=config.sender_value(), now=now):
        AuditEntry.objects.create(issue=issue, at=now, who="digest", what=what)


def _ready(issue: Issue, config: Config, studies: int, now: datetime) -> tuple[str, str]:
    themes = issue.items.order_by().values("theme").distinct().count()
    found = f"{wording.studies(studies)} in {wording.themes(themes)}"
    paragraphs = (
        f"Issue {issue.number} was composed up to {day_of(issue.cut_off, config.zone)}: {found}.",
        f"Look at it, and change what you like:\n{_studio(issue, config)}",
        _what_next(issue, config, now),
    )
    return f"Issue {issue.number} is ready to look at: {found}", "\n\n".join(paragraphs)


def _what_next(issue: Issue, config: Config, now: datetime) -> str:
    sends, approve = config.schedule.send, f"digest approve {issue.number} --by NAME"
    when = f" on {day_of(next_time(sends, config.zone, now), config.zone)}" if sends else ""
    if config.issue.approval == "required":
        return f"It goes out{when} only if somebody approves it: {approve}"
    if sends:
        return f"The schedule sends it{when}, approved or not."
    return f"Nothing sends it by itself: {approve}"


def _skipped(issue: Issue, config: Config, studies: int, now: datetime) -> tuple[str, str]:
    found = f"{studies} of the {config.issue.min_items} items it needs"
    paragraphs = (
        f"Issue {issue.number} has {found}, so nothing will be sent. All is kept for the next.",
        f"To have it all the same, gather more or lower issue.min_items, then run:\n{COMPOSE}",
        f"What it has, and why:\n{_studio(issue, config)}",
    )
    subject = f"Issue {issue.number} was skipped: {found}; all is kept"
    return subject, "\n\n".join(paragraphs)


def _studio(issue: Issue, config: Config) -> str:
    return f"{config.publication.site_url}/studio/issues/{issue.number}"
