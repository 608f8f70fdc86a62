"""Lessons: what editors taught by moving items, so that later similar summaries follow.

A lesson outlives its issue, until the editor takes it back or forgets it; it goes with its
summary. Moving an item to where the machine would put it by itself teaches nothing.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from digest.editorial.themes import Example, Learned, Taxonomy, classify, learn
from digest.errors import Refused
from digest.models import AuditEntry, Issue, IssueItem, Lesson, StoredSummary
from digest.pipeline.rows import instant, summary_value


def taught(taxonomy: Taxonomy) -> Learned:
    """Every lesson, ready for classifying."""
    rows = Lesson.objects.select_related("summary").defer("summary__body")
    examples = (Example(summary_value(row.summary, body=False), row.theme) for row in rows)
    return learn(examples, taxonomy)


def moved_before() -> dict[int, str]:
    """The theme that each summary was moved to, by its primary key."""
    return dict(Lesson.objects.values_list("summary_id", "theme"))


def teach(
    summary: StoredSummary, theme: str, issue: Issue, taxonomy: Taxonomy, *, who: str, now: datetime
) -> None:
    """Keep that `summary` belongs to `theme`; forget it where the machine says so by itself."""
    learned = taught(taxonomy).without(summary.slug)
    machine = classify(summary_value(summary, body=False), taxonomy, learned).theme
    if machine == theme:
        Lesson.objects.filter(summary=summary).delete()
        return
    Lesson.objects.update_or_create(
        summary=summary,
        defaults={"theme": theme, "instead_of": machine, "issue": issue, "who": who, "at": now},
    )


def unteach(summary: StoredSummary, issue: Issue) -> bool:
    """Take back what a move in this issue taught; whether there was anything."""
    deleted, _ = Lesson.objects.filter(summary=summary, issue=issue).delete()
    return deleted > 0


def forget_lesson(slug: str, *, who: str, now: datetime) -> None:
    """Forget what one summary taught. Drafts follow when they are composed again.

    Raises Refused when it taught nothing.
    """
    lesson = Lesson.objects.select_related("issue").filter(summary__slug=slug).first()
    if lesson is None:
        raise Refused(f"nobody taught anything with '{slug}'", mend="`digest lessons` lists them")
    issue = lesson.issue or Issue.objects.last()
    lesson.delete()
    if issue:  # the audit hangs on issues: the one in which it was taught
        what = f"forgot that {slug} belongs to {lesson.theme}"
        AuditEntry.objects.create(issue=issue, at=now, who=who, what=what)


def lesson_lines() -> list[dict[str, Any]]:
    """What was taught, oldest first; `follow` is how many items of the open draft follow it."""
    following = _following()
    rows = Lesson.objects.select_related("summary", "issue").defer("summary__body")
    return [
        {
            "slug": row.summary.slug,
            "title": row.summary.title,
            "theme": row.theme,
            "instead_of": row.instead_of,
            "issue": row.issue.number if row.issue else None,
            "who": row.who,
            "at": instant(row.at),
            "follow": following[f"because you moved “{row.summary.title or row.summary.headline}”"],
        }
        for row in rows
    ]


def _following() -> Counter[str]:
    drafts = IssueItem.objects.filter(issue__state=Issue.State.DRAFT)
    return Counter(terms[0] for terms in drafts.values_list("terms", flat=True) if terms)
