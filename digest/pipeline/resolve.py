"""Resolve: an operator settles deliveries that are `unknown` (law 3).

In: an issue, a decision, and whose delivery (or every one's). Out: rows changed, each only from
`unknown`, and an audit entry. Nothing else sends such a mail again, and nothing does by itself;
sent again, it has the Message-ID that it had.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import F, TextField, Value
from django.db.models.functions import Concat

from digest.errors import Refused
from digest.models import AuditEntry, Delivery, Issue
from digest.pipeline.issues import hold
from subscribers.membership import find_subscriber

Decision = Literal["accepted", "failed", "resend"]

BECOMES: dict[Decision, Delivery.State] = {
    "accepted": Delivery.State.ACCEPTED,
    "failed": Delivery.State.FAILED,
    "resend": Delivery.State.QUEUED,
}


def known_decision(name: str) -> Decision:
    """The decision of that name. Raises Refused naming the three."""
    for decision in BECOMES:
        if name == decision:
            return decision
    raise Refused(f"'{name}' settles nothing", mend=f"Known: {', '.join(BECOMES)}")


def resolve(
    issue: Issue, decision: Decision, *, address: str | None, who: str, now: datetime
) -> int:
    """Settle the unknown deliveries of an issue, or that to one address; how many there were.

    To resend takes an issue that was sent back to `sending`; a paused one stays paused. Raises
    BadAddress; Refused when an address is named whose delivery is not unknown.
    """
    with transaction.atomic():
        hold(issue)
        rows = issue.deliveries.filter(state=Delivery.State.UNKNOWN)
        if address is not None:
            # Nobody by that address: of no row, for erased ones have no subscriber either.
            someone = find_subscriber(address)
            rows = rows.filter(subscriber=someone) if someone else rows.none()
        said = f"an operator's decision: {decision}; before: "
        resolved = rows.update(
            state=BECOMES[decision],
            detail=Concat(Value(said), F("detail"), output_field=TextField()),
            next_try=None,
            changed_at=now,
        )
        if address is not None and not resolved:
            raise Refused(
                f"no delivery of issue {issue.number} to that address is unknown",
                mend=f"`digest deliveries {issue.number} --state unknown` lists them",
            )
        if resolved:
            _keep(issue, decision, resolved, who, now)
    return resolved


def _keep(issue: Issue, decision: Decision, resolved: int, who: str, now: datetime) -> None:
    if decision == "resend" and issue.state == Issue.State.SENT:
        issue.state = Issue.State.SENDING
        issue.save(update_fields=("state",))
    rows = "delivery" if resolved == 1 else "deliveries"
    what = f"settled {resolved} unknown {rows} as {decision}"
    AuditEntry.objects.create(issue=issue, at=now, who=who, what=what)
