"""Runs of the sending loop on a time that passes only by sleeping, with a courier that is ours."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from digest.config import Config
from digest.config.settings import PaceSettings
from digest.delivery import records
from digest.delivery.couriers import Result
from digest.delivery.journal import Journal
from digest.delivery.pace import Pace
from digest.delivery.records import Claimed
from digest.errors import DeliveryError
from digest.models import Delivery, Issue
from digest.pipeline import Progress
from digest.pipeline.deliver import send_issue
from digest.pipeline.mailing import Mailing
from digest.pipeline.render import rendition_value
from digest.pipeline.sending import Sending
from digest.project.settings import KEYS
from digest.values import AUDIENCES, Outcome
from tests.builders import NOW, a_config, a_subscriber, an_approved_issue
from tests.fakes import ACCEPTED, FakeTransport

NO_SUCH_USER = Outcome("failed", "550 5.1.1 no such user")
BUSY = Outcome("deferred", "451 later")
OUT_OF_TOUCH = DeliveryError("the mail server cannot be reached", temporary=True)


class Time:
    """Seconds that pass only by sleeping, for the loop, the rows and the pace alike."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def clock(self) -> float:
        """As a monotonic clock."""
        return self.seconds

    def now(self) -> datetime:
        """As a date."""
        return NOW + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        """Nobody waits; a sleep of nothing takes a little too."""
        self.seconds += max(seconds, 1e-4)


class Wire:
    """A courier that begins `at_once` mails of what it was given in each round."""

    repeatable = False

    def __init__(
        self,
        journal: Journal,
        time: Time,
        answer: Callable[[int], Outcome] = lambda nth: ACCEPTED,
        *,
        connections: int = 10,
        dies_after: int | None = None,
    ):
        self.connections, self._journal, self._time, self._answer = (
            connections, journal, time, answer,
        )  # fmt: skip
        self.given: deque[Claimed] = deque()
        self.under_way: deque[Claimed] = deque()
        self.begun: list[int] = []
        self.given_back: list[int] = []
        self.stopped = self.closed = self.cancelled = False
        self.rests_until = 0.0
        self._strain, self._dies_after = 0, dies_after

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.closed = True

    @property
    def waiting(self) -> int:
        """Not begun."""
        return len(self.given)

    @property
    def busy(self) -> bool:
        """Until all is told."""
        return bool(self.under_way) or (bool(self.given) and not self.stopped)

    def give(self, claims: Sequence[Claimed]) -> None:
        """Begin as many as there are connections."""
        self.given.extend(claims)
        self._begin()

    def settled(self) -> list[Result]:
        """What was under way is answered; others begin."""
        self._time.sleep(0.5)
        if self._dead and not (self.under_way or self.stopped):
            raise OUT_OF_TOUCH
        results = [(one.delivery_id, self._said(one)) for one in self.under_way]
        self.under_way.clear()
        self._begin()
        return results

    @property
    def resting(self) -> float:
        """Until the moment that the other side named."""
        return max(0.0, self.rests_until - self._time.seconds)

    def strained(self) -> int:
        """Since asked last."""
        strain, self._strain = self._strain, 0
        return strain

    def take_back(self) -> list[int]:
        """What is not begun."""
        back = [one.delivery_id for one in self.given]
        self.given.clear()
        self.given_back += back
        return back

    def stop(self) -> None:
        """Begin nothing more."""
        self.stopped = True

    def cancel(self) -> None:
        """Drop what is not passed on."""
        assert self.stopped
        assert not self.under_way
        assert not self.closed
        self.cancelled = True

    @property
    def _dead(self) -> bool:
        return self._dies_after is not None and len(self.begun) > self._dies_after

    def _begin(self) -> None:
        if self._dead or self.stopped:
            return
        while self.given and len(self.under_way) < self.connections:
            one = self.given.popleft()
            self._journal.begun([one.delivery_id])
            self.under_way.append(one)
            self.begun.append(one.delivery_id)

    def _said(self, one: Claimed) -> Outcome:
        outcome = self._answer(self.begun.index(one.delivery_id))
        self._strain += outcome == BUSY
        self._journal.settled([(one.delivery_id, outcome)])
        return outcome


def people(count: int, domain: str = "example.net") -> None:
    """So many confirmed patients."""
    for n in range(count):
        a_subscriber(f"p{n}@{domain}")


def a_run(config: Config, journal: Journal, time: Time, courier: Wire, **options: Any) -> Sending:
    """The loop over issue 1, queued and going out; over what is there of it, if it is."""
    issue = Issue.objects.first() or an_approved_issue(state="sending")
    records.enqueue(issue, AUDIENCES, NOW)
    editions = {row.audience: rendition_value(row) for row in issue.renditions.all()}
    mailing = Mailing(1, config, KEYS, editions, issue.approved_hash)
    pace = Pace(options.pop("settings", PaceSettings()), clock=time.clock)
    return Sending(
        issue, mailing, courier, journal, pace, now=time.now, sleep=time.sleep, **options
    )


def send(
    config: Config,
    transport: FakeTransport,
    time: Time,
    *,
    pace: PaceSettings | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Send issue 1; only the states that occur."""
    counts = send_issue(
        1, config, KEYS, now=time.now, sleep=time.sleep, transport=transport, progress=progress,
        pace=Pace(pace, clock=time.clock) if pace else None,
    )  # fmt: skip
    return {state: rows for state, rows in counts.items() if rows}


def states() -> dict[str, int]:
    """How many rows are in each state that occurs."""
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def sparing(folder: Path, per_second: float) -> tuple[Config, PaceSettings]:
    """A site whose pace spares one domain."""
    config = a_config(folder, pace={"per_domain": {"slow.example": per_second}})
    return config, config.pace
