"""The sending loop: pace, storms, a database that waits or is full, and whoever stops it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from django.db import OperationalError

from digest.config import Config
from digest.config.settings import PaceSettings
from digest.delivery import records
from digest.delivery.couriers import Result
from digest.delivery.journal import Journal, open_journal
from digest.delivery.pace import Pace
from digest.delivery.records import Claimed
from digest.errors import DeliveryError, Refused
from digest.models import Delivery, Issue, StoredEvent
from digest.pipeline import Progress, sending
from digest.pipeline.deliver import send_issue
from digest.pipeline.mailing import Mailing
from digest.pipeline.render import rendition_value
from digest.pipeline.sending import Sending
from digest.project.settings import KEYS
from digest.values import AUDIENCES, Envelope, Outcome
from tests.builders import NOW, a_config, a_subscriber, an_approved_issue
from tests.fakes import ACCEPTED, FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NO_SUCH_USER = Outcome("failed", "550 5.1.1 no such user")
BUSY = Outcome("deferred", "451 later")
LOCKED = OperationalError("database is locked")
FULL = OperationalError("database or disk is full")
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
        self.stopped = self.closed = False
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


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site in a folder of this test."""
    return a_config(tmp_path)


@pytest.fixture
def time() -> Time:
    """Begins at NOW."""
    return Time()


@pytest.fixture
def journal(config: Config) -> Iterator[Journal]:
    """Begun."""
    with open_journal(config.folder) as opened:
        opened.begin(repeatable=False)
        yield opened


def people(count: int, domain: str = "example.net") -> None:
    """So many confirmed patients."""
    for n in range(count):
        a_subscriber(f"p{n}@{domain}")


def a_run(config: Config, journal: Journal, time: Time, courier: Wire, **options: Any) -> Sending:
    """The loop over issue 1, queued and going out."""
    issue = an_approved_issue(state="sending")
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


def test_all_that_is_due_is_sent_once_and_counted_once(
    config: Config, journal: Journal, time: Time
) -> None:
    people(60)
    wire = Wire(journal, time)
    a_run(config, journal, time, wire).run()
    assert states() == {"accepted": 60}
    assert len(set(wire.begun)) == len(wire.begun) == 60
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
    assert wire.closed


# ── pace ──────────────────────────────────────────────────────────────────────────────────


def moments(time: Time, chosen: str = "") -> tuple[FakeTransport, list[float]]:
    """A transport, and when it was given the mails to a domain."""
    seen: list[float] = []

    def note(envelope: Envelope) -> None:
        if envelope.recipient.endswith(chosen):
            seen.append(time.seconds)

    return FakeTransport(on_deliver=note), seen


def test_mails_begin_evenly_spaced_where_a_pace_is_set(config: Config, time: Time) -> None:
    an_approved_issue()
    people(12)
    transport, at = moments(time)
    assert send(config, transport, time, pace=PaceSettings(per_second=2)) == {"accepted": 12}
    assert at == pytest.approx([n / 2 for n in range(12)], abs=0.06)


def sparing(folder: Path, per_second: float) -> tuple[Config, PaceSettings]:
    """A site whose pace spares one domain."""
    config = a_config(folder, pace={"per_domain": {"slow.example": per_second}})
    return config, config.pace


def test_one_domain_is_spared_while_the_others_go_on(tmp_path: Path, time: Time) -> None:
    config, spared = sparing(tmp_path, 0.5)
    an_approved_issue()
    people(6, "slow.example")
    people(30, "fast.example")
    transport, at = moments(time, "@slow.example")
    assert send(config, transport, time, pace=spared) == {"accepted": 36}
    assert at == pytest.approx([2 * n for n in range(6)], abs=0.11)
    assert [name.partition("@")[2] for name in transport.recipients[1:31]] == ["fast.example"] * 30
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
    assert Issue.objects.get().state == "sent"


