"""Hard words in the mail: marked where they first stand in a theme, explained below it.

Sentences and the theme's `Word`s come in; the same sentences go out, knowing which of their words
to mark. Law 9: what a reader sees, letter by letter, is the sentence. Law 8: it is marked as plain
text, and each piece is escaped on its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from digest.values import Word

MARK = Markup("<i>{}</i>")
SAME_BEGINNING = 4  # letters by which a reader knows "spastic" in "spasticity"


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of the box: `name` is the term, and the form in the text where that looks unlike."""

    name: str
    meaning: str


class Sentence(str):
    """Plain text, but where HTML is written its `marks` (start, end) are marked and it is escaped.

    Templates print it like any text: Jinja asks for `__html__` wherever it escapes.
    """

    marks: tuple[tuple[int, int], ...] = ()

    def __html__(self) -> str:
        html, end = Markup(""), 0
        for start, stop in self.marks:
            html += escape(self[end:start]) + MARK.format(self[start:stop])
            end = stop
        return html + escape(self[end:])


class Marker:
    """Marks the words of one theme; called with its sentences in reading order."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._waiting = {word.seen for word in words if word.seen}
        # Longest first: "secondary progressive MS" is not taken for "progressive MS".
        forms = "|".join(re.escape(form) for form in sorted(self._waiting, key=lambda f: -len(f)))
        self._forms = re.compile(rf"(?<!\w)(?:{forms})(?!\w)") if forms else None

    def __call__(self, text: str) -> Sentence:
        """`text` with each word marked that no earlier sentence held."""
        sentence = Sentence(text)
        found = self._forms.finditer(text) if self._forms else ()
        sentence.marks = tuple(match.span() for match in found if self._is_first(match[0]))
        return sentence

    def _is_first(self, form: str) -> bool:
        first = form in self._waiting
        self._waiting.discard(form)
        return first


def explained(word: Word) -> Explained:
    """The line of the box for one word."""
    alike = _plain(word.seen).startswith(_plain(word.term)[:SAME_BEGINNING])
    return Explained(word.term if alike else f"{word.seen} ({word.term})", word.meaning)


def _plain(text: str) -> str:
    """In small letters, a hyphen like a blank: "B-cell" is "B cell"."""
    return re.sub(r"\W", " ", text).casefold()
