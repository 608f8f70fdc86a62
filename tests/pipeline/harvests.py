"""What sources give, for the tests on keeping: a harvest into the store, in one line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from digest.models import LedgerEntry, StoredSummary
from digest.pipeline.keep import Kept, keep
from digest.pipeline.keeping.window import Window
from digest.sources.identity import title_key
from digest.sources.kind import SourceSettings
from digest.values import AUDIENCES, Entry, Harvest, Refusal
from tests.builders import NOW, a_draft, an_entry


def kept(
    source: str,
    *entries: Entry,
    now: datetime = NOW,
    complete: bool = False,
    refusals: Iterable[Refusal] = (),
    undated: Literal["hold", "first_seen"] = "hold",
    window: Window | None = None,
    sources: frozenset[str] | None = None,
) -> Kept:
    """Keep what `source` gives in one visit."""
    settings = SourceSettings(name=source, kind="folder", undated=undated)
    harvest = Harvest(entries, tuple(refusals), complete=complete)
    return keep(harvest, settings, now=now, window=window, sources=sources)


def the_one() -> StoredSummary:
    """The only summary there is."""
    return StoredSummary.objects.get()


def the_title_key() -> str:
    """By what the rows of `an_entry()` have its title."""
    return title_key(an_entry())


def in_an_issue(number: int = 3, state: str = "sent") -> None:
    """Put the only summary there is into an issue, for everybody."""
    row = the_one()
    issue = a_draft(number, state=state)
    LedgerEntry.objects.bulk_create(
        LedgerEntry(issue=issue, summary=row, audience=a, state="in", content_hash=row.content_hash)
        for a in AUDIENCES
    )
