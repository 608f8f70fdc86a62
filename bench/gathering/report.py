"""Measured rounds → a table for people, or one document for machines; and whether limits hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

FIRST, AGAIN, BARE = "first", "nothing changed", "no validators"
RUNS = (FIRST, AGAIN, BARE)
PER_SECOND, TIMES, MEMORY_MB = 500.0, 20.0, 200.0
Round = Mapping[str, Mapping[str, Any]]  # run → its figures, as measure.py and the server give them


def figures(rounds: Sequence[Round], entries: int) -> dict[str, Any]:
    """Medians of the rounds; the highest memory of all. Ratios are taken within a round."""
    runs = {name: _median([one[name] for one in rounds]) for name in RUNS}
    return {
        "entries": entries,
        "rounds": len(rounds),
        "per_second": median(entries / one[FIRST]["seconds"] for one in rounds),
        "per_core_second": median(entries / one[FIRST]["cpu_seconds"] for one in rounds),
        "times_faster": _times(rounds, AGAIN),
        "times_faster_without_validators": _times(rounds, BARE),
        "memory_mb": max(one[name]["memory_mb"] for one in rounds for name in RUNS),
        "runs": runs,
    }


def as_lines(found: Mapping[str, Any]) -> list[str]:
    """The table, and a line for each limit."""
    lines = [f"{found['entries']:,} entries, {found['rounds']} rounds; medians", ""]
    lines.append(
        f"{'run':<17}{'seconds':>9}{'of a core':>11}{'requests':>10}{'MB sent':>9}{'MB':>6}"
    )
    lines += [
        f"{name:<17}{run['seconds']:>9.2f}{run['cpu_seconds']:>11.2f}{run['requests']:>10,}"
        f"{run['bytes'] / 1e6:>9.1f}{run['memory_mb']:>6.0f}"
        for name, run in found["runs"].items()
    ]
    lines.append("")
    speed, core = found["per_second"], found["per_core_second"]
    times, bare = found["times_faster"], found["times_faster_without_validators"]
    limits = (
        (
            speed >= PER_SECOND,
            f"{speed:,.0f} entries/s ({core:,.0f} a second of a core)",
            f"at least {PER_SECOND:.0f}",
        ),
        (times >= TIMES, f"{times:.0f} times faster when nothing changed", f"at least {TIMES:.0f}"),
        (
            found["memory_mb"] < MEMORY_MB,
            f"{found['memory_mb']:.0f} MB at the most",
            f"under {MEMORY_MB:.0f}",
        ),
    )
    lines += [f"{'yes' if holds else 'NO':<5}{said}; {limit}" for holds, said, limit in limits]
    lines.append(f"     {bare:.0f} times faster when the server has no validators")
    return lines


def over(found: Mapping[str, Any]) -> list[str]:
    """What is outside a limit, a line each; empty when all is well."""
    lines = []
    if found["per_second"] < PER_SECOND:
        lines.append(f"{found['per_second']:.0f} entries/s, not {PER_SECOND:.0f}")
    if found["times_faster"] < TIMES:
        lines.append(f"only {found['times_faster']:.1f} times faster when nothing changed")
    if found["memory_mb"] >= MEMORY_MB:
        lines.append(f"{found['memory_mb']:.0f} MB, not under {MEMORY_MB:.0f}")
    return lines


def _times(rounds: Sequence[Round], run: str) -> float:
    ratios: list[float] = [one[FIRST]["seconds"] / one[run]["seconds"] for one in rounds]
    return median(ratios)


def _median(runs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    names = ("seconds", "cpu_seconds", "memory_mb", "requests", "not_modified", "bytes")
    return {name: median(run[name] for run in runs) for name in names}
