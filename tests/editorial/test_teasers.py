from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.evidence import read_evidence
from digest.editorial.sentences import split_sentences
from digest.editorial.teasers import LONGEST, SHORTEST, make_teasers
from digest.values import AUDIENCES, Audience, Summary, Teaser
from tests.builders import a_summary
from tests.editorial.material import bare_summary, corpus, needs_corpus, needs_seeds, seed

FOUND = "Doctors followed 120 people for a year. Those who walked had 30% fewer bad days."
WHY = (
    "MS patients should care about this because it is good news. Patients may try a short walk. "
    "Caregivers can come along. Healthcare providers might write walks into the plan."
)


def teasers(**changes: str) -> dict[Audience, Teaser]:
    texts = {
        "title": "A Walk a Day",
        "headline": "Walking every day went along with less tiredness.",
        "found": FOUND,
        "why": WHY,
        "limits": "Only one clinic took part. Talk to your doctor.",
    }
    summary = bare_summary(**{**texts, **changes})
    return make_teasers(summary, read_evidence(summary))


def assert_verbatim(summary: Summary, teaser: Teaser) -> None:
    texts = (summary.title, summary.headline, summary.found, summary.why, summary.limits)
    known = {sentence for text in texts for sentence in split_sentences(text)}
    known |= {" ".join(text.split()) for text in texts}
    two = {f"{one} {other}" for one in known for other in known}
    assert teaser.lead in known | two
    assert teaser.audience is None or teaser.audience in known
    assert teaser.caveat is None or teaser.caveat in known


def length(teaser: Teaser) -> int:
    return len(" ".join(part for part in (teaser.lead, teaser.audience, teaser.caveat) if part))


def test_each_audience_reads_the_sentence_about_itself() -> None:
    made = teasers()
    assert made["patient"].audience == "Patients may try a short walk."
    assert made["caregiver"].audience == "Caregivers can come along."
    assert made["clinician"].audience == "Healthcare providers might write walks into the plan."


def test_the_lead_is_the_headline_and_the_caveat_stays() -> None:
    made = teasers()
    assert made["patient"].lead.startswith("Walking every day went along with less tiredness.")
    assert {teaser.caveat for teaser in made.values()} == {"Only one clinic took part."}


def test_the_lead_comes_from_what_was_found_when_the_title_is_the_headline() -> None:
    made = teasers(title="WALKING every day went along with less tiredness")
    assert made["patient"].lead.startswith("Doctors followed 120 people for a year.")
    assert "Walking every day" not in made["patient"].lead


def test_clinicians_read_figures_first() -> None:
    found = "It began in May. In the walking group, 30% fewer people felt tired. Walks are free."
    assert teasers(found=found)["clinician"].lead.startswith("In the walking group, 30% fewer")


@pytest.mark.parametrize(
    "why",
    [
        "Patients should care about these findings because they matter.",
        "Patients and caregivers should pay attention to this research.",
        "People with MS may want to take note of this because it matters.",
        "Patients may feel more hopeful now.",
        "This can empower patients. Patients should see it as a breakthrough.",
        "Patients are like a car in the rain.",
        "For patients, this is news. These patients can rest.",
        "They may tell patients. Doctors can tell patients.",
    ],
)
def test_no_audience_sentence_is_better_than_an_unclean_one(why: str) -> None:
    assert teasers(why=why)["patient"].audience is None


def test_no_advice_follows_from_a_study_in_animals_alone() -> None:
    mice = {"found": "Scientists gave mice a diet. The mice ran faster.", "limits": ""}
    assert teasers(why="Patients can try the diet.", **mice)["patient"].audience is None
    caution = "Patients should know that mice are not people."
    assert teasers(why=caution, **mice)["patient"].audience == caution
    assert "mice" in (teasers(**mice)["patient"].caveat or "")


def test_a_summary_without_limits_has_no_caveat() -> None:
    assert teasers(limits="Talk to your doctor about it.")["patient"].caveat is None
    assert teasers(limits="")["patient"].caveat is None


def test_the_audience_sentence_goes_first_when_the_teaser_is_too_long() -> None:
    long = "Patients may try a walk " + "and another walk " * 20 + "too."
    made = teasers(why=long)["patient"]
    assert made.audience is None
    assert made.caveat


def test_a_shorter_sentence_for_the_audience_is_taken_when_the_first_is_too_long() -> None:
    long = "Patients may try a walk " + "and another walk " * 20 + "too."
    assert teasers(why=f"{long} Patients may rest.")["patient"].audience == "Patients may rest."


def test_a_heading_or_a_cut_sentence_never_stands_in_a_teaser() -> None:
    made = teasers(headline="", found="What was found\n\nWalking helped. Many people said it wa")
    assert made["patient"].lead == "Walking helped."


def test_a_short_teaser_gets_a_second_sentence_of_what_was_found() -> None:
    lead = teasers(why="")["patient"].lead
    assert lead.endswith("Doctors followed 120 people for a year.")


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
def test_an_animal_study_of_the_corpus_names_its_animals() -> None:
    animal_only = [item for item in corpus() if read_evidence(item.summary).animals_only]
    assert animal_only
    for item in animal_only:
        made = make_teasers(item.summary, read_evidence(item.summary))
        for teaser in made.values():
            text = (teaser.caveat or "").lower()
            assert any(word in text for word in ("mice", "mouse", "animal", "laboratory models"))


@needs_seeds
@pytest.mark.parametrize("word", ["iron", "retroviruses", "efferocytosis", "relapse"])
def test_the_pages_give_verbatim_teasers_without_hype(word: str) -> None:
    summary = seed(word)
    for teaser in make_teasers(summary, read_evidence(summary)).values():
        assert_verbatim(summary, teaser)
        assert summary.headline not in teaser.lead
        assert teaser.caveat
        assert "hope" not in f"{teaser.lead} {teaser.audience}"
        assert not (teaser.audience or "").startswith("MS patients")


SENTENCES = st.lists(
    st.sampled_from(
        [
            "Patients can rest.", "Caregivers may help.", "Doctors should look at 5% more scans.",
            "It was hopeful.", "Think of it like a tap.", "The study was small.",
            "In mice it fell.",
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
    for teaser in make_teasers(summary, read_evidence(summary)).values():
        assert_verbatim(summary, teaser)


@pytest.mark.parametrize(
    "sentence",
    [
        "Caregivers often notice them first.",
        "Caregivers can keep that plan at hand.",
        "Caregivers are vital witnesses of such changes.",
        "Caregivers should treat such an event as urgent.",
        "Caregivers can be reassured that cases there were fewer.",
    ],
)
def test_a_sentence_that_leans_on_one_not_shown_is_left_out(sentence: str) -> None:
    summary = a_summary(why=f"Slow changes are easily missed. {sentence}")
    assert make_teasers(summary, read_evidence(summary))["caregiver"].audience is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Caregivers should know that there are other ways.",
        "Caregivers can ask for help at any time.",
    ],
)
def test_a_sentence_that_stands_alone_is_kept(sentence: str) -> None:
    summary = a_summary(why=sentence)
    assert make_teasers(summary, read_evidence(summary))["caregiver"].audience == sentence


def test_without_a_title_of_its_own_the_finding_leads_before_the_method() -> None:
    headline = "Walking may ease tiredness in people with MS."
    summary = a_summary(
        title=headline,
        headline=headline,
        found="Doctors followed 120 people. The study found that walking eased tiredness.",
    )
    lead = make_teasers(summary, read_evidence(summary))["patient"].lead
    assert lead.startswith("The study found that walking eased tiredness.")
