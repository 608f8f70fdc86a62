"""One edition beside its frozen mail, opened as one reader gets it: what every check looks at.

In: what should be there (`Edition`) and what is (`Rendition`). Out: a `Mail` with its slots filled
and its marks gone, in which the sources' words and our own can be told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from selectolax.lexbor import LexborHTMLParser

from digest.mail import links
from digest.mail.contents import Article, Card, Contents, contents_of, shortened
from digest.mail.preflight.findings import Finding, Rules
from digest.mail.preflight.part import Part, Quoted
from digest.mail.wording import one_line
from digest.values import Audience, Edition, Item, Personal, Rendition, Summary, Teaser

blocks = partial(Finding, "blocks")
warns = partial(Finding, "warns")

MOST_NAMED = 5  # things that one finding names


@dataclass(frozen=True, slots=True)
class Study:
    """One study of the edition; `card` is how it should stand in the mail."""

    name: str  # "study 3 (a-walk-a-day)"
    where: str  # "patient edition, study 3 (a-walk-a-day)"
    item: Item
    teaser: Teaser
    card: Card

    @property
    def anchor(self) -> str:
        """The id of its card."""
        return self.card.anchor

    @property
    def summary(self) -> Summary:
        """What it is a study of."""
        return self.item.summary

    @property
    def sentences(self) -> tuple[str, ...]:
        """The source's own sentences as they are read; our "names no limits" is none of them."""
        caveat = self.card.caveat if self.teaser.caveat else ""
        return tuple(
            str(text) for text in (self.card.lead, self.card.audience or "", caveat) if text
        )


@dataclass(frozen=True, slots=True)
class RoundUp:
    """One article under "Also worth reading"."""

    name: str
    where: str
    summary: Summary
    link: Article

    @property
    def anchor(self) -> str:
        """The id of its link."""
        return self.link.anchor


@dataclass(frozen=True, slots=True)
class Mail:
    """`contents` is what the edition holds, `shown` what of it had room in this mail."""

    edition: Edition
    rendition: Rendition
    rules: Rules
    sample: Personal
    contents: Contents
    shown: Contents
    html: str
    text: str
    page: LexborHTMLParser
    seen: Part  # what the HTML part shows
    plain: Part
    studies: tuple[Study, ...]
    round_ups: tuple[RoundUp, ...]

    @property
    def audience(self) -> Audience:
        """Whose edition it is."""
        return self.edition.wording.audience

    @property
    def name(self) -> str:
        """`patient edition`; every `where` begins with it."""
        return _name(self.edition)

    def at(self, place: str) -> str:
        """`patient edition, subject`."""
        return f"{self.name}, {place}"

    @property
    def parts(self) -> tuple[Part, Part]:
        """What is read: the HTML part, the text part."""
        return self.seen, self.plain

    @property
    def read_parts(self) -> tuple[Part, ...]:
        """Those of them that show something; an empty one is a finding of its own."""
        return tuple(part for part in self.parts if not part.is_empty)

    @property
    def entries(self) -> tuple[Study | RoundUp, ...]:
        """Studies, then articles, in reading order."""
        return (*self.studies, *self.round_ups)

    @property
    def shown_studies(self) -> tuple[Study, ...]:
        """The studies that should have a card in this mail."""
        anchors = {card.anchor for section in self.shown.sections for card in section.cards}
        return tuple(study for study in self.studies if study.card.anchor in anchors)

    @property
    def places(self) -> tuple[str, ...]:
        """Every place in reading order; the edition as a whole comes last."""
        opening = map(self.at, ("subject", "preheader", "introduction"))
        read = (one.where for one in self.entries)
        rest = map(self.at, ("our own words", "HTML part", "text part"))
        return (*opening, *read, *rest, self.name)

    def around(self, many: Sequence[Study | RoundUp]) -> str:
        """Where `many` are: the place of the only one, else the edition."""
        return many[0].where if len(many) == 1 else self.name


