"""Study kind by likeness: how the labelled summaries of each kind are told, word by word.

The cues of `kind.py` know what a design is called; where a writer says it in a way that no cue
knows, the small words still give it away ("among", "returned", "mice", "pooled"). The cues' answer
has a voice, the likeness another, and the louder is believed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache
from typing import cast

from digest.editorial.evidence.reading import FIELDS, Reading
from digest.editorial.prototypes import Prototypes, make_prototypes, our_labelled
from digest.editorial.similarity import Counts, count
from digest.values import Fact, StudyKind

WORD = re.compile(r"[^\W\d_]{2,}")
SHARPNESS = 20.0
HELD_BY = 2  # summaries; a word of one alone tells nothing of others
LEAST_TELLING = 1.0  # "the" and "were" tell of the design too
CUES_VOICE = 0.22  # beside shares that add up to 1
ENOUGH_WORDS = 100  # a text of fewer is too short to be like anything
UNCLEAR_VOICE = 0.3  # to claim nothing is right more often than a likeness guesses


@cache
def our_kinds() -> Prototypes:
    """The prototypes of the kinds, from all our labelled summaries."""
    return kinds_but_for(())


def kinds_but_for(slugs: Collection[str]) -> Prototypes:
    """The same, as if these labelled summaries were not ours: to measure on them."""
    rows = [
        (one.kind, _counts(one.texts[field] for field in FIELDS))
        for one in our_labelled()
        if one.slug not in slugs
    ]
    held = Counter(word for _, counts in rows for word in counts)
    common = [
        (kind, {word: n for word, n in counts.items() if held[word] >= HELD_BY})
        for kind, counts in rows
    ]
    return make_prototypes(common, sharpness=SHARPNESS, least=LEAST_TELLING)


def settled(by_cues: Fact[StudyKind], reading: Reading, kinds: Prototypes) -> Fact[StudyKind]:
    """The kind that cues and likeness together speak for, with the sentence that tells it."""
    counts = _counts(part.plain for part in reading.parts)
    loudness = min(1.0, sum(counts.values()) / ENOUGH_WORDS)
    voices = {kind: loudness * share for kind, share in kinds.shares(counts).items()}
    voices[by_cues.value] = voices.get(by_cues.value, 0.0) + (
        UNCLEAR_VOICE if by_cues.value == "unclear" else CUES_VOICE
    )
    kind = cast(StudyKind, max(voices, key=lambda one: voices[one]))
    if kind == by_cues.value:
        return by_cues
    return Fact("unclear") if kind == "unclear" else Fact(kind, _telling(reading, kind, kinds))


def _telling(reading: Reading, kind: StudyKind, kinds: Prototypes) -> str:
    """The sentence whose words speak most for this kind and against the others."""
    prototype, others = kinds.vectors[kind], [*kinds.vectors.values()]

    def weight(sentence: str) -> float:
        words = set(_words(sentence))
        return sum(
            kinds.telling.get(word, 0.0)
            * (prototype.get(word, 0.0) - sum(o.get(word, 0.0) for o in others) / len(others))
            for word in words
        )

    return max(reading.sentences(), key=weight, default="")


def _counts(texts: Iterable[str]) -> Counts:
    return count(((text, 1.0) for text in texts), _words)


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())
