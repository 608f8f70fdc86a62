"""What goes into an issue: candidates → a ledger entry each, with its reason (law 1).

In: every summary that no earlier issue has settled, for one audience. Out: one `Placing` per
summary: in, held over, or left out. Selection is by this ledger, not by dates alone, so that a
summary that arrives late with an old date is not lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from digest.timetable import day_of
from digest.values import Audience, Evidence, LedgerState, Placing, StudyKind, Summary

EditorPlacing = Literal["", "exclude", "hold", "bring"]
HELD_AT_MOST = 2  # issues that may hold a summary over for want of room; then it goes in
NO_ROOM = "no room"  # opens the reason of every such holding; the count above looks for it

# How much a kind of study can show, strongest first; a protocol ranks below all (nothing found).
STRENGTH: dict[StudyKind, int] = {
    "review": 7, "trial": 6, "observational": 5, "survey": 4, "mixed": 3, "case": 2, "lab": 1,
    "unclear": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """From where the issue looks (only the first one minds) up to its cut-off; UTC."""

    start: datetime
    cut_off: datetime
    first: bool
    zone: ZoneInfo

    def day(self, instant: datetime) -> str:
        """The date of an instant as the publication's readers count it."""
        return day_of(instant, self.zone)


@dataclass(frozen=True, slots=True)
class Room:
    """How many items one edition and one theme may hold."""

    max_items: int
    max_per_theme: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A summary that waits for an issue. Articles have no theme and no evidence."""

    summary: Summary
    theme: str = ""
    evidence: Evidence | None = None
    asks_for_date: bool = False
    times_held: int = 0  # for want of room
    held_in: int | None = None  # the number of the last issue that held it over
    placing: EditorPlacing = ""

    @property
    def dated(self) -> datetime:
        """When it was published, else when we first saw it."""
        return self.summary.published_at or self.summary.first_seen

    @property
    def strength(self) -> int:
        """How much its kind of study can show; -1 when there are no results yet."""
        if self.evidence is None or not self.evidence.results.value:
            return -1
        return STRENGTH[self.evidence.kind.value]

    @property
    def must_go_in(self) -> bool:
        """The editor wants it, or it was held over often enough."""
        return self.placing == "bring" or self.times_held >= HELD_AT_MOST


def place_items(
    candidates: Iterable[Candidate],
    audience: Audience,
    window: Window,
    room: Room,
    theme_order: Sequence[str],
    leave_out: Collection[str] = (),
) -> list[Placing]:
    """One placing per candidate; those that are in are numbered in reading order.

    `leave_out` are the themes that this audience does not get, unless the editor brings one in.
    """
    placings: list[Placing] = []
    waiting: list[Candidate] = []
    for candidate in candidates:
        verdict = _verdict(candidate, window) or _unwanted(candidate, audience, leave_out)
        if verdict is None:
            waiting.append(candidate)
        else:
            placings.append(Placing(candidate.summary.slug, audience, *verdict))
    chosen, over = _share_room(waiting, room)
    placings += [Placing(slug, audience, "held", reason) for slug, reason in over.items()]
    rank = {theme: position for position, theme in enumerate(theme_order)}
    ordered = sorted(chosen, key=lambda c: (rank.get(c.theme, len(rank)), c.theme, *_weight(c)))
    for position, candidate in enumerate(ordered):
        reason = _why_in(candidate, window)
        placings.append(Placing(candidate.summary.slug, audience, "in", reason, position))
    return placings


def place_articles(
    candidates: Iterable[Candidate], audience: Audience, window: Window, *, linked: bool
) -> list[Placing]:
    """The same for articles, which take no room: newest first, or all left out by config."""
    placings: list[Placing] = []
    for candidate in sorted(candidates, key=lambda c: (-c.dated.timestamp(), c.summary.slug)):
        state, reason = _verdict(candidate, window) or ("in", _why_in(candidate, window))
        if state == "in" and not linked:
            state, reason = "left out", "articles are left out by the configuration"
        position = len(placings) if state == "in" else -1
        placings.append(Placing(candidate.summary.slug, audience, state, reason, position))
    return placings


def is_open(candidate: Candidate, window: Window) -> bool:
    """Whether neither editor nor date decides, so that theme and evidence must be known."""
    return _verdict(candidate, window) is None


def _verdict(candidate: Candidate, window: Window) -> tuple[LedgerState, str] | None:
    """What decides before room does: the editor, the date. None: nothing stands against it."""
    if candidate.placing == "exclude":
        return "left out", "left out by the editor"
    if candidate.placing == "hold":
        return "held", "held over by the editor"
    if candidate.placing == "bring":
        return None
    if candidate.asks_for_date:
        return "held", f"{_no_date(candidate.summary)}bring it in, or give it a date at its source"
    if candidate.dated > window.cut_off:
        verb = "published" if candidate.summary.published_at else "first seen"
        return "held", f"{verb} {window.day(candidate.dated)}, after the cut-off"
    if window.first and candidate.dated < window.start:
        day, start = window.day(candidate.dated), window.day(window.start)
        return "left out", f"published {day}, before the first issue's window (from {start})"
    return None


def _no_date(summary: Summary) -> str:
    if summary.date_problem:
        return f"no readable date: {summary.date_problem.rstrip('.')}; "
    return "states no date: "


def _unwanted(
    candidate: Candidate, audience: Audience, leave_out: Collection[str]
) -> tuple[LedgerState, str] | None:
    """After the dates: what still waits for its day is not yet settled."""
    if candidate.theme not in leave_out or candidate.placing == "bring":
        return None
    return "left out", f"audiences.{audience}.leave_out names its theme, {candidate.theme}"


def _why_in(candidate: Candidate, window: Window) -> str:
    if candidate.placing == "bring":
        return "brought in by the editor"
    if candidate.times_held >= HELD_AT_MOST:
        return f"held over {candidate.times_held} times, so it goes in now"
    if candidate.held_in is not None and candidate.dated <= window.start:
        return f"held over from issue {candidate.held_in}"
    if candidate.summary.published_at is None:
        return f"states no date; first seen {window.day(candidate.dated)}"
    if candidate.dated < window.start:
        return f"arrived late: published {window.day(candidate.dated)}"
    return f"published {window.day(candidate.dated)}"


def _weight(candidate: Candidate) -> tuple[int, float, str]:
    """Sort key: what must go in, then what can show most, then the newest."""
    return (-candidate.strength, -candidate.dated.timestamp(), candidate.summary.slug)


def _share_room(
    candidates: Sequence[Candidate], room: Room
) -> tuple[list[Candidate], dict[str, str]]:
    """The candidates that fit, and the reason for each that does not."""
    chosen: list[Candidate] = []
    over: dict[str, str] = {}
    per_theme: Counter[str] = Counter()
    for candidate in sorted(candidates, key=lambda c: (not c.must_go_in, *_weight(c))):
        if not candidate.must_go_in and per_theme[candidate.theme] >= room.max_per_theme:
            over[candidate.summary.slug] = f"{NO_ROOM}: {room.max_per_theme} a theme at most"
        elif not candidate.must_go_in and len(chosen) >= room.max_items:
            over[candidate.summary.slug] = f"{NO_ROOM}: {room.max_items} an issue at most"
        else:
            chosen.append(candidate)
            per_theme[candidate.theme] += 1
    return chosen, over
