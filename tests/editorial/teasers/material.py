"""Small summaries whose teasers can be told by eye, and what holds for every teaser."""

from __future__ import annotations

from collections.abc import Mapping

from digest.editorial.evidence import read_evidence
from digest.editorial.sentences import split_sentences
from digest.editorial.teasers import make_teasers
from digest.values import Audience, Summary, Teaser
from tests.editorial.material import bare_summary

FOUND = "Doctors followed 120 people for a year. Those who walked had 30% fewer bad days."
WHY = (
    "MS patients should care about this because it is good news. Patients may try a short walk. "
    "Caregivers can come along. Healthcare providers might write walks into the plan."
)
MICE = {"found": "Scientists gave mice a diet. The mice ran faster.", "limits": ""}


def summary_of(**changes: str) -> Summary:
    texts = {
        "title": "A Walk a Day",
        "headline": "Walking every day went along with less tiredness.",
        "found": FOUND,
        "why": WHY,
        "limits": "Only one clinic took part. Talk to your doctor.",
    }
    return bare_summary(**{**texts, **changes})


def teasers(**changes: str) -> Mapping[Audience, Teaser]:
    summary = summary_of(**changes)
    return make_teasers(summary, read_evidence(summary))


def page(found: str, **changes: str) -> Mapping[Audience, Teaser]:
    """Teasers of a page without a title of its own: its headline is its title too."""
    headline = "Walking may ease tiredness in people with MS."
    return teasers(**{"title": headline, "headline": headline, "found": found, **changes})


def audience_sentence(why: str, audience: Audience = "patient", **changes: str) -> str | None:
    return teasers(why=why, **changes)[audience].audience


def is_whole_sentences(text: str, known: set[str]) -> bool:
    """Whether `text` is made of `known` sentences and the blanks between them."""
    return not text or any(
        is_whole_sentences(text[len(sentence) :].lstrip(), known)
        for sentence in known
        if sentence and text.startswith(sentence)
    )


def assert_verbatim(summary: Summary, teaser: Teaser) -> None:
    texts = (summary.title, summary.headline, summary.found, summary.why, summary.limits)
    known = {sentence for text in texts for sentence in split_sentences(text)}
    known |= {" ".join(text.split()) for text in (summary.title, summary.headline)}
    assert is_whole_sentences(teaser.lead, known)
    assert teaser.audience is None or teaser.audience in known
    assert teaser.caveat is None or teaser.caveat in known


def length(teaser: Teaser) -> int:
    return len(" ".join(part for part in (teaser.lead, teaser.audience, teaser.caveat) if part))
