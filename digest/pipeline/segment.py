"""The segment that an issue goes to, where it does not go to everybody on its lists.

In: an issue, and a saved segment's name or an expression. Out: `Issue.segment`, the expression
itself, so that what is saved or forgotten later changes nothing; and whom it chooses, evaluated
when everybody is queued. Claiming still looks at each reader again (law 4).
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from digest.errors import Refused
from digest.models import Issue
from subscribers.errors import SubscribersError
from subscribers.models import Subscriber
from subscribers.segments import saved

READY = (Issue.State.APPROVED, Issue.State.SCHEDULED)


def choose(issue: Issue, text: str) -> None:
    """Inside a transaction, the issue's row held: store to whom it goes; "everybody" lifts it.

    Raises Refused for what is no segment, or another one once the issue goes out.
    """
    try:
        expression = "" if text == saved.EVERYBODY else saved.expression_of(text)
    except SubscribersError as error:
        raise Refused(error.what, where=error.where, mend=error.mend) from None
    if expression == issue.segment:
        return
    if issue.state not in READY:
        raise Refused(
            f"issue {issue.number} is {issue.state}, to {in_words(issue)}",
            mend="It keeps its readers: run the command without --segment",
        )
    issue.segment = expression
    issue.save(update_fields=("segment",))


def readers(issue: Issue) -> QuerySet[Subscriber] | None:
    """Whom its segment chooses now; None: everybody. Raises Refused when it means nothing now."""
    if not issue.segment:
        return None
    try:
        return saved.subscribers_of(issue.segment)
    except SubscribersError as error:
        what = f"its segment cannot be read any more: {error.what} ({error.where})"
        mend = f"`digest send {issue.number} --segment NAME` names another"
        raise Refused(what, where=f"issue {issue.number}", mend=mend) from None


def in_words(issue: Issue) -> str:
    """To whom it goes."""
    if not issue.segment:
        return saved.EVERYBODY
    return f"the segment {' '.join(issue.segment.split())}"


def segment_report(issue: Issue) -> dict[str, Any] | None:
    """For `digest show N`: the expression, and how many would get an issue of it now.

    None for everybody; `readers` is None for an expression that means nothing any more.
    """
    if not issue.segment:
        return None
    try:
        now: int | None = saved.count(issue.segment).readers
    except SubscribersError:
        now = None
    return {"expression": issue.segment, "readers": now}
