"""A site that sends issue 1 over ten connections to the server of `server.py`, in simulated time.

Time passes when the sender sleeps and when the server answers, and at no other moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from django.db import connections
from django.db.models import Min

from digest.config import Config, Keys
from digest.delivery.pace import Pace
from digest.errors import DeliveryError
from digest.models import Delivery, Issue
from digest.pipeline.approval import approval_hash
from digest.pipeline.deliver import send_issue
from digest.pipeline.render import rendition_value
from digest.project.settings import KEYS
from subscribers.addresses import address_key
from subscribers.models import Membership, Subscriber
from tests.builders import NOW, a_config, an_approved_issue
from tests.journeys.faults.server import MailServer, Rule

CONNECTIONS = 10
SECONDS_A_MAIL = 0.01  # the server takes a hundred a second
RETRY_SECONDS = 15.0  # how soon the clock of `digest run` tries again


class Hours:
    """Simulated time, for both sides of the wire."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = Lock()

    def now(self) -> datetime:
        """The moment."""
        return NOW + timedelta(seconds=self.seconds)

    def clock(self) -> float:
        """As time.monotonic."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """As time.sleep, at once."""
        with self._lock:
            self.seconds += seconds


class WatchedPace(Pace):
    """Remembers the slowest it ever was, in mails a second; None: never limited."""

    slowest: float | None = None

    def heard(self, settled: int, strained: int) -> None:
        """As ever."""
        super().heard(settled, strained)
        if self.rate is not None:
            self.slowest = min(self.rate, self.slowest or self.rate)


class Site:
    """Issue 1, its readers, and the server that takes its mails."""

    def __init__(self, config: Config, server: MailServer, hours: Hours, readers: list[str]):
        self.config, self.server, self.hours, self.readers = config, server, hours, readers
        self.pace = self._new_pace()

    def send(
        self, *, sleep: Callable[[float], None] | None = None, keys: Keys = KEYS
    ) -> dict[str, int]:
        """One run of the sender; only the states that occur."""
        self.pace = self._new_pace()
        counts = send_issue(
            1,
            self.config,
            keys,
            now=self.hours.now,
            pace=self.pace,
            sleep=sleep or self.hours.sleep,
        )
        return {state: rows for state, rows in counts.items() if rows}

    def send_to_the_end(self, most: int = 60) -> int:
        """Send as the clock does, again and again, until it is sent; in how many runs."""
        for run in range(1, most + 1):
            try:
                self.send()
            except DeliveryError as trouble:
                if not trouble.temporary:
                    raise
            if self.state == "sent":
                return run
            self.pass_on()
        raise AssertionError(f"not sent after {most} runs: {Counter(self.states().values())}")

    def pass_on(self) -> None:
        """Time passes until the clock tries again after the first mail that waits is due."""
        waiting = Delivery.objects.filter(state__in=("queued", "deferred"))
        due = waiting.aggregate(due=Min("next_try"))["due"] or self.hours.now()
        wait = (due - self.hours.now()).total_seconds()
        self.hours.sleep(max(wait, 0.0) + RETRY_SECONDS)

    @property
    def state(self) -> str:
        """Of the issue."""
        return Issue.objects.get(number=1).state

    def states(self) -> dict[str, str]:
        """Of each delivery, by address."""
        return dict(Delivery.objects.values_list("subscriber__address", "state"))

    def details(self) -> dict[str, str]:
        """What was said of each, by address."""
        return dict(Delivery.objects.values_list("subscriber__address", "detail"))

    def assert_once_each(self, *, but: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        """Nobody lost and nobody twice, by the server's own list."""
        assert Counter(self.server.taken) == Counter(set(self.readers) - but)

    def _new_pace(self) -> WatchedPace:
        return WatchedPace(self.config.pace, clock=self.hours.clock)


def usual(step: str, about: str, time: int) -> str:
    """A server without any fault."""
    return ""


@contextmanager
def a_site(
    folder: Path,
    rule: Rule = usual,
    *,
    people: int = 200,
    on_taken: Callable[[int], None] = lambda mails: None,
    hours: Hours | None = None,
    octets: int = 0,
    window: int | None = None,
    **transport: Any,
) -> Iterator[Site]:
    """An approved issue, of so many octets more, for so many readers, p000@example.net and so on.

    `window` is the server's; `transport` goes before what config.yaml would have.
    """
    hours = hours or Hours()

    def taken(mails: int) -> None:
        hours.sleep(SECONDS_A_MAIL)
        on_taken(mails)

    def refused(step: str, about: str, time: int) -> str:
        if answer := rule(step, about, time):
            hours.sleep(SECONDS_A_MAIL)
        return answer

    with MailServer(refused, on_taken=taken, window=window) as server:
        to = {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "tls": "none"}
        config = a_config(folder, transport={**to, "connections": CONNECTIONS, **transport})
        _make_long(an_approved_issue(), octets)
        yield Site(config, server, hours, confirmed_readers(people))


def _make_long(issue: Issue, octets: int) -> None:
    """Each edition; approved as it is then."""
    if octets:
        for row in issue.renditions.all():
            row.html = row.html + "<p>What was found.</p>\n" * (octets // 23)
            row.content_hash = rendition_value(row).content_hash
            row.save()
        issue.approved_hash = approval_hash(map(rendition_value, issue.renditions.all()))
        issue.save()


def confirmed_readers(people: int) -> list[str]:
    """Patients, all at once; their addresses."""
    addresses = [f"p{n:03}@example.net" for n in range(people)]
    rows = [
        Subscriber(
            address=address,
            address_key=address_key(address),
            public_id=address_key(address)[:22],
            created_at=NOW,
        )
        for address in addresses
    ]
    Subscriber.objects.bulk_create(rows)
    Membership.objects.bulk_create(
        Membership(
            subscriber=row, list_name="patient", state="confirmed", joined_at=NOW, changed_at=NOW
        )
        for row in Subscriber.objects.filter(address_key__in=map(address_key, addresses))
    )
    return addresses


def elsewhere(act: Callable[[], object]) -> None:
    """Do it over a connection of its own to the database, as another process would."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as failure:
            failures.append(failure)
        finally:
            connections.close_all()

    thread = Thread(target=run, name="elsewhere")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
