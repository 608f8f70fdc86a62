"""What the summaries of one label (a theme, a kind of study) are like, in one vector a label.

The vector is the mean of the TF-IDF vectors of the summaries that carry the label (Rocchio 1971,
"Relevance feedback in information retrieval"). The labelled summaries travel with us; they were
written for this project and are CC0.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import exp
from pathlib import Path

from digest.editorial.similarity import Counts, Vector, inverse_frequency, unit, vector

LABELLED = Path(__file__).with_name("labelled")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled summary: its texts by field, and what a person said of it."""

    slug: str
    theme: str
    kind: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prototypes:
    """A vector for each label, and how telling each word is.

    `sharpness`: how much a difference in likeness tells; at 25, one of 0.04 is e-fold.
    """

    vectors: Mapping[str, Vector]
    by_word: Mapping[str, Sequence[tuple[str, float]]] = field(repr=False)  # the same, turned
    telling: Mapping[str, float] = field(repr=False)
    sharpness: float

    def shares(self, counts: Counts) -> dict[str, float]:
        """How like each label's summaries one is; the shares add up to 1, or are all 0."""
        found = vector(counts, self.telling)
        likeness = dict.fromkeys(self.vectors, 0.0)
        for word, weight in found.items():
            for label, held in self.by_word.get(word, ()):
                likeness[label] += weight * held
        best = max(likeness.values())
        if not best:
            return likeness
        voices = {label: exp(self.sharpness * (one - best)) for label, one in likeness.items()}
        total = sum(voices.values())
        return {label: voice / total for label, voice in voices.items()}


def make_prototypes(
    labelled: Sequence[tuple[str, Counts]],
    *,
    sharpness: float,
    least: float,
    texts: Mapping[str, Counts] | None = None,
    weight: float = 1.0,
) -> Prototypes:
    """The prototypes of every label in `labelled` and `texts`.

    A label's text in `texts` counts like `weight` summaries; a word that stands only there tells
    as much as one of a single summary. `least` is what a word of every summary still tells.
    """
    telling = inverse_frequency([counts for _, counts in labelled], least=least)
    rarest = max(telling.values(), default=least)
    for counts in (texts or {}).values():
        telling |= {word: rarest for word in counts if word not in telling}
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for label, counts, loudness in (
        *((label, counts, 1.0) for label, counts in labelled),
        *((label, counts, weight) for label, counts in (texts or {}).items()),
    ):
        total = sums[label]
        for word, share in vector(counts, telling).items():
            total[word] += loudness * share
    vectors = {label: unit(total) for label, total in sums.items()}
    by_word: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for label, prototype in vectors.items():
        for word, share in prototype.items():
            by_word[word].append((label, share))
    return Prototypes(vectors, dict(by_word), telling, sharpness)


@cache
def our_labelled() -> tuple[Labelled, ...]:
    """The labelled summaries that travel with us, in the order of their files."""
    files = (path.read_text(encoding="utf-8") for path in sorted(LABELLED.glob("*.jsonl")))
    rows = (json.loads(line) for file in files for line in file.splitlines())
    fields = ("title", "headline", "found", "limits")
    return tuple(
        Labelled(
            row["slug"],
            row["gold"]["theme"],
            row["gold"]["kind"],
            {name: row[name] for name in fields},
        )
        for row in rows
    )
