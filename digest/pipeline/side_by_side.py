"""Side by side: several pieces of work at once, in threads that nobody has to wait for.

In: rows of work (one row is done one after another, by one thread) and what to do with a piece.
Out: the results as they come. Knows nothing of sources; a piece touches no database.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


LOOKS = 0.25  # seconds between two looks at whether to stop, while nothing comes


def side_by_side(
    rows: Sequence[Sequence[T]],
    work: Callable[[T], R],
    *,
    at_once: int,
    ahead: int = 4,
    stop: threading.Event | None = None,
) -> Generator[R]:
    """What `work` makes of every piece, in the order in which they are done.

    At most `at_once` rows are worked at a time, and no more than `ahead` results wait to be
    taken: a slow taker holds the work up, and memory stays bounded. `work` should not raise: what
    it raises, be it SystemExit, is raised here as a RuntimeError, and no further piece is begun.
    To stop, close the iterator, or set `stop` from another thread: no further piece is begun, and
    what is under way is left to end by itself, in a daemon thread (a thread pool would keep the
    process until then).
    """
    crew = _Crew(rows, work, at_once + ahead)
    for _ in range(min(at_once, len(rows))):
        threading.Thread(target=crew.labour, daemon=True, name="side by side").start()
    try:
        for _ in range(sum(map(len, rows))):
            result = crew.next_result(stop)
            if result is None:
                return
            if isinstance(result, _Fault):
                raise RuntimeError("a piece of work ended its thread") from result.error
            yield result.made
            crew.room.release()
    finally:
        crew.stop()


@dataclass(frozen=True, slots=True)
class _Made(Generic[R]):
    made: R


@dataclass(frozen=True, slots=True)
class _Fault:
    """What ended a thread: nobody would wait for its results in vain."""

    error: BaseException


class _Crew(Generic[T, R]):
    def __init__(self, rows: Sequence[Sequence[T]], work: Callable[[T], R], room: int):
        self._work, self._waiting = work, iter(rows)
        self._taking, self._stopped = threading.Lock(), False
        self.room = threading.Semaphore(room)  # for pieces under way and results not yet taken
        self.results: queue.SimpleQueue[_Made[R] | _Fault] = queue.SimpleQueue()

    def labour(self) -> None:
        """One thread: row after row, until none is left. Whatever ends it is told."""
        try:
            self._work_rows()
        except BaseException as error:
            self.results.put(_Fault(error))

    def _work_rows(self) -> None:
        while (row := self._next_row()) is not None:
            for piece in row:
                self.room.acquire()
                if self._stopped:
                    self.room.release()  # wakes the next one that waits
                    return
                self.results.put(_Made(self._work(piece)))

    def next_result(self, stop: threading.Event | None) -> _Made[R] | _Fault | None:
        """The next one, as soon as it is there; None once `stop` is set."""
        while stop is None or not stop.is_set():
            with suppress(queue.Empty):
                return self.results.get(timeout=None if stop is None else LOOKS)
        return None

    def stop(self) -> None:
        """Begin nothing further."""
        self._stopped = True
        self.room.release()

    def _next_row(self) -> Sequence[T] | None:
        with self._taking:
            return next(self._waiting, None)
