"""How much a word of a summary counts, by where it stands.

Title and headline say what a study is about; limits and why name patients, doctors and daily life
in every summary alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from digest.editorial.similarity import Counts, count
from digest.editorial.themes.stems import stems
from digest.values import Summary

HEADLINE_WEIGHT = 3.0
LIMITS_WEIGHT, WHY_WEIGHT = 0.1, 0.05


def weighted_texts(summary: Summary) -> Iterator[tuple[str, float]]:
    """The texts of a summary and the weight of each."""
    return _weighted(summary.title, summary.headline, summary.found, summary.limits, summary.why)


def counts_of(summary: Summary) -> Counts:
    """How often each word stem stands in a summary."""
    return count(weighted_texts(summary), stems)


def counts_of_texts(title: str, headline: str, found: str, limits: str) -> Counts:
    """The same of a labelled summary."""
    return count(_weighted(title, headline, found, limits, ""), stems)


def counts_of_text(text: str) -> Counts:
    """The same of a text without parts."""
    return count([(text, 1.0)], stems)


def _weighted(
    title: str, headline: str, found: str, limits: str, why: str
) -> Iterator[tuple[str, float]]:
    yield title, HEADLINE_WEIGHT
    if headline.casefold() != title.casefold():  # a page without title has one
        yield headline, HEADLINE_WEIGHT
    yield found, 1.0
    yield limits, LIMITS_WEIGHT
    yield why, WHY_WEIGHT
