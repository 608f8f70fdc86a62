"""What the tests of the mail share: each edition at each size, made once, and ways to look at it.

python -m tests.mail.material     prints a SHA-256 over what readers of every edition get
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property

import pytest
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.config import Config
from digest.mail.render import mail_environment, render
from digest.mail.slots import personalise
from digest.mail.variants import for_themes
from digest.mail.wording import one_line
from digest.values import AUDIENCES, Audience, Edition, Fact, Item, Rendition, Wording
from tests.builders import (
    a_config,
    a_month,
    a_personal,
    a_summary,
    a_teaser,
    an_edition,
    an_evidence,
    an_item,
    with_words,
)

CARDS = (5, 15, 45)
EDITIONS = pytest.mark.parametrize("audience", AUDIENCES)
SIZES = pytest.mark.parametrize("cards", CARDS)
ANY_BUT_A_SLOT = st.characters(exclude_characters="_")  # a slot begins with it

_CONDITIONAL = re.compile(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", re.DOTALL)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL)


@dataclass(frozen=True)
class Mail:
    """One edition, its rendition, and what a reader gets of it."""

    edition: Edition
    rendition: Rendition

    @property
    def audience(self) -> Audience:
        return self.rendition.audience

    @cached_property
    def parts(self) -> tuple[str, str]:
        return personalise(self.rendition, a_personal())

    @property
    def html(self) -> str:
        return self.parts[0]

    @property
    def text(self) -> str:
        return self.parts[1]

    @cached_property
    def page(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.html)

    @cached_property
    def page_in_word(self) -> LexborHTMLParser:
        """As Outlook on Windows reads it: what stands in its conditional comments stands open."""
        head, body = self.html.split("<body")
        return LexborHTMLParser(f"{head}<body{_CONDITIONAL.sub(lambda found: found[1], body)}")

    @property
    def sheets(self) -> list[str]:
        """Every style sheet, that for Word too."""
        return _STYLE.findall(self.html)


@cache
def mail_of(audience: Audience, cards: int) -> Mail:
    """The edition of `cards` cards as config.yaml words it, with everything that a mail may hold:

    six themes (or one a card), hard words but for clinicians, a study in mice, one without an
    address, one that names no limits, and two articles.
    """
    edition = a_month(
        cards=cards,
        themes=min(6, cards),
        wording=shipped_wording(audience),
        articles=(
            a_summary(kind="article", slug="up", title="The Year's “Best” & Worst", url=""),
            a_summary(kind="article", slug="talk", title="A Talk", url="https://talk.example.org/"),
        ),
    )
    first, second, *rest = edition.groups
    groups = (
        replace(first, items=(_in_mice(first.items[0]), *first.items[1:])),
        replace(second, items=(_without_limits(second.items[0]), *second.items[1:])),
        *rest,
    )
    edition = replace(edition, groups=groups)
    return made(edition if audience == "clinician" else with_words(edition))


def made(edition: Edition) -> Mail:
    """`edition` rendered with our own templates."""
    return Mail(edition, rendered(edition))


def rendered(edition: Edition) -> Rendition:
    return render(edition, mail_environment())


def shipped_wording(audience: Audience) -> Wording:
    """The words of the shipped config.yaml."""
    return _config().audiences[audience].wording(audience)


def of_summary(**changes: str) -> Edition:
    """An edition of one card."""
    return of_items(an_item(summary=a_summary(**changes)))


def of_items(*items: Item) -> Edition:
    """An edition of one theme with these items."""
    edition = an_edition()
    return replace(edition, groups=(replace(edition.groups[0], items=items),))


def texts(page: LexborHTMLParser, selector: str) -> list[str]:
    return [node.text() for node in page.css(selector)]


def attribute(node: LexborNode | None, name: str) -> str:
    assert node is not None
    return node.attributes.get(name) or ""


def above(node: LexborNode) -> Iterator[LexborNode]:
    """The elements that `node` stands in, the nearest first."""
    while node.parent is not None:
        node = node.parent
        yield node


def said(text: str) -> str:
    """`text` with single blanks: how it is read, however it is laid out."""
    return " ".join(text.split())


def in_reading_order(edition: Edition) -> Iterator[str]:
    """Every text of an edition's themes and articles in the order of the model."""
    audience = edition.wording.audience
    for group in edition.groups:
        yield from (group.theme.names[audience], group.theme.lines[audience])
        for item in group.items:
            teaser = item.teasers[audience]
            yield from (item.summary.title, teaser.lead, teaser.audience or "")
            yield from (teaser.caveat or "The summary names no limits.", item.summary.journal)
        for word in group.words:
            yield from (one_line(word.term), word.meaning)
    yield from (article.title for article in edition.articles)


def fingerprint() -> str:
    """SHA-256 over every edition: the frozen one, what a reader gets, and a choice of themes."""
    digest = hashlib.sha256()
    for audience in AUDIENCES:
        whole = mail_of(audience, 15)
        some = for_themes(whole.rendition, frozenset({"theme-4", "theme-0", "theme-1"}))
        assert some is not None
        for part in (whole.rendition.content_hash, *whole.parts, some.html, some.text):
            digest.update(part.encode())
    return digest.hexdigest()


@cache
def _config() -> Config:
    return a_config()


def _in_mice(item: Item) -> Item:
    evidence = an_evidence(kind=Fact("lab"), participants=Fact(None), species=Fact(("mouse",)))
    return replace(item, summary=replace(item.summary, url=""), evidence=evidence)


def _without_limits(item: Item) -> Item:
    teasers = {
        audience: a_teaser(lead=teaser.lead, audience=None, caveat=None)
        for audience, teaser in item.teasers.items()
    }
    return replace(item, teasers=teasers)


if __name__ == "__main__":
    print(fingerprint())
