"""Choices: what an editor decided about the items of a draft; it outlives composing again.

A placing (exclude, hold, bring) is for all editions or for one, and the one for one edition goes
before. A theme is always for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from digest.editorial.selection import EditorPlacing
from digest.models import EditorChoice, Issue, StoredSummary
from digest.values import Audience

FOR_ALL = ""  # the audience of a choice that is for every edition


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of one draft, by the summary's primary key."""

    themes: Mapping[int, str]
    placings: Mapping[tuple[int, str], str]

    def placing(self, summary_id: int, audience: Audience) -> EditorPlacing:
        """What the editor decided for this edition, else for all; "" for nothing."""
        own = self.placings.get((summary_id, audience))
        return cast(EditorPlacing, own or self.placings.get((summary_id, FOR_ALL), ""))

    def without_holds(self) -> Choices:
        """The same, as if nothing were held over."""
        placings = {key: placing for key, placing in self.placings.items() if placing != "hold"}
        return replace(self, placings=placings)


def choices_of(draft: Issue | None) -> Choices:
    """What was decided so far; nothing when there is no draft yet."""
    rows = list(draft.choices.all()) if draft else []
    return Choices(
        themes={row.summary_id: row.theme for row in rows if row.theme},
        placings={(row.summary_id, row.audience): row.placing for row in rows if row.placing},
    )


def choose_theme(issue: Issue, summary: StoredSummary, theme: str) -> None:
    """Keep the theme that the editor moved an item to."""
    EditorChoice.objects.update_or_create(
        issue=issue, summary=summary, audience=FOR_ALL, defaults={"theme": theme}
    )


def choose_placing(
    issue: Issue, summary: StoredSummary, placing: EditorPlacing, audience: Audience | None
) -> None:
    """Keep where the editor wants an item, in one edition or (None) in all."""
    EditorChoice.objects.update_or_create(
        issue=issue,
        summary=summary,
        audience=audience or FOR_ALL,
        defaults={"placing": placing},
    )


def take_back(issue: Issue, summary: StoredSummary, audience: Audience | None) -> bool:
    """Forget what was decided on an item for one edition, or (None) all; whether there was any."""
    rows = EditorChoice.objects.filter(issue=issue, summary=summary)
    deleted, _ = (rows.filter(audience=audience) if audience else rows).delete()
    return deleted > 0


def let_go(issue: Issue) -> str:
    """Drop the words and the holds of a month that is over; what was dropped, in words, or "".

    What was excluded, brought in or moved stays. The caller holds the row.
    """
    dropped = kept(issue)
    issue.choices.filter(placing="hold", theme="").delete()
    issue.choices.filter(placing="hold").update(placing="")
    issue.wording = {}
    issue.save(update_fields=("wording",))
    return dropped


def kept(issue: Issue) -> str:
    """The editor's words and holds in a line: "own words (patient subject) and 2 holds", or ""."""
    words = [f"{audience} {part}" for audience, own in issue.wording.items() for part in own]
    holds = issue.choices.filter(placing="hold").count()
    said = [f"own words ({', '.join(words)})"] if words else []
    if holds:
        said.append("1 hold" if holds == 1 else f"{holds} holds")
    return " and ".join(said)
