"""How many mails may begin now: config.yaml's pace, the warm-up plan, and storms of 4xx replies.

In: the configured limits, a clock (monotonic seconds), what began and what came back. Out:
numbers; nothing here sleeps, and nothing is stored. Mails are evenly spaced, and a late start is
not made up for by a burst.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from digest.config.settings import PaceSettings
from digest.delivery.headers import ascii_domain
from digest.errors import Refused

HOUR = 3600.0  # seconds
BURST = 0.05  # seconds of the rate that may begin at once
EARLY = 1e-3  # of a mail: a sleep ends a rounding error too soon, and that is no reason for another

CLAIM_MOST = 500  # mails
CLAIM_SECONDS = 2.0  # of the current pace: what a pause, a storm or a kill finds claimed

SAMPLE_SECONDS = 0.1
MEMORY_SECONDS = 2.0  # of the moving average

WINDOW_REPLIES, WINDOW_SECONDS = 20, 1.0  # both, before a window is judged
PATIENCE_REPLIES, PATIENCE_SECONDS = 5, 10.0  # or both of these
STRAIN = 0.2  # more of a window's replies than this is a storm
SLOWER, FASTER = 0.5, 1.25
OVER_AT = 2.0  # times the rate at which a storm began


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Where a new sender stands in its plan: so many mails on the 1st, 2nd, 3rd… day, then any.

    A day is a UTC day (see `utc_midnight`). Only days on which mails went out are counted:
    `days_before` are those before today, `sent_today` the mails of today.
    """

    plan: tuple[int, ...] | None = None
    days_before: int = 0
    sent_today: int = 0

    @property
    def limit(self) -> int | None:
        """How many mails the plan allows today; None: there is no plan, or it is over."""
        if self.plan is None or self.days_before >= len(self.plan):
            return None
        return self.plan[self.days_before]

    @property
    def left(self) -> int | None:
        """How many more may go today; None: any number."""
        return None if self.limit is None else max(0, self.limit - self.sent_today)

    def note(self, waiting: int) -> str:
        """What the operator is told of mails that wait for another day; empty: none has to."""
        if self.limit is None or waiting <= 0:
            return ""
        mails = "1 mail" if self.limit == 1 else f"{self.limit} mails"
        wait = "1 waits" if waiting == 1 else f"{waiting} wait"
        return f"the warm-up plan allows {mails} today; {wait} until tomorrow (UTC)"


