"""The articles that a site's listings and cards lead to, and whose turn it is to be read.

In: addresses as a visit comes upon them, and what earlier visits remembered. Out: one article
after the other: those never read first, the newest of them first, then those whose turn it is
again (`reread`).
"""

from __future__ import annotations

import heapq
from collections.abc import ItemsView
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from digest.sources.kind import Visit
from digest.sources.reread import LISTED, Due, due, instant, put_off
from digest.values import Seen

NEVER = datetime.min.replace(tzinfo=UTC)
MOST_WAITING = 10_000  # never read: a sitemap may name other addresses at every visit, for ever


@dataclass(slots=True)
class Lead:
    """What is known of one article before it is read. `far`: as `Seen.far` (see `reread`)."""

    far: int
    order: int
    told: str = ""  # a card's date, told in this visit
    changed: str = ""  # a sitemap's lastmod


class Leads(dict[str, Lead]):
    """By address; `depth`: how many steps from a listed article the cards may lead."""

    def __init__(self, visit: Visit, depth: int) -> None:
        super().__init__()
        self._visit, self._farthest = visit, LISTED + depth
        self._queue: list[tuple[int, float, int, str]] = []
        self._verdicts: dict[str, Due] = {}  # of what is in the queue
        self._done: set[str] = set()  # whose turn has been
        seen = visit.seen.values()
        self._waiting = sum(one.far >= LISTED and one.read_at is None for one in seen)
        self.passed_over = 0  # more than may wait; a listing that still names them does so again

    def note(self, url: str, far: int, *, told: str = "", changed: str = "") -> None:
        """Take an article in, and put it into the queue if it is to be read now."""
        lead = self.get(url)
        before = self._visit.seen.get(url)
        if lead is None and before is None and not self._has_room(far):
            return
        if lead is None:
            far_before = before.far if before and before.far >= LISTED else far
            lead = self[url] = Lead(min(far, far_before), len(self))
        lead.far = min(lead.far, far)
        lead.told, lead.changed = lead.told or told, lead.changed or changed
        if url not in self._done:
            self._enqueue(url, lead, before)

    def _has_room(self, far: int) -> bool:
        if far > self._farthest:
            return False
        full = self._waiting >= MOST_WAITING
        self.passed_over += full
        self._waiting += not full
        return not full

    def next(self) -> tuple[str, Due] | None:
        """Whose turn it is, and how it is to be read; None when none is left."""
        while self._queue:
            *_, url = heapq.heappop(self._queue)
            verdict = self._verdicts.pop(url, Due.NOT)
            if verdict is not Due.NOT:
                self._done.add(url)
                return url, verdict
        return None

    def waiting(self) -> ItemsView[str, Due]:
        """Those whose turn did not come."""
        return self._verdicts.items()

    def put_off(self, url: str, verdict: Due) -> Seen:
        """What to remember of one that was not read, so that its turn comes at the next visit."""
        lead = self[url]
        before = self._visit.seen.get(url) or Seen(url)
        return put_off(replace(before, far=lead.far), verdict, lead.told)

    def _enqueue(self, url: str, lead: Lead, before: Seen | None) -> None:
        zone, now = self._visit.zone, self._visit.now
        verdict = due(before, now, zone, told=lead.told, changed=lead.changed)
        if before and LISTED <= lead.far < before.far:
            verdict = Due.WHOLE  # nearer than it was: its cards may lead on now
        if before and before.problem and self._visit.insist:
            verdict = Due.WHOLE
        if verdict is Due.NOT or self._verdicts.get(url) == verdict:
            return
        self._verdicts[url] = verdict
        stated = lead.told or (before.dated if before else "") or lead.changed
        dated = instant(stated, zone) or NEVER
        newest_first = -dated.timestamp()
        if before is None:
            place = (0, newest_first)
        elif verdict is Due.ASKED:
            place = (3, (before.read_at or NEVER).timestamp())
        else:
            place = (2 if before.read_at else 1, newest_first)
        heapq.heappush(self._queue, (*place, lead.order, url))
