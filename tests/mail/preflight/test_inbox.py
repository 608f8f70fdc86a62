"""Subject and preheader: their length, and no diagnosis in any of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.config.diagnosis import diagnosis_in
from digest.mail.preflight import inspect
from digest.values import AUDIENCES, Audience, ThemeGroup
from tests.builders import a_theme, a_wording, an_edition, an_item
from tests.mail.preflight.material import CONFIG, RULES, a_study, found, of, rendered, with_items


def _with(**words: str) -> list[tuple[str, str, str]]:
    findings = found(with_items(a_study(), wording=a_wording(**words)))
    return [(one.level, one.check, one.where) for one in findings]


def test_an_empty_subject_blocks() -> None:
    assert _with(subject="  ") == [("blocks", "subject", "patient edition, subject")]


@pytest.mark.parametrize(("length", "warns"), [(60, False), (61, True), (90, True)])
def test_a_long_subject_warns(length: int, warns: bool) -> None:
    assert bool(_with(subject="n" * length)) is warns


def test_the_warning_shows_what_a_phone_leaves_of_a_subject() -> None:
    subject = "What forty studies found on walking, resting, eating and sleeping in winter"
    (finding,) = found(with_items(a_study(), wording=a_wording(subject=subject)))
    assert f"“{subject[:40].rstrip()}…”" in finding.what


@pytest.mark.parametrize(
    ("length", "warns"), [(0, True), (39, True), (40, False), (110, False), (111, True)]
)
def test_a_preheader_that_is_short_or_long_warns(length: int, warns: bool) -> None:
    expected = [("warns", "preheader", "patient edition, preheader")] if warns else []
    assert _with(preheader="n" * length) == expected


def test_a_short_preheader_is_to_be_lengthened_and_a_long_one_shortened() -> None:
    short, long = (
        found(with_items(a_study(), wording=a_wording(preheader="n" * size)))[0].mend
        for size in (10, 200)
    )
    assert short.startswith("Lengthen")
    assert long.startswith("Shorten")


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("part", ["subject", "preheader"])
def test_a_diagnosis_in_subject_or_preheader_blocks(audience: Audience, part: str) -> None:
    text = "What is new in multiple sclerosis, study by study"
    edition = with_items(a_study(), wording=a_wording(audience=audience, **{part: text}))
    (finding,) = found(edition)
    assert (finding.level, finding.check) == ("blocks", "diagnosis")
    assert finding.where == f"{audience} edition, {part}"
    assert "multiple sclerosis" in finding.what
    assert f"digest {part} 12 --audience {audience}" in finding.mend


def test_a_diagnosis_in_the_introduction_is_no_matter() -> None:
    assert _with(intro="What {studies} on MS found") == []


def test_a_diagnosis_that_a_choice_of_one_theme_brings_up_blocks() -> None:
    """{top} names two themes of the whole edition; a reader of the third sees that one."""
    names = ("Walking well", "Sleep and rest", "Living with MS")
    groups = tuple(
        ThemeGroup(a_theme(f"t{n}", name), (a_study(n),), named=name)
        for n, name in enumerate(names, 1)
    )
    wording = a_wording(preheader="{top}: {studies}, each with what to keep in mind.")
    (finding,) = of("diagnosis", found(an_edition(groups=groups, wording=wording)))
    assert finding.where == "patient edition, preheader"
    assert "who chose the theme t3 alone" in finding.what


def test_a_diagnosis_that_arises_across_two_names_of_a_choice_blocks() -> None:
    """Neither name tells it, and {top} of the whole edition puts others side by side."""
    names = ("Living with multiple", "Sleep", "Sclerosis nurses")
    groups = tuple(
        ThemeGroup(a_theme(f"t{n}", name), (a_study(n),), named=name)
        for n, name in enumerate(names, 1)
    )
    wording = a_wording(preheader="{top}: {studies}, each with what to keep in mind.")
    edition = an_edition(groups=groups, wording=wording)
    words = ("multiple sclerosis",)
    rules = replace(RULES, diagnosis_in=lambda text: diagnosis_in(text, words))
    (finding,) = of("diagnosis", inspect(edition, rendered(edition), rules))
    assert (finding.level, finding.where) == ("blocks", "patient edition, preheader")
    assert "for readers who chose the themes t1 and t3 alone" in finding.what


def test_the_same_words_in_subject_and_preheader_are_two_findings() -> None:
    same = "What is new in multiple sclerosis, study by study"
    edition = with_items(a_study(), wording=a_wording(subject=same, preheader=same))
    wheres = [finding.where for finding in of("diagnosis", found(edition))]
    assert wheres == ["patient edition, subject", "patient edition, preheader"]


def test_a_diagnosis_is_told_once_for_the_edition_and_all_its_themes() -> None:
    groups = tuple(ThemeGroup(a_theme(f"t{n}"), (a_study(n),)) for n in (1, 2, 3))
    edition = an_edition(groups=groups, wording=a_wording(subject="News on MS"))
    assert len(of("diagnosis", found(edition))) == 1


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_words_of_the_shipped_configuration_fit(audience: Audience) -> None:
    words = CONFIG.audiences[audience].wording(audience)
    names = ("Treatment", "Everyday symptoms")
    groups = tuple(
        ThemeGroup(a_theme(name), (a_study(n),), named=name) for n, name in enumerate(names)
    )
    assert found(an_edition(groups=groups, wording=words)) == ()


def test_a_mail_that_was_frozen_before_readers_could_choose_is_inspected() -> None:
    edition = an_edition(groups=(ThemeGroup(a_theme(), (an_item(),)),))
    assert found(edition, replace(rendered(edition), splicing=None)) == ()
