"""One part of a mail as it is read: whether a sentence stands in it, and which words are ours.

In: the visible text of the HTML or the text part, and the sources' words in reading order.
Lines are wrapped there and long words broken, so sentences are looked for without white space.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words from outside. `before` is the address that stands after a title in the text part."""

    text: str
    before: str = ""


class Part:
    """`name` is "HTML part" or "text part"; `text` is all that it shows; `ours` without quotes."""

    def __init__(self, name: str, text: str, quoted: Iterable[Quoted]) -> None:
        self.name, self.text = name, text
        words = [(match.start(), match[0]) for match in re.finditer(r"\S+", text)]
        self._starts = [start for start, _ in words]
        self._ends = list(accumulate(len(word) for _, word in words))
        self._squeezed = "".join(word for _, word in words)
        self._folded = self._squeezed.casefold()
        self.ours = self._without(quoted)

    @property
    def is_empty(self) -> bool:
        """Whether it shows no word."""
        return not self._squeezed

    def count(self, sentence: str) -> int:
        """How often `sentence` stands here, in whatever case and lines; 1 when it is empty."""
        looked_for = _squeezed(sentence).casefold()
        return self._folded.count(looked_for) if looked_for else 1

    def _without(self, quoted: Iterable[Quoted]) -> str:
        """Each quote is looked for after the one before it: the order is that of the mail."""
        pieces, kept_to, cursor = [], 0, 0
        for quote in quoted:
            text, after = _squeezed(quote.text), _squeezed(quote.before)
            at = self._squeezed.find(text + after, cursor)
            if at < 0:
                after, at = "", self._squeezed.find(text, cursor)
            if at < 0 or not text:
                continue
            pieces.append(self.text[kept_to : self._place(at)])
            kept_to = self._place(at + len(text) - 1) + 1
            cursor = at + len(text + after)
        return " ".join((*pieces, self.text[kept_to:]))

    def _place(self, at: int) -> int:
        """Where the character `at` of the squeezed text stands in the text."""
        word = bisect_right(self._ends, at)
        return self._starts[word] + at - (self._ends[word - 1] if word else 0)


def _squeezed(text: str) -> str:
    return "".join(text.split())
