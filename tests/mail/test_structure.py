"""How a mail is read aloud: language, landmarks, headings, links, and the order of it all."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from selectolax.lexbor import LexborNode

from tests.builders import a_month, a_publication
from tests.mail.material import (
    Mail,
    above,
    attribute,
    in_reading_order,
    made,
    said,
    texts,
)

VAGUE = re.compile(r"\b(read|learn|see|find out) more\b|\bhere\b|^(more|link|continue)$", re.I)
PROSE = {"p", "h1", "h2", "h3", "li"}
HIDDEN_SAFELY = {"display": "none", "max-height": "0", "overflow": "hidden", "mso-hide": "all"}


def body_text(mail: Mail) -> str:
    """What is read aloud of the mail, the hidden preheader aside."""
    wrapper = mail.page.css_first("[role=article]")
    assert wrapper is not None
    return said(wrapper.text(separator=" "))


# ── page and wrapper ──────────────────────────────────────────────────────────────────────


def test_language_and_direction_are_on_page_and_wrapper(mail: Mail) -> None:
    for node in (mail.page.css_first("html"), mail.page.css_first("body > [role=article]")):
        assert (attribute(node, "lang"), attribute(node, "dir")) == ("en", "ltr")


def test_another_language_reaches_page_and_wrapper() -> None:
    page = made(a_month(cards=5, publication=a_publication(language="en-GB"))).page
    assert [attribute(node, "lang") for node in page.css("[lang]")] == ["en-GB", "en-GB"]


def test_the_wrapper_is_an_article_with_a_label(mail: Mail) -> None:
    (wrapper,) = mail.page.css("[role=article]")
    assert attribute(wrapper, "aria-label") == "MS Research Digest, November 2026"
    assert attribute(wrapper, "aria-roledescription") == "email"


def test_the_title_is_the_subject(mail: Mail) -> None:
    assert texts(mail.page, "title") == [mail.rendition.subject]
    assert mail.rendition.subject.startswith("November 2026: ")


def test_the_preheader_comes_first_and_is_hidden_the_safe_way(mail: Mail) -> None:
    first = mail.page.css_first("body > *")
    assert first is not None
    assert first.text().rstrip("\u00a0\u034f") == mail.rendition.preheader
    assert 40 <= len(mail.rendition.preheader) <= 110
    pairs = (part.split(":") for part in attribute(first, "style").split(";"))
    assert dict(pairs) == HIDDEN_SAFELY
    assert mail.page.css("[hidden], [aria-hidden]") == []


# ── headings ──────────────────────────────────────────────────────────────────────────────


def test_one_h1_an_h2_a_theme_and_an_h3_a_card_in_the_models_order(mail: Mail) -> None:
    expected = []
    for group in mail.edition.groups:
        expected.append(("h2", group.theme.names[mail.audience]))
        expected += [("h3", item.summary.title) for item in group.items]
    found = [(node.tag, node.text()) for node in mail.page.css("h1, h2, h3, h4, h5, h6")]
    studies = f"{len(mail.edition.items)} studies"
    assert found[0] == (
        "h1", f"{studies} this month" if mail.audience == "clinician" else f"What {studies} found"
    )  # fmt: skip
    assert found[1:] == [*expected, ("h2", "Also worth reading")]


def test_no_level_is_skipped(mail: Mail) -> None:
    levels = [int(str(node.tag)[1]) for node in mail.page.css("h1, h2, h3, h4, h5, h6")]
    assert levels.count(levels[0]) == 1
    assert all(below - level <= 1 for level, below in pairwise(levels))


def test_prose_stands_in_paragraphs(mail: Mail) -> None:
    loose = [
        node.text()
        for node in mail.page.css("[role=article] *")
        if _own_words(node) and not PROSE & {str(one.tag) for one in (node, *above(node))}
    ]
    assert loose == []


def _own_words(node: LexborNode) -> str:
    own = (part.text() for part in node.iter(include_text=True) if part.tag == "-text")
    return "".join(own).strip()


# ── links ─────────────────────────────────────────────────────────────────────────────────


def test_every_link_says_where_it_leads_and_no_two_say_the_same(mail: Mail) -> None:
    names = texts(mail.page, "a")
    assert len(names) == len(mail.edition.items) + len(mail.edition.articles) + 3
    assert len(set(names)) == len(names)
    assert [name for name in names if VAGUE.search(name) or len(name) < 5] == []


def test_no_style_takes_the_line_from_under_a_link(mail: Mail) -> None:
    inline = [attribute(node, "style") for node in mail.page.css("a, a *")]
    css = "\n".join((*mail.sheets, *inline))
    decorations = re.findall(r"text-decoration(?:-line)?:\s*([a-z ]+)", css)
    # Apple's programs make links of dates; the one rule against that is for those alone.
    assert set(decorations) == {"underline", "none"}
    taken = re.findall(r"([^{}]*)\{[^{}]*text-decoration:none", css)
    assert [selector.strip() for selector in taken] == ["a[x-apple-data-detectors]"]
    assert any(re.search(r"(^|})\s*a\{text-decoration:underline", sheet) for sheet in mail.sheets)


def test_titles_lead_to_their_study_and_the_ways_out_to_the_readers_own(mail: Mail) -> None:
    hrefs = [attribute(node, "href") for node in mail.page.css("a")]
    lone = f"https://digest.example.org/issues/12/{mail.audience}"
    items = [
        item.summary.url or f"{lone}#study-{n}" for n, item in enumerate(mail.edition.items, 1)
    ]
    site = "https://digest.example.org"
    assert hrefs == [
        *items,
        f"{lone}#article-1",
        "https://talk.example.org/",
        f"{site}/preferences/{'x' * 50}",
        f"{site}/leave/{'x' * 50}",
        f"{site}/issues/12/patient",
    ]


# ── reading order ─────────────────────────────────────────────────────────────────────────


def test_the_mail_is_read_in_the_models_order(mail: Mail) -> None:
    text, at = body_text(mail), 0
    at = text.index("Reading time:")
    for group in mail.edition.groups:  # the list of the themes
        at = text.index(group.theme.names[mail.audience], at) + 1
    for part in in_reading_order(mail.edition):
        at = text.index(part, at) + len(part)
    for part in ("About this research", "You get this because", "Leave this list", "1 Example"):
        at = text.index(part, at) + len(part)


def test_each_title_lead_and_heading_is_said_once(mail: Mail) -> None:
    text = body_text(mail)
    for item in mail.edition.items:
        assert text.count(f"{item.summary.title} ") == 1
        assert text.count(item.teasers[mail.audience].lead) == 1
    for group in mail.edition.groups:
        assert text.count(group.theme.names[mail.audience]) == 2  # in the list, above its cards


def test_cards_are_numbered_through_the_edition(mail: Mail) -> None:
    ids = [attribute(node, "id") for node in mail.page.css("[id]")]
    studies = [f"study-{n}" for n in range(1, len(mail.edition.items) + 1)]
    assert ids == [*studies, "article-1", "article-2"]


def test_the_list_of_the_themes_counts_their_studies(mail: Mail) -> None:
    counts = [len(group.items) for group in mail.edition.groups]
    assert [said(line) for line in texts(mail.page, "ul > li")] == [
        f"{group.theme.names[mail.audience]} — {n} {'study' if n == 1 else 'studies'}"
        for group, n in zip(mail.edition.groups, counts, strict=True)
    ]


@pytest.mark.parametrize("part", ["1 Example Street", "You get this because", "One study is one"])
def test_the_standing_words_are_there_once(mail: Mail, part: str) -> None:
    assert body_text(mail).count(part) == 1
    assert mail.text.count(part) == 1
