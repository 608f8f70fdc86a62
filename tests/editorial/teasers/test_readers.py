from __future__ import annotations

import pytest

from tests.editorial.teasers.material import MICE, audience_sentence, teasers


@pytest.mark.parametrize(
    ("sentence", "audiences"),
    [
        ("If you have MS, a walk may help.", {"patient"}),
        ("Anyone living with MS can go for a walk.", {"patient"}),
        ("People who are on infusions should ask for a date.", {"patient"}),
        ("Readers with NMOSD should note the difference.", {"patient"}),
        ("People with MS and those who care for them may walk.", {"patient", "caregiver"}),
        ("Patients and their families can walk together.", {"patient", "caregiver"}),
        ("Patients, caregivers and clinicians can walk.", {"patient", "caregiver", "clinician"}),
        ("Relatives may come along.", {"caregiver"}),
        ("Those who look after someone can rest.", {"caregiver"}),
        ("GPs could ask about walks.", {"clinician"}),
        ("Neurologists are urged to ask.", {"clinician"}),
        ("Rehabilitation nurses and therapists can plan walks.", set()),
        ("Patients' shoes matter.", set()),
        ("For patients, this is one worry less.", set()),
        ("Researchers can walk.", set()),
        ("MS specialists may walk.", {"clinician"}),
        ("Mothers with MS may rest.", {"patient"}),
        ("Fathers with MS may rest.", {"patient"}),
        ("Persons with NMOSD can ask for a walk.", {"patient"}),
        ("Those with MS may rest.", {"patient"}),
        ("People who wait for a diagnosis can walk.", {"patient"}),
        ("Patients who are planning a pregnancy should ask early.", {"patient"}),
        ("Husbands and wives can walk along.", {"caregiver"}),
        ("Family and friends may come.", {"caregiver"}),
        ("Partners can come.", {"caregiver"}),
        ("General practitioners can ask about walks.", {"clinician"}),
        ("Family doctors can ask about walks.", {"clinician"}),
        ("Occupational therapists can plan walks.", {"clinician"}),
        ("Midwives and radiologists should ask.", {"clinician"}),
        ("Prescribers should ask about walks.", {"clinician"}),
    ],
)
def test_a_sentence_goes_to_those_who_are_its_subject(sentence: str, audiences: set[str]) -> None:
    assert {a for a, made in teasers(why=sentence).items() if made.audience} == audiences


@pytest.mark.parametrize(
    "why",
    [
        "Patients should care about this work because it matters.",
        "Patients and caregivers should pay attention to this research.",
        "Patients and caregivers should note these findings, since they matter.",
        "Patients should take an interest because it matters.",
        "Patients with MS have reason to care, since it matters.",
        "People with MS may want to take note of this because it matters.",
        "Patients who understand this can ask better questions.",
        "Patients may feel more hopeful now.",
        "Patients have the most to gain.",
        "Patients can be sure that the drug is safe.",
        "This can empower patients. Patients should see it as a breakthrough.",
        "Patients are like a car in the rain.",
        "Patients can plan walks, as a coach plans games.",
        "Patients are the engine of the team.",
        "Many patients are handed a list of walks.",
        "Patients keep asking where MS comes from.",
        "For patients, this is news. These patients can rest.",
        "They may tell patients. Doctors can tell patients.",
        "Patients could therefore choose a walk.",
        "Patients will not find the walk in town, however.",
        "Patients may show this to employers.",
        "Patients should ask whether theirs has been checked.",
        "Patients may like to know that donations helped to pay for the work.",
        "Patients should know that the clipped-off receptor is new.",
        "Patients can work through the modules at home.",
        "Patients can use the figures in a talk.",
        "Patients can quote a clear figure.",
        "Patients: walk.",
        "What can patients do?",
    ],
)
def test_no_audience_sentence_is_better_than_an_unclean_one(why: str) -> None:
    assert audience_sentence(why) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Caregivers often notice them first.",
        "Caregivers can keep that plan at hand.",
        "Caregivers are vital witnesses of such changes.",
        "Caregivers should treat such an event as urgent.",
        "Caregivers can be reassured that cases there were fewer.",
        "Caregivers can encourage them to rest.",
        "Caregivers can then rest.",
    ],
)
def test_a_sentence_that_leans_on_one_not_shown_is_left_out(sentence: str) -> None:
    assert audience_sentence(f"Slow changes are easily missed. {sentence}", "caregiver") is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Caregivers should know that there are other ways.",
        "Caregivers can ask for help at any time.",
        "Caregivers may find it easier to rest.",
        "Caregivers should know that this is early work.",
        "Caregivers can ask relatives whether it helps them.",
        "Caregivers may ask if a clinic near them takes part.",
        "Caregivers can begin by asking, “And how are you?”",
        "Caregivers should care for themselves too much rather than too little.",
        "Caregivers are often the first to notice a change.",
    ],
)
def test_a_sentence_that_stands_alone_is_kept(sentence: str) -> None:
    assert audience_sentence(sentence, "caregiver") == sentence


def test_a_sentence_that_leans_on_nothing_goes_before_one_that_does() -> None:
    why = "Caregivers can also rest. Caregivers can use it. Caregivers can come along."
    assert audience_sentence(why, "caregiver") == "Caregivers can come along."


def test_the_limits_speak_to_readers_only_by_advice() -> None:
    limits = "Only one clinic took part. Patients elsewhere may walk less."
    assert audience_sentence("", "patient", limits=limits) is None
    advice = "Patients should not change their medicine."
    assert audience_sentence("", "patient", limits=f"Only one clinic took part. {advice}") == advice


# ── animals ──


@pytest.mark.parametrize(
    "advice",
    [
        "Patients can try the diet.",
        "Patients may expect better drugs.",
        "Patients can try the diet, which is not dear.",
        "Patients may try it if they know the risks.",
    ],
)
def test_no_advice_follows_from_a_study_in_animals_alone(advice: str) -> None:
    assert audience_sentence(advice, "patient", **MICE) is None


@pytest.mark.parametrize(
    "caution",
    [
        "Patients should know that mice are not people.",
        "Patients need not fear yogurt.",
        "Patients should not stop their medicine.",
        "Patients should see their doctors before they change a diet.",
    ],
)
def test_after_a_study_in_animals_readers_are_told_what_to_know(caution: str) -> None:
    assert audience_sentence(caution, "patient", **MICE) == caution


def test_the_animals_are_never_lost() -> None:
    headline = "A diet made them run faster."
    for limits in ("", "It was a small study.", "The diet was given for a week only."):
        for teaser in teasers(headline=headline, found=MICE["found"], limits=limits).values():
            assert "mice" in f"{teaser.lead} {teaser.caveat}"


def test_a_sentence_that_points_at_figures_stands_only_beside_them() -> None:
    why = "Doctors can use the figures in a talk."
    found = "Those who walked had 30% fewer bad days than those who sat."
    assert teasers(why=why, found=found)["clinician"].audience == why
    assert teasers(why=why, found="Those who walked slept.")["clinician"].audience is None


def test_it_may_mean_the_one_thing_that_readers_have_read_of() -> None:
    why = "Patients can refer women to it."
    assert audience_sentence(why, headline="A walk eased tiredness in people with MS.") == why
    headline = "Women with MS who walked were less tired."
    assert audience_sentence(why, title="Women With MS", headline=headline) is None
