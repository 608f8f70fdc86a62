from __future__ import annotations

import pytest

from digest.editorial.teasers import SHORTEST
from digest.values import AUDIENCES, Audience
from tests.editorial.teasers.material import FOUND, length, teasers

PLACES = ("an hour", "ten minutes", "a mile", "half a day", "a morning", "two streets")


def test_each_audience_reads_the_sentence_about_itself() -> None:
    made = teasers()
    assert made["patient"].audience == "Patients may try a short walk."
    assert made["caregiver"].audience == "Caregivers can come along."
    assert made["clinician"].audience == "Healthcare providers might write walks into the plan."


def test_the_lead_is_the_headline_and_the_caveat_stays() -> None:
    made = teasers()
    assert made["patient"].lead.startswith("Walking every day went along with less tiredness.")
    assert {teaser.caveat for teaser in made.values()} == {"Only one clinic took part."}


def test_a_summary_without_limits_has_no_caveat() -> None:
    assert teasers(limits="Talk to your doctor about it.")["patient"].caveat is None
    assert teasers(limits="")["patient"].caveat is None


def test_if_nothing_clean_is_left_for_an_audience_lead_and_caveat_stand_alone() -> None:
    made = teasers(why="It is like rain. This can empower patients. They must know it.")
    assert {teaser.audience for teaser in made.values()} == {None}
    assert all(teaser.lead and teaser.caveat for teaser in made.values())


def test_the_audience_sentence_goes_first_when_the_teaser_is_too_long() -> None:
    long = "Patients may try a walk " + "and another walk " * 20 + "too."
    made = teasers(why=long)["patient"]
    assert made.audience is None
    assert made.caveat


def test_a_shorter_sentence_for_the_audience_is_taken_when_the_first_is_too_long() -> None:
    long = "Patients may try a walk " + "and another walk " * 20 + "too."
    assert teasers(why=f"{long} Patients may rest.")["patient"].audience == "Patients may rest."


def test_a_lead_that_leaves_no_room_for_the_caveat_gives_way_to_a_shorter_one() -> None:
    long = "Walking " + "and walking again " * 22 + "helped."
    made = teasers(headline=long, found="The study found that walking helped.", why="")["patient"]
    assert made.lead == "The study found that walking helped."


def test_a_clean_lead_that_is_too_long_is_better_than_an_unclean_one_that_fits() -> None:
    long = "Walking " + "and walking again " * 22 + "helped."
    made = teasers(headline=long, found="A breakthrough! It is like rain.", why="")["patient"]
    assert made.lead == long


def test_a_short_teaser_goes_on_until_it_is_long_enough_or_nothing_is_left() -> None:
    lead = teasers(why="")["patient"].lead
    assert lead.endswith(FOUND)
    findings = [f"Walks of {place} made people with MS sleep better." for place in PLACES]
    made = teasers(why="", found=" ".join(findings))["patient"]
    assert SHORTEST <= length(made) <= SHORTEST + len(findings[0])


@pytest.mark.parametrize(
    "padding",
    [
        "Optical coherence tomography, or OCT, measures how thick the retina of an eye is.",
        "A special scan showed how active each region of the brain was on that day.",
        "Serum neurofilament was measured by Simoa in people with MS (N=144) and others.",
        "We saw that people with MS in our town went out more often than before.",
        "In all, 4,120 people from the north of the country took part.",
    ],
)
def test_a_finding_comes_beside_the_lead_before_what_only_fills(padding: str) -> None:
    finding = (
        "People with MS who went out in the morning slept better than those who stayed at home "
        "with all the curtains drawn until noon."
    )
    for found in (f"{padding} {finding}", f"{finding} {padding}"):
        lead = teasers(found=found, why="")["patient"].lead
        assert finding in lead
        assert padding not in lead


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_authors_own_voice_never_speaks_in_our_name(audience: Audience) -> None:
    found = "We followed 120 people with MS. Our results were clear. Those who walked slept better."
    lead = teasers(found=found, why="")[audience].lead
    assert "We " not in lead
    assert "Our " not in lead


def test_a_second_sentence_tells_more_than_that_something_was_studied() -> None:
    found = (
        "Researchers looked at walks. "
        "People who went out in the morning slept better than those who stayed at home all day."
    )
    assert "slept better" in teasers(found=found, why="")["patient"].lead
