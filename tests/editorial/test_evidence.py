from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.evidence import GAP, read_evidence
from digest.editorial.sentences import split_sentences
from digest.values import Evidence, Summary
from tests.editorial.material import bare_summary, corpus, needs_corpus, needs_seeds, seed


def read(found: str, limits: str = "") -> Evidence:
    return read_evidence(bare_summary(found=found, limits=limits))


def sentences_of(summary: Summary) -> set[str]:
    texts = (summary.title, summary.headline, summary.found, summary.limits)
    return {sentence for text in texts for sentence in split_sentences(text)}


def assert_read_from_the_text(summary: Summary, evidence: Evidence) -> None:
    known = sentences_of(summary)
    for fact in (evidence.kind, evidence.participants, evidence.species, evidence.caveat):
        for sentence in fact.read_from.split(GAP) if fact.read_from else ():
            assert sentence in known
        stated = fact.value not in (None, (), "unclear")
        assert stated == bool(fact.read_from)


@pytest.mark.parametrize(
    ("found", "count"),
    [
        ("There were 5 patients in a relapse and 14 without one.", 19),
        ("The trial compared a drug (N=144) with placebo (N=135).", 279),
        ("People were assigned by chance to yoga or rest; each group n=21.", 42),
        ("There were 55 people in each of the groups. In the study, 55 people in each group.", 110),
        ("The three groups had 20 people in each group.", 60),
        ("There were 123 cancers among more than 10,000 people in the registry.", 10_000),
        ("Researchers combined 15 trials with 6,800 people.", 6_800),
        ("A total of 300 patients took part, of whom 200 were women and 100 men.", 300),
        ("It followed 300 people, 200 women and 100 men, for years.", 300),
        ("Of 250 people with MS, 120 had fatigue and 60 had pain.", 250),
        ("It had 60 people. In the drug group, 45 had less pain and 30 had more.", 60),
        ("They scanned 120 people with MS. They were compared with 60 healthy people.", 180),
        ("They compared 50 patients on a drug with 50 patients who took none.", 100),
        ("Chance placed 109 in the drug group and 115 in the placebo group.", 224),
        ("Of these, 83 had MOGAD and 28 had NMOSD.", 111),
        ("Seven hundred and fifty patients from 12 countries took part.", 750),
        ("It followed 1.2 million people in Denmark for 20 years.", 1_200_000),
        ("Records of over 16,000 Italians with MS were read.", 16_000),
        ("Over 8 weeks, 30 people did yoga. Twenty-eight people finished.", 30),
        ("In the study, 15 of 20 patients felt better.", 20),
        ("In a group of 64, half were given sham stimulation.", 64),
        ("Caregivers, 85 in all, filled in a questionnaire.", 85),
        ("MS affects 2.8 million people worldwide. They asked 512 adults.", 512),
        ("Doctors describe a 34-year-old woman who developed a rash.", 1),
    ],
)
def test_participants_are_counted(found: str, count: int) -> None:
    assert read(found).participants.value == count


@pytest.mark.parametrize(
    "found",
    [
        "In this registry, 59 out of every 100 people improved.",
        "The test had 36 % sensitivity, so two of three people would be missed.",
        "One in 300 people gets the disease, and nine in ten people do well.",
        "A 12-item scale and a 7 Tesla scan were used for 45 days.",
        "Adults aged 18–55 years were included for 2 years.",
        "Experts looked at over 1,000 studies about diet in patients.",
        "They compared 48 variants, 26 lesions and 14 cell types.",
        "They gave the drug to 24 mice and 30 animals in each group.",
        "About 2.8 million people worldwide live with the disease.",
        "They will enroll 200 people next year.",
        "A larger study with 500 people should come.",
        "Two people may react differently, and no two patients are alike.",
        "Among a third of a million people, cancer was rare.",
        "A therapy that suits one person may not suit the next.",
    ],
)
def test_participants_are_never_invented(found: str) -> None:
    assert read(found).participants.value is None


@pytest.mark.parametrize(
    ("found", "limits", "kind"),
    [
        ("Researchers combined 15 trials with 6,800 people.", "", "review"),
        ("They searched the literature on sleep.", "", "review"),
        ("People got the drug or a placebo by chance.", "", "trial"),
        ("The team followed 80 patients.", "This was not a randomized trial.", "observational"),
        ("The team reviewed the medical records of 80 patients.", "", "observational"),
        ("Their scans were measured.", "Larger randomized trials are needed.", "unclear"),
        ("Doctors report on three patients.", "This is a case series.", "case"),
        ("Researchers interviewed ten nurses.", "", "survey"),
        ("Scientists grew human brain cells in a dish.", "", "lab"),
        ("They looked at cells.", "Donors' brain tissue may differ from living brains.", "lab"),
        ("The drug calmed cells.", "The experiments were done in mice.", "lab"),
        ("They tested 24 mice and blood samples from 30 patients with MS.", "", "mixed"),
        ("The article explains how cells die.", "", "review"),
        ("Vitamin D is low in MS.", "", "unclear"),
    ],
)
def test_the_study_kind_is_read(found: str, limits: str, kind: str) -> None:
    assert read(found, limits).kind.value == kind


