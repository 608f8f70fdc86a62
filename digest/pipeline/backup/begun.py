"""Begun: an issue that goes out is noted beside the database, so that no old backup sends it again.

In: an issue that begins, or lines of the departures file. Out: such a line, or restored issues that
count as sent (law 3). Who of its readers got it, the backup cannot tell: nobody gets it twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from digest.errors import Refused
from digest.models import AuditEntry, Delivery, Issue
from subscribers.departures import Noted, note_departures

WHO = "departures file"
DOUBTED = "open when the backup was taken; its issue began to go out since"
PREFIX = "issue-"
State, Row = Issue.State, Delivery.State
# Sending and paused ones were stopped by the restore; a cancelled one never begins.
COULD_BEGIN = (State.DRAFT, State.SKIPPED, State.APPROVED, State.SCHEDULED)
OPEN = (Row.QUEUED, Row.CLAIMED, Row.DEFERRED)


def note_began(number: int, now: datetime) -> None:
    """Note that an issue begins to go out, in the transaction that queues it. Raises Refused."""
    try:
        note_departures("began", [f"{PREFIX}{number}"], at=now)
    except OSError as error:
        raise Refused(
            f"the departures file cannot be written ({error.strerror or error})",
            where=str(settings.SUBSCRIBERS_DEPARTURES),
            mend="Nothing is sent yet: mend that, then send again",
        ) from None


def replay_begun(lines: Iterable[Noted], now: datetime) -> dict[int, str]:
    """Issue → what became of it, for each that changed now, or that the backup does not have."""
    told = {}
    begun = {one.key.removeprefix(PREFIX): one.at for one in lines if one.kind == "began"}
    for number, at in begun.items():
        with transaction.atomic():
            issue = Issue.objects.select_for_update().filter(number=number).first()
            what = _settle(issue, at, now) if issue else "is not in the backup, but went out since"
        if what:
            told[int(number)] = what
    return told


def _settle(issue: Issue, at: datetime, now: datetime) -> str:
    if issue.state not in COULD_BEGIN:
        return ""
    what = f"began to go out on {at:%Y-%m-%d %H:%M} UTC, after the backup: it is not sent again"
    if issue.deliveries.exists():
        issue.state = State.PAUSED
        doubted = issue.deliveries.filter(state__in=OPEN)
        doubted.update(state=Row.UNKNOWN, detail=DOUBTED, next_try=None, changed_at=now)
    else:
        issue.state, issue.sent_at = State.SENT, at
    issue.send_at = None
    issue.save(update_fields=("state", "sent_at", "send_at"))
    AuditEntry.objects.create(issue=issue, at=now, who=WHO, what=what)
    return what
