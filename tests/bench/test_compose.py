"""The bench of composing: its clocks, its made-up summaries, its limits, and a small run."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from bench.compose.__main__ import main
from bench.compose.material import made_up
from bench.compose.report import STAGES, Size, as_lines, growth, over
from bench.compose.stages import Stopwatch, watch_functions


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_moment_counts_for_one_stage_only() -> None:
    clock = Clock()
    watch = Stopwatch(clock)

    def inner() -> None:
        clock.now += 3

    def outer() -> str:
        clock.now += 1
        watch.timed("inner", inner)()
        clock.now += 1
        return "done"

    assert watch.timed("outer", outer)() == "done"
    clock.now += 100  # outside of every stage
    assert watch.spent == {"outer": 2, "inner": 3}


def test_a_stage_that_fails_stops_its_clock() -> None:
    clock = Clock()
    watch = Stopwatch(clock)

    def failing() -> None:
        clock.now += 1
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        watch.timed("failing", failing)()
    clock.now += 5
    watch.timed("next", lambda: None)()
    assert watch.spent == {"failing": 1, "next": 0}


def test_rows_that_come_one_by_one_count_as_they_come() -> None:
    clock = Clock()
    watch = Stopwatch(clock)

    def rows() -> Any:
        for row in "ab":
            clock.now += 1
            yield row

    for _ in watch.timed_rows("read", rows)():
        clock.now += 10
    assert watch.spent == {"read": 2}


def test_a_stage_is_found_under_any_name_and_one_that_is_gone_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stage() -> int:
        return 7

    def gone() -> None: ...

    module = ModuleType("story.step")
    vars(module)["renamed"] = stage
    monkeypatch.setitem(__import__("sys").modules, "story.step", module)
    watch = Stopwatch()
    watch_functions(watch, {"known": (stage, gone)}, "story")
    assert vars(module)["renamed"]() == 7
    assert list(watch.spent) == ["known"]
    with pytest.raises(RuntimeError, match="'lost'"):
        watch_functions(watch, {"lost": (gone,)}, "story")


def test_made_up_summaries_differ_are_of_real_length_and_always_the_same() -> None:
    first, again = list(made_up(200)), list(made_up(200))
    assert first == again
    assert len({one["slug"] for one in first}) == len({one["title"] for one in first}) == 200
    assert len({one["found"] for one in first}) > 150
    words = [
        sum(len(one[field].split()) for field in ("headline", "found", "why", "limits"))
        for one in first
    ]
    assert min(words) > 120
    assert max(words) < 280
    assert 150 < sum(words) / len(words) < 250


def a_size(count: int, seconds: float, memory_mb: float = 70.0, loading: float = 0.0) -> Size:
    run = {
        "seconds": seconds,
        "memory_mb": memory_mb,
        "stages": {"load the taxonomy": loading, "themes": seconds - loading},
        "items": 40,
        "ledger": {"in": 120},
        "pinned": True,
    }
    return Size.of(count, [run])


def test_linear_cost_is_a_growth_of_one_however_long_loading_takes() -> None:
    sizes = [a_size(100, 0.3, loading=0.2), a_size(1000, 1.2, loading=0.2), a_size(2000, 4.2)]
    assert growth(sizes) == [None, pytest.approx(1.0), pytest.approx(2.1)]


def test_the_limits_stand_for_a_thousand() -> None:
    assert over([a_size(1000, 4.99, 199.9), a_size(10_000, 50, 900)]) == []
    assert len(over([a_size(1000, 5.0, 200.0)])) == 2
    assert "kept" in list(as_lines([a_size(1000, 4.0)]))[-1]
    assert "not measured" in list(as_lines([a_size(100, 4.0)]))[-1]


def test_the_run_with_the_median_time_and_the_most_memory_are_shown() -> None:
    runs = [
        {
            "seconds": seconds,
            "memory_mb": memory,
            "stages": {"themes": seconds / 2},
            "items": 1,
            "ledger": {},
            "pinned": False,
        }
        for seconds, memory in ((3.0, 10), (1.0, 30), (2.0, 20))
    ]
    size = Size.of(10, runs)
    assert (size.seconds, size.memory_mb, size.stages["themes"]) == (2.0, 30, 1.0)
    assert "NOT pinned" in next(as_lines([size]))


def test_twenty_summaries_are_composed_and_every_stage_has_a_cost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--sizes", "20", "--runs", "1", "--json"]) == 0
    [size] = json.loads(capsys.readouterr().out)["sizes"]
    assert size["summaries"] == 20
    assert list(size["stages_ms_per_summary"]) == list(STAGES)
    assert all(cost > 0 for cost in size["stages_ms_per_summary"].values())
    assert sum(size["stages_ms_per_summary"].values()) == pytest.approx(
        size["ms_per_summary"], rel=0.01
    )
    assert sum(size["ledger"].values()) == 20 * 3
    assert size["items"] > 0
    assert size["memory_mb"] > 10
    assert size["growth"] is None


def test_a_process_that_fails_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONHOME", "nowhere")
    assert main(["--sizes", "20"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("bench.compose: bench.compose.fill failed: ")
    assert len(captured.err.splitlines()) == 1
