"""Cancelled issues: what was not begun of them is skipped, for good.

In: rows of issues that somebody cancelled. Out: rows. What a sender has claimed is its own: it
sees the cancelling, gives back what is not begun, and asks here again (law 3). One that died is
asked before: its journal tells what of its claim was on the wire.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from digest.config import Config
from digest.delivery.journal import open_journal
from digest.delivery.lock import Busy
from digest.delivery.records import WAITING
from digest.models import Delivery, Issue
from digest.pipeline.sending import keep_left

State = Delivery.State
CANCELLED = "cancelled"
GONE = (State.CLAIMED, State.ACCEPTED, State.UNKNOWN)


def skip_cancelled(now: datetime) -> int:
    """Skip every delivery of a cancelled issue that waits; how many."""
    cancelled = Issue.objects.filter(state=Issue.State.CANCELLED)
    return Delivery.objects.filter(issue__in=cancelled, state__in=WAITING).update(
        state=State.SKIPPED, detail=CANCELLED, next_try=None, changed_at=now
    )


def may_have_reached(issue: Issue, audience: str | None = None) -> bool:
    """Whether somebody got a mail of it (of that edition), or may have.

    Ask after `skip_cancelled`.
    """
    gone = issue.deliveries.filter(state__in=GONE)
    return (gone.filter(audience=audience) if audience else gone).exists()


def settle_dead_sender(config: Config, now: datetime) -> None:
    """Settle what a sender that died left claimed, so that cancelling next gives up the rest.

    One that is alive holds the journal, and settles its own. Raises DeliveryError when the journal
    cannot be opened.
    """
    with suppress(Busy), open_journal(config.folder) as journal:
        keep_left(journal, now)
        journal.end()
