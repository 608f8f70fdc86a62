"""Study kind by likeness: where no cue is known, the small words give the design away."""

from __future__ import annotations

import json

from digest.editorial.evidence import read_evidence
from digest.editorial.evidence.likeness import kinds_but_for, our_kinds, settled
from digest.editorial.evidence.reading import Reading
from digest.editorial.prototypes import LABELLED, Prototypes
from digest.values import Fact, StudyKind
from tests.editorial.material import bare_summary

TEXTS = ("title", "headline", "found", "why", "limits")
ROWS = [
    json.loads(line)
    for path in sorted(LABELLED.glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
DEAF = Prototypes({"unclear": {}}, {}, {}, 1.0)


def test_likeness_tells_the_kind_of_texts_that_lie_apart() -> None:
    apart = ROWS[::10]
    kinds = kinds_but_for([row["slug"] for row in apart])
    hits = 0
    for row in apart:
        reading = Reading.of(bare_summary(**{name: row[name] for name in TEXTS}))
        hits += settled(Fact("unclear"), reading, kinds).value == row["gold"]["kind"]
    assert hits >= 0.6 * len(apart)


def test_what_likeness_claims_carries_a_sentence_of_the_summary() -> None:
    for row in ROWS[::15]:
        summary = bare_summary(**{name: row[name] for name in TEXTS})
        reading = Reading.of(summary)
        kind = settled(Fact("unclear"), reading, our_kinds())
        assert kind.value == "unclear" or kind.read_from in [*reading.sentences()]


def test_a_short_text_is_not_like_anything() -> None:
    found = "Mice were given the drug."
    assert read_evidence(bare_summary(found=found)) == read_evidence(
        bare_summary(found=found), DEAF
    )


def test_cues_alone_decide_where_nothing_is_alike() -> None:
    reading = Reading.of(bare_summary(found="A survey was sent to 40 people."))
    by_cues: Fact[StudyKind] = Fact("survey", "A survey was sent to 40 people.")
    assert settled(by_cues, reading, DEAF) == by_cues