@pytest.mark.parametrize(
    ("found", "limits", "species"),
    [
        ("The drug calmed cells.", "It was done in mice, so people may differ.", {"mouse"}),
        ("They gave mice a disease like MS in people. It could help patients.", "", {"mouse"}),
        ("In people with MS, myelin is lost. Using rats, they tested a gel.", "", {"rat"}),
        ("They tested mice and tissue from people who had MS.", "", {"mouse", "human"}),
        ("They used zebrafish and marmosets.", "", {"zebrafish", "animal"}),
        ("They built an animal model of MS.", "", {"animal"}),
        ("They asked 20 patients.", "Earlier mouse studies agree.", {"human"}),
        ("A compound blocks a protein. It could help people with MS.", "", set()),
    ],
)
def test_species_are_those_that_were_studied(found: str, limits: str, species: set[str]) -> None:
    assert set(read(found, limits).species.value) == species


def test_a_protocol_has_no_results() -> None:
    evidence = read("They will ask people.", "This is a study protocol. There is more to come.")
    assert evidence.results.value is False
    assert evidence.results.read_from == "This is a study protocol."
    assert read("They asked people.").results.value is True


def test_the_strongest_caveat_comes_first() -> None:
    limits = (
        "Results may vary. Only one clinic took part. The group was small. Talk to your doctor."
    )
    assert read("They asked 9 people.", limits).caveat.value == "The group was small."
    assert read("x", f"{limits} It was done in mice.").caveat.value == "It was done in mice."


def test_advice_to_ask_a_doctor_is_no_caveat() -> None:
    limits = "Patients should talk to their doctors. It's important to discuss any change."
    assert read("They asked 9 people.", limits).caveat.value is None
    assert read("They asked 9 people.").caveat.value is None


def test_the_caveat_of_an_animal_study_is_its_strongest_limit_and_never_made_up() -> None:
    found = "The drug worked. Scientists gave it to mice."
    evidence = read(found, "The work is at an early stage. Few were treated.")
    assert evidence.animals_only
    assert evidence.caveat.value == "Few were treated."
    assert read(found).caveat.value is None  # that it was in mice, the lead says (law 9)


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("It was done in mice.", "This is a protocol."),
        ("Nothing has been tested in people.", "The group was small."),
        ("This is a protocol.", "The group was small."),
        ("A plan is not a result.", "Animal work has let us down in MS before."),
        ("The number of samples was low.", "Everyone came from one town."),
        ("Nothing firm can be said with seven patients.", "Only one clinic took part."),
        ("The trial was stopped early.", "Only women took part."),
        ("All of them lived in one rural county.", "Younger couples may tell other stories."),
        ("The work looked at MS only.", "Having EBV does not mean that a person will get MS."),
        ("Jabs were self-reported.", "Do not read too much into a single walk."),
        ("One scan a year was taken.", "Keyboards differ."),
    ],
)
def test_the_stronger_limit_is_the_caveat(stronger: str, weaker: str) -> None:
    for limits in (f"{stronger} {weaker}", f"{weaker} {stronger}"):
        assert read("They asked 9 people.", limits).caveat.value == stronger


@needs_corpus
def test_the_facts_of_the_corpus_are_read() -> None:
    pairs = [(read_evidence(item.summary), item.gold) for item in corpus()]
    kinds = sum(e.kind.value == gold["kind"] for e, gold in pairs)
    counts = sum(e.participants.value == gold["participants"] for e, gold in pairs)
    assert kinds / len(pairs) >= 0.95
    assert counts / len(pairs) >= 0.95
    for evidence, gold in pairs:
        assert gold["participants"] is not None or evidence.participants.value is None
        animals = set(evidence.species.value) - {"human"}
        assert animals == set(gold["species"]) - {"human"}
        assert evidence.animals_only == (bool(gold["species"]) and "human" not in gold["species"])


@needs_corpus
def test_each_fact_of_the_corpus_carries_its_sentence() -> None:
    for item in corpus():
        assert_read_from_the_text(item.summary, read_evidence(item.summary))


@needs_seeds
def test_the_relapse_page_gives_its_facts() -> None:
    summary = seed("relapse")
    evidence = read_evidence(summary)
    assert (evidence.kind.value, evidence.participants.value) == ("observational", 19)
    assert evidence.species.value == ("human",)
    assert "small" in (evidence.caveat.value or "")
    assert_read_from_the_text(summary, evidence)


@needs_seeds
@pytest.mark.parametrize("word", ["iron", "retroviruses", "efferocytosis"])
def test_a_page_that_counts_nobody_gives_no_number(word: str) -> None:
    summary = seed(word)
    evidence = read_evidence(summary)
    assert evidence.participants.value is None
    assert evidence.kind.value in ("review", "unclear")
    assert evidence.caveat.value
    assert_read_from_the_text(summary, evidence)


WILD_WORDS = """
    12 1,861 two hundred and million 3.5 % people patients mice in of each group n = 9 , . ( ) with
    healthy without controls compared review trial randomized not ² ٣ Dr. 5.The
"""
WILD = st.lists(st.sampled_from(WILD_WORDS.split()), max_size=25).map(" ".join)


@settings(max_examples=150)
@given(WILD, WILD)
def test_wild_text_gives_facts_from_its_own_sentences(found: str, limits: str) -> None:
    summary = bare_summary(found=found, limits=limits)
    evidence = read_evidence(summary)
    assert_read_from_the_text(summary, evidence)
    assert evidence.participants.value is None or evidence.participants.value > 0
