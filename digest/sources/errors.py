"""The one error of the parsers; the readers of folders and feeds turn it into a `Refusal`.

ValueError
└── Unreadable             one page, record or entry cannot be read; the rest goes on
"""

from __future__ import annotations

from digest.values import Refusal


class Unreadable(ValueError):
    """Says what is wrong with one thing of a source, and how to mend it."""

    def __init__(self, problem: str, mend: str):
        self.problem, self.mend = problem, mend
        super().__init__(f"{problem}. {mend}")

    def at(self, place: str) -> Refusal:
        """The refusal of the thing that stands at `place`."""
        return Refusal(place, self.problem, self.mend)
