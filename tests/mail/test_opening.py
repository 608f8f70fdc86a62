"""The sentences that count: subject, preheader, heading and facts, of all themes or of some."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from digest.editorial.themes import load_taxonomy
from digest.mail.opening import LONGEST_TOP, RULE, opening_of, splicing_of
from digest.mail.wording import NEW_RESEARCH
from digest.values import Audience, Edition, Fact, Splicing, ThemeCount, ThemeGroup
from tests.builders import (
    a_config,
    a_month,
    a_theme,
    a_wording,
    an_edition,
    an_evidence,
    an_item,
)
from tests.mail.material import EDITIONS, rendered, shipped_wording

THEMES = load_taxonomy().themes
FIELDS = "{month} #{number}: {studies} | {themes} | {top} | {x} {"


def of_themes(*counts: ThemeCount, template: str = "{top}") -> Splicing:
    return Splicing(RULE, template, template, template, counts)


def a_count(named: str, theme: str = "", studies: int = 1, words: int = 1) -> ThemeCount:
    return ThemeCount(theme or named, named, studies, (), words)


def top(*names: str) -> str:
    """What {top} says of an edition with these themes, by what an inbox may show of them."""
    counts = [a_count(name, f"theme-{n}") for n, name in enumerate(names)]
    return opening_of(of_themes(*counts)).subject


def named(theme: str, audience: Audience) -> str:
    name = THEMES[theme].names[audience]
    return "" if a_config().privacy.diagnosis_in(name) else name


# ── counting an edition ───────────────────────────────────────────────────────────────────


def of_two_themes(audience: Audience = "patient") -> Edition:
    """Three studies, one of them in mice, of two themes; the second may not be named."""
    mouse = an_item(evidence=an_evidence(species=Fact(("mouse",))))
    partly = an_item(evidence=an_evidence(species=Fact(("human", "rat"))))
    groups = (
        ThemeGroup(a_theme("first", "First"), (mouse, partly), named="First\n one"),
        ThemeGroup(a_theme("second", "MS"), (an_item(),)),
    )
    return an_edition(groups=groups, wording=a_wording(audience=audience, subject=FIELDS))


def test_an_edition_is_counted_theme_by_theme() -> None:
    assert splicing_of(of_two_themes(), [70, 30]).themes == (
        ThemeCount("first", "First one", 2, (("mouse",),), 70),
        ThemeCount("second", "", 1, (), 30),
    )


def test_what_no_choice_changes_is_filled_when_it_is_frozen() -> None:
    splicing = splicing_of(of_two_themes(), [1, 1])
    assert splicing.subject == "November 2026 #12: {studies} | {themes} | {top} | {x} {"
    assert splicing.rule == RULE == 1


def test_counts_are_wanted_of_every_theme() -> None:
    with pytest.raises(ValueError, match="zip"):
        splicing_of(of_two_themes(), [1])


def test_counts_month_and_number_fill_subject_preheader_and_intro() -> None:
    wording = a_wording(
        subject="{month} #{number}: {studies}", preheader="{themes}", intro="{studies} in {themes}"
    )
    rendition = rendered(an_edition(cards=1, wording=wording))
    assert rendition.subject == "November 2026 #12: 1 study"
    assert rendition.preheader == "1 theme"
    assert ">1 study in 1 theme<" in rendition.html.replace("<!--say intro-->", "").replace(
        "<!--/say-->", ""
    )


def test_a_sentence_is_one_line_of_what_can_be_written() -> None:
    edition = an_edition(wording=a_wording(subject="Walk &\r\n co\x07 <b>"))
    assert opening_of(splicing_of(edition, [1])).subject == "Walk & co <b>"


# ── the opening of all themes, and of some ────────────────────────────────────────────────


def test_the_opening_of_all_counts_all() -> None:
    opening = opening_of(splicing_of(of_two_themes(), [700, 300]))
    assert opening.subject == (
        "November 2026 #12: 3 studies | 2 themes | First one and more | {x} {"
    )
    assert opening.intro == "What 3 studies found"
    assert opening.facts == (
        "3 new studies in 2 themes. One was done in mice, not people. Reading time: 5 minutes."
    )


@pytest.mark.parametrize(
    ("chosen", "top_says", "facts"),
    [
        ("first", "First one",
         "2 new studies in 1 theme. One was done in mice, not people. Reading time: 4 minutes."),
        ("second", NEW_RESEARCH, "1 new study in 1 theme. Reading time: 2 minutes."),
    ],
)  # fmt: skip
def test_the_opening_of_one_theme_counts_that_theme(chosen: str, top_says: str, facts: str) -> None:
    opening = opening_of(splicing_of(of_two_themes(), [700, 300]), {chosen, "of another issue"})
    assert opening.subject.endswith(f" | 1 theme | {top_says} | {{x}} {{")
    assert opening.facts == facts


def test_all_are_in_mice_where_only_those_were_chosen() -> None:
    mice = ThemeCount("mice", "Mice", 2, (("mouse",), ("rat",)), 10)
    splicing = of_themes(mice, a_count("People", studies=3))
    assert "Two were done in mice or rats" in opening_of(splicing).facts
    assert "Both were done in mice or rats" in opening_of(splicing, {"mice"}).facts
    assert "mice" not in opening_of(splicing, {"People"}).facts


def test_a_name_that_looks_like_a_field_is_not_filled() -> None:
    assert top("{studies}") == "{studies}"


def test_the_whole_mail_opens_as_its_splicing_says() -> None:
    rendition = rendered(a_month(cards=5, wording=a_wording(preheader="{top}: {studies}.")))
    assert rendition.splicing is not None
    opening = opening_of(rendition.splicing)
    assert (opening.subject, opening.preheader) == (rendition.subject, rendition.preheader)
    assert opening.facts in rendition.html
    assert opening.intro in rendition.text


# ── {top} ─────────────────────────────────────────────────────────────────────────────────


def test_the_top_names_the_first_two_themes() -> None:
    assert top("Treatments") == "Treatments"
    assert top("Treatments", "Everyday symptoms") == "Treatments, Everyday symptoms"
    assert top("Treatments", "Everyday symptoms", "Mind") == (
        "Treatments, Everyday symptoms and more"
    )


def test_names_that_hold_commas_are_told_apart() -> None:
    assert top("Gut, diet & vitamins", "Treatments") == "Gut, diet & vitamins; Treatments"


def test_two_long_names_are_one_and_more() -> None:
    long = "A name that is rather long"
    assert len(f"{long}; {long}") > LONGEST_TOP
    assert top(long, f"{long} too") == f"{long} and more"


def test_a_theme_that_may_not_be_named_is_passed_over() -> None:
    assert top("", "Everyday symptoms") == "Everyday symptoms and more"
    assert top("", "Everyday symptoms", "Mind") == "Everyday symptoms, Mind and more"


def test_an_edition_whose_themes_may_not_be_named_is_new_research() -> None:
    assert top("") == top("", "") == top() == NEW_RESEARCH == "New research"


@EDITIONS
def test_no_two_of_our_themes_tell_a_diagnosis(audience: Audience) -> None:
    privacy = a_config().privacy
    for two in combinations(THEMES, 2):
        assert privacy.diagnosis_in(top(*(named(theme, audience) for theme in two))) is None


def test_two_themes_of_one_name_are_named_once_and_there_is_no_more() -> None:
    assert top("Walking", "Walking") == "Walking"
    assert top("Walking", "Walking", "") == "Walking and more"


@EDITIONS
def test_the_shipped_preheader_fills_its_place_in_an_inbox(audience: Audience) -> None:
    template = shipped_wording(audience).preheader
    names = {theme: named(theme, audience) for theme in THEMES}
    few = [[theme] for theme in THEMES] + [list(three) for three in combinations(THEMES, 3)]
    for themes in few:
        for studies in (1, 14):
            counts = [a_count(names[theme], theme, studies) for theme in themes]
            said = opening_of(of_themes(*counts, template=template)).preheader
            assert 40 <= len(said) <= 110, said
            assert "{" not in said


@EDITIONS
def test_the_shipped_sentences_leave_no_field_open_and_no_number_wrong(audience: Audience) -> None:
    edition = replace(a_month(cards=14, themes=3), wording=shipped_wording(audience))
    opening = opening_of(splicing_of(edition, [1, 1, 1]))
    for sentence in (opening.subject, opening.preheader, opening.intro):
        assert "{" not in sentence
        assert "14 studies" in sentence
