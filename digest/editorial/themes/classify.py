"""Scores a summary against every theme, and settles what is close by the tie-breaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import sqrt

from digest.editorial.similarity import vector
from digest.editorial.terms import SIGNS, WORD, keys_of
from digest.editorial.themes.learned import ALIKE, NOTHING_LEARNED, UNSEEN, Learned, Neighbour
from digest.editorial.themes.taxonomy import Taxonomy, Term
from digest.editorial.themes.weights import counts_of, weighted_texts
from digest.values import Summary, ThemeVerdict

LIKENESS = 0.45  # the share of the prototypes in the score; the terms have the rest
PERSUADES = 3.0  # what an example's likeness above ALIKE adds, beside scores that add up to 1
SECOND = 0.25  # a theme this near to the best is named as second theme
SHOWN_TERMS = 6


def classify(
    summary: Summary, taxonomy: Taxonomy, learned: Learned = NOTHING_LEARNED
) -> ThemeVerdict:
    """Where `summary` belongs. With nothing found it is the file's first theme, margin 0."""
    hits = _Hits()
    for text, weight in weighted_texts(summary):
        hits.read(text, weight, taxonomy)
    counts = counts_of(summary)
    own = _shares(hits.scores(), taxonomy.prototypes.shares(counts))
    if itself := learned.examples.get(summary.slug):
        return _settled(itself.theme, own, hits, ("because you moved it",))
    found = vector(counts, taxonomy.prototypes.telling, UNSEEN)
    near = learned.neighbours(found, but=summary.slug)
    scores = _persuaded(own, near)
    theme, by_itself = _best(scores, taxonomy), _best(own, taxonomy)
    verdict = _settled(theme, scores, hits)
    because = next((one.example.summary for one in near if one.example.theme == theme), None)
    if because is None or theme == by_itself:
        return verdict
    reason = f"because you moved “{because.title or because.headline}”"
    return replace(verdict, also=by_itself, terms=(reason, *verdict.terms)[:SHOWN_TERMS])


def _shares(terms: Mapping[str, float], likeness: Mapping[str, float]) -> dict[str, float]:
    """Each theme's part of the whole, by terms and by likeness to its prototype."""
    total = sum(terms.values()) or 1.0
    return {
        theme: (1 - LIKENESS) * terms.get(theme, 0.0) / total + LIKENESS * likeness[theme]
        for theme in likeness
    }


def _persuaded(own: Mapping[str, float], near: list[Neighbour]) -> dict[str, float]:
    scores = dict(own)
    for one in near:
        scores[one.example.theme] += PERSUADES * (one.likeness - ALIKE)
    return scores


def _best(scores: Mapping[str, float], taxonomy: Taxonomy) -> str:
    """The theme with the highest score, or the nearest that wins over it; the first of equals."""
    ranked = sorted(scores, key=lambda theme: -scores[theme])  # stable
    best = ranked[0]
    for theme in ranked[1:]:
        closeness = taxonomy.wins_over[theme].get(best)
        if closeness and scores[theme] >= closeness * scores[best]:
            return theme
    return best


def _settled(
    theme: str, scores: Mapping[str, float], hits: _Hits, because: tuple[str, ...] = ()
) -> ThemeVerdict:
    ranked = sorted(scores, key=lambda one: -scores[one])
    second = next((one for one in ranked if one != theme), None)
    second_score = scores[second] if second else 0.0
    if not scores[theme]:
        return ThemeVerdict(theme, None, 0.0, because)
    return ThemeVerdict(
        theme=theme,
        also=second if second_score >= SECOND * scores[theme] else None,
        margin=round(max(0.0, 1 - second_score / scores[theme]), 3),
        terms=(because + hits.deciding(theme))[:SHOWN_TERMS],
    )


class _Hits:
    """What was found of each term: a weighted count and the words as they stand in the text."""

    def __init__(self) -> None:
        self.weights: dict[Term, float] = {}
        self.seen: dict[Term, str] = {}

    def read(self, text: str, weight: float, taxonomy: Taxonomy) -> None:
        """Count the terms in one text; a repeated term counts less each time."""
        plain = text.translate(SIGNS)
        counts: dict[Term, int] = {}
        for word in WORD.finditer(plain):
            for key in keys_of(word[0].lower()):
                for term in taxonomy.terms.get(key, ()):
                    if match := term.pattern.match(plain, word.start()):
                        counts[term] = counts.get(term, 0) + 1
                        self.seen.setdefault(term, text[match.start() : match.end()])
        for term, times in counts.items():
            self.weights[term] = self.weights.get(term, 0.0) + weight * term.weight * sqrt(times)

    def scores(self) -> dict[str, float]:
        """The sum of each theme."""
        scores: dict[str, float] = {}
        for term, weight in self.weights.items():
            scores[term.theme] = scores.get(term.theme, 0.0) + weight
        return scores

    def deciding(self, theme: str) -> tuple[str, ...]:
        """The weightiest words for `theme`, each once, as they stand in the summary."""
        own = [term for term in self.weights if term.theme == theme]
        own.sort(key=lambda term: -self.weights[term])
        words = {self.seen[term].casefold(): self.seen[term] for term in reversed(own)}
        return tuple(reversed(words.values()))[:SHOWN_TERMS]
