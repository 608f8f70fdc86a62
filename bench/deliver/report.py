"""Measured runs → a table for people, or one document for machines; and which promises hold."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from bench.deliver.measure import API, FAST, POSTFIX, Measured, Spread, as_runs
from bench.deliver.runs import Run
from bench.deliver.senders import CLIENT, NODEMAILER, OURS, SMTPLIB, SOURCE

LABEL, CELL = 28, 12  # columns
CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Limit:
    """One promise and what was found; `found` None where it was not measured."""

    text: str
    bound: Literal["at least", "at most"]
    limit: float
    found: Spread | None

    @property
    def verdict(self) -> str:
        """`yes`, `no` or `not measured`; the median counts."""
        if self.found is None:
            return "not measured"
        at_least = self.bound == "at least"
        held = self.found.median >= self.limit if at_least else self.found.median <= self.limit
        return "yes" if held else "no"


def limits(measured: Measured) -> list[Limit]:
    """Every promise of speed, CPU and memory."""
    slow, fast = (POSTFIX, OURS), (FAST, OURS)
    held = list(measured.memory.values())
    growth = max(held) / held[0] if len(held) > 1 else None
    return [
        Limit(
            "whole path / smtp-source, at smtp-sink",
            "at least",
            0.95,
            measured.ratio(slow, (POSTFIX, SOURCE)),
        ),
        Limit("our CPU a mail, whole path, at smtp-sink, µs", "at most", 80, measured.cpu(slow)),
        Limit(
            "whole path / nodemailer, at the fast sink",
            "at least",
            10,
            measured.ratio(fast, (FAST, NODEMAILER)),
        ),
        Limit(
            "whole path / smtplib, at the fast sink",
            "at least",
            50,
            measured.ratio(fast, (FAST, SMTPLIB)),
        ),
        Limit(
            "SendGrid, our client alone, recipients/s",
            "at least",
            100_000,
            measured.rate((API, CLIENT)),
        ),
        Limit("memory, MB", "at most", 150, _alone(max(held)) if held else None),
        Limit(
            "memory, most mails / fewest",
            "at most",
            1.1,
            None if growth is None else _alone(growth),
        ),
    ]


def as_lines(measured: Measured, about: str) -> Iterator[str]:
    """The report for people. `about` says how much was sent, and how."""
    yield f"Delivering: {about}"
    yield machine()
    cells = ("mails/s", "lowest", "highest", "CPU µs/mail", "user", "system")
    for where in (POSTFIX, FAST, API):
        rows = {who: runs for (place, who), runs in measured.runs.items() if place == where}
        gone = {who: why for (place, who), why in measured.absent.items() if place == where}
        if not rows and not gone:
            continue
        yield ""
        yield _row(f"To {measured.sinks.get(where, where)}", cells)
        for who, runs in rows.items():
            yield _of_runs(who, runs)
            if who == OURS:
                yield _of_queueing(runs)
        for who, why in gone.items():
            yield f"{'  ' + who:{LABEL}}  {why}"
    if measured.memory:
        yield ""
        held = "; ".join(f"{size:,}: {found:,.0f}" for size, found in measured.memory.items())
        yield f"Most memory of the whole path, in MB, by mails: {held}"
    yield ""
    for limit in limits(measured):
        yield _verdict(limit)


def as_document(measured: Measured, about: str) -> dict[str, Any]:
    """The JSON document of `--json`."""
    return {
        "about": about,
        "machine": machine(),
        "runs": {key: [asdict(run) for run in runs] for key, runs in as_runs(measured).items()},
        "absent": {f"{where}: {who}": why for (where, who), why in measured.absent.items()},
        "memory_mb": {str(size): found for size, found in measured.memory.items()},
        "limits": [{**asdict(one), "held": one.verdict} for one in limits(measured)],
    }


def machine() -> str:
    """Processor, cores, system and Python, on one line."""
    model = platform.processor() or platform.machine()
    if CPU_INFO.exists():
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
        named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        model = next(named, model)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    return f"{model}, {cores} cores, {system}, Python {platform.python_version()}"


def _of_runs(who: str, runs: list[Run]) -> str:
    rate = Spread.of([run.rate for run in runs])
    user = median(run.user / run.mails for run in runs) * 1e6
    system = median(run.system / run.mails for run in runs) * 1e6
    cpu = median(run.cpu for run in runs)
    rates = (f"{rate.median:,.0f}", f"{rate.low:,.0f}", f"{rate.high:,.0f}")
    cells = (*rates, *(f"{one:,.1f}" for one in (cpu, user, system)))
    return _row(f"  {who} {runs[0].version}".rstrip(), cells)


def _of_queueing(runs: list[Run]) -> str:
    """What of a run was making the rows, before the first mail was claimed."""
    share = median(run.queueing / run.seconds for run in runs)
    cpu = median(run.queueing_cpu / run.mails for run in runs) * 1e6
    rate = median(run.mails / (run.seconds - run.queueing) for run in runs)
    return (
        f"    queueing everybody took {share:.0%} of the time and {cpu:.1f} µs; "
        f"{rate:,.0f} mails/s after it"
    )


def _alone(found: float) -> Spread:
    return Spread(found, found, found)


def _verdict(limit: Limit) -> str:
    text = f"{limit.text}: {limit.bound} {limit.limit:,g}"
    if limit.found is None:
        return f"{text}: not measured"
    found = limit.found
    numbers = [
        f"{one:,.0f}" if limit.limit >= 50 else f"{one:.2f}" for one in asdict(found).values()
    ]
    spread = f" ({numbers[1]} to {numbers[2]})" if found.low != found.high else ""
    return f"{text}, found {numbers[0]}{spread}: {limit.verdict}"


def _row(label: str, cells: tuple[str, ...]) -> str:
    return f"{label:{LABEL}}" + "".join(f"{cell:>{CELL}}" for cell in cells)
