"""The pace in storms, and its warm-up."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config.settings import PaceSettings
from digest.delivery.pace import Pace, WarmUp, utc_midnight

Server = Callable[[float, int], bool]  # seconds since the start, whose mail → accepted, or a 451


MINUTE, HOUR = 60.0, 3600.0


TRY_AGAIN = (1 * MINUTE, 5 * MINUTE, 30 * MINUTE, 120 * MINUTE, 360 * MINUTE)


UNLIMITED = PaceSettings()


class Clock:
    """Seconds that pass when told to."""

    def __init__(self, start: float = 0.0):
        self.now = start

    def __call__(self) -> float:
        return self.now


class Run:
    """A sending loop in miniature: one claim after the other, deferred mails again when due."""

    def __init__(
        self, server: Server, *, people: int, per_second: float = 2000, connections: int = 10
    ):
        self.clock = Clock()
        self.pace = Pace(UNLIMITED, clock=self.clock)
        self.server, self.wire, self.connections = server, 1 / per_second, connections
        self.due = [(0.0, person, 0) for person in range(people)]
        self.begun: list[float] = []
        self.accepted: list[float] = []
        self.storms = 0

    def until_all_accepted(self, *, within: float = math.inf) -> None:
        while self.due and self.clock.now < within:
            self.clock.now = max(self.clock.now, self.due[0][0])
            claimed = self._claim(self.pace.claim_size(self.connections))
            for _, person, tries in claimed:
                self._send(person, tries)

    def _claim(self, size: int) -> list[tuple[float, int, int]]:
        claimed: list[tuple[float, int, int]] = []
        while self.due and len(claimed) < size and self.due[0][0] <= self.clock.now:
            claimed.append(heapq.heappop(self.due))
        return claimed

    def _send(self, person: int, tries: int) -> None:
        self.clock.now += self.pace.wait()
        self.pace.spend(1)
        self.begun.append(self.clock.now)
        accepted = self.server(self.clock.now, person)
        self.clock.now += self.wire
        if accepted:
            self.accepted.append(self.clock.now)
        else:
            later = self.clock.now + TRY_AGAIN[min(tries, len(TRY_AGAIN) - 1)]
            heapq.heappush(self.due, (later, person, tries + 1))
        self.pace.heard(1, 0 if accepted else 1)
        self.storms += self.pace.storming

    def rate(self, start: float, end: float) -> float:
        """Mails begun a second between two instants."""
        return sum(start <= at < end for at in self.begun) / (end - start)


PLAN = (50, 200, 1000)


@pytest.mark.parametrize(
    ("plan", "days_before", "sent_today", "left"),
    [
        (PLAN, 0, 0, 50),
        (PLAN, 0, 49, 1),
        (PLAN, 0, 50, 0),
        (PLAN, 0, 60, 0),  # a plan made smaller in mid-day
        (PLAN, 1, 0, 200),
        (PLAN, 2, 10, 990),
        (PLAN, 3, 10_000, None),
        ((), 0, 0, None),
        (None, 0, 0, None),
    ],
)
def test_each_day_of_the_warm_up_has_its_number_and_then_there_is_none(
    plan: tuple[int, ...] | None, days_before: int, sent_today: int, left: int | None
) -> None:
    assert WarmUp(plan, days_before, sent_today).left == left


def test_the_warm_up_stops_a_run_in_mid_claim() -> None:
    pace = Pace(PaceSettings(warm_up=PLAN), clock=Clock(), warm_up=WarmUp(PLAN, 0, 47))
    assert (pace.claim_size(10), pace.allowance(), pace.wait()) == (3, 3, 0.0)
    pace.spend(2)
    assert (pace.claim_size(10), pace.allowance(), pace.left_today) == (1, 1, 1)
    pace.spend(1)
    assert (pace.claim_size(10), pace.allowance(), pace.wait()) == (0, 0, math.inf)
    pace.spend(1)
    assert pace.left_today == 0


@given(mails=st.lists(st.integers(0, 30), max_size=20), sent=st.integers(0, 60))
@settings(max_examples=50, deadline=None)
def test_a_day_never_begins_more_than_its_plan(mails: list[int], sent: int) -> None:
    pace = Pace(PaceSettings(warm_up=PLAN), clock=Clock(), warm_up=WarmUp(PLAN, 0, sent))
    begun = 0
    for some in mails:
        may = min(some, pace.allowance())
        pace.spend(may)
        begun += may
        assert pace.left_today == max(0, 50 - sent) - begun
    assert sent + begun <= max(50, sent)


def test_the_operator_is_told_what_waits_for_tomorrow() -> None:
    told = "the warm-up plan allows 50 mails today; 450 wait until tomorrow (UTC)"
    assert WarmUp(PLAN).note(450) == told
    told = "the warm-up plan allows 1 mail today; 1 waits until tomorrow (UTC)"
    assert WarmUp((1,)).note(1) == told
    assert WarmUp(PLAN).note(0) == ""
    assert WarmUp(PLAN, days_before=3).note(450) == ""
    assert WarmUp().note(450) == ""


def test_a_day_of_the_warm_up_is_a_utc_day() -> None:
    west = timezone(timedelta(hours=-8))
    assert utc_midnight(datetime(2026, 3, 1, 20, 30, tzinfo=west)) == datetime(
        2026, 3, 2, tzinfo=UTC
    )
    assert utc_midnight(datetime(2026, 3, 1, 15, 59, tzinfo=west)) == datetime(
        2026, 3, 1, tzinfo=UTC
    )


def _hear(pace: Pace, clock: Clock, rounds: Iterable[tuple[int, int]]) -> None:
    """One round a second."""
    for settled, strained in rounds:
        clock.now += 1.0
        pace.heard(settled, strained)


def test_a_storm_halves_the_measured_pace_and_is_told_once() -> None:
    clock = Clock()
    pace = Pace(UNLIMITED, clock=clock)
    _hear(pace, clock, [(100, 0)] * 5)
    assert (pace.rate, pace.storming) == (None, False)
    _hear(pace, clock, [(100, 21)])
    assert pace.rate == pytest.approx(50)
    assert (pace.storming, pace.storming) == (True, False)
    assert pace.claim_size(10) == 100
    _hear(pace, clock, [(50, 50)])
    assert pace.rate == pytest.approx(25)
    assert not pace.storming  # the same storm


def test_after_a_storm_the_pace_grows_by_a_quarter_until_the_limit_is_gone() -> None:
    clock = Clock()
    pace = Pace(UNLIMITED, clock=clock)
    _hear(pace, clock, [(100, 100)])
    rates = []
    while (rate := pace.rate) is not None:
        rates.append(rate)
        _hear(pace, clock, [(100, 0)])
    assert rates == pytest.approx([50 * 1.25**n for n in range(len(rates))])
    assert 200 / 1.25 < rates[-1] <= 200
    _hear(pace, clock, [(100, 100)])
    assert (pace.rate is not None, pace.storming) == (True, True)  # another one


@pytest.mark.parametrize(("connections", "floor"), [(1, 1), (10, 1), (200, 20)])
def test_a_storm_never_slows_to_a_standstill(connections: int, floor: float) -> None:
    clock = Clock()
    pace = Pace(UNLIMITED, clock=clock)
    pace.claim_size(connections)
    _hear(pace, clock, [(1000, 1000)] * 30)
    assert pace.rate == floor
    assert pace.claim_size(connections) == 2 * floor


def test_a_storm_never_raises_a_set_pace() -> None:
    clock = Clock()
    pace = Pace(PaceSettings(per_hour=360), clock=clock)
    _hear(pace, clock, [(1, 1)] * 40)
    assert pace.rate == pytest.approx(0.1)


def test_a_halved_pace_does_not_reach_back() -> None:
    clock = Clock()
    pace = Pace(UNLIMITED, clock=clock)
    _hear(pace, clock, [(100, 100)])
    pace.spend(101)
    _hear(pace, clock, [(50, 50)])  # a second at 50, from now on 25
    assert pace.wait() == pytest.approx((101 - 50) / 25)


def test_refused_connections_are_a_storm_though_no_mail_was_settled() -> None:
    clock = Clock()
    pace = Pace(UNLIMITED, clock=clock)
    _hear(pace, clock, [(0, 10)] * 3)
    assert pace.storming
    assert pace.rate == 1


def test_a_few_replies_are_no_storm() -> None:
    clock = Clock()
    pace = Pace(UNLIMITED, clock=clock)
    clock.now = 0.5
    pace.heard(19, 19)  # of half a second
    assert pace.rate is None
    clock = Clock()
    pace = Pace(UNLIMITED, clock=clock)
    clock.now = 300.0
    pace.heard(4, 4)  # in five minutes
    assert not pace.storming
    pace.heard(1, 0)
    assert pace.storming


def test_one_451_now_and_then_slows_nobody() -> None:
    run = Run(lambda at, person: person % 50 != 7 or at > MINUTE, people=10_000)
    run.until_all_accepted()
    assert (run.storms, len(run.accepted)) == (0, 10_000)
    assert run.rate(0, 4.5) == pytest.approx(2000, rel=0.01)
    assert run.clock.now < 70


def test_every_tenth_reply_a_451_slows_nobody() -> None:
    chance = random.Random(1)
    run = Run(lambda at, person: chance.random() > 0.1, people=10_000)
    run.until_all_accepted(within=20.0)
    assert run.storms == 0
    assert run.clock.now > 20.0
    assert len(run.accepted) > 8_500


def test_half_the_replies_451_slow_to_about_the_floor_and_still_all_arrive() -> None:
    chance = random.Random(2)
    run = Run(lambda at, person: chance.random() < 0.5, people=5_000)
    run.until_all_accepted()
    assert len(run.accepted) == 5_000
    assert run.storms == 1
    assert run.rate(0, 0.9) == pytest.approx(2000, rel=0.01)  # until it was noticed
    assert 0.95 < run.rate(60, 600) < 1.5
    assert run.accepted[4_500] < 4 * HOUR


def test_ten_minutes_of_451_for_everybody_are_waited_out_slowly() -> None:
    run = Run(lambda at, person: at > 10 * MINUTE, people=10_000)
    run.until_all_accepted()
    assert run.rate(60, 600) == pytest.approx(1, rel=0.05)
    in_the_storm = sum(at <= 10 * MINUTE for at in run.begun)
    assert in_the_storm < 5_000  # and without slowing down: 20,000
    half = run.accepted[len(run.accepted) // 2]
    assert half < 20 * MINUTE
    assert run.accepted[-1] < HOUR
    assert (run.pace.rate or math.inf) > 1000


def test_greylisting_of_each_for_ten_minutes_takes_hours_and_not_days() -> None:
    first: dict[int, float] = {}
    run = Run(lambda at, person: at - first.setdefault(person, at) > 10 * MINUTE, people=10_000)
    run.until_all_accepted()
    assert len(run.accepted) == 10_000
    assert run.accepted[-1] < 4 * HOUR


def test_a_server_that_takes_a_hundred_a_second_is_given_about_as_many() -> None:
    taken: list[float] = []

    def server(at: float, person: int) -> bool:
        taken[:] = [when for when in taken[-100:] if when > at - 1]
        if len(taken) < 100:
            taken.append(at)
        return len(taken) < 100

    run = Run(server, people=40_000)
    run.until_all_accepted(within=5 * MINUTE)
    accepted = sum(60 <= at < 300 for at in run.accepted) / 240
    assert accepted > 60
    assert run.rate(60, 300) < 140
