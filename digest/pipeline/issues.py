"""Finding an issue, and holding its row while something about it is decided."""

from __future__ import annotations

from digest.errors import Refused
from digest.models import Issue


def find_issue(number: int) -> Issue:
    """The issue of that number. Raises Refused when there is none."""
    issue = Issue.objects.filter(number=number).first()
    if issue is None:
        numbers = ", ".join(str(n) for n in Issue.objects.values_list("number", flat=True))
        mend = f"There are: {numbers}" if numbers else "Run `digest compose` first"
        raise Refused(f"there is no issue {number}", mend=mend)
    return issue


def hold(issue: Issue) -> None:
    """Inside a transaction: read the row again and keep others from changing it until its end.

    What was read before may be old: an editor and a sender work on the same issue.
    """
    issue.refresh_from_db(from_queryset=Issue.objects.select_for_update())
