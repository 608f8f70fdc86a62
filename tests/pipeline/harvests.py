"""What sources give, for the tests on keeping: a harvest into the store, in one line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from digest.models import StoredSummary
from digest.pipeline.keep import Kept, keep
from digest.pipeline.keeping.window import Window
from digest.sources.kind import SourceSettings
from digest.values import Entry, Harvest, Refusal
from tests.builders import NOW


def kept(
    source: str,
    *entries: Entry,
    now: datetime = NOW,
    complete: bool = False,
    refusals: Iterable[Refusal] = (),
    undated: Literal["hold", "first_seen"] = "hold",
    window: Window | None = None,
) -> Kept:
    """Keep what `source` gives in one visit."""
    settings = SourceSettings(name=source, kind="folder", undated=undated)
    harvest = Harvest(entries, tuple(refusals), complete=complete)
    return keep(harvest, settings, now=now, window=window)


def the_one() -> StoredSummary:
    """The only summary there is."""
    return StoredSummary.objects.get()
