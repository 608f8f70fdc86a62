"""Where two texts part: the first sentences that differ, short enough for a list.

Pure: two texts in, two excerpts out; one of them is empty where nothing stands against the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import takewhile

from digest.pipeline.keeping.sent import tokens

LONGEST = 200  # characters of an excerpt
LEAD_IN = 60  # characters before the difference that an excerpt of a longer sentence begins with
MOST_READ = 20_000  # characters of each text
BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+")


def first_difference(before: str, after: str) -> tuple[str, str]:
    """The first sentences of each that differ by a word or a figure, 200 characters at most."""
    one, other = _sentences(before), _sentences(after)
    told = SequenceMatcher(None, _told(one), _told(other), autojunk=False)
    for what, start, end, other_start, other_end in told.get_opcodes():
        if what != "equal":
            return _excerpts("".join(one[start:end][:1]), "".join(other[other_start:other_end][:1]))
    return _excerpts(before[MOST_READ:], after[MOST_READ:])


def _sentences(text: str) -> list[str]:
    return BETWEEN_SENTENCES.split(text[:MOST_READ].strip())


def _told(sentences: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(tokens(sentence)) for sentence in sentences]


def _excerpts(one: str, other: str) -> tuple[str, str]:
    """Both from the same place on, so that what differs stands in them."""
    start = 0
    if max(len(one), len(other)) > LONGEST:
        start = max(0, _in_common(one, other) - LEAD_IN)
        start = one.rfind(" ", 0, start) + 1 if start else 0
    return _cut(one, start), _cut(other, start)


def _in_common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _cut(text: str, start: int) -> str:
    rest = ("…" if start and text else "") + text[start:]
    return rest if len(rest) <= LONGEST else rest[: LONGEST - 1].rstrip() + "…"
