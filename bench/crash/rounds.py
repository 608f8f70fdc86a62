"""One issue whose sender dies again and again, and is then let to its end.

In: a site, a plan of kills. Out: what the sink took, what the rows say, and where senders died.
Then an operator resends what is unknown, and that is looked at too.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.crash.nursery import Child, Nursery, Task
from bench.crash.plan import ANYWHERE, Kill
from bench.crash.verdict import Row, Taken, Verdict, judge, resent_well
from bench.deliver.runs import ROOT, Failed, environment
from bench.deliver.sites import Sites, smtp

GLANCE = 0.002  # seconds between two looks at the log
STANDSTILL = 120.0  # seconds without a mail
SEND = ("send", "1", "--json")

Tell = Callable[[str], None]


@dataclass
class Found:
    """All of one run. `died`: the point and how many mails the sink had taken by then."""

    readers: int
    connections: int
    died: list[tuple[str, int]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)  # points that a sender never came to
    promises: dict[str, Any] = field(default_factory=dict)
    verdict: Verdict | None = None
    resent: int = 0
    breaches: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def at(self) -> dict[str, int]:
        """How often senders died at each point."""
        return dict(Counter(point for point, _ in self.died))


class Log:
    """The sink's, read as it grows."""

    def __init__(self, path: Path):
        self._path = path
        self._place = 0
        self.mails = 0

    def grown(self) -> int:
        """How many mails were taken so far."""
        with self._path.open("rb") as file:
            file.seek(self._place)
            new = file.read()
        self._place += len(new)
        self.mails += new.count(b"T ")
        return self.mails

    def taken(self) -> list[Taken]:
        """Every mail, in the order of arrival."""
        lines = self._path.read_text(encoding="utf-8").splitlines()
        return [Taken(*line[2:].split(" ")) for line in lines if line.startswith("T ")]

    def named(self) -> list[tuple[str, str]]:
        """Each recipient that was named, and the state of the row at that moment."""
        lines = self._path.read_text(encoding="utf-8").splitlines()
        return [(who, state) for kind, who, state in map(str.split, lines) if kind == "N"]


@contextmanager
def sink(log: Path, *words: str) -> Iterator[int]:
    """The port of a sink. Left, it has heard all that was ever written to it."""
    log.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.crash.sink", str(log), *words],
        cwd=ROOT,
        env=environment(None),
        stdout=subprocess.PIPE,
        encoding="ascii",
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.terminate()
        process.wait(STANDSTILL)
    finally:
        process.kill()
        process.communicate()


def run(
    sites: Sites,
    mails: int,
    kills: Sequence[Kill],
    *,
    connections: int = 10,
    broken: Sequence[str] = (),
    tell: Tell = lambda line: None,
) -> Found:
    """Kill, finish, judge, resend, judge. Raises Failed when a sender fails by itself."""
    found = Found(mails, connections)
    path = sites.folder / "sink.log"
    path.unlink(missing_ok=True)
    started = time.monotonic()
    with (
        sink(path) as port,
        sites.fresh(mails, smtp(port, connections)) as site,
        Nursery(site) as nursery,
    ):
        log = Log(path)
        for number, kill in enumerate(kills, start=1):
            _die(nursery, log, kill, broken, found)
            point, taken = found.died[-1]
            tell(f"{number:>3} of {len(kills)}: {point}, {taken:,} taken")
        nursery.run(*SEND, broken=broken)
        _judge(nursery, log, found)
        if not found.breaches:
            _resend(nursery, log, found)
    found.seconds = time.monotonic() - started
    return found


def rows_of(nursery: Nursery) -> tuple[list[Row], dict[str, Any]]:
    """Every delivery, and what the database promises of its commits."""
    *rows, promises = map(json.loads, nursery.run("rows").splitlines())
    return [Row(*row) for row in rows], promises


def _die(nursery: Nursery, log: Log, kill: Kill, broken: Sequence[str], found: Found) -> None:
    enough = log.grown() + kill.mails
    point = "" if kill.point == ANYWHERE else kill.point
    with nursery.child(Task(SEND, point, kill.nth, broken)) as child:
        came_there = _watch(child, log, enough)
    if child.code != -signal.SIGKILL:
        raise Failed(f"a sender that was to die {kill.point} ended by itself: {nursery.last_words}")
    if point and not came_there:
        found.missed.append(point)
    found.died.append((point if came_there else ANYWHERE, log.grown()))


def _watch(child: Child, log: Log, enough: int) -> bool:
    """Whether it died before the sink had taken enough; else it is to be killed."""
    seen, moved = log.mails, time.monotonic()
    while not child.wait(GLANCE):
        taken = log.grown()
        if taken >= enough:
            return False
        if taken > seen:
            seen, moved = taken, time.monotonic()
        elif time.monotonic() - moved > STANDSTILL:
            raise Failed(f"a sender stands still after {taken:,} mails")
    return True


def _judge(nursery: Nursery, log: Log, found: Found) -> None:
    limit = found.connections * len(found.died)
    found.verdict = judge(found.readers, _rows(nursery, found), log.taken(), limit=limit)
    found.breaches += found.verdict.breaches
    if not found.breaches:
        before = log.grown()
        nursery.run(*SEND)
        if log.grown() != before:
            found.breaches.append(f"{log.mails - before} sent by a sender with nothing to do")


def _resend(nursery: Nursery, log: Log, found: Found) -> None:
    """As an operator asks for it."""
    before = log.taken()
    unknown = [row.address for row in _rows(nursery, found) if row.state == "unknown"]
    if not unknown:
        return
    nursery.run("resolve", "1", "--as", "resend", "--all")
    nursery.run(*SEND)
    found.resent = len(unknown)
    found.breaches += resent_well(unknown, before, log.taken())
    states = {row.state for row in _rows(nursery, found)}
    if states != {"accepted"}:
        found.breaches.append(f"after resending, rows are {', '.join(sorted(states))}")


def _rows(nursery: Nursery, found: Found) -> list[Row]:
    rows, found.promises = rows_of(nursery)
    return rows
