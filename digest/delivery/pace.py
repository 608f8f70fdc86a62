"""No more than so many mails a second, where config.yaml says so (`pace.per_second`)."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Call `wait` before each mail. `per_second` None: no waiting."""

    def __init__(
        self,
        per_second: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._interval = 1 / per_second if per_second else 0.0
        self._clock, self._sleep = clock, sleep
        self._next = clock()

    @property
    def slows(self) -> bool:
        """Whether waiting is asked for at all."""
        return self._interval > 0

    def wait(self) -> None:
        """Return once the next mail may go; a late start is not made up for by a burst."""
        now = self._clock()
        if self._interval and now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._interval
