"""The web as one visit of one source has it: paced, obedient to robots.txt, and counted.

In: the gathering's one fetcher, pace and robots; out: what a kind asks for (`kind.Web`). The
counts are of everything that left this machine for the visit, robots.txt included.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from digest.errors import SourceError
from digest.sources.fetch.addresses import shown_url
from digest.sources.fetch.client import Fetcher
from digest.sources.fetch.pace import Pace
from digest.sources.fetch.robots import Robots
from digest.sources.kind import Answer
from digest.values import Seen

ROBOTS = "text/plain, */*;q=0.1"  # as in an Accept header (RFC 9110 12.5.1)
LONGEST_VISIT = 600.0  # seconds, the waits for a turn included


class VisitWeb:
    """A `kind.Web` for one thread.

    `requests` counts every hop and `bytes` what came over the wire, also of what failed in the end.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        pace: Pace,
        robots: Robots,
        *,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._fetcher, self._pace, self._robots = fetcher, pace, robots
        self._clock, self._ends = clock, clock() + LONGEST_VISIT
        self.requests = 0
        self.bytes = 0

    def get(
        self, url: str, *, accept: str, seen: Seen | None = None, obey_robots: bool = False
    ) -> Answer:
        """The content at `url`, once its host's turn has come. Raises SourceError.

        With `obey_robots` no address is asked, wherever redirects lead, that robots.txt forbids.
        """
        before_hop = self._before_page if obey_robots else self._before_hop
        fetched = self._fetcher.get(
            url, accept=accept, seen=seen, before_hop=before_hop, received=self._received
        )
        return fetched.answer

    def may_read(self, url: str) -> bool:
        """Whether robots.txt lets us read `url`. Raises SourceError (see `Robots.may_read`)."""
        return self._robots.may_read(url, self._read_robots)

    def time_is_up(self) -> bool:
        """Whether this visit took so long that what is left waits for the next one."""
        return self._clock() >= self._ends

    def _read_robots(self, address: str) -> bytes:
        fetched = self._fetcher.get(
            address,
            accept=ROBOTS,
            before_hop=self._before_hop,
            received=self._received,
            any_status=True,  # where it leads, there it is (RFC 9309 2.3.1.2)
        )
        return fetched.answer.content

    def _before_page(self, hop: httpx.URL) -> None:
        if not self.may_read(str(hop)):
            raise SourceError(
                "robots.txt forbids us to read it",
                where=shown_url(hop),
                mend="Ask the site's owner, or leave it out",
            )
        self._before_hop(hop)

    def _before_hop(self, hop: httpx.URL) -> None:
        self._pace.take_turn(hop.host)
        self.requests += 1

    def _received(self, count: int) -> None:
        self.bytes += count
