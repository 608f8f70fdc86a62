"""What a source that gives all it holds no longer gives: an edited file, or a removed one.

In: the rows that nothing of the harvest is. Out: those that are gone, and which new text is an
old one edited. Nothing is deleted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from digest.models import StoredSummary
from digest.pipeline.keeping.keyed import Keyed
from digest.pipeline.keeping.known import Known
from digest.sources.similar import content_words, overlap
from digest.values import Entry, Refusal

EDITED = 0.5  # of all content words stand in both: the same text, edited
IN_FILE = re.compile(r" (?:line|item) \d+$")


@dataclass(frozen=True, slots=True)
class Missing:
    """The rows of a source that its harvest does not hold: primary key → place."""

    places: dict[int, str]
    noted: frozenset[int]  # those that were gone already

    def gone(self, refusals: Iterable[Refusal]) -> list[int]:
        """Those newly gone; what stands where something was refused may still be there."""
        refused = {file_of(refusal.place) for refusal in refusals}
        return [
            pk
            for pk, place in self.places.items()
            if pk not in self.noted and not _is_below(file_of(place), refused)
        ]

    def edited(self, entries: Sequence[Keyed], known: Known) -> dict[int, Keyed]:
        """Which missing row became which entry: of the same file, with similar words."""
        by_file: defaultdict[str, list[tuple[int, frozenset[str]]]] = defaultdict(list)
        for number, one in enumerate(entries):
            by_file[file_of(one.entry.place)].append((number, _words(one.entry)))
        rows = known.fetch([pk for pk, place in self.places.items() if file_of(place) in by_file])
        pairs = sorted(
            (-likeness, row.pk, number)
            for row in rows
            for words in [_words(row)]
            for number, others in by_file[file_of(row.place)]
            if (likeness := overlap(words, others)) >= EDITED
            if row.kind == entries[number].entry.kind
            if not known.ids_tell_apart(entries[number], row)
        )
        became: dict[int, Keyed] = {}
        used: set[int] = set()
        for _, pk, number in pairs:  # the likest first
            if pk not in became and number not in used:
                became[pk] = entries[number]
                used.add(number)
        return became


def missing_of(source: str, present: Collection[int]) -> Missing:
    """All rows of `source` but those with a primary key in `present`."""
    rows = StoredSummary.objects.filter(source=source).order_by("pk")
    missing = [row for row in rows.values_list("pk", "place", "gone_at") if row[0] not in present]
    return Missing(
        {pk: place for pk, place, _ in missing},
        frozenset(pk for pk, _, gone_at in missing if gone_at),
    )


def file_of(place: str) -> str:
    """The file of a place: "incoming/june.jsonl" of "incoming/june.jsonl line 7"."""
    return IN_FILE.sub("", place)


def _is_below(file: str, refused: Collection[str]) -> bool:
    """Whether the file, or a folder that it lies in, could not be read."""
    parts = file.split("/")
    return any("/".join(parts[:depth]) in refused for depth in range(1, len(parts) + 1))


def _words(one: Entry | StoredSummary) -> frozenset[str]:
    return content_words(f"{one.title} {one.headline} {one.found} {one.body}")
