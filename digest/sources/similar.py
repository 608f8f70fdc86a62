"""Which titles and headlines are merely alike, so that an editor may look: words in, keys out.

Pure. Two lines are alike when their numbers are the same and three quarters of all their content
words are in both (Jaccard), whatever the endings; of two short lines six in ten, if three of these
are long. Looking one up reads only the lines that share two of its rarest words: what shares the
part t of n words shares two of any n - ceil(t n) + 2 of them (prefix filtering: Chaudhuri, Ganti,
Kaushik 2006).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import ceil
from sys import intern

ALIKE = 0.75
ALIKE_IF_SHORT = 0.6
SHORT = 8  # content words, as most titles have
LONG_WORDS = 3  # that two short lines share
LONG_WORD = 4  # letters
DAYS_APART = 45  # no more between two that may be one study
LEAST_WORDS = 3  # fewer say too little
MANY = 5  # what more lines than this are like is a form of words, and says nothing
MOST_READ = 2000  # lines that are read of one word: a bound for titles made by a machine
SECONDS_A_DAY = 86_400
WORD = re.compile(r"\w+")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# Words of grammar, and what stands in almost every title here.
EMPTY = frozenset(
    "a an and are as at be by can could did do does for from had has have how in into is it its "  # noqa: SIM905
    "may might more most no not of on or that the their them these they this those to was were "
    "what when which who will with about after among between but during help helps if over than "
    "through under patient ms multiple sclerosis study research new people patients".split()
)

# An ending, what stands in its place, and how many letters must be left before it.
ENDINGS = (
    ("ies", "y", 2), ("sses", "ss", 2), ("ss", "ss", 1), ("us", "us", 1), ("is", "is", 1),
    ("ings", "", 3), ("ing", "", 3), ("ied", "y", 2), ("ed", "", 3), ("es", "", 3), ("s", "", 3),
)  # fmt: skip

Numbers = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    key: int
    day: float
    words: frozenset[str]


def content_words(text: str) -> frozenset[str]:
    """The words of `text` that say what it is about, in lower case; numbers are words."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return frozenset(word for word in WORD.findall(folded) if word not in EMPTY)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without the ending of its number or tense: "relapses" and "relapsed" are one.

    Coarse on purpose: nobody reads stems, they are only compared.
    """
    if len(word) < LONG_WORD or not word.isascii():
        return word
    for ending, instead, left in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= left:
            return _without_e(word[: len(word) - len(ending)] + instead)
    return _without_e(word)


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of all their words both have: 0.0 to 1.0."""
    return len(one & other) / (len(one | other) or 1)


class Titles:
    """Titles and headlines with the dates of their studies, by the key that each was given."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._current: dict[int, tuple[int, ...]] = {}
        self._holding: defaultdict[tuple[Numbers, str], array[int]] = defaultdict(
            lambda: array("L")
        )

    def add(self, key: int, title: str, headline: str, dated: datetime) -> None:
        """Take it in; the same key again takes the place of what it said before."""
        numbers_of_lines = []
        for numbers, words in _lines_of(title, headline):
            number = len(self._lines)
            self._lines.append(_Line(key, _day(dated), words))
            numbers_of_lines.append(number)
            for word in words:
                self._holding[numbers, word].append(number)
        self._current[key] = tuple(numbers_of_lines)

    def like(self, title: str, headline: str, dated: datetime, *, but: int = -1) -> list[int]:
        """The keys of those alike within 45 days, without `but`, in the order they came.

        None for a line that many are like: "Study protocol" in every title tells nothing.
        """
        found: set[int] = set()
        for numbers, words in _lines_of(title, headline):
            near = self._near(numbers, words, _day(dated)) - {but}
            found |= near if len(near) <= MANY else set()
        return sorted(found)

    @staticmethod
    def _are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
        part = overlap(one, other)
        if part >= ALIKE or part < _least(one) or part < _least(other):
            return part >= ALIKE
        return sum(len(word) >= LONG_WORD for word in one & other) >= LONG_WORDS

    def _near(self, numbers: Numbers, words: frozenset[str], day: float) -> set[int]:
        near: set[int] = set()
        for number in self._candidates(numbers, words):
            line = self._lines[number]
            if (
                abs(line.day - day) <= DAYS_APART
                and number in self._current[line.key]
                and self._are_alike(words, line.words)
            ):
                near.add(line.key)
                if len(near) > MANY + 1:  # one of them may be itself
                    break
        return near

    def _candidates(self, numbers: Numbers, words: frozenset[str]) -> Iterator[int]:
        """Lines with two of its rarest words, of the same numbers: no other can be alike."""
        held = (self._holding.get((numbers, word)) for word in words)
        by_rarity = sorted(
            (numbers_of_lines for numbers_of_lines in held if numbers_of_lines), key=len
        )
        unheld = len(words) - len(by_rarity)
        rarest = by_rarity[: max(0, len(words) - ceil(_least(words) * len(words)) + 2 - unheld)]
        times: Counter[int] = Counter()
        for numbers_of_lines in rarest:
            times.update(numbers_of_lines[-MOST_READ:])
        return (number for number, shared in times.items() if shared > 1)


@lru_cache(maxsize=8)  # what is taken in is looked up next
def _lines_of(title: str, headline: str) -> tuple[tuple[Numbers, frozenset[str]], ...]:
    """The numbers and the other content words of title and headline; one, if they are equal."""
    said: dict[tuple[Numbers, frozenset[str]], None] = {}
    for text in (title, headline):
        words = content_words(text)
        with_digits = {word for word in words if any(map(str.isdecimal, word))}
        numbers = tuple(sorted([*with_digits, *NUMBER.findall(text)]))
        plain = frozenset(intern(stem(word)) for word in words - with_digits) - EMPTY
        if len(plain) >= LEAST_WORDS:
            said[numbers, plain] = None
    return tuple(said)


def _least(words: frozenset[str]) -> float:
    return ALIKE_IF_SHORT if len(words) <= SHORT else ALIKE


def _without_e(word: str) -> str:
    """ "rise" and "rising", "stopped" and "stop" are one: no last e, no last letter twice."""
    word = word.removesuffix("e")
    return word[:-1] if len(word) > LONG_WORD - 1 and word[-1] == word[-2] else word


def _day(dated: datetime) -> float:
    return dated.timestamp() / SECONDS_A_DAY
