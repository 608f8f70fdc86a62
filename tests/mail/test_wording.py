"""Our own words: counts, months, animals, evidence lines."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from digest.mail import wording
from digest.values import AUDIENCES, Audience, Fact, StudyKind
from tests.builders import an_evidence


def line(audience: Audience = "patient", journal: str = "", **changes: object) -> list[str]:
    phrases = wording.evidence_line(an_evidence(**changes), journal, audience)
    return [f"*{phrase.text}*" if phrase.strong else phrase.text for phrase in phrases]


def mice(*species: str) -> Fact[tuple[str, ...]]:
    return Fact(species or ("mouse",), "It was done in mice.")


NOBODY: Fact[int | None] = Fact(None)


def test_one_is_written_in_the_singular() -> None:
    assert (wording.studies(1), wording.studies(6)) == ("1 study", "6 studies")
    assert (wording.new_studies(1), wording.new_studies(14)) == ("1 new study", "14 new studies")
    assert (wording.themes(1), wording.themes(3)) == ("1 theme", "3 themes")
    assert (wording.people(1), wording.people(1861)) == ("1 person", "1,861 people")


def test_the_month_is_that_of_the_publications_time_zone() -> None:
    new_year = datetime(2027, 1, 1, 2, 0, tzinfo=UTC)
    assert wording.month_of(new_year, "America/New_York") == "December 2026"
    assert wording.month_of(new_year, "Europe/Berlin") == "January 2027"


def test_only_known_fields_are_filled_and_only_once() -> None:
    fields = {"studies": "{themes}", "themes": "3 themes"}
    assert wording.fill("{studies} in {themes} {x} { {}", fields) == "{themes} in 3 themes {x} { {}"


@pytest.mark.parametrize(
    ("words", "said"), [(0, "1 minute"), (299, "1 minute"), (301, "2 minutes"), (900, "4 minutes")]
)
def test_reading_time_is_never_under_a_minute(words: int, said: str) -> None:
    assert wording.reading_time(words) == f"Reading time: {said}."


@pytest.mark.parametrize(
    ("in_animals", "of", "said"),
    [
        ([], 2, ""),
        ([("mouse",)], 6, "One was done in mice, not people."),
        ([("mouse",), ("mouse",)], 7, "Two were done in mice, not people."),
        ([("mouse",), ("rat",)], 7, "Two were done in mice or rats, not people."),
        ([("mouse",), ("mouse", "rat"), ("zebrafish",)], 8,
         "Three were done in mice, rats or zebrafish, not people."),
        ([("animal",), ("mouse",)], 7, "Two were done in mice or other animals, not people."),
        ([("mouse", "rat"), ("rat", "mouse")], 7, "Two were done in mice and rats, not people."),
        ([("mouse", "rat")], 2, "One was done in mice and rats, not people."),
        ([("mouse",)] * 12, 13, "12 were done in mice, not people."),
        ([("animal",)], 1, "It was done in animals, not people."),
        ([("mouse",), ("mouse",)], 2, "Both were done in mice, not people."),
        ([("mouse",)] * 3, 3, "All were done in mice, not people."),
    ],
)  # fmt: skip
def test_the_facts_say_how_many_were_done_in_animals(
    in_animals: list[tuple[str, ...]], of: int, said: str
) -> None:
    assert wording.animals_fact(in_animals, of) == said


def test_what_had_no_room_is_told_with_its_theme() -> None:
    assert wording.more_on_the_web(3, "Mind") == "3 more on the web: Mind"
    assert wording.more_on_the_web(1200, "Mind") == "1,200 more on the web: Mind"


def test_an_evidence_line_gives_kind_people_and_journal() -> None:
    assert line(journal="Sample Journal") == ["People observed", "120 people", "Sample Journal"]


def test_what_is_not_stated_gives_no_word() -> None:
    unknown: Fact[StudyKind] = Fact("unclear")
    nothing: Fact[tuple[str, ...]] = Fact(())
    assert line(kind=unknown, participants=NOBODY, species=nothing) == []


@pytest.mark.parametrize("audience", AUDIENCES)
def test_mice_are_never_lost(audience: Audience) -> None:
    kind: Fact[StudyKind] = Fact("lab")
    assert line(audience, kind=kind, participants=NOBODY, species=mice()) == [
        "Laboratory study",
        "*mice, not people*",
    ]
    assert line(audience, participants=NOBODY, species=mice("human", "mouse"))[-1] == (
        "*partly in mice*"
    )
    assert line(audience, participants=NOBODY, species=mice("zebrafish", "mouse", "rat"))[-1] == (
        "*zebrafish, mice and rats, not people*"
    )
    assert line(audience, participants=NOBODY, species=mice("mouse", "animal"))[-1] == (
        "*mice and other animals, not people*"
    )


def test_a_protocol_says_that_nothing_was_found_yet() -> None:
    review: Fact[StudyKind] = Fact("review")
    unclear: Fact[StudyKind] = Fact("unclear")
    planned = Fact(False, "This is a protocol.")
    assert line(kind=review, results=planned, participants=NOBODY) == [
        "Review of earlier studies: plan only, no results yet"
    ]
    assert line(kind=unclear, results=planned, participants=NOBODY) == [
        "Study plan, no results yet"
    ]


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize(
    "kind", ["review", "trial", "observational", "case", "survey", "lab", "mixed"]
)
def test_every_kind_has_a_label_for_every_audience(audience: Audience, kind: StudyKind) -> None:
    assert len(line(audience, kind=Fact(kind), participants=NOBODY)) == 1
