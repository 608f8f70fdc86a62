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

    def sentence_at(self, place: int) -> str:
        """The sentence that holds place `place` of `plain`."""
        return self.sentences[bisect_right(self.starts, place) - 1]


@dataclass(frozen=True, slots=True)
class Reading:
    """The fields that state facts, in the order in which they are believed."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, summary: Summary) -> Reading:
        """Split and fold the fields of `summary`."""
        parts = []
        for field in FIELDS:
            sentences = split_sentences(getattr(summary, field))
            if not sentences or (field == "title" and summary.title == summary.headline):
                continue
            lines = [plain(sentence) for sentence in sentences]
            starts, place = [], 0
            for line in lines:
                starts.append(place)
                place += len(line) + 1
            parts.append(Part(field, tuple(sentences), "\n".join(lines), tuple(starts)))
        return cls(tuple(parts))

    def find(
        self, pattern: re.Pattern[str], fields: tuple[Field, ...] = FIELDS
    ) -> Iterator[tuple[str, str]]:
        """Each hit of `pattern` (lower-case ASCII): its sentence, verbatim, and the words hit."""
        for part in self.parts:
            if part.field in fields:
                for match in pattern.finditer(part.plain):
                    yield part.sentence_at(match.start()), match[0]

    def first(self, pattern: re.Pattern[str], fields: tuple[Field, ...] = FIELDS) -> str | None:
        """The first sentence that `pattern` hits, or None."""
        return next((sentence for sentence, _ in self.find(pattern, fields)), None)

    def sentences(self, fields: tuple[Field, ...] = FIELDS) -> Iterator[str]:
        """The sentences of `fields` in the order in which they are believed."""
        for part in self.parts:
            if part.field in fields:
                yield from part.sentences
