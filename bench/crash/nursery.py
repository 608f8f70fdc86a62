"""Processes of the product, begun quickly: Django is loaded once, and each is a fork of that.

A fork is a process like any other: its own connections, locks and death. In: what to do, as JSON
lines on stdin. Out: its pid, and once it is dead its exit code (-9: SIGKILL), a line each.
`python -m bench.crash.nursery`; DIGEST_CONFIG names the site.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.deliver.runs import ROOT, Failed, environment

PATIENCE = 120.0  # seconds
COMMAND = (sys.executable, "-m", "bench.crash.nursery")


@dataclass(frozen=True, slots=True)
class Task:
    """`digest WORDS`, or for `rows` what `bench.crash.rows` writes.

    `point`, `nth`: where it dies (sender.py); "" nowhere. `broken`: laws that it breaks.
    """

    words: Sequence[str]
    point: str = ""
    nth: int = 0
    broken: Sequence[str] = ()


class Child:
    """A process at work."""

    def __init__(self, pid: int, nursery: Nursery):
        self.pid, self._nursery = pid, nursery
        self.code: int | None = None

    def wait(self, seconds: float) -> bool:
        """Whether it is dead within so many seconds; `code` tells how."""
        if self.code is None and (line := self._nursery.line(seconds)):
            self.code = int(line)
        return self.code is not None

    def kill(self) -> None:
        """SIGKILL, if it still lives."""
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)


class Nursery:
    """For use inside of `with`; one child at a time. `under`: a command that watches it."""

    def __init__(self, site: Path, under: Sequence[str] = ()):
        self._site, self._under = site, under
        self._out, self._err = site / "child.out", site / "child.err"

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [*self._under, *COMMAND, str(self._out), str(self._err)],
            cwd=ROOT,
            env=environment(self._site),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="ascii",
            bufsize=1,
        )
        assert self._process.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._selector.close()
        assert self._process.stdin is not None
        self._process.stdin.close()  # then it ends, and who watches it has written all
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()

    @contextmanager
    def child(self, task: Task) -> Iterator[Child]:
        """A process that does it; dead afterwards."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(task)) + "\n")
        child = Child(int(self.line(PATIENCE)), self)
        try:
            yield child
        finally:
            child.kill()
            child.wait(PATIENCE)

    def run(self, *words: str, broken: Sequence[str] = ()) -> str:
        """What it writes, once it ended well. Raises Failed."""
        with self.child(Task(words, broken=broken)) as child:
            ended = child.wait(PATIENCE * 10)
        if child.code or not ended:
            raise Failed(f"digest {' '.join(words)} ended with {child.code}: {self.last_words}")
        return self._out.read_text(encoding="utf-8")

    @property
    def last_words(self) -> str:
        """The last line that a child wrote on stderr."""
        return self._err.read_text(encoding="utf-8").strip().rpartition("\n")[2]

    def line(self, seconds: float) -> str:
        """Its next line; "" when none comes in time."""
        assert self._process.stdout is not None
        return self._process.stdout.readline() if self._selector.select(seconds) else ""


# ── the nursery's own process ─────────────────────────────────────────────────────────────────


def main() -> None:
    """Load once, then fork for each line."""
    _load()
    for line in sys.stdin:
        if not (pid := os.fork()):
            _grow_up(json.loads(line))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _load() -> None:
    import django

    django.setup()
    import digest.cli.main
    import digest.pipeline.deliver
    import digest.pipeline.resolve
    import digest.pipeline.review  # noqa: F401  # what `digest send` imports


def _grow_up(task: dict[str, object]) -> None:
    """The child, to its end."""
    try:
        _turn_away(0, "/dev/null", os.O_RDONLY)
        for place, path in enumerate(sys.argv[1:3], start=1):
            _turn_away(place, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        from bench.crash.sender import act

        act(Task(**task))  # type: ignore[arg-type]
        sys.stdout.flush()
        os._exit(0)
    except SystemExit as end:
        sys.stdout.flush()
        os._exit(end.code if isinstance(end.code, int) else bool(end.code))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(70)


def _turn_away(place: int, path: str, flags: int) -> None:
    descriptor = os.open(path, flags, 0o600)
    os.dup2(descriptor, place)
    os.close(descriptor)


if __name__ == "__main__":
    main()
