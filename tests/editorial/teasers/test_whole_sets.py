from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.evidence import read_evidence
from digest.editorial.teasers import LONGEST, SHORTEST, make_teasers
from digest.values import AUDIENCES
from tests.editorial.material import bare_summary, corpus, needs_corpus, needs_seeds, seed
from tests.editorial.teasers.material import assert_verbatim, length


@needs_corpus
def test_every_part_of_the_corpus_teasers_is_verbatim_and_most_have_the_right_size() -> None:
    sizes = []
    for item in corpus():
        evidence = read_evidence(item.summary)
        made = make_teasers(item.summary, evidence)
        assert tuple(made) == AUDIENCES
        for teaser in made.values():
            assert_verbatim(item.summary, teaser)
            assert teaser.caveat == evidence.caveat.value
            sizes.append(length(teaser))
    assert sum(SHORTEST <= size <= LONGEST for size in sizes) / len(sizes) >= 0.95


@needs_corpus
def test_two_thirds_of_the_corpus_speak_to_each_audience() -> None:
    made = [make_teasers(item.summary, read_evidence(item.summary)) for item in corpus()]
    for audience in AUDIENCES:
        assert sum(one[audience].audience is not None for one in made) / len(made) >= 0.66


@needs_corpus
def test_an_animal_study_of_the_corpus_names_its_animals() -> None:
    animal_only = [item for item in corpus() if read_evidence(item.summary).animals_only]
    assert animal_only
    for item in animal_only:
        for teaser in make_teasers(item.summary, read_evidence(item.summary)).values():
            text = f"{teaser.lead} {teaser.caveat}".lower()
            assert any(word in text for word in ("mice", "mouse", "animal", "laboratory models"))


@needs_seeds
@pytest.mark.parametrize("word", ["iron", "retroviruses", "efferocytosis", "relapse"])
def test_the_pages_give_verbatim_teasers_without_hype(word: str) -> None:
    summary = seed(word)
    for teaser in make_teasers(summary, read_evidence(summary)).values():
        assert_verbatim(summary, teaser)
        assert SHORTEST <= length(teaser) <= LONGEST
        assert teaser.caveat
        assert "hope" not in f"{teaser.lead} {teaser.audience}"
        assert " like a" not in teaser.lead
        assert not (teaser.audience or "").startswith("MS patients")
        # Only where every finding is a picture does the headline say it again.
        assert (summary.headline in teaser.lead) == (word == "relapse")


SENTENCES = st.lists(
    st.sampled_from(
        [
            "Patients can rest.", "Caregivers may help.", "Doctors should look at 5% more scans.",
            "It was hopeful.", "Think of it like a tap.", "The study was small.",
            "In mice it fell.", "They found that 7% of them fell.", "Who walked?",
            "They ran.", "e.g. Dr. No said 2.5", "the tissue.Lesions grew", "“Why?” she asked.",
            "",
        ]
    ),
    max_size=6,
).map("  ".join)  # fmt: skip


@settings(max_examples=100)
@given(SENTENCES, SENTENCES, SENTENCES, SENTENCES)
def test_teasers_of_any_text_are_verbatim(headline: str, found: str, why: str, limits: str) -> None:
    summary = bare_summary(title="T", headline=headline, found=found, why=why, limits=limits)
    evidence = read_evidence(summary)
    for teaser in make_teasers(summary, evidence).values():
        assert_verbatim(summary, teaser)
        assert teaser.lead
        assert teaser.caveat == evidence.caveat.value
