"""Visits: what is remembered between two visits of a source, and when it is visited again.

In: the sections of config.yaml, and how a visit went. Out: rows (`SourceState`, `SeenAddress`),
and the `Seen` values that the next visit is given. A note on a visit is written by the caller's
transaction, so what is remembered of a visit is true exactly when its summaries are stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from digest.errors import SourceError
from digest.models import SeenAddress, SourceState
from digest.sources.kind import SourceSettings
from digest.timetable import day_of
from digest.values import Harvest, Seen

FIRST_REST = timedelta(minutes=15)  # after one failure; twice as long after each further one
LONGEST_REST = timedelta(hours=24)
LONGEST_WAIT = timedelta(days=7)  # whatever a site asks for
FORGOTTEN_AFTER = timedelta(days=400)
MOST_LINES = 20  # of refused entries, kept to be shown
GONE = 410  # RFC 9110 15.5.11: gone, and likely for good
ROWS_AT_ONCE = 500
REMEMBERED = (
    "url", "etag", "last_modified", "moved_to", "body_hash", "read_at",
    "found", "said", "dated", "far", "problem", "answered",
)  # fmt: skip
NOTED = (
    "last_check", "last_success", "last_error", "notes", "found", "failures", "next_try",
    "asked_to_wait", "gone_at", "settings_hash",
)  # fmt: skip


@dataclass(slots=True)
class Memory:
    """What is known of one source before a visit. `afresh`: its section is another now."""

    state: SourceState
    seen: Mapping[str, Seen]
    afresh: bool = False


def remembered(sources: Sequence[SourceSettings]) -> dict[str, Memory]:
    """What is known of each, by name, in a few queries for all; rows are made for new ones."""
    names = [source.name for source in sources]
    known = set(SourceState.objects.filter(name__in=names).values_list("name", flat=True))
    new = [SourceState(name=name) for name in names if name not in known]
    SourceState.objects.bulk_create(new, ignore_conflicts=True)
    rows = {row.name: row for row in SourceState.objects.filter(name__in=names)}
    memories = {source.name: _memory(rows[source.name], source) for source in sources}
    _load_seen(memories)
    return memories


def states_of(sources: Iterable[SourceSettings]) -> dict[str, SourceState]:
    """How each is doing, by name, to look at: nothing is written. One never visited has a blank."""
    rows = {row.name: row for row in SourceState.objects.all()}
    return {
        source.name: _memory(rows.get(source.name, SourceState(name=source.name)), source).state
        for source in sources
    }


def reason_to_skip(state: SourceState, *, now: datetime, due_only: bool, zone: ZoneInfo) -> str:
    """Why a source is not visited now, in a line; "": it is.

    A person who gathers goes before our own back-off (`due_only` False), but not before what a
    site asked for.
    """
    if state.gone_at:
        gone = day_of(state.gone_at, zone)
        return f"gone for good since {gone}: correct it in config.yaml, or remove it there"
    if state.next_try is None or state.next_try <= now:
        return ""
    at = minute_after(state.next_try, zone)
    if state.asked_to_wait:
        return f"its site asked us to wait until {at}"
    times = "once" if state.failures == 1 else f"{state.failures} times in a row"
    return f"it failed {times}; next try after {at}" if due_only else ""


def minute_after(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-12-01 09:31 (America/New_York)`: the first whole minute that is not before `moment`."""
    up = timedelta(minutes=1) - timedelta(microseconds=1)
    return f"{(moment + up).astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


def until_told(error: SourceError, *, now: datetime, zone: ZoneInfo) -> SourceError:
    """`error` as it is told: until when its site is left in peace, if it asked for that."""
    if error.retry_after is None:
        return error
    until = minute_after(now + _rest(error, 1), zone)
    return SourceError(
        error.what,
        where=error.where,
        mend=f"It asks us to wait: it is not asked before {until}",
        temporary=error.temporary,
        status=error.status,
        retry_after=error.retry_after,
    )


