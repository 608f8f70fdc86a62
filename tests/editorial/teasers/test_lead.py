from __future__ import annotations

import pytest

from tests.editorial.teasers.material import page, teasers


def test_without_a_title_of_its_own_the_lead_tells_the_finding() -> None:
    found = "Doctors followed 120 people. The study found that walking eased tiredness."
    lead = page(found)["patient"].lead
    assert "The study found that walking eased tiredness." in lead
    assert "may ease" not in lead


def test_a_finding_that_leans_on_the_method_comes_after_it() -> None:
    method = "Researchers asked 120 people with MS about their walks."
    finding = "They found that people who walked every day were less tired in the evening."
    assert page(f"{method} {finding}")["patient"].lead == f"{method} {finding}"


def test_a_finding_that_speaks_of_them_comes_after_the_sentence_that_names_them() -> None:
    found = (
        "Researchers compared two walks with a rest in 120 people with MS. "
        "Speed was worked out by a watch. Some 40% of them walked faster than before."
    )
    assert page(found)["clinician"].lead == found


def test_an_abbreviation_comes_after_the_sentence_that_explains_it() -> None:
    found = (
        "Researchers measured neurofilament light chain (NfL), a marker in the blood. "
        "People whose NfL was high turned out to have more relapses."
    )
    assert page(found)["patient"].lead.startswith(found)


@pytest.mark.parametrize(
    "finding",
    [
        "They found that legs grew stronger, like a crew of builders on a bright morning.",
        "Imagine a crew of builders: the study found just that.",
        "The study found that it works, as a coach helps a player.",
        "Could it be that walking helps?",
    ],
)
def test_a_page_without_a_clean_finding_leads_with_its_headline_and_the_method(
    finding: str,
) -> None:
    method = "Researchers studied two groups of people with MS."
    lead = page(f"{method} {finding}")["patient"].lead
    assert lead == f"Walking may ease tiredness in people with MS. {method}"


def test_a_heading_or_a_cut_sentence_never_stands_in_a_teaser() -> None:
    made = teasers(headline="", found="What was found\n\nWalking helped. Many people said it wa")
    assert made["patient"].lead == "Walking helped."


@pytest.mark.parametrize(
    "opening",
    [
        "This was seen by day 9.",
        "However, some fell.",
        "Interestingly, sleep got better.",
        "Such walks helped.",
        "In the second, nobody fell.",
        "When it rains, they stay at home.",
        "If we learn how they walk, we may help.",
        "The same people slept better.",
        "Many walked faster by the end.",
        "Twelve of them slept better.",
        "Before that, these were slower.",
    ],
)
def test_no_lead_opens_with_what_points_back(opening: str) -> None:
    lead = page(f"{opening} Walking on most days made people with MS less tired.")["patient"].lead
    assert lead.startswith("Walking on most days")


@pytest.mark.parametrize(
    "opening",
    [
        "This study found that walks help.",
        "When patients walked, they slept better.",
        "In a study of 90 people, it was found that walks help.",
        "According to the team, walking helps people with MS.",
    ],
)
def test_a_lead_may_open_with_the_study_itself_or_with_what_it_names(opening: str) -> None:
    assert page(f"{opening} It rained.")["patient"].lead.startswith(opening)


@pytest.mark.parametrize("what", ["hope", "a breakthrough", "a cure", "an exciting idea"])
def test_a_headline_with_hype_gives_way_to_what_was_found(what: str) -> None:
    lead = teasers(headline=f"Walking is {what} for people with MS.")["patient"].lead
    assert what not in lead
    assert lead.startswith("Doctors followed 120 people")


# ── clinicians ──


def test_clinicians_read_figures_and_patients_the_plain_lead() -> None:
    found = (
        "People felt less tired when they walked, and they kept at it because the time of day was "
        "left to them. In the walking group, 30% fewer fell."
    )
    made = teasers(found=found)
    assert "30% fewer" in made["clinician"].lead
    assert "30% fewer" not in made["patient"].lead


def test_figures_that_stand_alone_come_first() -> None:
    figures = (
        "People who walked every day had 1.2 bad days a month against 3.4 bad days a month in "
        "people who stayed at home."
    )
    assert teasers(found=f"It began in May. {figures}")["clinician"].lead == figures


def test_figures_of_an_unnamed_drug_come_after_the_headline() -> None:
    figures = "After a year, 12% of those on the drug had a relapse, against 30% on placebo."
    headline = "A tablet kept relapses away better than placebo."
    made = teasers(headline=headline, found=f"They met in May. {figures}")
    assert made["clinician"].lead == f"{headline} {figures}"


def test_the_comparison_is_preferred_to_the_size_of_the_sample() -> None:
    found = (
        "There were 1,082 valid replies, and 81.5% came from women with an average age of 53. "
        "Bladder complaints were reported by 91% of women and 73% of men."
    )
    lead = teasers(found=found)["clinician"].lead
    assert "91%" in lead
    assert "1,082" not in lead


def test_neither_a_plan_nor_a_case_is_told_in_figures() -> None:
    plan = (
        "This is a protocol and reports no findings. "
        "Walking three times a week will be compared with rest in 90 people, more than ever."
    )
    limits = "There are no results so far."
    made = teasers(headline="A trial will test walking.", found=plan, limits=limits)
    assert made["clinician"].lead.startswith("A trial will test walking.")


def test_clinicians_read_counts_in_words_as_figures() -> None:
    found = (
        "There were 55 people in each group. In the walking group, 34 got better. "
        "In the resting group, only three did."
    )
    lead = teasers(found=found)["clinician"].lead
    assert "34 got better. In the resting group, only three did." in lead


def test_the_main_result_goes_before_what_else_was_seen() -> None:
    aside = "Headaches came in 12% of the walkers against 4% of the others who stayed at home."
    main = "Tiredness fell by 5 points in people who walked and by 1 point in people who sat."
    lead = teasers(found=f"{aside} {main}")["clinician"].lead
    assert main in lead
    assert not lead.startswith(aside)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("A bad night was seen in 73.4% of people with MS.", "In people without it was 11.1%."),
        ("Some 3.8% of the tired walkers fell.", "That share was no larger in others."),
    ],
)
def test_half_of_a_comparison_never_stands_without_its_other_half(first: str, other: str) -> None:
    lead = teasers(found=f"They met in May. {first} {other}")["clinician"].lead
    assert (first in lead) == (other in lead)
    assert f"{first} {other}" in lead


def test_how_people_were_assigned_never_stands_for_the_figures() -> None:
    method = "Fifty-six people were assigned by lot to a walk or to a rest of the same length."
    result = "Tiredness fell by 5 points after the walk and by 1 after the rest."
    lead = teasers(found=f"{method} {result}")["clinician"].lead
    assert result in lead
    assert not lead.startswith(method)


def test_a_headline_that_only_announces_is_followed_by_the_finding() -> None:
    headline = "Researchers looked at how walks and tiredness go together in people with MS."
    finding = "People who walked every day were less tired in the evening."
    method = "A form was sent to 120 people."
    lead = teasers(headline=headline, found=f"{method} {finding}")["patient"].lead
    assert lead.startswith(headline)
    assert finding in lead
