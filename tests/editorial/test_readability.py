"""The reading grade: syllables against words counted by hand, grades against the formula."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editorial.readability import reading_grade, syllables

# Counted aloud, by a dictionary's hyphenation where two ways of speaking exist.
BY_HAND = {
    1: "the through weight friend brain nerve nerves cells used linked showed played phone one "
    "there were where genes years eyes risk don’t role world scale male MS MRI MRIs CD20 mRNA "
    "6,800 2026 heart clear",
    2: "people patient study studied disease treatment treated little doubled trial diet science "
    "lesion relapse fatigue technique tissue vaccine balance bladder virus fluid language quiet "
    "being going movement safely likely useful someone something sometimes lifetime lifestyle "
    "player beyond eyesight maybe business hundred isn’t simple muscle muscles optic "
    "walking tiredness early female value spinal symptoms",
    3: "diseases relapses scientists nutrient earlier studying area areas idea nausea gradual "
    "equally influence video created myelin rhythmical improvement supplement element management "
    "severely caregiver caregivers effective placebo cognition memory calcium nucleus easier "
    "serious various clinician dementia audience period multiple sclerosis progressive "
    "retina neuritis medicine pregnancy exercise diagnosed depression plain-language researchers",
    4: "experience society variety anxiety biology associate evaluate microglia insomnia "
    "mechanism autoimmune inflammation antibody antibodies spasticity information "
    "participants therapeutic diagnosis microbiome effectiveness appropriate peripheral available "
    "diabetes continuous",
    5: "association antibiotic ocrelizumab natalizumab neurofilament cerebrospinal disability "
    "individual neuroimaging coordination radiology",
    6: "remyelination oligodendrocyte rehabilitation physiotherapy neuroinflammation",
}  # fmt: skip
COUNTED = [(word, count) for count, words in BY_HAND.items() for word in words.split()]


def test_nine_of_ten_words_have_the_syllables_that_a_person_counts() -> None:
    wrong = {word: (count, syllables(word)) for word, count in COUNTED if syllables(word) != count}
    assert len(COUNTED) > 170
    assert len(wrong) <= 0.1 * len(COUNTED), wrong


def test_common_words_of_the_newsletter_are_counted_exactly() -> None:
    words = "MS people patients study brain myelin relapse lesion treatment disease caregiver"
    assert [syllables(word) for word in words.split()] == [1, 2, 2, 2, 1, 3, 2, 2, 2, 2, 3]


@pytest.mark.parametrize("word", ["MS", "EDSS", "MRIs", "mRNA", "CD20", "6,800", "3.5", "2026"])
def test_figures_and_short_forms_are_read_by_sight(word: str) -> None:
    assert syllables(word) == 1


@pytest.mark.parametrize(
    ("text", "words", "sentences", "spoken"),
    [
        ("The cat sat on the mat.", 6, 1, 6),
        ("The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.",
         13, 1, 26),
        ("Walking every day helped. It took Dr. Lee 3.5 years!", 10, 2, 13),
        ("Our fathers brought forth a new nation, conceived in liberty.", 10, 1, 15),
        ("MS", 1, 1, 1),
    ],
)  # fmt: skip
def test_the_grade_follows_the_formula(text: str, words: int, sentences: int, spoken: int) -> None:
    by_hand = 0.39 * words / sentences + 11.8 * spoken / words - 15.59
    assert reading_grade(text) == pytest.approx(by_hand, abs=0.051)


@pytest.mark.parametrize("text", ["", " \n", "…", "— ! ?"])
def test_a_text_without_a_word_has_no_grade(text: str) -> None:
    assert reading_grade(text) is None


def test_a_plain_text_reads_easier_than_a_learned_one() -> None:
    plain = reading_grade("People who walked each day felt less tired. One clinic took part.")
    learned = reading_grade(
        "Regular ambulatory activity was associated with a clinically meaningful attenuation of "
        "fatigue, notwithstanding considerable heterogeneity between participating institutions."
    )
    assert plain is not None
    assert learned is not None
    assert plain < 5 < 15 < learned


@given(st.text(max_size=200))
def test_any_text_has_a_grade_or_none(text: str) -> None:
    grade = reading_grade(text)
    assert grade is None or grade >= -3.4