def note_success(memory: Memory, harvest: Harvest, *, now: datetime) -> None:
    """Keep that a visit went well, and what it wants remembered. The caller has a transaction."""
    state = copy(memory.state)  # the transaction may fail: then this is not so
    state.last_error = "\n".join(_lines(harvest))
    state.notes = "\n".join(map(_one_line, harvest.notes[:MOST_LINES]))
    state.last_check = state.last_success = now
    state.found = len(harvest.entries) + harvest.unchanged
    state.failures, state.next_try, state.asked_to_wait, state.gone_at = 0, None, False, None
    _write(state, memory)
    _remember(memory, harvest.seen)


def note_failure(memory: Memory, error: SourceError, *, now: datetime) -> bool:
    """Keep that the source as a whole could not be read, and when to try again.

    True if the site says now, and did not before, that it is gone for good. The caller has a
    transaction.
    """
    state = copy(memory.state)
    line = _one_line(error.line())
    refused = (one for one in _refused(state) if one != line)
    state.last_error = "\n".join([line, *refused])
    state.last_check = now
    state.failures += 1
    newly_gone = error.status == GONE and state.gone_at is None
    if newly_gone:
        state.gone_at = now
    state.asked_to_wait = error.retry_after is not None
    state.next_try = now + _rest(error, state.failures)
    _write(state, memory)
    return newly_gone


def forget_the_old(now: datetime) -> None:
    """Drop what was read so long ago that nobody asks for it any more; else it is read anew."""
    SeenAddress.objects.filter(read_at__lt=now - FORGOTTEN_AFTER).delete()


def _memory(state: SourceState, source: SourceSettings) -> Memory:
    """What was noted of another section (another address, say) says nothing of this one."""
    stated = source.model_dump_json(exclude_defaults=True)  # a key that we add makes no difference
    settings_hash = hashlib.sha256(stated.encode()).hexdigest()
    afresh = state.settings_hash not in ("", settings_hash)
    if afresh:
        state.failures, state.next_try, state.asked_to_wait, state.gone_at = 0, None, False, None
        state.last_error = state.notes = ""
    state.settings_hash = settings_hash
    return Memory(state, {}, afresh)


def _load_seen(memories: Mapping[str, Memory]) -> None:
    names = [name for name, memory in memories.items() if not memory.afresh]
    found: dict[str, dict[str, Seen]] = {name: {} for name in names}
    rows = SeenAddress.objects.filter(source__in=names).values_list("source", *REMEMBERED)
    for source, *values in rows.iterator():
        found[source][values[0]] = Seen(*values)
    for name, seen in found.items():
        memories[name].seen = seen


def _rest(error: SourceError, failures: int) -> timedelta:
    if error.retry_after is not None:
        return min(max(error.retry_after, timedelta(0)), LONGEST_WAIT)
    doubled: timedelta = FIRST_REST * 2 ** min(failures - 1, 20)
    return min(doubled, LONGEST_REST)


def _lines(harvest: Harvest) -> list[str]:
    """What is refused now, and what was before and is so still (a 304 does not say it again)."""
    lines = [*(refusal.line() for refusal in harvest.refusals), *harvest.still]
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"{more} more are refused"] if more > 0 else [])]


def _one_line(text: str) -> str:
    """What stood in a source may be quoted in it; a database takes no NUL, a list no line break."""
    return "".join(char if char.isprintable() else " " for char in text)


def _refused(state: SourceState) -> list[str]:
    """The lines of single entries in `last_error`: the failure of the whole source is the first."""
    lines = state.last_error.splitlines()
    return lines[1:] if state.failures else lines


def _write(state: SourceState, memory: Memory) -> None:
    state.save(update_fields=NOTED)
    if memory.afresh:
        SeenAddress.objects.filter(source=state.name).delete()


def _remember(memory: Memory, seen: Iterable[Seen]) -> None:
    name = memory.state.name
    different = {one.url: one for one in seen if memory.seen.get(one.url) != one}
    rows = [
        SeenAddress(
            source=name,
            url_hash=hashlib.sha256(one.url.encode()).hexdigest(),
            **{field: getattr(one, field) for field in REMEMBERED},
        )
        for one in different.values()
    ]
    SeenAddress.objects.bulk_create(
        rows,
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["source", "url_hash"],
        update_fields=REMEMBERED,
    )
