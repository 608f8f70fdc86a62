"""Short forms that nobody explains."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.mail.preflight.abbreviations import CLINICAL, EVERYDAY, SHORT, unexplained
from digest.values import Word
from tests.builders import a_teaser, a_wording
from tests.mail.preflight.material import a_study, found, of, with_items, with_texts

NONE: frozenset[str] = frozenset()


def _of(*texts: str) -> list[str]:
    return unexplained(texts, EVERYDAY)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("The virus EBV was found", "EBV"),
        ("a vaccine of mRNA works", "mRNA"),
        ("levels of NfL fell", "NfL"),
        ("sNfL fell", "sNfL"),
        ("cells with CD20 went", "CD20"),
        ("more IL-6 in blood", "IL-6"),
        ("EBV-positive people", "EBV"),
        ("two DMTs were compared", "DMT"),
        ("the IgG's role", "IgG"),
        ("a scan (OCT) was done", "OCT"),
    ],
)
def test_a_short_form_is_seen(text: str, short: str) -> None:
    assert _of(text) == [short]


@pytest.mark.parametrize(
    "text",
    [
        "MS, MRI and DNA in the US and the UK", "MRIs of pwMS after COVID-19", "SARS-CoV-2",
        "phase II and III", "She did NOT fall", "McDonald and O'Neil", "PubMed and YouTube",
        "A Walk a Day", "vitamin D and B12", "WALKING HELPS IN MSX", "at 5 a.m. in Washington D.C.",
        "",
    ],
)  # fmt: skip
def test_what_needs_no_explaining_is_let_through(text: str) -> None:
    assert _of(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Epstein-Barr virus (EBV) was found. EBV stays.",
        "EBV (Epstein-Barr virus) was found.",
        "the Epstein-Barr virus, called EBV, stays",
        "the Epstein-Barr virus, or EBV, stays",
        "the Epstein-Barr virus (EBV, found in most) stays",
        "Epstein-Barr viruses (EBVs) stay",
    ],
)
def test_a_form_that_is_spelled_out_is_explained(text: str) -> None:
    assert _of(text) == []


def test_it_may_be_spelled_out_in_another_sentence_of_the_card() -> None:
    assert _of("EBV and you", "It stays.", "A virus of herpes type, Epstein-Barr (EBV).") == []


@pytest.mark.parametrize(
    "text",
    ["people in trials (EBV)", "The virus ends here. Many (EBV) had it", "EBV (in most of them)"],
)
def test_brackets_alone_explain_nothing(text: str) -> None:
    assert _of(text.replace("The virus ends", "Every virus ends")) == ["EBV"]


def test_one_finding_lists_each_form_with_its_studies() -> None:
    studies = [
        a_study(1, teaser=a_teaser(lead="GFAP and EBV rose.")),
        a_study(2, teaser=a_teaser(lead="EBV rose.")),
        a_study(3, teaser=a_teaser(lead="EBV fell.")),
    ]
    (finding,) = found(with_items(*studies))
    assert (finding.level, finding.check, finding.where) == (
        "warns",
        "abbreviations",
        "patient edition",
    )
    assert "GFAP (study 1), EBV (studies 1, 2 and 1 more)" in finding.what
    assert "config.yaml" in finding.mend  # a fresh site has no glossary of its own
    assert "docs/glossary.md" in finding.mend


def test_spelling_out_in_another_card_does_not_help() -> None:
    studies = [
        a_study(1, teaser=a_teaser(lead="Epstein-Barr virus (EBV) rose.")),
        a_study(2, teaser=a_teaser(lead="EBV rose.")),
    ]
    (finding,) = found(with_items(*studies))
    assert "EBV (study 2)" in finding.what


@pytest.mark.parametrize(("term", "seen"), [("EBV", "EBV"), ("Epstein-Barr virus", "EBV")])
def test_the_box_of_words_of_the_theme_explains(term: str, seen: str) -> None:
    edition = with_texts(lead="EBV rose.")
    word = Word(term, seen, "a virus that most people carry")
    explained = replace(edition, groups=(replace(edition.groups[0], words=(word,)),))
    assert found(explained) == ()
    other = replace(edition, groups=(replace(edition.groups[0], words=(Word("a", "b", "c"),)),))
    assert of("abbreviations", found(other))


def test_clinicians_know_more_of_them() -> None:
    edition = with_texts(lead="EDSS rose and NfL fell; ZQXW did not.")
    (patient,) = found(edition)
    (clinician,) = found(replace(edition, wording=a_wording(audience="clinician")))
    assert "EDSS (study 1), NfL (study 1), ZQXW (study 1)" in patient.what
    assert "EDSS" not in clinician.what
    assert "ZQXW (study 1)" in clinician.what


def test_every_form_of_the_lists_is_one_that_is_looked_for() -> None:
    for short in CLINICAL:
        assert SHORT.fullmatch(short), short
