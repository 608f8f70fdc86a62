"""Clocks around the stages of composing, put there from outside.

Each moment counts for one stage only: what runs inside another stage is its own, not the outer's.
The stages' functions are found by what they are, in whatever module of the pipeline calls them;
reading and writing by what Django does for them (query sets, transactions).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from time import perf_counter
from types import FunctionType
from typing import Any

LOADING, READING, WRITING, REST = "load the taxonomy", "read rows", "writing", "rest"


class Stopwatch:
    """Seconds spent in each stage; entering one stops the clock of the one around it."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.spent: dict[str, float] = {}
        self._clock = clock
        self._open: list[str] = []
        self._since = 0.0

    def enter(self, stage: str) -> None:
        """Time runs for `stage` from now on."""
        self._settle()
        self._open.append(stage)

    def leave(self) -> None:
        """Time runs for the stage around it again."""
        self._settle()
        self._open.pop()

    def _settle(self) -> None:
        now = self._clock()
        if self._open:
            stage = self._open[-1]
            self.spent[stage] = self.spent.get(stage, 0.0) + now - self._since
        self._since = now

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, whose every call counts for `stage`."""

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            self.enter(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.leave()

        return call

    def timed_rows(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same for a function that gives an iterator: each step counts."""

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Iterator[Any]:
            step = self.timed(stage, iter(function(*args, **kwargs)).__next__)
            while True:
                try:
                    row = step()
                except StopIteration:
                    return
                yield row

        return call


def watch_stages(watch: Stopwatch) -> None:
    """Put the clocks on, for the rest of this process. Django must be ready.

    Raises RuntimeError when the pipeline no longer calls a function that stands for a stage.
    """
    watch_functions(watch, stage_functions(), "digest.pipeline")
    from django.db.models.query import QuerySet
    from django.db.transaction import Atomic

    patch: Any = QuerySet
    patch._fetch_all = watch.timed(READING, patch._fetch_all)
    patch.iterator = watch.timed_rows(READING, patch.iterator)
    patch = Atomic
    begin, end = patch.__enter__, patch.__exit__

    def enter(self: Atomic) -> None:
        watch.enter(WRITING)
        begin(self)

    def leave(self: Atomic, *error: Any) -> None:
        try:
            end(self, *error)
        finally:
            watch.leave()

    patch.__enter__, patch.__exit__ = enter, leave


def stage_functions() -> dict[str, tuple[Callable[..., Any], ...]]:
    """The functions that make up each stage, in the order of composing."""
    from digest.editorial.evidence import read_evidence
    from digest.editorial.selection import place_articles, place_items
    from digest.editorial.teasers import make_teasers
    from digest.editorial.themes import classify, learn, load_taxonomy
    from digest.pipeline.rows import summary_value

    return {
        LOADING: (load_taxonomy,),
        READING: (summary_value,),
        "themes": (learn, classify),
        "evidence": (read_evidence,),
        "teasers": (make_teasers,),
        "selection": (place_items, place_articles),
    }


def watch_functions(
    watch: Stopwatch, stages: Mapping[str, tuple[Callable[..., Any], ...]], package: str
) -> None:
    """Replace the functions, under whatever name, in every module of `package`."""
    modules = [m for name, m in list(sys.modules.items()) if f"{name}.".startswith(f"{package}.")]
    for stage, functions in stages.items():
        seen = False
        for module in modules:
            for name, value in list(vars(module).items()):
                if isinstance(value, FunctionType) and value in functions:
                    setattr(module, name, watch.timed(stage, value))
                    seen = True
        if not seen:
            raise RuntimeError(f"{package} calls nothing of the stage '{stage}'")