def test_whoever_was_put_off_by_a_run_that_ended_begins_the_next_one(
    tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)
    config, spared = sparing(tmp_path, 0.001)
    an_approved_issue()
    people(4, "slow.example")
    pausing = FakeTransport(on_deliver=lambda mail: void(Issue.objects.update(state="paused")))
    assert send(config, pausing, time, pace=spared) == {"accepted": 1, "queued": 3}
    Issue.objects.update(state="sending")
    faster, _ = sparing(tmp_path, 1000)
    assert send(faster, FakeTransport(), time, pace=faster.pace) == {"accepted": 4}
    assert time.seconds < 1000


def void(result: object) -> None:
    """What came of it does not matter."""


def test_a_warm_up_that_is_used_up_leaves_the_rest_for_the_next_day(
    tmp_path: Path, time: Time
) -> None:
    config = a_config(tmp_path, pace={"warm_up": [3, 5]})
    an_approved_issue()
    people(12)
    assert send(config, FakeTransport(), time) == {"accepted": 3, "queued": 9}
    assert Issue.objects.get().state == "sending"
    unneeded = FakeTransport()
    assert send(config, unneeded, time) == {"accepted": 3, "queued": 9}
    assert unneeded.sent == []
    time.sleep(24 * 3600)
    assert send(config, FakeTransport(), time) == {"accepted": 8, "queued": 4}
    time.sleep(24 * 3600)
    assert send(config, FakeTransport(), time) == {"accepted": 12}
    assert Issue.objects.get().state == "sent"


def test_a_warm_up_that_is_used_up_waits_for_no_domains_turn(tmp_path: Path, time: Time) -> None:
    pace = {"warm_up": [3], "per_domain": {"slow.example": 0.2}}
    config = a_config(tmp_path, pace=pace)
    an_approved_issue()
    people(3, "slow.example")
    people(9, "fast.example")

    def until_tomorrow(seconds: float) -> None:
        Time.sleep(time, seconds)
        assert time.seconds < 24 * 3600

    time.sleep = until_tomorrow  # type: ignore[method-assign]
    assert send(config, FakeTransport(), time) == {"accepted": 3, "queued": 9}


