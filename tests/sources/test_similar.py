"""Titles that are merely alike are found, few are read for it, and no form of words is a storm."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.sources import similar
from digest.sources.similar import ALIKE, MANY, Titles, content_words, overlap, stem
from tests.builders import NOW

WALK = "Daily Walking Eases Tiredness in Older Adults"


def like(stored: str, asked: str, headline: str = "", days: int = 0) -> bool:
    titles = Titles()
    titles.add(1, stored, "", NOW)
    return titles.like(asked, headline, NOW + timedelta(days=days)) == [1]


@pytest.mark.parametrize(
    ("title", "alike"),
    [
        (WALK, True),
        ("Tiredness in OLDER adults: daily walking eases?", True),
        ("Daily Walking Eases Much Tiredness in Older Adults", True),
        ("Daily Walking Eases Pain", False),
        ("Daily Walking Eases Tiredness in 120 Older Adults", False),
        ("健康", False),
        ("", False),
    ],
)
def test_three_quarters_of_the_content_words_make_two_titles_alike(title: str, alike: bool) -> None:
    assert like(WALK, title) is alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "High-dose vitamin D does not cut relapses",
            "High dose vitamin D does not cut relapse rates",
        ),
        ("Infections rise with age on ocrelizumab", "Infection rises with age under ocrelizumab"),
        (
            "Anti-CD20 drugs and infections in older adults with MS",
            "Anti-CD20 drugs and infection risk in older adults with MS",
        ),
    ],
)
def test_endings_and_a_word_more_make_no_other_title(one: str, other: str) -> None:
    assert like(one, other)
    assert like(other, one)


@pytest.mark.parametrize(
    "forms",
    [
        "relapse relapses relapsed relapsing", "study studies", "rise rises rising",
        "stop stops stopped stopping", "virus viruses", "biopsy biopsies", "class classes",
    ],
)  # fmt: skip
def test_the_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len({stem(word) for word in forms.split()}) == 1


def test_short_words_and_other_scripts_have_no_ending_to_lose() -> None:
    assert [stem(word) for word in ("", "gas", "bed", "健康s", "sing")] == [
        "", "gas", "bed", "健康s", "sing",
    ]  # fmt: skip


def test_few_of_the_labelled_summaries_are_taken_for_another() -> None:
    labelled = resources.files("digest.editorial") / "labelled"
    told = [
        json.loads(line)
        for name in ("corpus.jsonl", "written.jsonl")
        for line in (labelled / name).read_text("utf-8").splitlines()
    ]
    titles, pairs = Titles(), 0
    for key, one in enumerate(told):
        pairs += len(titles.like(one["title"], one["headline"], NOW))
        titles.add(key, one["title"], one["headline"], NOW)
    assert len(told) > 300
    assert pairs / len(told) < 0.01


def test_numbers_must_be_the_same_whatever_the_words() -> None:
    assert like("Trial of 120 older adults walking daily", "Trial of 120 older adults walking")
    assert not like("Trial of 120 older adults walking", "Trial of 130 older adults walking")
    assert not like("Dose 1.5 eases older adults daily", "Dose 15 eases older adults daily")


def test_a_headline_may_be_like_a_title() -> None:
    assert like(WALK, "Something Else Entirely Here", headline=WALK)


@pytest.mark.parametrize(("days", "alike"), [(45, True), (-45, True), (46, False), (-46, False)])
def test_only_what_is_dated_within_45_days_is_alike(days: int, alike: bool) -> None:
    assert like(WALK, WALK, days=days) is alike


def test_what_was_said_before_counts_no_more_and_nothing_is_like_itself() -> None:
    titles = Titles()
    titles.add(1, WALK, "", NOW)
    assert titles.like(WALK, "", NOW, but=1) == []
    titles.add(1, "Naps Help Young Mice Remember", "", NOW)
    assert titles.like(WALK, "", NOW) == []
    assert titles.like("Naps help young mice remember", "", NOW) == [1]


def test_a_form_of_words_that_many_have_says_nothing() -> None:
    titles = Titles()
    for key in range(MANY):
        titles.add(key, WALK, "", NOW)
    assert len(titles.like(WALK, "", NOW)) == MANY
    titles.add(MANY, WALK, "", NOW)
    assert titles.like(WALK, "", NOW) == []


VOCABULARY = "axon brain gait lesion mood gut leg arm lung heart skin knee".split()  # noqa: SIM905
words = st.lists(st.sampled_from(VOCABULARY), max_size=12)


def alike_by_hand(one: set[str], other: set[str]) -> bool:
    part = overlap(frozenset(one), frozenset(other))
    long = sum(len(stem(word)) >= 4 for word in one & other)
    short = max(len(one), len(other)) <= 8
    return part >= ALIKE or (short and part >= 0.6 and long >= 3)


@settings(max_examples=150, deadline=None)
@given(st.lists(words, min_size=1, max_size=5), words)
def test_it_finds_what_comparing_with_every_one_finds(
    stored: list[list[str]], asked: list[str]
) -> None:
    titles = Titles()
    for key, one in enumerate(stored):
        titles.add(key, " ".join(one), "", NOW)
    by_hand = [
        key
        for key, one in enumerate(stored)
        if min(len(set(one)), len(set(asked))) >= 3 and alike_by_hand(set(one), set(asked))
    ]
    assert titles.like(" ".join(asked), "", NOW) == by_hand


def test_ten_thousand_titles_are_compared_with_few_others_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0

    def counted(one: frozenset[str], other: frozenset[str]) -> float:
        nonlocal compared
        compared += 1
        return overlap(one, other)

    monkeypatch.setattr(similar, "overlap", counted)
    chance, titles = random.Random(7), Titles()
    vocabulary = [f"{a}{b}" for a in "abcdefghijklmnopqrst" for b in ("ra", "lo", "mi", "tu") * 25]
    vocabulary = [
        f"{word}{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}" for n, word in enumerate(vocabulary)
    ]
    for key in range(10_000):
        title = " ".join(chance.sample(vocabulary, 7))
        titles.like(title, f"Study {key} of feed {key % 200}", NOW)
        titles.add(key, title, f"Study {key} of feed {key % 200}", NOW)
    assert compared < 10_000 * 150


def test_generated_titles_that_differ_by_a_number_meet_nobody() -> None:
    titles = Titles()
    for key in range(5000):
        titles.add(key, f"Trial {key} of feed {key % 7} on walking daily", "", NOW)
    assert titles.like("Trial 99999 of feed 3 on walking daily", "", NOW) == []


def test_content_words_leave_out_grammar_and_case() -> None:
    assert content_words("The Walk of a Lifetime, ﬁnally: 3 steps") == {
        "walk", "lifetime", "finally", "3", "steps",
    }  # fmt: skip
