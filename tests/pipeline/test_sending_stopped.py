"""The sending loop and whoever stops, cancels or kills it; what it claimed and did not begin."""

from __future__ import annotations

import time as real_time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from digest.config import Config
from digest.config.settings import PaceSettings
from digest.delivery import records
from digest.delivery.journal import Journal, open_journal
from digest.delivery.pace import CLAIM_SECONDS, Pace, WarmUp
from digest.errors import DeliveryError, Refused
from digest.models import Delivery, Issue, StoredEvent
from digest.pipeline import sending
from digest.values import AUDIENCES, Outcome
from tests.builders import NOW, a_config, a_subscriber, an_approved_issue
from tests.fakes import ACCEPTED, FakeTransport
from tests.pipeline.runs import (
    BUSY,
    NO_SUCH_USER,
    Time,
    Wire,
    a_run,
    people,
    send,
    sparing,
    states,
)  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


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


@pytest.fixture
def one_clock(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the loop looks at by its own clock goes by the simulated one, too."""
    monkeypatch.setattr("time.monotonic", time.clock)
    monkeypatch.setattr(sending, "seconds_of_life", time.clock)


@pytest.fixture
def large_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is claimed before the first answer."""
    monkeypatch.setattr(Pace, "claim_size", lambda pace, connections: 50)


# ── who stops it ──────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("one_clock")
def test_a_stop_is_seen_while_the_pace_makes_it_wait(config: Config, time: Time) -> None:
    an_approved_issue()
    people(3)

    def stop(done: int, total: int) -> None:
        if time.seconds > 10:
            raise Refused("stopped")

    with pytest.raises(Refused, match="stopped"):
        send(config, FakeTransport(), time, pace=PaceSettings(per_hour=1), progress=stop)
    assert time.seconds < 11
    assert states() == {"accepted": 1, "queued": 2}


@pytest.mark.usefixtures("one_clock")
def test_a_stop_is_seen_while_the_other_side_asks_for_a_rest(
    config: Config, journal: Journal, time: Time
) -> None:
    people(30)

    def stop(done: int, total: int) -> None:
        if time.seconds > 10:
            raise Refused("stopped")

    wire = Wire(journal, time)
    wire.rests_until = 3600.0
    with pytest.raises(Refused, match="stopped"):
        a_run(config, journal, time, wire, progress=stop).run()
    assert time.seconds < 11
    assert states() == {"queued": 30}


@pytest.mark.usefixtures("large_claims")
@pytest.mark.parametrize("state", ["cancelled", "paused"])
def test_the_other_side_is_asked_to_drop_what_is_cancelled_and_not_what_is_paused(
    config: Config, journal: Journal, time: Time, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)
    people(40)

    def stop(done: int, total: int) -> None:
        if done:
            Issue.objects.update(state=state)

    wire = Wire(journal, time)
    a_run(config, journal, time, wire, progress=stop).run()
    assert wire.cancelled == (state == "cancelled")


@pytest.mark.usefixtures("large_claims")
def test_a_cancel_that_the_other_side_does_not_take_harms_nothing(
    config: Config, journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)
    people(40)

    class Deaf(Wire):
        """Does not cancel."""

        def cancel(self) -> None:
            raise DeliveryError("the API cannot be reached", temporary=True)

    def cancel(done: int, total: int) -> None:
        Issue.objects.update(state="cancelled")

    a_run(config, journal, time, Deaf(journal, time), progress=cancel).run()
    assert states() == {"queued": 40}


def test_what_a_dead_sender_held_of_a_cancelled_issue_is_skipped(
    config: Config, time: Time
) -> None:
    people(3)
    issue = an_approved_issue(state="sending")
    records.enqueue(issue, AUDIENCES, NOW)
    with open_journal(config.folder) as journal:
        records.claim(issue, 3, NOW, owner=journal.begin(repeatable=False))
    Issue.objects.update(state="cancelled")
    with pytest.raises(Refused, match="cancelled"):
        send(config, FakeTransport(), time)
    assert states() == {"skipped": 3}


def test_an_outcome_and_the_refusal_that_it_tells_of_are_kept_both_or_neither(
    config: Config, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two, by the sender and once more by the one that settles after it."""
    an_approved_issue()
    a_subscriber("no@example.net")
    wire = FakeTransport({"no@example.net": NO_SUCH_USER}, repeatable=False)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "store_refusals", killed)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                send(config, wire, time)
            assert (states(), StoredEvent.objects.count()) == ({"claimed": 1}, 0)
    assert send(config, wire, time) == {"failed": 1}
    assert (len(wire.sent), StoredEvent.objects.get().kind) == (1, "hard bounce")


def killed(*anything: object) -> None:
    raise KeyboardInterrupt


# ── what is claimed and not begun ─────────────────────────────────────────────────────────


def test_an_answer_to_an_earlier_attempt_is_not_believed_of_a_later_one(
    config: Config, journal: Journal, time: Time
) -> None:
    people(2)
    wire = Wire(journal, time, lambda nth: BUSY)
    a_run(config, journal, time, wire).run()
    assert set(journal.left().outcomes.values()) == {BUSY}
    time.sleep(120)
    wire.give = killed  # type: ignore[method-assign,assignment]
    wire.stopped = False
    with pytest.raises(KeyboardInterrupt):
        a_run(config, journal, time, wire).run()
    assert journal.left().outcomes == {}


@pytest.mark.usefixtures("one_clock")
def test_a_long_run_gives_nothing_back_that_it_claimed_just_now(
    config: Config, journal: Journal, time: Time
) -> None:
    people(200)
    wire = Wire(journal, time)
    a_run(config, journal, time, wire).run()
    assert time.seconds > 2 * sending.FRESH_SECONDS
    assert wire.given_back == []


def test_a_claim_is_fresh_for_twice_what_it_should_last() -> None:
    assert 2 * CLAIM_SECONDS >= sending.FRESH_SECONDS


@pytest.mark.usefixtures("large_claims")
def test_a_laptop_that_slept_claims_anew(
    config: Config, journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The monotonic clock stands still in its sleep; that of its life goes on."""
    people(40)
    slept = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    monkeypatch.setattr(sending, "seconds_of_life", lambda: slept[0])

    def sleep_once(done: int, total: int) -> None:
        if done == 10:
            slept[0] = 3600.0

    wire = Wire(journal, time)
    a_run(config, journal, time, wire, progress=sleep_once).run()
    assert wire.given_back
    assert states() == {"accepted": 40}


def test_the_clock_of_its_life_goes_on_in_a_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def seven(clock: int) -> float:
        asked.append(clock)
        return 7.0

    monkeypatch.setattr("time.clock_gettime", seven)
    assert sending.seconds_of_life() == 7.0
    assert asked == [getattr(real_time, "CLOCK_BOOTTIME", real_time.CLOCK_MONOTONIC)]


@pytest.mark.usefixtures("large_claims")
def test_what_was_released_uses_up_no_warm_up(
    config: Config, journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(10)
    wire = Wire(journal, time, connections=2)
    run = a_run(config, journal, time, wire)
    run._pace = Pace(PaceSettings(), clock=time.clock, warm_up=WarmUp((10,)))
    storms = iter([False, True])
    monkeypatch.setattr(Pace, "storming", property(lambda pace: next(storms, False)))
    run.run()
    assert wire.given_back
    assert states() == {"accepted": 10}


def test_after_a_rest_a_spared_domain_gets_no_burst(tmp_path: Path, time: Time) -> None:
    """Whoever was put off before it would come due in it, and all at once after it."""
    config, spared = sparing(tmp_path, 0.5)
    people(12, "slow.example")
    at: list[float] = []

    def answer(nth: int) -> Outcome:
        at.append(time.seconds)
        if nth == 2:
            wire.rests_until = time.seconds + 600
        return ACCEPTED

    with open_journal(config.folder) as journal:
        journal.begin(repeatable=False)
        wire = Wire(journal, time, answer)
        a_run(config, journal, time, wire, settings=spared).run()
    assert states() == {"accepted": 12}
    assert all(later - earlier > 1.0 for earlier, later in pairwise(at))
    assert Delivery.objects.filter(changed_at__gt=NOW + timedelta(seconds=600)).count() == 9
