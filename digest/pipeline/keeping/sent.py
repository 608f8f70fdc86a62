"""What readers were sent of a summary, and in which fields it says something else now.

In: rows. Out: the number of their last issue with the text as it stood in it, and the fields that
differ by a word or a figure: quotes, spaces and our own cleaning are no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from digest.models import LedgerEntry, Revision, StoredSummary
from digest.pipeline.keeping.known import parts
from digest.pipeline.past import UNDER_WAY

NAMED = {
    "title": "the title", "headline": "the headline", "found": "what was found",
    "why": "why it matters", "limits": "the limits", "body": "the text",
    "journal": "the journal", "doi": "the DOI",
}  # fmt: skip
# A figure with its sign, a word, or a sign that turns the meaning of a figure.
TOKEN = re.compile(r"(?<![\w.,])[-−]?\d+(?:[.,]\d+)*|\w+|[<>≤≥%]")

Content = Mapping[str, Any]  # field → its text, as a `Revision` has it


@dataclass(frozen=True, slots=True)
class Sent:
    """The last issue with a summary; `content` is None if its text of then is not known."""

    issue: int
    content: Content | None


def sent_of(rows: Sequence[StoredSummary]) -> dict[int, Sent]:
    """By primary key: what was sent, or is on its way. `rows` as they are stored."""
    issues = _last_issues(row.pk for row in rows)
    now = {row.pk: row for row in rows if row.pk in issues}
    contents: dict[tuple[int, str], Content] = {}
    for part in parts(pk for pk, row in now.items() if row.content_hash != issues[pk][1]):
        hashes = {issues[pk][1] for pk in part}
        kept = Revision.objects.filter(summary__in=part, content_hash__in=hashes)
        contents |= {(one.summary_id, one.content_hash): one.content for one in kept}
    for pk, row in now.items():
        contents[pk, row.content_hash] = {name: getattr(row, name) for name in NAMED}
    return {pk: Sent(number, contents.get((pk, was))) for pk, (number, was) in issues.items()}


def issues_of(rows: Iterable[int]) -> dict[int, int]:
    """Of those that were sent or are on their way: the number of their last issue."""
    return {pk: number for pk, (number, _) in _last_issues(rows).items()}


def differing(content: Content, row: StoredSummary) -> list[str]:
    """The fields in which the row says something else; a mere gain of a DOI is no difference."""
    return [
        name
        for name in NAMED
        if not same_words(content.get(name) or "", getattr(row, name))
        and not (name == "doi" and not content.get(name))
    ]


def same_words(one: str, other: str) -> bool:
    """Whether the words and figures of two texts are the same, in the same order."""
    return one == other or tokens(one) == tokens(other)


def tokens(text: str) -> list[str]:
    """Words and figures alone; what older versions left encoded counts as what it stands for."""
    return TOKEN.findall(unicodedata.normalize("NFKC", unescape(unescape(text))).casefold())


def _last_issues(rows: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Primary key → the number of its last issue, and the hash of its content as composed."""
    last: dict[int, tuple[int, str]] = {}
    for part in parts(rows):
        entries = LedgerEntry.objects.filter(
            summary__in=part, state="in", issue__state__in=UNDER_WAY
        ).order_by("issue__number")
        found = entries.values_list("summary_id", "issue__number", "content_hash")
        last |= {pk: (number, was) for pk, number, was in found}
    return last