def test_a_storm_releases_what_is_not_begun_and_all_is_sent_in_the_end(
    config: Config, journal: Journal, time: Time
) -> None:
    people(150)
    wire = Wire(journal, time, lambda nth: BUSY if 40 <= nth < 90 else ACCEPTED)
    a_run(config, journal, time, wire).run()
    assert wire.given_back
    found = states()
    assert set(found) == {"accepted", "deferred"}
    assert found["deferred"] <= 50
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_what_a_storm_released_at_the_end_of_the_list_is_claimed_again(
    config: Config, journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was left to claim when the storm began."""
    people(10)
    wire = Wire(journal, time, connections=2)
    run = a_run(config, journal, time, wire)
    storms = iter([False, True])
    monkeypatch.setattr(Pace, "storming", property(lambda pace: next(storms, False)))
    monkeypatch.setattr(Pace, "claim_size", lambda pace, connections: 50)
    run.run()
    assert wire.given_back
    assert states() == {"accepted": 10}


# ── who stops it ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_stop_within_a_claim_gives_back_what_is_not_begun(
    config: Config, journal: Journal, time: Time, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)
    people(40)

    def stop(done: int, total: int) -> None:
        if done:
            Issue.objects.update(state=state)

    wire = Wire(journal, time)
    a_run(config, journal, time, wire, progress=stop).run()
    assert (wire.stopped, wire.closed) == (True, True)
    assert 10 <= len(wire.begun) < 40
    assert states() == {"accepted": len(wire.begun), "queued": 40 - len(wire.begun)}
    assert set(Delivery.objects.filter(state="queued").values_list("attempts", flat=True)) == {0}


@pytest.mark.parametrize("error", [Refused("stopped"), KeyboardInterrupt(), ValueError("a bug")])
def test_whoever_stops_it_from_the_progress_leaves_no_mail_in_doubt(
    config: Config, journal: Journal, time: Time, error: BaseException
) -> None:
    """The clock's stop raises each time it is asked, and mails are under way then."""
    people(40)

    def stop(done: int, total: int) -> None:
        if done:
            raise error

    wire = Wire(journal, time)
    with pytest.raises(type(error)):
        a_run(config, journal, time, wire, progress=stop).run()
    assert wire.begun
    assert states() == {"accepted": len(wire.begun), "queued": 40 - len(wire.begun)}


def test_a_server_that_fails_mid_way_leaves_no_claim_and_the_next_run_goes_on(
    config: Config, time: Time
) -> None:
    people(40)
    with open_journal(config.folder) as journal:
        journal.begin(repeatable=False)
        wire = Wire(journal, time, dies_after=15)
        with pytest.raises(DeliveryError, match="cannot be reached"):
            a_run(config, journal, time, wire).run()
    assert states() == {"accepted": len(wire.begun), "queued": 40 - len(wire.begun)}
    rest = FakeTransport()
    assert send(config, rest, time) == {"accepted": 40}
    assert len(rest.sent) == 40 - len(wire.begun)


# ── the database ──────────────────────────────────────────────────────────────────────────


def failing(monkeypatch: pytest.MonkeyPatch, name: str, errors: Sequence[Exception]) -> list[int]:
    """`records.NAME` raises these in turn, then works; the times that it was called."""
    works, called = getattr(records, name), list[int]()

    def fail_first(*args: Any, **options: Any) -> Any:
        called.append(len(called))
        if len(called) <= len(errors):
            raise errors[len(called) - 1]
        return works(*args, **options)

    monkeypatch.setattr(records, name, fail_first)
    return called


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["claim", "settle", "put_off", "next_turn"])
def test_a_database_that_is_locked_is_waited_for(
    tmp_path: Path, time: Time, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, spared = sparing(tmp_path, 5)
    an_approved_issue()
    people(4, "slow.example")
    called = failing(monkeypatch, name, [LOCKED, LOCKED])
    transport = FakeTransport()
    assert send(config, transport, time, pace=spared) == {"accepted": 4}
    assert len(called) > 2
    assert len(set(transport.recipients)) == len(transport.recipients) == 4


@pytest.mark.django_db(transaction=True)
def test_a_pause_is_seen_and_its_claim_released_though_the_database_is_locked(
    config: Config, journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)
    people(40)

    def stop(done: int, total: int) -> None:
        if done:
            Issue.objects.update(state="paused")

    wire = Wire(journal, time)
    run = a_run(config, journal, time, wire, progress=stop)
    called = failing(monkeypatch, "release", [LOCKED, LOCKED])
    run.run()
    assert len(called) == 3
    assert states() == {"accepted": len(wire.begun), "queued": 40 - len(wire.begun)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["claim", "settle"])
def test_a_database_that_stays_locked_is_not_waited_for_for_ever(
    config: Config, time: Time, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "DATABASE_PATIENCE", -1.0)
    an_approved_issue()
    people(2)
    failing(monkeypatch, name, [LOCKED] * 9)
    with pytest.raises(DeliveryError, match="database is locked") as caught:
        send(config, FakeTransport(), time)
    assert caught.value.temporary
    assert time.seconds == 0


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_told_at_once_and_what_was_sent_is_settled_by_the_next_run(
    config: Config, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_approved_issue()
    people(30)
    a_subscriber("no@example.net")
    first = FakeTransport({"no@example.net": NO_SUCH_USER})
    with monkeypatch.context() as patch:
        failing(patch, "settle", [FULL] * 99)
        failing(patch, "release", [FULL] * 99)
        with pytest.raises(DeliveryError, match="database or disk is full") as caught:
            send(config, first, time)
    assert (caught.value.temporary, time.seconds) == (True, 0)
    assert first.sent
    assert states()["claimed"] >= len(first.sent)
    second = FakeTransport({"no@example.net": NO_SUCH_USER})
    assert send(config, second, time) == {"accepted": 30, "failed": 1}
    assert set(first.recipients).isdisjoint(second.recipients)
    assert Delivery.objects.filter(attempts=1).count() == 31


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4])
def test_a_journal_that_cannot_be_written_ends_the_run_and_doubles_nothing(
    config: Config, time: Time, fails_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_approved_issue()
    people(5)
    noted, note = list[int](), Journal._note

    def disk_full(journal: Journal, lines: dict[int, bytes]) -> None:
        noted.append(1)
        if len(noted) >= fails_at:
            raise DeliveryError("the journal of sending cannot be written", temporary=True)
        note(journal, lines)

    first = FakeTransport()
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_note", disk_full)
        with pytest.raises(DeliveryError, match="journal"):
            send(config, first, time)
    assert states() == {"queued": 5 - fails_at // 2} | (
        {"accepted": fails_at // 2} if fails_at > 1 else {}
    )
    second = FakeTransport()
    assert send(config, second, time) == {"accepted": 5}
    assert len(set(first.recipients) | set(second.recipients)) == 5
    assert set(first.recipients).isdisjoint(second.recipients)


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_claim_whose_commit_was_never_confirmed_is_given_back(
    config: Config, time: Time, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was restarted while it committed: the rows may be claimed, and nobody knows."""
    an_approved_issue()
    people(8)
    claim, calls = records.claim, list[int]()

    def interrupted(*args: Any, **options: Any) -> list[Claimed]:
        calls.append(1)
        if len(calls) == 1 and moment == "after the commit":
            claim(*args, **options)
            return []  # as if nobody had heard of them
        return claim(*args, **options)

    monkeypatch.setattr(records, "claim", interrupted)
    transport = FakeTransport()
    send(config, transport, time)
    assert "claimed" not in states()
    send(config, transport, time)
    assert states() == {"accepted": 8}
    assert len(set(transport.recipients)) == len(transport.recipients) == 8


# ── what a server says at once ────────────────────────────────────────────────────────────


def test_a_refusal_is_heard_as_a_bounce_once(config: Config, time: Time) -> None:
    an_approved_issue()
    people(2)
    a_subscriber("no@example.net")
    script = {"no@example.net": NO_SUCH_USER, "p1@example.net": BUSY}
    send(config, FakeTransport(script), time)
    row = Delivery.objects.get(state="failed")
    event = StoredEvent.objects.get()
    assert (event.reference, event.kind) == (row.reference, "hard bounce")
    assert "5.1.1" in event.detail
    time.sleep(3600)
    send(config, FakeTransport(script), time)
    assert StoredEvent.objects.count() == 1


def test_a_mail_that_was_put_off_too_often_is_heard_of_too(config: Config, time: Time) -> None:
    an_approved_issue()
    people(1)
    for _ in range(records.MAX_ATTEMPTS):
        send(config, FakeTransport({"p0@example.net": BUSY}), time)
        time.sleep(2 * 24 * 3600)
    assert states() == {"failed": 1}
    assert StoredEvent.objects.get().kind == "soft bounce"


def test_a_refusal_that_a_dead_sender_noted_is_heard_by_the_next_run(
    config: Config, time: Time
) -> None:
    issue = an_approved_issue(state="sending")
    a_subscriber("no@example.net")
    reference = "f" * 40
    records.enqueue(issue, AUDIENCES, NOW, reference_of=lambda public_id: reference)
    with open_journal(config.folder) as journal:
        journal.begin(repeatable=False)
        (claimed,) = records.claim(issue, 1, NOW, owner=journal.owner)
        journal.begun([claimed.delivery_id])
        journal.settled([(claimed.delivery_id, NO_SUCH_USER)])
    assert send(config, FakeTransport(), time) == {"failed": 1}
    assert StoredEvent.objects.get().reference == reference