def utc_midnight(now: datetime) -> datetime:
    """When the day began that the warm-up plan counts. `now` is aware, of any zone."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


class Pace:
    """One run's pace, for one thread. Ask `claim_size`, then `allowance`; say `spend`, `heard`.

    `warm_up` is how the day stood when the run began; what the run sends is counted here.
    """

    def __init__(
        self,
        settings: PaceSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        warm_up: WarmUp | None = None,
    ):
        now = clock()
        self._clock = clock
        rates = (settings.per_second, settings.per_hour and settings.per_hour / HOUR)
        self._set_rate = min((rate for rate in rates if rate), default=None)
        self._slows = settings.slows
        self._left = warm_up.left if warm_up else None
        self._domains = {
            _plain(name): _Turns(1 / rate, now) for name, rate in settings.per_domain.items()
        }
        self._credit, self._credited_at = 1.0, now
        self._measured, self._storm = _Throughput(now), _Storm(now)
        self._connections = 1
        self._grown: int | None = None

    @property
    def slows(self) -> bool:
        """Whether any limit is set in config.yaml."""
        return self._slows

    @property
    def rate(self) -> float | None:
        """Mails a second at most, by what is set and by the storm; None: no limit."""
        limits = [rate for rate in (self._set_rate, self._storm.limit) if rate is not None]
        return min(limits, default=None)

    @property
    def throughput(self) -> float:
        """Mails settled a second, a moving average; 0.0 until something was measured."""
        return self._measured.rate or 0.0

    @property
    def left_today(self) -> int | None:
        """How many more mails the warm-up plan lets begin; None: any number."""
        return self._left

    @property
    def storming(self) -> bool:
        """Whether a storm began since this was last asked: then release what is not begun."""
        began, self._storm.began = self._storm.began, False
        return began

    def claim_size(self, connections: int) -> int:
        """How many rows to claim next: 1 to 500, and 0 when the day's warm-up is used up.

        Without a rate it starts with twice the connections and at most doubles with each
        measurement. A storm never slows to less than a tenth of `connections` a second.
        """
        self._connections = max(1, connections)
        size = min(CLAIM_MOST, self._grown or 2 * self._connections)
        if self.rate is not None:
            size = min(size, max(1, int(CLAIM_SECONDS * self.rate)))
        return size if self._left is None else min(size, self._left)

    def allowance(self) -> int:
        """How many mails may begin right now; `sys.maxsize` where nothing limits them."""
        self._earn()
        may = sys.maxsize if self.rate is None else max(0, int(self._credit + EARLY))
        return may if self._left is None else min(may, self._left)

    def spend(self, mails: int) -> None:
        """So many begin now. More than were allowed are owed: the next ones wait for longer."""
        self._earn()
        if self.rate is not None:
            self._credit -= mails
        if self._left is not None:
            self._left = max(0, self._left - mails)

    def refund(self, mails: int) -> None:
        """So many did not begin after all, though they were spent."""
        if self.rate is not None:
            self._credit += mails  # a burst at most, once it is asked for
        if self._left is not None:
            self._left += mails

    def wait(self) -> float:
        """Seconds until one may begin; 0.0: now; infinite: not in this run (warm-up used up)."""
        self._earn()
        if self._left == 0:
            return math.inf
        if self.rate is None or self._credit + EARLY >= 1:
            return 0.0
        return (1 - self._credit) / self.rate

    def domain_wait(self, domain: str) -> float:
        """Take the next turn of `domain` (what stands after the @); seconds from now until it.

        0.0: begin now. Else the turn is kept for the caller, who begins then and does not ask
        again for the same mail; or gives it back (`forget_turns`). 0.0 for domains not named.
        """
        turns = self._domains.get(_plain(domain)) if self._domains else None
        return turns.take(self._clock()) if turns else 0.0

    def forget_turns(self) -> None:
        """The mails whose turns have not come were released: their turns are free again."""
        for turns in self._domains.values():
            turns.forget(self._clock())

    def heard(self, settled: int, strained: int) -> None:
        """After each round: how many mails were settled, how many replies were 421, 451 or 452.

        A refusal that settles no mail (421 instead of a greeting) counts too.
        """
        self._earn()  # at the rate of until now
        now = self._clock()
        if self._measured.add(now, settled):
            self._grow()
        floor = max(1.0, self._connections / 10)
        self._storm.heard(now, max(settled, strained), strained, self.throughput, floor)

    def _earn(self) -> None:
        now = self._clock()
        if (rate := self.rate) is not None:
            earned = self._credit + (now - self._credited_at) * rate
            self._credit = min(earned, max(1.0, BURST * rate))
        self._credited_at = now

    def _grow(self) -> None:
        wanted = max(self._connections, int(CLAIM_SECONDS * self.throughput))
        self._grown = min(CLAIM_MOST, wanted, 2 * (self._grown or 2 * self._connections))


def _plain(domain: str) -> str:
    """As the wire has it, so that müller.example and its xn-- form are one (RFC 5890 2.3.2.4)."""
    try:
        return ascii_domain(domain.lower()).lower()
    except Refused:  # nobody is mailed there
        return domain.lower()


class _Turns:
    """The evenly spaced turns of one domain, `interval` seconds apart."""

    def __init__(self, interval: float, now: float):
        self._interval, self._next = interval, now

    def take(self, now: float) -> float:
        turn = max(now, self._next)
        self._next = turn + self._interval
        return turn - now

    def forget(self, now: float) -> None:
        """Turns up to now were used; the first one after now is the next."""
        unused = math.ceil((self._next - now) / self._interval - EARLY) - 1
        self._next -= max(0, unused) * self._interval


class _Throughput:
    """A moving average over what was settled, weighted by time. `rate` None: not measured."""

    def __init__(self, now: float):
        self.rate: float | None = None
        self._since, self._settled = now, 0

    def add(self, now: float, settled: int) -> bool:
        """Whether that made a measurement."""
        self._settled += settled
        seconds = now - self._since
        if seconds < SAMPLE_SECONDS or not self._settled:
            return False
        sample = self._settled / seconds
        kept = 0.0 if self.rate is None else math.exp(-seconds / MEMORY_SECONDS)
        self.rate = (1 - kept) * sample + kept * (self.rate or 0.0)
        self._since, self._settled = now, 0
        return True


class _Storm:
    """Halves the pace for each window of strain, and lets it grow by a quarter for each without.

    Windows last at least a second: with fewer replies chance alone would make a storm, and mails
    begun before the pace was halved would halve it again.
    """

    def __init__(self, now: float):
        self.limit: float | None = None  # mails a second
        self.began = False
        self._began_at_rate = 0.0
        self._since, self._replies, self._strained = now, 0, 0

    def heard(self, now: float, replies: int, strained: int, measured: float, floor: float) -> None:
        self._replies += replies
        self._strained += strained
        if not self._window_is_over(now):
            return
        if self._strained > STRAIN * self._replies:
            self._slow_down(measured, floor)
        elif self.limit is not None:
            self._speed_up(self.limit)
        self._since, self._replies, self._strained = now, 0, 0

    def _window_is_over(self, now: float) -> bool:
        seconds = now - self._since
        return (self._replies >= WINDOW_REPLIES and seconds >= WINDOW_SECONDS) or (
            self._replies >= PATIENCE_REPLIES and seconds >= PATIENCE_SECONDS
        )

    def _slow_down(self, measured: float, floor: float) -> None:
        if self.limit is None:
            self.began, self._began_at_rate = True, measured
        self.limit = max(floor, SLOWER * (self.limit or measured))

    def _speed_up(self, limit: float) -> None:
        faster = FASTER * limit
        self.limit = None if faster > OVER_AT * self._began_at_rate else faster
