"""Numbers that stand before people and count no heads: labels, years, ages, ranges, ratios."""

from __future__ import annotations

from digest.editorial.evidence import head_words as known
from digest.editorial.evidence.numbers import read_number

RANGES = {"to": ("from", "ranged", "ranging", "aged", "ages", "age"), "and": ("between",)}
ROUND = (100, 1000, 10_000, 100_000)  # "4 out of 100 people"


def counts_no_heads(tokens: list[str], lower: list[str], count: int, start: int) -> bool:
    """Whether the number at `start` is "stage 3", "in 2019", "18 to 60", "two of three"."""
    if _is_label(tokens, lower, count, start):
        return True
    return _is_ratio(lower, count, start) or _is_range(lower, start)


def _is_label(tokens: list[str], lower: list[str], count: int, start: int) -> bool:
    previous = lower[start - 1] if start else ""
    if previous in known.NO_HEAD_COUNT_AFTER or previous in known.LABELS:
        return True
    if not (1900 <= count <= 2100 and tokens[start].isdigit()):
        return False
    return previous in known.YEAR_AFTER or lower[max(0, start - 3) : start - 2] == ["between"]


def _is_range(lower: list[str], start: int) -> bool:
    """ "samples ranged from 9 to 256 people", "between 20 and 30 patients"."""
    opening = RANGES.get(lower[start - 1]) if start else None
    before = start - 2
    if opening is None or before < 1 or lower[before - 1] not in opening:
        return False
    return read_number(lower, before) is not None


def _is_ratio(lower: list[str], count: int, start: int) -> bool:
    """Whether it is no head count: "two of three people", "1 in 300", "nine out of ten"."""
    before = start - 1
    if before >= 1 and lower[before] == "of" and lower[before - 1] in ("out", "third", "half"):
        return count <= 10 or (lower[before - 1] == "out" and count in ROUND)
    if before < 1 or lower[before] not in ("in", "of"):
        return False
    first = read_number(lower, before - 1)
    return first is not None and (lower[before] == "in" or count <= 10)
