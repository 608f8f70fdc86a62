"""What a summary itself states of its study: kind, participants, species, caveat, results.

In: a summary. Out: `Evidence`, where every value carries the sentence it was read from. Nothing
is invented: "not stated" (None, "unclear", an empty tuple) is a normal answer.
"""

from __future__ import annotations

from digest.editorial.evidence.caveat import read_caveat
from digest.editorial.evidence.kind import asked_or_assigned, read_kind
from digest.editorial.evidence.likeness import our_kinds, settled
from digest.editorial.evidence.paper_cues import OPINION
from digest.editorial.evidence.participants import read_participants
from digest.editorial.evidence.patients import patients_described
from digest.editorial.evidence.reading import GAP, Reading
from digest.editorial.evidence.results import read_results
from digest.editorial.evidence.species import (
    only_background,
    read_human_matters,
    read_people,
    read_species,
)
from digest.editorial.prototypes import Prototypes
from digest.values import Evidence, Fact, Summary

# Only people are given a questionnaire, or a treatment by lot in a trial of this field.
PEOPLE_ONLY = ("trial", "survey", "case", "observational")

__all__ = ["GAP", "read_evidence"]


def read_evidence(summary: Summary, kinds: Prototypes | None = None) -> Evidence:
    """The evidence of `summary`, read from title, headline, found and limits.

    `kinds`: what summaries of each study kind are like; ours, if left out.

    `read_from` is one whole sentence, verbatim but for white space; where a value rests on
    several (two groups named in two sentences), they are joined by `GAP`. The why paragraph is
    not read: it holds advice and pictures, no facts of the study.
    """
    reading = Reading.of(summary)
    results = read_results(reading)
    species = _read_species(reading)
    participants: Fact[int | None] = Fact(None)  # a plan has none yet
    if results.value:
        participants = read_participants(reading, species.value)
    if participants.value is not None and not species.value:
        species = Fact(("human",), participants.read_from)
    by_cues = read_kind(reading, species.value, participants)
    kind = settled(by_cues, reading, kinds or our_kinds())
    if kind.value == "case" and participants.value is None:
        participants = patients_described(reading)
    if kind.value == "unclear" and reading.first(OPINION):
        participants = Fact(None)  # experts who agreed on something were not studied
    if kind.value in PEOPLE_ONLY and not species.value:
        species = Fact(("human",), kind.read_from)
    if kind.value == "review" and not species.value:
        species = read_human_matters(reading)
    animals_only = bool(species.value) and "human" not in species.value
    caveat = read_caveat(reading, animals_only=animals_only)
    return Evidence(kind, participants, species, caveat, results)


def _read_species(reading: Reading) -> Fact[tuple[str, ...]]:
    species = read_species(reading)
    animals = set(species.value) - {"human"}
    design = asked_or_assigned(reading) if animals else ""
    return read_people(reading) if design and only_background(reading, design) else species
