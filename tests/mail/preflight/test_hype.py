"""Words that promise too much, and the same words where they promise nothing."""

from __future__ import annotations

import re

import pytest

from digest.mail.preflight.hype import WORDS, hyped
from digest.values import ThemeGroup
from tests.builders import a_publication, a_summary, a_theme, a_wording, an_edition
from tests.mail.preflight.material import a_study, found, with_items, with_texts

PROMISES = (
    "A breakthrough for walkers", "Scientists hail Breakthroughs", "a miracle drug",
    "a miraculous change", "The drug cures MS", "It may cure the disease", "a cure for MS is near",
    "Patients were cured", "a game-changer", "This is game changing", "a revolutionary therapy",
    "It will revolutionise care", "a wonder drug", "astonishing results", "an amazingly good day",
    "a ground-breaking trial", "a magic bullet", "It works once and for all", "It is 100% safe",
    "No harm was seen. It cures MS.", "a breakthrough: no one had seen it",
)  # fmt: skip
PLAIN = (
    "There is no cure for MS", "It is not a cure.", "This isn’t a breakthrough", "not yet a cure",
    "It does not cure MS", "No drug is known that cures MS", "until there is a cure",
    "a secure login", "cured meat and salt", "breakthrough infections in the vaccinated",
    "breakthrough disease activity", "breakthrough seizures", "the search for a cure",
    "They hope to find the cure", "on the path to a cure", "treatment rather than a cure",
    "procure", "manicure", "obscured", "cure rates of the infection", "a scan of each brain",
)  # fmt: skip


@pytest.mark.parametrize("text", PROMISES)
def test_a_promise_is_heard(text: str) -> None:
    assert hyped(text)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_speech_is_let_through(text: str) -> None:
    assert hyped(text) == {}


@pytest.mark.parametrize("field", ["title", "lead", "audience", "caveat"])
def test_hype_in_a_sources_words_warns_with_its_reason(field: str) -> None:
    (finding,) = found(with_texts(**{field: "It is a miracle."}))
    assert (finding.level, finding.check) == ("warns", "hype")
    assert finding.where == "patient edition, study 1 (study-1)"
    assert "“miracle” (nothing in medicine is one)" in finding.what


@pytest.mark.parametrize(
    ("part", "place"),
    [("subject", "subject"), ("preheader", "preheader"), ("intro", "introduction")],
)
def test_hype_in_our_opening_warns_once(part: str, place: str) -> None:
    wording = a_wording(**{part: "A breakthrough in walking and what to keep in mind"})
    (finding,) = found(with_items(a_study(), wording=wording))
    assert (finding.check, finding.where) == ("hype", f"patient edition, {place}")


def test_hype_in_a_themes_name_warns() -> None:
    groups = (ThemeGroup(a_theme("cures", "Miracles"), (a_study(),)),)
    (finding,) = found(an_edition(groups=groups))
    assert finding.where == "patient edition, our own words"


def test_a_publisher_may_be_called_what_it_likes() -> None:
    publication = a_publication(name="Cure It Project", postal_address="Cure It, 1 Main Street")
    assert found(with_items(a_study(), publication=publication)) == ()


def test_an_articles_title_is_looked_at() -> None:
    article = a_summary(kind="article", slug="up", title="A Miracle", url="https://a.example/up")
    (finding,) = found(with_items(a_study(), articles=(article,)))
    assert finding.where == "patient edition, article 1 (up)"


def test_every_word_has_a_reason_and_a_pattern_that_reads() -> None:
    for hype in WORDS:
        assert re.compile(hype.pattern)
        assert hype.reason
