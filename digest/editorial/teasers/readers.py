"""The sentence of a teaser that speaks to its readers: patients, caregivers or clinicians.

In: a summary in sentences, its evidence, and what readers have read so far. Out: the sentences
whose grammatical subject is that audience, the best first; none is better than a poor one.
"""

from __future__ import annotations

from collections.abc import Iterator

from digest.editorial.cues import plain
from digest.editorial.sentences import split_sentences
from digest.editorial.teasers.leaning import leaning
from digest.editorial.teasers.subjects import ADVISES, SUBJECTS, TO_KNOW, is_idle
from digest.editorial.teasers.telling import MEANS_FIGURES, figures
from digest.editorial.teasers.texts import Line, Texts
from digest.values import Audience, Evidence

TOO_FAR = 3  # leans on what nobody named


def sentences_for(audience: Audience, texts: Texts, evidence: Evidence, lead: str) -> list[str]:
    """Clean sentences whose subject is `audience`, those that lean on nothing first."""
    bench = is_bench(evidence)
    counted = any(figures(plain(told)) for told in split_sentences(lead))
    shown = plain(f"{texts.title}\n{lead}")
    ranked: list[tuple[int, str]] = []
    for sentence, start in _about(audience, texts):
        line = Line.of(sentence.replace("?", "."))  # "can begin by asking: how are you?"
        if not line.alone or is_idle(line.plain, start):
            continue
        if MEANS_FIGURES.search(line.plain) and not counted:
            continue
        if bench and not TO_KNOW.search(line.plain):
            continue
        ranked.append((leaning(line.plain, start, shown), sentence))
    ranked.sort(key=lambda pair: pair[0])
    return [sentence for leans, sentence in ranked if leans < TOO_FAR]


def is_bench(evidence: Evidence) -> bool:
    """Whether it was found in animals or in the laboratory, at least in part."""
    kind = evidence.kind.value
    return kind == "lab" or evidence.animals_only or (kind == "mixed" and in_animals(evidence))


def in_animals(evidence: Evidence) -> bool:
    """Whether animals were studied, alone or beside people."""
    return any(species != "human" for species in evidence.species.value)


def _about(audience: Audience, texts: Texts) -> Iterator[tuple[str, int]]:
    """Sentences that open with `audience` as subject, and where it ends; why comes first."""
    subject = SUBJECTS[audience]
    for sentence in texts.why:
        if match := subject.match(sentence):
            yield sentence, match.end()
    # In the limits, readers are spoken to only by advice; the rest tells of those studied.
    for sentence in texts.limits:
        if (match := subject.match(sentence)) and ADVISES.search(plain(sentence)):
            yield sentence, match.end()
