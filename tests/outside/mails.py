"""The mails that the outside checkers read: each edition as one reader gets it.

Three audiences at 5, 15 and 45 cards, one with articles, one with a choice of themes, and a month
made by our own editorial stages of the labelled corpus, which is not ours to ship and may be
absent. Made once a run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from digest.editorial.evidence import read_evidence
from digest.editorial.glossary import find_words, load_glossary
from digest.editorial.teasers import make_teasers
from digest.editorial.themes import classify, load_taxonomy
from digest.mail.render import mail_environment, render
from digest.mail.slots import personalise
from digest.mail.variants import for_themes
from digest.values import AUDIENCES, Audience, Edition, Item, Personal, Summary, ThemeGroup, Word
from tests.builders import a_config, a_month, a_summary, an_edition, with_words
from tests.delivery.mails import an_envelope
from tests.editorial.material import corpus

SITE = "https://digest.example.org"
PERSONAL = Personal(
    unsubscribe_url=f"{SITE}/leave/Zk3f9Qx0a7Lw2bV4tY8u1c.p5R6h",
    preferences_url=f"{SITE}/preferences/Zk3f9Qx0a7Lw2bV4tY8u1c.q7T2k",
    browser_url=f"{SITE}/issues/12/patient",
    joined="3 March 2026",
)

MADE_UP = (
    *(f"{audience} {cards}" for audience in AUDIENCES for cards in (5, 15, 45)),
    "patient articles",
    "patient chosen",
)
FROM_CORPUS = tuple(f"{audience} corpus" for audience in AUDIENCES)
WITH_A_PAGE = ("patient 15", "patient articles", "patient corpus")  # the others' are alike


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in its forms: the HTML, our public page of it, and the bytes on the wire."""

    name: str
    html: str
    page: str
    content: bytes


@cache
def mail(name: str) -> Mail:
    """The mail of that name: an audience, and how many cards or what else it holds."""
    audience, _, what = name.partition(" ")
    edition = _edition(what, next(one for one in AUDIENCES if one == audience))
    chosen = frozenset({"theme-0", "theme-2"} if what == "chosen" else ())
    rendition = for_themes(render(edition, mail_environment()), chosen)
    assert rendition is not None
    html, text = personalise(rendition, PERSONAL)
    envelope = an_envelope(
        subject=rendition.subject,
        text=text,
        html=html,
        message_id=f"<{name.replace(' ', '-')}@example.org>",
        unsubscribe_url=PERSONAL.unsubscribe_url,
    )
    return Mail(name, html, rendition.page, envelope.content)


def _edition(what: str, audience: Audience) -> Edition:
    if what == "corpus":
        edition = an_edition(groups=_groups_of_the_corpus(audience))
    elif what == "articles":
        edition = with_words(a_month(cards=8, themes=3, articles=_articles()))
    else:
        edition = with_words(a_month(cards=15 if what == "chosen" else int(what)))
    return replace(edition, wording=a_config().audiences[audience].wording(audience))


def _articles() -> tuple[Summary, ...]:
    """One has an address; the other is shown in full on our own page."""
    nothing = dict.fromkeys(("headline", "found", "why", "limits"), "")
    article = a_summary(kind="article", title="A Round-Up of the Year", body="A line.", **nothing)
    body = "First paragraph of the talk.\n\nSecond paragraph of the talk."
    return article, replace(article, slug="talk", title="A Talk at Home", url="", body=body)


def _groups_of_the_corpus(audience: Audience) -> tuple[ThemeGroup, ...]:
    taxonomy = load_taxonomy()
    by_theme: dict[str, list[Item]] = defaultdict(list)
    for labelled in corpus():
        evidence = read_evidence(labelled.summary)
        verdict = classify(labelled.summary, taxonomy)
        teasers = make_teasers(labelled.summary, evidence)
        by_theme[verdict.theme].append(Item(labelled.summary, verdict, evidence, teasers))
    return tuple(
        ThemeGroup(theme, tuple(by_theme[key]), _words(by_theme[key], audience))
        for key, theme in taxonomy.themes.items()
        if key in by_theme
    )


def _words(items: Iterable[Item], audience: Audience) -> tuple[Word, ...]:
    """Clinicians need none explained."""
    leads = (item.teasers[audience].lead for item in items)
    return () if audience == "clinician" else find_words(leads, load_glossary())
