"""A summary made ready for reading facts: its sentences, and a plain lower-case copy to search."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from digest.editorial.cues import plain
from digest.editorial.sentences import split_sentences
from digest.values import Summary

Field = Literal["headline", "found", "limits", "title"]
FIELDS: tuple[Field, ...] = ("found", "headline", "limits", "title")
STATED: tuple[Field, ...] = ("found", "headline", "title")  # limits also name what was not done
GAP = " … "  # between sentences that do not stand side by side


@dataclass(frozen=True, slots=True)
class Part:
    """One field: its sentences, and `plain`, the same ones in ASCII lower case, a line each."""

    field: Field
    sentences: tuple[str, ...]
    plain: str
    starts: tuple[int, ...]

    @property
    def lines(self) -> list[str]:
        """Each sentence as it stands in `plain`."""
        return self.plain.split("\n")

    def sentence_at(self, place: int) -> str:
        """The sentence that holds place `place` of `plain`."""
        return self.sentences[bisect_right(self.starts, place) - 1]


@dataclass(frozen=True, slots=True)
class Reading:
    """The fields that state facts, in the order in which they are believed.

    `whole` is all of them in one: a pattern that may hit anywhere is tried once.
    """

    parts: tuple[Part, ...]
    whole: Part

    @classmethod
    def of(cls, summary: Summary) -> Reading:
        """Split and fold the fields of `summary`."""
        parts = []
        for field in FIELDS:
            sentences = split_sentences(getattr(summary, field))
            if sentences and not (field == "title" and summary.title == summary.headline):
                lines = [plain(sentence) for sentence in sentences]
                parts.append(_part(field, tuple(sentences), lines))
        everything = tuple(sentence for part in parts for sentence in part.sentences)
        return cls(tuple(parts), _part("found", everything, [part.plain for part in parts]))

    def blanked(self, pattern: re.Pattern[str]) -> Reading:
        """A copy in which every hit of `pattern` is blanks, so that no cue is found there."""
        text, place, parts = pattern.sub(_blanks, self.whole.plain), 0, []
        for part in self.parts:
            end = place + len(part.plain)
            parts.append(Part(part.field, part.sentences, text[place:end], part.starts))
            place = end + 1
        whole = self.whole
        return Reading(tuple(parts), Part(whole.field, whole.sentences, text, whole.starts))

    def find(
        self, pattern: re.Pattern[str], fields: tuple[Field, ...] = FIELDS
    ) -> Iterator[tuple[str, str]]:
        """Each hit of `pattern` (lower-case ASCII): its sentence, verbatim, and the words hit."""
        for part in self._parts_of(fields):
            for match in pattern.finditer(part.plain):
                yield part.sentence_at(match.start()), match[0]

    def first(self, pattern: re.Pattern[str], fields: tuple[Field, ...] = FIELDS) -> str | None:
        """The first sentence that `pattern` hits, or None."""
        for part in self._parts_of(fields):
            if match := pattern.search(part.plain):
                return part.sentence_at(match.start())
        return None

    def sentences(self, fields: tuple[Field, ...] = FIELDS) -> Iterator[str]:
        """The sentences of `fields` in the order in which they are believed."""
        for part in self._parts_of(fields):
            yield from part.sentences

    def _parts_of(self, fields: tuple[Field, ...]) -> tuple[Part, ...]:
        if fields == FIELDS:
            return (self.whole,)
        return tuple(part for part in self.parts if part.field in fields)


def _part(field: Field, sentences: tuple[str, ...], lines: list[str]) -> Part:
    text = "\n".join(lines)
    starts, place = [], 0
    for line in text.split("\n") if sentences else ():
        starts.append(place)
        place += len(line) + 1
    return Part(field, sentences, text, tuple(starts))


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match[0])
