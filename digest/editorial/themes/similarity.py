"""How alike two texts are: TF-IDF vectors of their telling words, and the cosine between them.

Words that stand in any summary alike ("study", "patients", "doctors") tell nothing and are
dropped; a word of many themes' prototypes tells less than a word of one (Salton & Buckley 1988,
"Term-weighting approaches in automatic text retrieval").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from math import log, sqrt

from digest.editorial.cues import words

Vector = Mapping[str, float]  # word stem → weight; length 1

WORD = re.compile(r"[^\W\d_]{2,}(?:\d+)?")
SHORTEST_STEM = 4
LEAST_TELLING = 0.3  # what a word of every text still tells
MENTIONED = 0.5  # a word that only stands in limits or why does not count
# In the order in which they are tried; the first that leaves a stem is cut.
ENDINGS = ("ations", "ation", "ities", "ity", "ness", "ings", "ing", "ies", "ers", "ed", "er",
           "es", "s", "ly", "al", "ic", "e", "y")  # fmt: skip
COMMON = words(
    """
    a about above after again against ago all almost alone along already also although always am
    among an and another any anyone are around as ask asked at away back be because become been
    before behind being below best better between both but by called came can cannot case cases
    change changed changes clear close come compared could day days did differ difference
    different do does doing done down due during each early either else end enough even ever every
    everyone example far few fewer find finding findings first five followed following for found
    four from full further gave get give given gives go goes good great group groups had half hard
    has have having he help helped helping helps her here high higher him his how however idea if
    important in into is it its just keep kept kind know known large larger last late later least
    less let like likely little long longer look looked looking looks low lower made main make
    makes making many may mean means might month months more most much must near need needed needs
    never new next no non none nor not nothing now number of off often old on once one only onto
    open or other others our out over own part parts people per perhaps person piece place point
    possible put quite rather read really reported result results said same saw say says second
    see seem seemed seen set several she should show showed shown shows side similar simple since
    single six size small smaller so some someone something soon still study studied studies such
    suggest suggested suggests sure take taken takes team ten than that the their them then there
    these they thing things think third this those though three through time times to today
    together told too took toward towards tried true try turn two under until up upon us use used
    useful uses using usual usually very want was way ways we week weeks well went were what when
    where whether which while who whole whom whose why will with within without word words work
    worked working would year years yet you your
    ms multiple sclerosis disease condition patient patients caregiver caregivers provider providers
    healthcare health doctor doctors clinician clinicians research researcher researchers scientist
    scientists author authors participants volunteers community limit limits limitation
    limitations conclusion evidence information understand understanding learn future
    """
)


def stems(text: str) -> Iterable[str]:
    """The telling words of a text without their endings: "tired", "tiredness" → "tir"."""
    for word in WORD.findall(text.lower()):
        if word not in COMMON:
            yield _stem(word)


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def count(weighted: Iterable[tuple[str, float]]) -> dict[str, float]:
    """How often each word stem stands in some texts, each text with its weight."""
    counts: dict[str, float] = {}
    for text, weight in weighted:
        for stem in stems(text):
            counts[stem] = counts.get(stem, 0.0) + weight
    return counts


def inverse_frequency(texts: Collection[Iterable[str]]) -> dict[str, float]:
    """How telling each word stem is: the log of how few of the texts (their stems) hold it."""
    held = Counter(stem for text in texts for stem in set(text))
    return {stem: LEAST_TELLING + log((1 + len(texts)) / (1 + n)) for stem, n in held.items()}


def vector(counts: Mapping[str, float], idf: Mapping[str, float], unseen: float = 0.0) -> Vector:
    """The TF-IDF vector; `unseen` is how telling a word outside `idf` is.

    A repeated word counts less each time.
    """
    raw = {s: (1 + log(n)) * idf.get(s, unseen) for s, n in counts.items() if n > MENTIONED}
    return unit({stem: weight for stem, weight in raw.items() if weight})


def unit(raw: Mapping[str, float]) -> Vector:
    """The same direction at length 1; nothing stays nothing."""
    length = sqrt(sum(weight * weight for weight in raw.values()))
    return {stem: weight / length for stem, weight in raw.items()} if length else {}


def cosine(one: Vector, other: Vector) -> float:
    """From 0 (no telling word in common) to 1 (the same)."""
    if len(other) < len(one):
        one, other = other, one
    return sum(weight * other[stem] for stem, weight in one.items() if stem in other)
