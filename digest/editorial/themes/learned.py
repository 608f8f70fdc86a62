"""What editors taught: summaries that they moved are labelled examples, and similar ones follow.

An example speaks for its theme as loudly as the summary at hand is like it. The summary itself,
composed again, follows its example for certain. Forgetting an example undoes all that it did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from digest.editorial.similarity import Vector, vector
from digest.editorial.themes.taxonomy import Taxonomy
from digest.editorial.themes.weights import counts_of
from digest.values import Summary

# Below this cosine the nearest of 350 labelled summaries was of the same theme no more often than
# not; above it, nearly always.
ALIKE = 0.3
NEIGHBOURS = 2  # the nearest examples that speak
UNSEEN = 3.0  # how telling a word is that no prototype holds, beside 0.3 to 6 for the others


@dataclass(frozen=True, slots=True)
class Example:
    """A summary, and the theme to which an editor moved it."""

    summary: Summary
    theme: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An example that is like the summary at hand, and how like (`ALIKE` to 1)."""

    example: Example
    likeness: float


@dataclass(frozen=True, slots=True)
class Learned:
    """Every example by slug, and by each word stem the slugs that hold it, with its weight."""

    examples: Mapping[str, Example] = field(default_factory=dict)
    postings: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)

    def neighbours(self, found: Vector, *, but: str) -> list[Neighbour]:
        """The nearest examples, the nearest first, without the one whose slug is `but`."""
        cosines: dict[str, float] = defaultdict(float)
        for stem, weight in found.items():
            for slug, held in self.postings.get(stem, ()):
                cosines[slug] += weight * held
        cosines = {s: c for s, c in cosines.items() if s != but and s in self.examples}
        near = sorted(cosines, key=lambda slug: (-cosines[slug], slug))[:NEIGHBOURS]
        return [Neighbour(self.examples[s], cosines[s]) for s in near if cosines[s] >= ALIKE]

    def without(self, slug: str) -> Learned:
        """The same but for one example: to ask where its summary would stand by itself."""
        rest = {other: example for other, example in self.examples.items() if other != slug}
        return Learned(rest, self.postings)


NOTHING_LEARNED = Learned()


def learn(examples: Iterable[Example], taxonomy: Taxonomy) -> Learned:
    """The examples ready for comparing, without those of a theme that the taxonomy lacks."""
    known = {e.summary.slug: e for e in examples if e.theme in taxonomy.themes}
    postings: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for slug, example in known.items():
        for stem, weight in vector_of(example.summary, taxonomy).items():
            postings[stem].append((slug, weight))
    return Learned(known, {stem: tuple(held) for stem, held in postings.items()})


def vector_of(summary: Summary, taxonomy: Taxonomy) -> Vector:
    """The vector by which a summary is compared with the examples."""
    return vector(counts_of(summary), taxonomy.prototypes.telling, UNSEEN)
