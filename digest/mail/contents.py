"""What stands in one mail, as plain strings that the HTML and the text templates share.

An `Edition` comes in; a `Contents` goes out in reading order, with every count, label and
address made. Law 9: the teasers' sentences pass through word for word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from digest.mail import links, wording
from digest.mail.opening import opening_of, splicing_of
from digest.mail.tokens import LOOKS, Look
from digest.mail.wording import Phrase, one_line
from digest.mail.words import Explained, Marker, Sentence, explained
from digest.values import Audience, Edition, Item, Publication, Splicing, Summary, ThemeGroup, Word


@dataclass(frozen=True, slots=True)
class Card:
    """One summary. `shown_in_full` when only our own page can show the whole of it."""

    anchor: str
    title: str
    address: str
    shown_in_full: bool
    lead: Sentence
    audience: Sentence | None
    caveat: Sentence
    evidence: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """A round-up under "Also worth reading"."""

    anchor: str
    title: str
    address: str
    shown_in_full: bool


@dataclass(frozen=True, slots=True)
class More:
    """The way to the cards of a theme that had no room in the mail."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Section:
    """One theme, its cards and the words to explain; `count` is "2 studies"."""

    name: str
    line: str
    count: str
    cards: tuple[Card, ...]
    words: tuple[Explained, ...]
    more: More | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything the templates may name."""

    audience: Audience
    publication: Publication
    look: Look
    readers: str
    month: str
    number: int
    subject: str
    preheader: str
    intro: str
    facts: str
    chosen: str
    splicing: Splicing
    audience_label: str
    caveat_label: str
    words_label: str
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
    splicing = splicing_of(edition, [_words_read(section) for section in sections])
    opening = opening_of(splicing)
    return Contents(
        audience=words.audience,
        publication=publication,
        look=LOOKS[words.audience],
        readers=one_line(words.readers),
        month=wording.month_of(edition.dated, publication.timezone),
        number=edition.number,
        subject=opening.subject,
        preheader=opening.preheader,
        intro=opening.intro,
        facts=opening.facts,
        chosen=opening.chosen,
        splicing=splicing,
        audience_label=words.audience_label,
        caveat_label=words.caveat_label,
        words_label=wording.WORDS_LABEL,
        sections=sections,
        articles=_articles(edition),
        also_heading=wording.ALSO_WORTH_READING,
        about_heading=wording.ABOUT_HEADING,
        about=wording.about(words.audience),
        why_you_get_this=wording.why_you_get_this(one_line(words.readers), joined),
    )


def shortened(contents: Contents, most: int, edition: Edition) -> Contents:
    """At most `most` cards a theme; the others are on our page of the issue, and it says so."""
    page = links.issue_address(edition)

    def shorten(section: Section) -> Section:
        hidden = section.cards[most:]
        if not hidden:
            return section
        text = wording.more_on_the_web(len(hidden), section.name)
        more = More(text, f"{page}#{hidden[0].anchor}")
        return replace(section, cards=section.cards[:most], more=more)

    return replace(contents, sections=tuple(shorten(section) for section in contents.sections))


def _sections(edition: Edition) -> tuple[Section, ...]:
    sections, position = [], 0
    for group in edition.groups:
        first = position + 1
        position += len(group.items)
        sections.append(_section(group, first, edition))
    return tuple(sections)


def _section(group: ThemeGroup, first: int, edition: Edition) -> Section:
    audience = edition.wording.audience
    words = [_clean(word) for word in group.words]
    marked = Marker(words)
    return Section(
        name=one_line(group.theme.names[audience]),
        line=one_line(group.theme.lines[audience]),
        count=wording.studies(len(group.items)),
        cards=tuple(_card(item, n, edition, marked) for n, item in enumerate(group.items, first)),
        words=tuple(explained(word) for word in words),
    )


def _card(item: Item, position: int, edition: Edition, marked: Marker) -> Card:
    """One card; its sentences are marked in the order in which they are read."""
    audience = edition.wording.audience
    summary, teaser = item.summary, item.teasers[audience]
    anchor = links.study_anchor(position)
    return Card(
        anchor=anchor,
        title=_title(summary),
        address=links.address_of(summary, anchor, edition),
        shown_in_full=links.own_address(summary) is None,
        lead=marked(_without_title(one_line(teaser.lead), _title(summary))),
        audience=marked(one_line(teaser.audience)) if teaser.audience else None,
        caveat=marked(one_line(teaser.caveat)) if teaser.caveat else Sentence(wording.NO_LIMITS),
        evidence=wording.evidence_line(item.evidence, one_line(summary.journal), audience),
    )


def _without_title(lead: str, title: str) -> str:
    """The lead of a page whose headline is its title: readers have read that line just above.

    Only a title that is a whole sentence goes (law 9): "Walking" is half of "Walking helps.".
    """
    whole = title.endswith((".", "!", "?", "…")) and lead.startswith(f"{title} ")
    return lead.removeprefix(title).strip() if whole else lead


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


def _words_read(section: Section) -> int:
    return sum(len(text.split()) for text in _read_of(section))


def _read_of(section: Section) -> Iterator[str]:
    """What is read of one theme."""
    for card in section.cards:
        yield from (card.title, card.lead, card.audience or "", card.caveat)
    for word in section.words:
        yield from (word.name, word.meaning)


def _clean(word: Word) -> Word:
    seen, meaning = one_line(word.seen), one_line(word.meaning)
    return replace(word, term=one_line(word.term), seen=seen, meaning=meaning)


def _title(summary: Summary) -> str:
    return one_line(summary.title) or one_line(summary.headline)
