"""Labelled summaries → what the product makes of each, and what each step costs.

With learning, an item is classified after every *other* labelled summary was taught, never itself
(leave-one-out). The vectors of the examples are made once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from bench.evaluate.labelled import Labelled
from digest.editorial.evidence import read_evidence
from digest.editorial.evidence.likeness import kinds_but_for, our_kinds
from digest.editorial.prototypes import Prototypes, our_labelled
from digest.editorial.teasers import make_teasers
from digest.editorial.themes import Example, Learned, Taxonomy, classify, learn
from digest.values import Evidence, ThemeVerdict

STEPS = (0, 10, 25, 50)  # of the learning curve; then all others
GOES = 3
FOLDS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """A labelled summary and what the product read; `taught` is None without learning."""

    labelled: Labelled
    alone: ThemeVerdict
    taught: ThemeVerdict | None
    evidence: Evidence


def teach(labelled: Iterable[Labelled], taxonomy: Taxonomy) -> Learned:
    """Every labelled summary as an example, as if an editor had moved it to its theme."""
    return learn((Example(one.summary, one.gold.theme) for one in labelled), taxonomy)


def apart(
    labelled: Iterable[Labelled], taxonomy: Taxonomy
) -> dict[str, tuple[Taxonomy, Prototypes]]:
    """For each slug a taxonomy, and prototypes of the kinds, that never saw that summary.

    Our own labelled summaries are part of the prototypes, so they are measured in folds: each by
    a taxonomy made without its fold.
    """
    ours = {one.slug for one in our_labelled()}
    by = dict.fromkeys((one.slug for one in labelled), (taxonomy, our_kinds()))
    known = sorted(ours.intersection(by), key=lambda s: hashlib.sha256(s.encode()).digest())
    for start in range(min(FOLDS, len(known))):
        fold = known[start::FOLDS]
        by |= dict.fromkeys(fold, (taxonomy.but_for(fold), kinds_but_for(fold)))
    return by


def read_all(
    labelled: Sequence[Labelled], taxonomy: Taxonomy, learned: Learned | None
) -> list[Reading]:
    """What the product reads, in the order given; without `learned`, by the taxonomy alone."""
    by = apart(labelled, taxonomy)
    return [
        Reading(
            labelled=one,
            alone=classify(one.summary, by[one.slug][0]),
            taught=classify(one.summary, by[one.slug][0], learned.without(one.slug))
            if learned
            else None,
            evidence=read_evidence(one.summary, by[one.slug][1]),
        )
        for one in labelled
    ]


def learning_curve(
    labelled: Sequence[Labelled], taxonomy: Taxonomy
) -> Iterator[tuple[int, list[ThemeVerdict]]]:
    """How many others were taught, and the verdicts then: 0, 10, 25, 50, all.

    Whom it teaches first tells nothing, but stays the same whatever the order of the file.
    """
    ordered = sorted(labelled, key=lambda one: hashlib.sha256(one.slug.encode()).digest())
    all_others, by = len(labelled) - 1, apart(labelled, taxonomy)
    for count in (*(step for step in STEPS if step < all_others), all_others):
        taught = ordered[: count + 1]  # one to spare: an item among them leaves `count` others
        learned, spare = teach(taught, taxonomy), taught[-1].slug
        yield (
            count,
            [
                classify(
                    one.summary,
                    by[one.slug][0],
                    learned.without(one.slug if one.slug in learned.examples else spare),
                )
                for one in labelled
            ],
        )


def cost(
    labelled: Sequence[Labelled], taxonomy: Taxonomy, learned: Learned | None
) -> dict[str, float]:
    """The median milliseconds a summary takes in each step. Call it when the code is warm."""
    taught = {one.slug: learned.without(one.slug) for one in labelled} if learned else {}
    evidence = {one.slug: read_evidence(one.summary) for one in labelled}
    steps: dict[str, Callable[[Labelled], object]] = {
        "themes": lambda one: classify(one.summary, taxonomy),
        "themes, taught": lambda one: classify(one.summary, taxonomy, taught[one.slug]),
        "evidence": lambda one: read_evidence(one.summary),
        "teasers": lambda one: make_teasers(one.summary, evidence[one.slug]),
    }
    if not learned:
        del steps["themes, taught"]
    return {name: median(_timed(step, one) for one in labelled) for name, step in steps.items()}


def _timed(step: Callable[[Labelled], object], one: Labelled) -> float:
    """The best of a few goes, in milliseconds: what else the machine did then does not count."""
    goes = []
    for _ in range(GOES):
        start = perf_counter()
        step(one)
        goes.append(perf_counter() - start)
    return min(goes) * 1000
