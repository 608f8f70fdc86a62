"""What was read, beside what a person said: shares, and every disagreement by its slug.

The scoring is that of digest/editorial/labelled/README.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.evaluate.labelled import Labelled
from bench.evaluate.measures import Kappa, Share
from bench.evaluate.predict import Reading
from digest.values import Evidence, ThemeVerdict

NOT_ANIMAL = {"human"}


@dataclass(frozen=True, slots=True)
class Confusion:
    """A label that was read as another one, and where."""

    gold: str
    read: str
    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThemeScore:
    """Strict: the gold theme. Lenient: it or the gold's second. Second: how many of the gold's
    seconds are named, as theme or as second theme."""

    strict: Share
    lenient: Share
    kappa: Kappa
    second: Share
    confusions: tuple[Confusion, ...]


@dataclass(frozen=True, slots=True)
class EvidenceScore:
    """Participants are invented where the gold states none, missed where it states some."""

    kind: Share
    kinds_confused: tuple[Confusion, ...]
    participants: Share
    invented: Share
    missed: Share
    participants_differ: tuple[Confusion, ...]
    species: Share
    animal_or_not: Share
    species_differ: tuple[Confusion, ...]
    with_caveat: Share


def score_themes(labelled: Sequence[Labelled], verdicts: Sequence[ThemeVerdict]) -> ThemeScore:
    """The verdicts, one per labelled summary in the same order, beside the gold."""
    pairs = [(one.slug, one.gold, read) for one, read in zip(labelled, verdicts, strict=True)]
    return ThemeScore(
        strict=Share.of(read.theme == gold.theme for _, gold, read in pairs),
        lenient=Share.of(read.theme in (gold.theme, gold.also) for _, gold, read in pairs),
        kappa=Kappa.of([(gold.theme, read.theme) for _, gold, read in pairs]),
        second=Share.of(
            gold.also in (read.theme, read.also) for _, gold, read in pairs if gold.also
        ),
        confusions=_confusions((slug, gold.theme, read.theme) for slug, gold, read in pairs),
    )


def score_evidence(readings: Sequence[Reading]) -> EvidenceScore:
    """The facts that were read, beside the gold."""
    facts = [(one.labelled.slug, one.labelled.gold, one.evidence) for one in readings]
    counts = [(gold.participants, read.participants.value) for _, gold, read in facts]
    species = [(gold.species, _species(read)) for _, gold, read in facts]
    return EvidenceScore(
        kind=Share.of(gold.kind == read.kind.value for _, gold, read in facts),
        kinds_confused=_confusions(
            (slug, gold.kind, read.kind.value) for slug, gold, read in facts
        ),
        participants=Share.of(gold == read for gold, read in counts),
        invented=Share.of(read is not None for gold, read in counts if gold is None),
        missed=Share.of(read is None for gold, read in counts if gold is not None),
        participants_differ=_confusions(
            (slug, _number(gold.participants), _number(read.participants.value))
            for slug, gold, read in facts
        ),
        species=Share.of(gold == read for gold, read in species),
        animal_or_not=Share.of(
            bool(gold - NOT_ANIMAL) == bool(read - NOT_ANIMAL) for gold, read in species
        ),
        species_differ=_confusions(
            (slug, _set(gold.species), _set(_species(read))) for slug, gold, read in facts
        ),
        with_caveat=Share.of(read.caveat.value is not None for _, _, read in facts),
    )


def _species(evidence: Evidence) -> frozenset[str]:
    return frozenset(evidence.species.value)


def _number(value: int | None) -> str:
    return "not stated" if value is None else f"{value:,}"


def _set(species: frozenset[str]) -> str:
    return " + ".join(sorted(species)) or "not stated"


def _confusions(triples: Iterable[tuple[str, str, str]]) -> tuple[Confusion, ...]:
    """Those (slug, gold, read) that differ, gathered by what was taken for what; most first."""
    slugs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for slug, gold, read in triples:
        if gold != read:
            slugs[gold, read].append(slug)
    found = [Confusion(gold, read, tuple(where)) for (gold, read), where in slugs.items()]
    return tuple(sorted(found, key=lambda one: (-len(one.slugs), one.gold, one.read)))
