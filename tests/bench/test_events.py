"""The bench of what comes back: its mix, its limit, and a small run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bench import events as bench

FAST = {"received_a_second": 8000.0, "applied_a_second": 6000.0, "post_ms_median": 120.0,
        "post_ms_most": 180.0}  # fmt: skip
SLOW = {**FAST, "received_a_second": 1999.0}


def test_a_thousand_events_hold_the_mix_and_each_round_bounces_other_people() -> None:
    first, second = ([bench._event(n, f"{n:040x}", r) for n in range(1000)] for r in (1, 2))
    told = Counter(event["event"] for event in first)
    assert told["bounce"] == sum(bench.MIX[kind] for kind in bench.BOUNCES)
    assert told["delivered"] == 1000 - sum(bench.MIX.values())
    bounced = [
        {e["email"] for e in round_ if e.get("status") == "5.1.1"} for round_ in (first, second)
    ]
    assert len(bounced[0]) == bench.MIX["hard"]
    assert bounced[0].isdisjoint(bounced[1])


def test_the_table_names_what_is_too_slow_and_what_is_absent() -> None:
    lines = bench.as_lines({"SQLite": SLOW, "PostgreSQL": None})
    assert lines[1].split()[:3] == ["SQLite", "1,999", "6,000"]
    assert "not installed" in lines[2]
    assert lines[-1].endswith(": no")
    assert bench.as_lines({"SQLite": FAST})[-1].endswith(": yes")
    assert bench.too_slow({"SQLite": SLOW, "PostgreSQL": FAST}) == ["SQLite"]


def test_a_small_run_posts_and_applies_a_thousand_events(tmp_path: Path) -> None:
    found = bench._run(tmp_path / "site", "sqlite:///digest.db", posts=1, rounds=1)
    assert found["received_a_second"] > 0
    assert found["applied_a_second"] > 0


def test_a_run_that_fails_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(folder: Path, posts: int, rounds: int) -> None:
        raise bench.Failed("the run on sqlite failed: no disk")

    monkeypatch.setattr(bench, "_each_database", fails)
    assert bench.main([]) == 1
    assert capsys.readouterr().err == "bench.events: the run on sqlite failed: no disk\n"
