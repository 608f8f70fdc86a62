"""One run of a sender: how many mails, how long, and what of our CPU; and processes of its own.

Every sender runs in a process of its own and writes one JSON object: the fields of `Run`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STATUS = Path("/proc/self/status")


class Failed(Exception):
    """A process of the bench ended badly, or did not send what it was to send."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one sender did. Seconds of the clock and of the CPU (its own and of its children).

    `queueing` and `queueing_cpu`: the part before the first claim. `memory`: the most that was
    resident, in MB (10⁶ bytes); 0 where it was not asked for.
    """

    mails: int
    seconds: float
    user: float
    system: float
    queueing: float = 0.0
    queueing_cpu: float = 0.0
    memory: float = 0.0
    version: str = ""

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds

    @property
    def cpu(self) -> float:
        """Microseconds of the CPU a mail."""
        return (self.user + self.system) / self.mails * 1e6

    @classmethod
    def read(cls, text: str) -> Run:
        """The run that a child wrote on stdout."""
        return cls(**json.loads(text))


class Clock:
    """Seconds, and the CPU of this process and of its children, since it was made."""

    def __init__(self) -> None:
        self._start = perf_counter()
        self._user, self._system = _cpu()

    def read(self) -> dict[str, float]:
        """Seconds, user and system so far."""
        seconds = perf_counter() - self._start
        user, system = _cpu()
        return {"seconds": seconds, "user": user - self._user, "system": system - self._system}


def memory() -> float:
    """The most that this process held in memory, in MB.

    Not `ru_maxrss` where it can be helped: that begins with what the parent held.
    """
    if STATUS.exists():
        lines = STATUS.read_text(encoding="ascii").splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def python(module: str, *words: str, site: Path | None = None, stdin: str = "") -> str:
    """What a module of the bench writes, run in a process of its own. Raises Failed."""
    return finished([sys.executable, "-m", module, *words], environment(site), stdin)


def finished(
    command: Sequence[str], variables: Mapping[str, str] | None = None, stdin: str = ""
) -> str:
    """The stdout of a command that ended well. Raises Failed with its last line."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=variables,
        input=stdin,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        last = lines[-1].strip() if lines else f"exit {done.returncode}"
        raise Failed(f"{' '.join(Path(word).name for word in command[:3])} failed: {last}")
    return done.stdout


def environment(site: Path | None) -> dict[str, str]:
    """Ours without the variables of another site, and with those of this one."""
    kept: dict[str, str] = {
        key: value for key, value in os.environ.items() if not key.startswith(("DIGEST_", "DJANGO"))
    }
    if site is not None:
        kept["DIGEST_CONFIG"] = str(site / "config.yaml")
        kept["DJANGO_SETTINGS_MODULE"] = "digest.project.settings"
        kept["SENDGRID_API_KEY"] = "SG.none"
    return kept


@contextmanager
def serving(command: Sequence[str]) -> Iterator[str]:
    """A server of the bench while it is needed; the first line that it wrote is given."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="ascii")
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def _cpu() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime for one in used), sum(one.ru_stime for one in used)


def as_json(**found: Any) -> str:
    """What a child writes."""
    return json.dumps(found)
