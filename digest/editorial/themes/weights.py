"""How much a word of a summary counts, by where it stands.

Title and headline say what a study is about; limits and why name patients, doctors and daily life
in every summary alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from digest.values import Summary

HEADLINE_WEIGHT = 3.0
FIELD_WEIGHTS = {"limits": 0.1, "why": 0.05}


def weighted_texts(summary: Summary) -> Iterator[tuple[str, float]]:
    """The texts of a summary and the weight of each."""
    yield from weighted(summary.title, summary.headline, summary.found)
    for field, weight in FIELD_WEIGHTS.items():
        yield getattr(summary, field), weight


def weighted(title: str, headline: str, found: str) -> Iterator[tuple[str, float]]:
    """The texts that tell what a study is about."""
    yield title, HEADLINE_WEIGHT
    if headline.casefold() != title.casefold():  # a page without title has one
        yield headline, HEADLINE_WEIGHT
    yield found, 1.0
