"""What one visit of a site is told about besides its entries, a line for each kind of thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from digest.errors import SourceError


@dataclass(slots=True)
class Tally:
    """Counted during a visit; `lines` are its notes."""

    notes: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)  # addresses that robots.txt forbids
    gone: list[str] = field(default_factory=list)  # read earlier, and 404 or 410 now
    failed: list[SourceError] = field(default_factory=list)  # for now
    later: int = 0  # left over by the budget
    passed_over: int = 0  # addresses, because too many wait already

    def lines(self) -> Iterator[str]:
        """Single notes first, then what was counted."""
        yield from dict.fromkeys(self.notes)
        if self.forbidden:
            yield f"robots.txt forbids {_count(self.forbidden)}, {self.forbidden[0]} among them"
        if self.gone:
            yield (
                f"{_count(self.gone)} read earlier cannot be found any more, {self.gone[0]} among "
                "them; what was gathered stays"
            )
        if self.failed:
            first = self.failed[0].line()
            yield f"{_count(self.failed)} could not be read now and will be tried again: {first}"
        if self.later:
            pages = "page is" if self.later == 1 else "pages are"
            yield f"{self.later:,} more {pages} read at the next visit"
        if self.passed_over:
            yield (
                f"{self.passed_over:,} further addresses were passed over, as so many wait: narrow "
                "the pattern `article`, or raise `most_pages`"
            )


def _count(those: Sequence[object]) -> str:
    return f"{len(those):,} page" if len(those) == 1 else f"{len(those):,} pages"
