"""Replay and release: who left since the backup leaves again; then somebody lets it send.

In: the departures file and the restored rows. Out: rows, mails of the queue that nobody may get
any more gone, and `Restoration` rows that say how far it is. Each step may be killed and run anew.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Min

from digest.errors import Refused
from digest.models import AuditEntry, Issue, QueuedMail, Restoration
from digest.pipeline.backup.begun import replay_begun
from digest.pipeline.forget import forget
from subscribers.departures import Noted, departures_since
from subscribers.replay import Replayed, replay
from subscribers.suppression import KEYS_PER_QUERY

WITHOUT = (
    "released without the departures file: whoever left, complained or was erased since the "
    "backup may be mailed"
)
LIVE = (Issue.State.DRAFT, Issue.State.APPROVED, Issue.State.PAUSED)


@dataclass(frozen=True, slots=True)
class Departed:
    """What the departures file brought, and which of its lines it could not."""

    changed: Replayed = field(default_factory=Replayed)
    lines: int = 0
    problems: tuple[str, ...] = ()
    issues: dict[int, str] = field(default_factory=dict)  # began since; what became of each

    def document(self) -> dict[str, Any]:
        """As JSON prints it."""
        issues = {str(number): what for number, what in self.issues.items()}
        told = {"lines": self.lines, "problems": list(self.problems), "issues": issues}
        return {**asdict(self.changed), **told}


def replay_departures(*, now: datetime) -> Departed:
    """Apply every departure since the backup that waits for its release.

    Raises Refused where none waits, or when the file is missing, unreadable or another one.
    """
    waiting = Restoration.objects.filter(released_at__isnull=True)
    since = waiting.aggregate(Min("taken_at"))["taken_at__min"]
    if since is None:
        raise Refused("nothing waits for a release", mend="`digest restore FILE` restores a backup")
    noted, problems = _read(since)
    changed, closed = replay(noted, lambda address, at: forget(address, now=at), now=now)
    _drop_queued(closed)
    issues = replay_begun(noted, now)
    waiting.update(replayed_at=now)
    return Departed(changed, len(noted), tuple(problems), issues)


def release(*, who: str, now: datetime, without_departures: bool = False) -> Departed:
    """Let the site send again, once what is noted is in. Kept in the audit of each open issue.

    Raises Refused as `replay_departures` does; `without_departures` does not ask for the file.
    """
    waiting = Restoration.objects.filter(released_at__isnull=True)
    if without_departures and waiting.exists():
        departed, what = Departed(problems=(WITHOUT,)), WITHOUT
    else:
        departed = replay_departures(now=now)
        what = "released after a restore: the departures since the backup are in"
    with transaction.atomic():
        waiting.update(released_at=now, released_by=who)
        AuditEntry.objects.bulk_create(
            AuditEntry(issue=issue, at=now, who=who, what=what)
            for issue in Issue.objects.filter(state__in=LIVE)
        )
    return departed


def _read(since: datetime) -> tuple[list[Noted], list[str]]:
    where = str(settings.SUBSCRIBERS_DEPARTURES)
    mend = (
        "Put the file of the site that was backed up there, then run `digest release --by NAME`; "
        "if it is lost, --without-departures mails also those who left since"
    )
    try:
        return departures_since(since)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused(
            f"the departures file cannot be read ({reason})", where=where, mend=mend
        ) from None
    except LookupError:
        raise Refused(
            "this departures file does not know of the backup: it is another one, or an older copy",
            where=where,
            mend=mend,
        ) from None


def _drop_queued(keys: list[str]) -> None:
    """Mails that wait for people who are gone; `flush_queue` would ask too, this is sooner."""
    rest = iter(keys)
    while some := list(islice(rest, KEYS_PER_QUERY)):
        confirmations = QueuedMail.objects.filter(recipient_key__in=some)
        confirmations.filter(purpose=QueuedMail.Purpose.CONFIRMATION).delete()
