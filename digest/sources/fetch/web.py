"""The web as one visit of one source has it: paced, obedient to robots.txt, and counted.

In: the gathering's one fetcher, pace and robots; out: what a kind asks for (`kind.Web`). The
counts are of everything that left this machine for the visit, robots.txt included.
"""

from __future__ import annotations

from digest.sources.fetch.client import Fetcher
from digest.sources.fetch.pace import Pace
from digest.sources.fetch.robots import Robots
from digest.sources.kind import Answer
from digest.values import Seen

ROBOTS = "text/plain, */*;q=0.1"  # as in an Accept header (RFC 9110 12.5.1)


class VisitWeb:
    """A `kind.Web` for one thread.

    `requests` counts every hop and `bytes` what came over the wire, also of what failed in the end.
    """

    def __init__(self, fetcher: Fetcher, pace: Pace, robots: Robots):
        self._fetcher, self._pace, self._robots = fetcher, pace, robots
        self.requests = 0
        self.bytes = 0

    def get(self, url: str, *, accept: str, seen: Seen | None = None) -> Answer:
        """The content at `url`, once its host's turn has come. Raises SourceError."""
        fetched = self._fetcher.get(
            url, accept=accept, seen=seen, before_hop=self._before_hop, received=self._received
        )
        return fetched.answer

    def may_read(self, url: str) -> bool:
        """Whether robots.txt lets us read `url`. Raises SourceError (see `Robots.may_read`)."""
        return self._robots.may_read(url, self._read_robots)

    def _read_robots(self, address: str) -> bytes:
        return self.get(address, accept=ROBOTS).content

    def _before_hop(self, host: str) -> None:
        self._pace.take_turn(host)
        self.requests += 1

    def _received(self, count: int) -> None:
        self.bytes += count
