"""Gather: each source → new and changed summaries in the store. One bad source stops no other.

In: the sources of config.yaml. Out: rows, and a `Gathering` for each source. Several hosts are
visited at once, in threads that touch no database; what they bring is stored as it comes, each
source in a transaction of its own, with no network in it (law 11).
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event

from django.db import transaction
from django.db.models import Count, Exists, OuterRef

from digest.config import Config
from digest.errors import Refused, SourceError
from digest.models import LedgerEntry, StoredSummary
from digest.pipeline.gone import still_there, tell_gone
from digest.pipeline.keep import Kept, keep
from digest.pipeline.keeping.window import Window
from digest.pipeline.past import SETTLED
from digest.pipeline.side_by_side import side_by_side
from digest.pipeline.visits import (
    Memory,
    forget_the_old,
    note_failure,
    note_success,
    reason_to_skip,
    remembered,
    until_told,
)
from digest.pipeline.wire import Wire, open_wire
from digest.sources import harvest
from digest.sources.kind import SourceSettings, Visit
from digest.values import Harvest, Refusal

log = logging.getLogger("gather")

STOPPED = "the gathering was stopped before; the next one goes on"
Progress = Callable[[str, int, int], None]  # a source's name, how many are done, of how many


@dataclass(frozen=True, slots=True)
class Gathering:
    """What one source gave. `held`: its stored summaries that ask the editor for a date still.

    `failed` is the refused ones, or the error of the whole source; `still` has a line for each that
    was refused before and was not tried again. `flagged`: what an editor is newly asked to look at.
    `skipped`: why it was not visited at all. `unchanged`: all of it is stored as it was before.
    """

    source: str
    kind: str
    found: int = 0
    new: int = 0
    changed: int = 0
    merged: int = 0
    removed: int = 0
    flagged: int = 0
    held: int = 0
    bytes: int = 0
    requests: int = 0
    seconds: float = 0.0
    unchanged: bool = False
    refusals: tuple[Refusal, ...] = ()
    still: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    skipped: str = ""

    @property
    def failed(self) -> int:
        """How many things of this source were refused; the source itself counts as one."""
        return len(self.refusals) + len(self.still) + bool(self.error)


@dataclass(frozen=True, slots=True)
class _Brought:
    """What a visit brought home, before it is stored."""

    source: SourceSettings
    harvest: Harvest
    error: SourceError | None
    bytes: int
    requests: int
    seconds: float


def gather(
    config: Config,
    *,
    now: datetime,
    only: str | None = None,
    due_only: bool = False,
    progress: Progress | None = None,
    stop: Event | None = None,
) -> list[Gathering]:
    """Visit each source (or only the named one) and store what is new, in the order of config.

    Passed over, unless it is named: a source that is gone for good, or whose site asked us to
    wait; with `due_only` (the schedule) also one whose next try after a failure is still to come.
    Once `stop` is set it ends at once: what was not yet stored comes with the next gathering.
    Raises Refused when no source has the name `only`.
    """
    sources = _chosen(config, only)
    memories = remembered(sources)
    results = {}
    if only is None:
        results = _skipped(sources, memories, config, now, due_only)
    waiting = [source for source in sources if source.name not in results]
    report = progress or (lambda name, done, total: None)
    report("", 0, len(waiting))
    store = _Store(config, now)
    with open_wire(config) as wire:
        visit = _visitor(config, wire, memories, now, insist=only is not None)
        hosts = config.fetch.hosts_at_once
        tours = side_by_side(_tours(waiting), visit, at_once=hosts, stop=stop)
        with closing(tours):
            for done, brought in enumerate(tours, 1):
                name = brought.source.name
                results[name] = store.take(brought, memories.pop(name))
                report(name, done, len(waiting))
    forget_the_old(now)
    held = _held(list(results))
    left = [Gathering(s.name, s.kind, skipped=STOPPED) for s in sources if s.name not in results]
    results |= {one.source: one for one in left}
    return [replace(results[s.name], held=held.get(s.name, 0)) for s in sources]


def _chosen(config: Config, only: str | None) -> list[SourceSettings]:
    sources: list[SourceSettings] = [s for s in config.sources if only in (None, s.name)]
    if only is not None and not sources:
        known = ", ".join(source.name for source in config.sources) or "none"
        raise Refused(
            f"no source is named '{only}'", where="sources", mend=f"Known in config.yaml: {known}"
        )
    return sources


def _skipped(
    sources: Sequence[SourceSettings],
    memories: Mapping[str, Memory],
    config: Config,
    now: datetime,
    due_only: bool,
) -> dict[str, Gathering]:
    def why(source: SourceSettings) -> str:
        state = memories[source.name].state
        return reason_to_skip(state, now=now, due_only=due_only, zone=config.zone)

    return {
        s.name: Gathering(s.name, s.kind, skipped=reason) for s in sources if (reason := why(s))
    }


def _tours(sources: Sequence[SourceSettings]) -> list[list[SourceSettings]]:
    """Sources with one host go one after another: no host is visited twice at a time."""
    tours: dict[str, list[SourceSettings]] = {}
    for source in sources:
        tours.setdefault(source.host, []).append(source)
    return list(tours.values())


def _visitor(
    config: Config, wire: Wire, memories: Mapping[str, Memory], now: datetime, *, insist: bool
) -> Callable[[SourceSettings], _Brought]:
    """How a source is visited; it raises nothing, for it works in a thread of its own."""

    def visit(source: SourceSettings) -> _Brought:
        started, web = time.monotonic(), None
        found, error = Harvest(), None
        try:
            web = wire.web(source)
            found = harvest(
                source,
                Visit(
                    web=web,
                    zone=config.zone,
                    folder=config.folder,
                    now=now,
                    seen=memories[source.name].seen,
                    insist=insist,
                ),
            )
        except SourceError as failure:
            error = failure
        except Exception as fault:
            error = _unexpected(source, fault)
        seconds = time.monotonic() - started
        received, asked = (web.bytes, web.requests) if web else (0, 0)
        return _Brought(source, found, error, received, asked, seconds)

    return visit


class _Store:
    """Where a gathering is kept, source by source, in the main thread."""

    def __init__(self, config: Config, now: datetime):
        self._config, self._now = config, now
        self._window = Window(now)
        self._names = frozenset(source.name for source in config.sources)

    def take(self, brought: _Brought, memory: Memory) -> Gathering:
        """Keep it, or note why it cannot be: each in a transaction of its own."""
        error, kept = brought.error, None
        if error is None:
            try:
                kept = self._keep(brought, memory)
            except Exception as fault:
                self._window = Window(self._now)  # what it holds of this source was not stored
                error = _unexpected(brought.source, fault)
        if error is not None:
            error = until_told(error, now=self._now, zone=self._config.zone)
            with transaction.atomic():
                if note_failure(memory, error, now=self._now):
                    tell_gone(brought.source, self._config, now=self._now)
        return _gathering(brought, kept, error)

    def _keep(self, brought: _Brought, memory: Memory) -> Kept:
        """What is remembered of a visit is so exactly when what it brought is kept."""
        with transaction.atomic():
            kept = keep(
                brought.harvest,
                brought.source,
                now=self._now,
                window=self._window,
                sources=self._names,
            )
            note_success(memory, brought.harvest, now=self._now)
            still_there(memory.state)
        return kept


def _gathering(brought: _Brought, kept: Kept | None, error: SourceError | None) -> Gathering:
    source, found = brought.source, brought.harvest
    result = Gathering(
        source.name,
        source.kind,
        bytes=brought.bytes,
        requests=brought.requests,
        seconds=round(brought.seconds, 3),
        error=error.line() if error else "",
    )
    if kept is None:
        return result
    return replace(
        result,
        found=len(found.entries) + found.unchanged,
        new=kept.new,
        changed=kept.changed,
        merged=kept.merged,
        removed=kept.removed,
        flagged=kept.flagged,
        unchanged=not (kept.new or kept.changed or kept.merged or kept.removed or found.refusals),
        refusals=found.refusals,
        still=found.still,
        notes=found.notes,
    )


def _unexpected(source: SourceSettings, fault: Exception) -> SourceError:
    """A fault of ours, as this source's error: the others go on. The log has the place."""
    kind, frames = type(fault).__name__, traceback.extract_tb(fault.__traceback__)
    place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
    log.error("source %s: unexpected %s at %s", source.name, kind, place)
    return SourceError(
        f"unexpected {kind} ({place})",
        where=source.name,
        mend="That is a fault of ours: tell the makers",
    )


def _held(names: Sequence[str]) -> dict[str, int]:
    """How many summaries of each source ask for a date, and are in or left out of no issue."""
    settled = LedgerEntry.objects.filter(summary=OuterRef("pk"), state__in=SETTLED)
    asking = StoredSummary.objects.filter(source__in=names, asks_for_date=True)
    rows = asking.exclude(Exists(settled)).order_by().values("source").annotate(n=Count("pk"))
    return {row["source"]: row["n"] for row in rows}
