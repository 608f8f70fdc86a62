"""Which listings of a site are read in a visit, and in which order.

In: a `pages` source and what earlier visits remembered. Out: one listing after the other: the
starts, then what waits, and at the end whatever starts there was no room for. Every one of them
gets its turn, however few pages a visit may read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime

from digest.sources.kind import Visit
from digest.sources.leads import NEVER
from digest.sources.pages import PagesSource
from digest.sources.reread import DAY, LISTING


class Queue:
    """The listings still to be read. `share`: how many of them go before the articles.

    One page of a visit is for an article and one for a listing that waits. Where that leaves none
    for the starts (`most_pages` 1 or 2), every other visit is theirs: `starts_wait` in between.
    """

    def __init__(self, source: PagesSource, visit: Visit) -> None:
        self._visit = visit
        self._done: set[str] = set()
        starts = sorted(source.start, key=self.last_read)
        known = (url for url, seen in visit.seen.items() if seen.far == LISTING)
        waiting = [url for url in known if url not in starts and self.waits(url)]
        waiting.sort(key=lambda url: (bool(visit.seen[url].problem), self.last_read(url)))
        room = source.most_pages - 1 - bool(waiting)
        first = max(room, int(self.last_read(starts[0]) is NEVER))
        self.starts_wait = first == 0
        self.share = max(min(first, len(starts)) + bool(waiting), source.most_pages // 2)
        self._todo = deque([*starts[:first], *waiting])
        self._last = deque(starts[first:])

    def __bool__(self) -> bool:
        return any(url not in self._done for url in (*self._todo, *self._last))

    def next(self) -> str | None:
        """Whose turn it is; None when all had theirs."""
        while self._todo or self._last:
            url = (self._todo or self._last).popleft()
            if url not in self._done:
                self._done.add(url)
                return url
        return None

    def follow(self, urls: Iterable[str]) -> None:
        """These come next, the one read the longest ago first."""
        self._todo.extend(sorted(urls, key=self.last_read))

    def last_read(self, url: str) -> datetime:
        """When a listing was last read."""
        seen = self._visit.seen.get(url)
        return (seen.read_at if seen else None) or NEVER

    def waits(self, url: str) -> bool:
        """Not read yet; or refused, and a day has passed or the operator insists."""
        seen, last = self._visit.seen.get(url), self.last_read(url)
        if seen is None or last is NEVER or not seen.problem:
            return last is NEVER
        return self._visit.insist or self._visit.now - last >= DAY
