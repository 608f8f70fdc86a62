"""What stands in one mail, as plain strings that the HTML and the text templates share.

An `Edition` comes in; a `Contents` goes out in reading order, with every count, label and
address made. Law 9: the teasers' sentences pass through word for word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.mail import links, wording
from digest.mail.tokens import LOOKS, Look
from digest.mail.wording import Phrase
from digest.values import Edition, Item, Publication, Summary, ThemeGroup

# Control characters and lone surrogates: lxml stops at the first, UTF-8 refuses the second.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Card:
    """One summary. `shown_in_full` when only our own page can show the whole of it."""

    anchor: str
    title: str
    address: str
    shown_in_full: bool
    lead: str
    audience: str | None
    caveat: str
    evidence: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """A round-up under "Also worth reading"."""

    anchor: str
    title: str
    address: str
    shown_in_full: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One theme and its cards; `count` is "2 studies"."""

    name: str
    line: str
    count: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything the templates may name."""

    publication: Publication
    look: Look
    readers: str
    month: str
    number: int
    subject: str
    preheader: str
    intro: str
    facts: str
    audience_label: str
    caveat_label: str
    sections: tuple[Section, ...]
    articles: tuple[Article, ...]
    also_heading: str
    about_heading: str
    about: str
    why_you_get_this: str


def contents_of(edition: Edition, joined: str) -> Contents:
    """The contents of one edition; `joined` stands for the day on which its reader joined."""
    words, publication = edition.wording, edition.publication
    sections = _sections(edition)
    fields = {
        "studies": wording.studies(len(edition.items)),
        "themes": wording.themes(len(edition.groups)),
        "month": wording.month_of(edition.dated, publication.timezone),
        "number": str(edition.number),
    }
    return Contents(
        publication=publication,
        look=LOOKS[words.audience],
        readers=_one_line(words.readers),
        month=fields["month"],
        number=edition.number,
        subject=_one_line(edition.subject or wording.fill(words.subject, fields)),
        preheader=_one_line(wording.fill(words.preheader, fields)),
        intro=_one_line(wording.fill(words.intro, fields)),
        facts=_facts(edition, sections, fields),
        audience_label=words.audience_label,
        caveat_label=words.caveat_label,
        sections=sections,
        articles=_articles(edition),
        also_heading=wording.ALSO_WORTH_READING,
        about_heading=wording.ABOUT_HEADING,
        about=wording.about(words.audience),
        why_you_get_this=wording.why_you_get_this(_one_line(words.readers), joined),
    )


def _sections(edition: Edition) -> tuple[Section, ...]:
    sections, position = [], 0
    for group in edition.groups:
        first = position + 1
        position += len(group.items)
        sections.append(_section(group, first, edition))
    return tuple(sections)


def _section(group: ThemeGroup, first: int, edition: Edition) -> Section:
    audience = edition.wording.audience
    return Section(
        name=_one_line(group.theme.names[audience]),
        line=_one_line(group.theme.lines[audience]),
        count=wording.studies(len(group.items)),
        cards=tuple(_card(item, n, edition) for n, item in enumerate(group.items, first)),
    )


def _card(item: Item, position: int, edition: Edition) -> Card:
    audience = edition.wording.audience
    summary, teaser = item.summary, item.teasers[audience]
    anchor = links.study_anchor(position)
    return Card(
        anchor=anchor,
        title=_title(summary),
        address=links.address_of(summary, anchor, edition),
        shown_in_full=links.own_address(summary) is None,
        lead=_one_line(teaser.lead),
        audience=_one_line(teaser.audience) if teaser.audience else None,
        caveat=_one_line(teaser.caveat or wording.NO_LIMITS),
        evidence=wording.evidence_line(item.evidence, _one_line(summary.journal), audience),
    )


def _articles(edition: Edition) -> tuple[Article, ...]:
    return tuple(
        Article(
            anchor=(anchor := links.article_anchor(position)),
            title=_title(article),
            address=links.address_of(article, anchor, edition),
            shown_in_full=links.own_address(article) is None,
        )
        for position, article in enumerate(edition.articles, 1)
    )


def _facts(edition: Edition, sections: tuple[Section, ...], fields: dict[str, str]) -> str:
    read = [
        text
        for section in sections
        for card in section.cards
        for text in (card.title, card.lead, card.audience or "", card.caveat)
    ]
    facts = (
        f"{fields['studies']} in {fields['themes']}.",
        wording.animals_fact([item.evidence for item in edition.items]),
        wording.reading_time(read),
    )
    return " ".join(fact for fact in facts if fact)


def _title(summary: Summary) -> str:
    return _one_line(summary.title) or _one_line(summary.headline)


def _one_line(text: str) -> str:
    """The same words with no control character and single spaces between them."""
    return " ".join(_UNWRITABLE.sub(" ", text).split())