def sample_of(edition: Edition) -> Personal:
    """What fills the slots for a reader who is nobody."""
    site = edition.publication.site_url
    return Personal(
        unsubscribe_url=f"{site}/leave/sample",
        preferences_url=f"{site}/preferences/sample",
        browser_url=links.issue_address(edition),
        joined="1 January 2026",
    )


def opened(
    edition: Edition, rendition: Rendition, rules: Rules, filled: tuple[str, str], sample: Personal
) -> Mail:
    """The mail as the sample reader gets it; `filled` is what `slots.personalise` gives."""
    html, text = filled
    page = LexborHTMLParser(html)
    contents = contents_of(edition, sample.joined)
    shown = _shown(contents, page, edition)
    quoted = list(_quoted(shown, edition))
    return Mail(
        edition=edition,
        rendition=rendition,
        rules=rules,
        sample=sample,
        contents=contents,
        shown=shown,
        html=html,
        text=text,
        page=page,
        seen=Part("HTML part", _visible(html), quoted),
        plain=Part("text part", text, quoted),
        studies=tuple(_studies(edition, contents)),
        round_ups=tuple(_round_ups(edition, contents)),
    )


def which(many: Sequence[Study | RoundUp]) -> str:
    """` in study 1 (walk), study 4 (rest)`; nothing of the only one, whose place says it."""
    return f" in {listed(many)}" if len(many) > 1 else ""


def listed(many: Sequence[Study | RoundUp | str], most: int = MOST_NAMED) -> str:
    """`study 1 (walk), study 4 (rest) and 3 more`."""
    names = [one if isinstance(one, str) else one.name for one in many]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _shown(contents: Contents, page: LexborHTMLParser, edition: Edition) -> Contents:
    """What had room: a large mail shows fewer cards a theme, and leads to the web for the rest."""
    ways = {
        (" ".join(link.text().split()), link.attributes.get("href")) for link in page.css("a[href]")
    }
    largest = max((len(section.cards) for section in contents.sections), default=0)
    for most in range(1, largest):
        fewer = shortened(contents, most, edition)
        if all((s.more.text, s.more.address) in ways for s in fewer.sections if s.more):
            return fewer
    return contents


def _visible(html: str) -> str:
    page = LexborHTMLParser(html)
    page.strip_tags(["style", "script", "template"])
    return page.body.text(separator=" ") if page.body else ""


def _quoted(contents: Contents, edition: Edition) -> Iterator[Quoted]:
    """The words from outside in the order in which they are read."""
    journals = {
        links.study_anchor(position): one_line(item.summary.journal)
        for position, item in enumerate(edition.items, 1)
    }
    for section in contents.sections:
        for card in section.cards:
            yield Quoted(card.title, before=card.address)
            texts = (card.lead, card.audience or "", card.caveat, journals[card.anchor])
            yield from (Quoted(str(text)) for text in texts)
        yield from (Quoted(word.name) for word in section.words)
    for article in contents.articles:
        yield Quoted(article.title, before=article.address)


def _name(edition: Edition) -> str:
    return f"{edition.wording.audience} edition"


def _studies(edition: Edition, contents: Contents) -> Iterator[Study]:
    cards = [card for section in contents.sections for card in section.cards]
    for position, (item, card) in enumerate(zip(edition.items, cards, strict=True), 1):
        name = f"study {position} ({item.summary.slug})"
        teaser = item.teasers[edition.wording.audience]
        yield Study(name, f"{_name(edition)}, {name}", item, teaser, card)


def _round_ups(edition: Edition, contents: Contents) -> Iterator[RoundUp]:
    both = zip(edition.articles, contents.articles, strict=True)
    for position, (summary, link) in enumerate(both, 1):
        name = f"article {position} ({summary.slug})"
        yield RoundUp(name, f"{_name(edition)}, {name}", summary, link)
