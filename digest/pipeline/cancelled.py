"""Cancelled issues: what was not begun of them is skipped, for good.

In: rows of issues that somebody cancelled. Out: rows. What a sender has claimed is its own: it
sees the cancelling, gives back what is not begun, and asks here again (law 3).
"""

from __future__ import annotations

from datetime import datetime

from digest.delivery.records import WAITING
from digest.models import Delivery, Issue

State = Delivery.State
CANCELLED = "cancelled"
GONE = (State.CLAIMED, State.ACCEPTED, State.UNKNOWN)


def skip_cancelled(now: datetime) -> int:
    """Skip every delivery of a cancelled issue that waits; how many."""
    cancelled = Issue.objects.filter(state=Issue.State.CANCELLED)
    return Delivery.objects.filter(issue__in=cancelled, state__in=WAITING).update(
        state=State.SKIPPED, detail=CANCELLED, next_try=None, changed_at=now
    )


def may_have_reached(issue: Issue) -> bool:
    """Whether somebody got a mail of it, or may have. Ask after `skip_cancelled`."""
    return issue.deliveries.filter(state__in=GONE).exists()
