"""Measured runs → a table for people, or one document for machines; and whether limits hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low
from typing import Any

from bench.compose.stages import LOADING, READING, REST, WRITING

LIMITED = 1_000  # summaries: the size for which the limits stand
SECONDS, MEMORY_MB = 5.0, 200.0
STAGES = (LOADING, READING, "themes", "evidence", "teasers", "selection", WRITING, REST)
LABEL = 30  # columns


@dataclass(frozen=True, slots=True)
class Size:
    """How one number of summaries was composed: the run with the median time, the most memory.

    Seconds are of composing alone; MB (10⁶ bytes) are of the whole process.
    """

    count: int
    runs: int
    seconds: float
    memory_mb: float
    stages: Mapping[str, float]
    items: int
    ledger: Mapping[str, int]
    pinned: bool

    @classmethod
    def of(cls, count: int, runs: Sequence[Mapping[str, Any]]) -> Size:
        """From the runs as bench.compose.measure prints them."""
        middle = median_low(run["seconds"] for run in runs)
        run = next(run for run in runs if run["seconds"] == middle)
        return cls(
            count=count,
            runs=len(runs),
            seconds=middle,
            memory_mb=max(one["memory_mb"] for one in runs),
            stages={stage: run["stages"].get(stage, 0.0) for stage in STAGES},
            items=run["items"],
            ledger=run["ledger"],
            pinned=run["pinned"],
        )

    def each(self, seconds: float) -> float:
        """Milliseconds a summary."""
        return seconds * 1000 / self.count


def over(sizes: Sequence[Size]) -> list[str]:
    """What is over the limits, a line each; empty when all is well."""
    found = []
    for size in sizes:
        if size.count == LIMITED and size.seconds >= SECONDS:
            found.append(f"{size.seconds:.2f} s for {LIMITED:,} summaries, not under {SECONDS:g}")
        if size.count == LIMITED and size.memory_mb >= MEMORY_MB:
            found.append(f"{size.memory_mb:.0f} MB at {LIMITED:,}, not under {MEMORY_MB:g}")
    return found


def growth(sizes: Sequence[Size]) -> list[float | None]:
    """Milliseconds a summary beside those of the size before: linear is about 1.

    Loading the taxonomy, the same for any number of summaries, does not count.
    """
    costs = [size.each(size.seconds - size.stages[LOADING]) for size in sizes]
    return [None, *(after / before for before, after in pairwise(costs))]


def as_document(sizes: Sequence[Size]) -> dict[str, Any]:
    """The JSON document of `--json`."""
    problems = over(sizes)
    return {
        "sizes": [
            {
                "summaries": size.count,
                "runs": size.runs,
                "pinned": size.pinned,
                "seconds": round(size.seconds, 4),
                "ms_per_summary": round(size.each(size.seconds), 4),
                "growth": None if ratio is None else round(ratio, 3),
                "memory_mb": round(size.memory_mb, 1),
                "stages_ms_per_summary": {
                    stage: round(size.each(spent), 4) for stage, spent in size.stages.items()
                },
                "items": size.items,
                "ledger": dict(size.ledger),
            }
            for size, ratio in zip(sizes, growth(sizes), strict=True)
        ],
        "limits": {"summaries": LIMITED, "seconds": SECONDS, "memory_mb": MEMORY_MB},
        "over": problems,
    }


def as_lines(sizes: Sequence[Size]) -> Iterator[str]:
    """The report for people."""
    core = "one core" if all(size.pinned for size in sizes) else "NOT pinned to one core"
    runs = ", ".join(f"{size.runs} × {size.count:,}" for size in sizes)
    yield f"Composing a draft in a fresh process on {core}; the median of runs: {runs}"
    yield ""
    yield _row("Summaries", [f"{size.count:,}" for size in sizes])
    yield _row("Seconds", [f"{size.seconds:.2f}" for size in sizes])
    yield _row("Peak memory, MB", [f"{size.memory_mb:.0f}" for size in sizes])
    yield _row("Items in the draft", [f"{size.items:,}" for size in sizes])
    yield _row("Milliseconds a summary", [f"{size.each(size.seconds):.2f}" for size in sizes])
    for stage in STAGES:
        yield _row(f"  {stage}", [f"{size.each(size.stages[stage]):.2f}" for size in sizes])
    ratios = ["" if ratio is None else f"{ratio:.2f}" for ratio in growth(sizes)]
    yield _row("Beside the size before *", ratios)
    yield "* milliseconds a summary without loading the taxonomy; linear is about 1"
    yield f"Limits: {LIMITED:,} summaries in under {SECONDS:g} s and {MEMORY_MB:g} MB: " + (
        "; ".join(over(sizes))
        or ("kept" if any(size.count == LIMITED for size in sizes) else "not measured")
    )


def _row(label: str, cells: Sequence[str]) -> str:
    return f"{label:{LABEL}}" + "".join(f"{cell:>10}" for cell in cells)
