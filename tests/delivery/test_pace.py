"""How many mails may begin: on a simulated clock, against simulated servers. Nothing sleeps."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config.settings import PaceSettings
from digest.delivery.pace import BURST, Pace, WarmUp

UNLIMITED = PaceSettings()


class Clock:
    """Seconds that pass when told to."""

    def __init__(self, start: float = 0.0):
        self.now = start

    def __call__(self) -> float:
        return self.now


def _begin_all_allowed(pace: Pace) -> int:
    mails = pace.allowance()
    pace.spend(mails)
    return mails


def test_mails_are_evenly_spaced() -> None:
    clock = Clock(100.0)
    pace = Pace(PaceSettings(per_second=4), clock=clock)
    begun = []
    for _ in range(5):
        clock.now += pace.wait()
        assert _begin_all_allowed(pace) == 1
        begun.append(clock.now)
    assert begun == pytest.approx([100, 100.25, 100.5, 100.75, 101])
    assert pace.allowance() == 0
    assert pace.wait() == pytest.approx(0.25)


def test_a_late_start_is_not_made_up_for_by_a_burst() -> None:
    clock = Clock()
    slow, fast = (Pace(PaceSettings(per_second=rate), clock=clock) for rate in (4, 1000))
    clock.now = 3600.0
    assert slow.allowance() == 1
    assert fast.allowance() == 50


def test_without_a_pace_nobody_waits() -> None:
    pace = Pace(UNLIMITED, clock=Clock())
    pace.spend(100_000)
    assert (pace.allowance(), pace.wait(), pace.rate) == (sys.maxsize, 0.0, None)
    assert pace.domain_wait("example.org") == 0.0
    assert not pace.slows


@pytest.mark.parametrize(
    "limits",
    [{"per_second": 1}, {"per_hour": 9}, {"per_domain": {"example.org": 1}}, {"warm_up": (50,)}],
)
def test_any_limit_slows(limits: dict[str, object]) -> None:
    assert Pace(PaceSettings.model_validate(limits), clock=Clock()).slows


def test_the_lowest_limit_counts() -> None:
    assert Pace(PaceSettings(per_second=10, per_hour=7200)).rate == 2
    assert Pace(PaceSettings(per_second=1, per_hour=7200)).rate == 1


def test_an_hourly_pace_is_spread_over_the_hour() -> None:
    clock = Clock()
    pace = Pace(PaceSettings(per_hour=60), clock=clock)
    assert _begin_all_allowed(pace) == 1
    clock.now = 59.0
    assert _begin_all_allowed(pace) == 0
    clock.now = 60.0
    assert _begin_all_allowed(pace) == 1


def test_what_was_begun_beyond_the_allowance_is_waited_for() -> None:
    clock = Clock()
    pace = Pace(PaceSettings(per_second=2), clock=clock)
    pace.spend(5)
    assert pace.allowance() == 0
    assert pace.wait() == pytest.approx(2.5)


STEPS = st.lists(st.floats(0, 30, allow_nan=False), max_size=60)


RATES = st.floats(0.01, 5000, allow_nan=False)


@given(rate=RATES, steps=STEPS, start=st.floats(0, 1e7))
@settings(max_examples=100, deadline=None)
def test_never_more_begin_than_the_rate_and_one_burst(
    rate: float, steps: list[float], start: float
) -> None:
    clock = Clock(start)
    pace = Pace(PaceSettings(per_second=rate), clock=clock)
    begun = [(clock.now, _begin_all_allowed(pace))]
    for step in steps:
        clock.now += step
        allowed = pace.allowance()
        assert allowed >= 0
        assert (pace.wait() == 0.0) == (allowed > 0)
        begun.append((clock.now, _begin_all_allowed(pace)))
    burst = max(1, BURST * rate) + 0.01
    for first in range(len(begun)):  # in every stretch, not only from the start
        in_all = 0
        for at, mails in begun[first:]:
            in_all += mails
            assert in_all <= rate * (at - begun[first][0]) + burst


@given(rate=RATES, start=st.floats(0, 1e6))
@settings(max_examples=100, deadline=None)
def test_whoever_waits_as_long_as_told_may_begin(rate: float, start: float) -> None:
    clock = Clock(start)
    pace = Pace(PaceSettings(per_second=rate), clock=clock)
    for _ in range(20):
        clock.now += pace.wait()
        assert pace.allowance() >= 1
        pace.spend(1)
    assert clock.now - start >= 19 / rate - BURST - 0.01 / rate


def test_a_domains_mails_take_turns() -> None:
    clock = Clock(7.0)
    pace = Pace(PaceSettings(per_domain={"Example.com": 2}), clock=clock)
    waits = [pace.domain_wait(name) for name in ("example.com", "EXAMPLE.COM", "example.com")]
    assert waits == pytest.approx([0.0, 0.5, 1.0])
    assert pace.domain_wait("mail.example.com") == 0.0
    clock.now = 60.0
    assert [pace.domain_wait("example.com") for _ in range(2)] == pytest.approx([0.0, 0.5])


@pytest.mark.parametrize("key", ["MÜLLER.example", "xn--Mller-kva.example"])
def test_a_domain_is_the_same_in_letters_and_on_the_wire(key: str) -> None:
    pace = Pace(PaceSettings(per_domain={key: 2}), clock=Clock())
    names = ("müller.example", "XN--MLLER-KVA.example", "Müller.Example")
    assert [pace.domain_wait(name) for name in names] == pytest.approx([0.0, 0.5, 1.0])


def test_what_is_no_domain_has_turns_of_its_own() -> None:
    pace = Pace(PaceSettings(per_domain={"a b": 2}), clock=Clock())
    assert [pace.domain_wait("A b"), pace.domain_wait("a b")] == pytest.approx([0.0, 0.5])
    assert pace.domain_wait("a_.") == 0.0


def test_what_did_not_begin_after_all_is_not_counted() -> None:
    pace = Pace(PaceSettings(per_second=20), clock=Clock(), warm_up=WarmUp((5,)))
    assert _begin_all_allowed(pace) == 1
    assert (pace.allowance(), pace.left_today) == (0, 4)
    pace.refund(1)
    assert (pace.allowance(), pace.left_today) == (1, 5)


def test_what_was_given_back_is_no_reason_for_a_burst() -> None:
    pace = Pace(PaceSettings(per_second=100), clock=Clock())
    pace.refund(50)
    assert pace.allowance() == 5


def test_turns_given_back_are_free_again_but_for_those_that_came() -> None:
    clock = Clock()
    pace = Pace(PaceSettings(per_domain={"example.com": 2}), clock=clock)
    for _ in range(100):
        pace.domain_wait("example.com")
    clock.now = 1.2  # turns 0, 0.5 and 1 have come
    pace.forget_turns()
    assert pace.domain_wait("example.com") == pytest.approx(0.3)
    clock.now = 2.0  # 1.5 has come, and nobody has taken the one of now
    pace.forget_turns()
    assert pace.domain_wait("example.com") == 0.0
    pace.forget_turns()
    assert pace.domain_wait("example.com") == pytest.approx(0.5)


@given(rate=RATES, steps=STEPS, forget=st.sets(st.integers(0, 59)))
@settings(max_examples=100, deadline=None)
def test_turns_of_a_domain_never_come_closer_than_its_rate(
    rate: float, steps: list[float], forget: set[int]
) -> None:
    clock = Clock()
    pace = Pace(PaceSettings(per_domain={"example.com": rate}), clock=clock)
    turns: list[float] = []
    for number, step in enumerate(steps):
        clock.now += step
        if number in forget:
            turns = [turn for turn in turns if turn <= clock.now]
            pace.forget_turns()
        wait = pace.domain_wait("example.com")
        assert wait >= 0
        turns.append(clock.now + wait)
    for earlier, later in pairwise(turns):
        assert later - earlier >= (1 / rate) * 0.99


def _measure(pace: Pace, clock: Clock, per_second: float, *, rounds: int) -> list[int]:
    sizes = []
    for _ in range(rounds):
        clock.now += 0.5
        pace.heard(int(per_second / 2), 0)
        sizes.append(pace.claim_size(10))
    return sizes


def test_claims_start_small_and_at_most_double_up_to_500() -> None:
    clock = Clock()
    pace = Pace(UNLIMITED, clock=clock)
    assert pace.claim_size(10) == 20
    assert _measure(pace, clock, 4000, rounds=6) == [40, 80, 160, 320, 500, 500]
    assert pace.throughput == pytest.approx(4000)


def test_a_claim_is_two_seconds_of_what_is_measured_and_keeps_every_connection_busy() -> None:
    clock = Clock()
    pace = Pace(UNLIMITED, clock=clock)
    pace.claim_size(10)
    assert _measure(pace, clock, 50, rounds=20)[-1] == 100
    assert _measure(pace, clock, 2, rounds=20)[-1] == 10


@pytest.mark.parametrize(("per_second", "size"), [(0.01, 1), (1, 2), (8, 16), (10_000, 20)])
def test_a_claim_is_two_seconds_of_the_set_pace_at_most(per_second: float, size: int) -> None:
    assert Pace(PaceSettings(per_second=per_second), clock=Clock()).claim_size(10) == size
