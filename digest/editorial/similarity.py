"""How alike two texts are: TF-IDF vectors of their words, and the cosine between them.

A word that stands in many texts tells less than a word of few (Salton & Buckley 1988,
"Term-weighting approaches in automatic text retrieval").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from math import log, sqrt

Vector = Mapping[str, float]  # word → weight; length 1
Counts = Mapping[str, float]  # word → how often, each text with its weight

MENTIONED = 0.5  # a word that only stands in texts of little weight does not count


def count(weighted: Iterable[tuple[str, float]], cut: Callable[[str], Iterable[str]]) -> Counts:
    """How often each word, as `cut` gives them, stands in some texts with their weights."""
    counts: dict[str, float] = {}
    for text, weight in weighted:
        for word in cut(text):
            counts[word] = counts.get(word, 0.0) + weight
    return counts


def inverse_frequency(texts: Collection[Counts], *, least: float) -> dict[str, float]:
    """How telling each word is: the log of how few of the texts hold it, and `least`."""
    held = Counter(word for text in texts for word in text)
    return {word: least + log((1 + len(texts)) / (1 + n)) for word, n in held.items()}


def vector(counts: Counts, telling: Mapping[str, float], unseen: float = 0.0) -> Vector:
    """The TF-IDF vector; `unseen` is how telling a word outside `telling` is.

    A repeated word counts less each time.
    """
    raw = {w: (1 + log(n)) * telling.get(w, unseen) for w, n in counts.items() if n > MENTIONED}
    return unit({word: weight for word, weight in raw.items() if weight})


def unit(raw: Mapping[str, float]) -> Vector:
    """The same direction at length 1; nothing stays nothing."""
    length = sqrt(sum(weight * weight for weight in raw.values()))
    return {word: weight / length for word, weight in raw.items()} if length else {}


def cosine(one: Vector, other: Vector) -> float:
    """From 0 (no word in common) to 1 (the same)."""
    if len(other) < len(one):
        one, other = other, one
    return sum(weight * other[word] for word, weight in one.items() if word in other)
