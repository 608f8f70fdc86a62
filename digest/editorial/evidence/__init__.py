"""What a summary itself states of its study: kind, participants, species, caveat, results.

In: a summary. Out: `Evidence`, where every value carries the sentence it was read from. Nothing
is invented: "not stated" (None, "unclear", an empty tuple) is a normal answer.
"""

from __future__ import annotations

from digest.editorial.evidence.caveat import read_caveat
from digest.editorial.evidence.kind import read_kind, read_results
from digest.editorial.evidence.participants import read_participants, single_patient
from digest.editorial.evidence.reading import GAP, Reading
from digest.editorial.evidence.species import read_species
from digest.values import Evidence, Fact, Summary

__all__ = ["GAP", "read_evidence"]


def read_evidence(summary: Summary) -> Evidence:
    """The evidence of `summary`, read from title, headline, found and limits.

    `read_from` is one whole sentence, verbatim but for white space; where a value rests on
    several (two groups named in two sentences), they are joined by `GAP`. The why paragraph is
    not read: it holds advice and pictures, no facts of the study.
    """
    reading = Reading.of(summary)
    species = read_species(reading)
    participants = read_participants(reading, species.value)
    if participants.value is not None and not species.value:
        species = Fact(("human",), participants.read_from)
    kind = read_kind(reading, species.value, participants.value)
    if kind.value == "case" and participants.value is None:
        participants = single_patient(reading)
    if kind.value == "unclear" and participants.value is not None:
        kind = Fact("observational", participants.read_from)  # people were studied, none assigned
    animals_only = bool(species.value) and "human" not in species.value
    return Evidence(
        kind=kind,
        participants=participants,
        species=species,
        caveat=read_caveat(reading, animals_only=animals_only),
        results=read_results(reading),
    )
