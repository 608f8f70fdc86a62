"""Pace: how often one host is asked. In: the host of the next request; out: its turn has come.

One `Pace` serves all the visits of a gathering. Different hosts do not wait for each other, and
a host may ask for a longer pause than ours (Crawl-delay in its robots.txt), never for a shorter.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from digest.errors import SourceError

MOST_PAUSE = 10.0  # seconds: a host may not ask for more
MOST_HOSTS = 10_000  # of which it is known when they were asked last


class Pace:
    """Between the starts of two requests to one host lie at least `pause` seconds.

    Thread-safe. `clock` and `wait` are for tests: `wait` gets the seconds to wait and may end
    earlier.
    """

    def __init__(
        self,
        pause: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ):
        self._pause = pause
        self._clock = clock
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}  # when its last turn begins, the longest ago first
        self._wishes: dict[str, float] = {}

    def take_turn(self, host: str) -> None:
        """Wait until `host` may be asked. Raises SourceError once `stop` was called."""
        turn = self._next_turn(_name(host))
        while not self._stopped.is_set() and (left := turn - self._clock()) > 0:
            self._wait(left)
        if self._stopped.is_set():
            raise SourceError(
                "was not asked: the gathering was stopped",
                where=host,
                mend="Gather again",
                temporary=True,
            )

    def slow_down(self, host: str, seconds: float) -> None:
        """`host` asks for `seconds` between two requests; at most 10 are granted."""
        with self._lock:
            _put_last(self._wishes, _name(host), min(seconds, MOST_PAUSE))

    def stop(self) -> None:
        """Wake all that wait: for them and all that come later `take_turn` raises SourceError."""
        self._stopped.set()

    def _next_turn(self, host: str) -> float:
        """Taken at once, waited for afterwards: so no two threads get the same turn."""
        with self._lock:
            pause = max(self._pause, self._wishes.get(host, 0.0))
            now = self._clock()
            turn = max(now, self._last[host] + pause) if host in self._last else now
            _put_last(self._last, host, turn)
            return turn


def _name(host: str) -> str:
    return host.rstrip(".").lower()


def _put_last(known: dict[str, float], host: str, value: float) -> None:
    """The host that was spoken of the longest ago is forgotten when there are too many."""
    known.pop(host, None)
    known[host] = value
    if len(known) > MOST_HOSTS:
        del known[next(iter(known))]
