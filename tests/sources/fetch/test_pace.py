"""Pace: a fake clock that only waiting moves."""

from __future__ import annotations

import threading

import pytest

from digest.errors import SourceError
from digest.sources.fetch import pace as pace_module
from digest.sources.fetch.pace import Pace


class FakeTime:
    """A clock that stands still until somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def a_pace(pause: float, time: FakeTime) -> Pace:
    return Pace(pause, clock=time.clock, wait=time.wait)


def test_the_first_request_to_a_host_does_not_wait() -> None:
    time = FakeTime()
    a_pace(1, time).take_turn("a.example")
    assert time.waits == []


def test_the_next_request_to_the_same_host_waits_what_is_left_of_the_pause() -> None:
    time = FakeTime()
    pace = a_pace(1, time)
    pace.take_turn("a.example")
    time.now += 0.25
    pace.take_turn("A.Example.")
    assert time.waits == [0.75]


def test_different_hosts_do_not_wait_for_each_other() -> None:
    time = FakeTime()
    pace = a_pace(1, time)
    for host in ("a.example", "b.example", "c.example"):
        pace.take_turn(host)
    assert time.waits == []


def test_a_host_that_was_not_asked_for_long_is_asked_at_once() -> None:
    time = FakeTime()
    pace = a_pace(1, time)
    pace.take_turn("a.example")
    time.now += 60
    pace.take_turn("a.example")
    assert time.waits == []


def test_a_pause_of_nothing_is_no_pause() -> None:
    time = FakeTime()
    pace = a_pace(0, time)
    for _ in range(3):
        pace.take_turn("127.0.0.1")
    assert time.waits == []


@pytest.mark.parametrize(("wish", "waits"), [(4.0, 4.0), (0.5, 1.0), (3600.0, 10.0)])
def test_a_host_may_ask_for_a_longer_pause_but_not_for_any(wish: float, waits: float) -> None:
    time = FakeTime()
    pace = a_pace(1, time)
    pace.take_turn("a.example")
    pace.slow_down("a.example", wish)
    pace.take_turn("a.example")
    assert time.waits == [waits]


def test_a_wait_that_ends_early_is_waited_on() -> None:
    time = FakeTime()

    def half(seconds: float) -> None:
        time.wait(max(seconds / 2, 0.1))

    pace = Pace(1, clock=time.clock, wait=half)
    pace.take_turn("a.example")
    pace.take_turn("a.example")
    assert time.now >= 101


def test_threads_that_come_at_once_get_turns_one_pause_apart() -> None:
    turns: list[float] = []
    here = threading.local()

    def clock() -> float:
        return 100.0 + getattr(here, "waited", 0.0)  # each thread waits on its own

    def wait(seconds: float) -> None:
        here.waited = getattr(here, "waited", 0.0) + seconds

    pace = Pace(1, clock=clock, wait=wait)

    def ask() -> None:
        pace.take_turn("a.example")
        turns.append(clock())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(turns) == [100.0 + turn for turn in range(8)]


def test_stopping_wakes_all_that_wait_and_lets_nobody_through() -> None:
    pace = Pace(3600)
    pace.take_turn("a.example")
    problems: list[SourceError] = []

    def ask() -> None:
        try:
            pace.take_turn("a.example")
        except SourceError as error:
            problems.append(error)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    pace.stop()
    for thread in threads:
        thread.join(30)
    assert [error.temporary for error in problems] == [True] * 3
    with pytest.raises(SourceError, match="was not asked: the gathering was stopped"):
        pace.take_turn("b.example")


def test_what_is_known_of_hosts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "MOST_HOSTS", 3)
    time = FakeTime()
    pace = a_pace(1, time)
    for number in range(10):
        pace.take_turn(f"{number}.example")
        pace.slow_down(f"{number}.example", 5)
    assert list(pace._last) == list(pace._wishes) == ["7.example", "8.example", "9.example"]
