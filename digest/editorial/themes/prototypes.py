"""What the texts of a theme are like: its prototype text and our labelled summaries, in one vector.

The vector of a theme is the mean of the TF-IDF vectors of its summaries and, with the weight of
several, of its prototype text (Rocchio 1971, "Relevance feedback in information retrieval").
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import exp, log
from pathlib import Path

from digest.editorial.themes.similarity import (
    LEAST_TELLING,
    Vector,
    cosine,
    count,
    inverse_frequency,
    unit,
    vector,
)
from digest.editorial.themes.weights import weighted

LABELLED = Path(__file__).parents[1] / "labelled"
PROTOTYPE_COUNTS = 3.0  # how many summaries the prototype text of a theme stands for
SHARPNESS = 25.0  # how much a difference in likeness tells; at 25, one of 0.04 is e-fold


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled summary, as far as themes go: its slug, its theme, how often each stem stands."""

    slug: str
    theme: str
    counts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Prototypes:
    """A vector for each theme, and how telling each word stem is."""

    vectors: Mapping[str, Vector] = field(default_factory=dict)
    telling: Mapping[str, float] = field(default_factory=dict)

    def shares(self, counts: Mapping[str, float]) -> dict[str, float]:
        """How like each theme's texts a summary is; the shares add up to 1."""
        found = vector(counts, self.telling)
        if not found:
            return dict.fromkeys(self.vectors, 0.0)
        likeness = {theme: cosine(found, prototype) for theme, prototype in self.vectors.items()}
        if not any(likeness.values()):
            return likeness
        best = max(likeness.values())
        voices = {theme: exp(SHARPNESS * (one - best)) for theme, one in likeness.items()}
        total = sum(voices.values())
        return {theme: voice / total for theme, voice in voices.items()}


def make_prototypes(texts: Mapping[str, str], labelled: Iterable[Labelled]) -> Prototypes:
    """The prototypes of the themes in `texts`, from their texts and the summaries labelled so."""
    known = [one for one in labelled if one.theme in texts]
    telling = inverse_frequency([one.counts for one in known])
    vectors = {theme: _mean(text, theme, known, telling) for theme, text in texts.items()}
    return Prototypes(vectors, telling | _of_texts_alone(texts, telling, len(known)))


def _of_texts_alone(
    texts: Mapping[str, str], telling: Mapping[str, float], labelled: int
) -> dict[str, float]:
    """Words that only prototype texts hold: as telling as those of a single summary."""
    stems = {stem for text in texts.values() for stem in count([(text, 1.0)])}
    return dict.fromkeys(stems - set(telling), LEAST_TELLING + log(1 + labelled))


def _mean(
    text: str, theme: str, labelled: Sequence[Labelled], telling: Mapping[str, float]
) -> Vector:
    total: dict[str, float] = defaultdict(float)
    written = vector(count([(text, 1.0)]), telling, LEAST_TELLING + log(1 + len(labelled)))
    for stem, weight in written.items():
        total[stem] += PROTOTYPE_COUNTS * weight
    for one in labelled:
        if one.theme == theme:
            for stem, weight in vector(one.counts, telling).items():
                total[stem] += weight
    return unit(total)


@cache
def our_labelled() -> tuple[Labelled, ...]:
    """The labelled summaries that travel with us: written for this project, CC0."""
    files = (path.read_text(encoding="utf-8") for path in sorted(LABELLED.glob("*.jsonl")))
    rows = (json.loads(line) for file in files for line in file.splitlines())
    return tuple(
        Labelled(
            row["slug"],
            row["gold"]["theme"],
            count(weighted(row["title"], row["headline"], row["found"])),
        )
        for row in rows
    )
