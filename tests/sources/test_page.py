"""Pages as dumps and as HTML: the content, and never the cards or the disclaimer."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from digest.sources.errors import Unreadable
from digest.sources.page import read_dump, read_html, stated_in_html
from digest.values import Entry
from tests.sources.samples import (
    CARDS,
    FOOTER,
    FOUND,
    HEADLINE,
    JOURNAL,
    LIMITS,
    NO_CONTENT,
    OTHER_CUT,
    RELATED,
    SECTIONS,
    TITLE,
    WHY,
    ZONE,
    a_page,
    a_text,
)

CARD_PARAGRAPHS = "".join(f"<p>{line}</p>" for line in CARDS.split("\n"))


def dump(text: str) -> Entry:
    return read_dump(text, "incoming/walk.txt", zone=ZONE)


def page(html: str) -> Entry:
    return read_html(html, "incoming/walk.html", zone=ZONE)


def assert_is_the_walk(entry: Entry, *, title: str) -> None:
    assert (entry.kind, entry.title, entry.headline) == ("summary", title, HEADLINE)
    assert (entry.found, entry.why, entry.limits) == (FOUND, WHY, LIMITS)
    assert (entry.journal, entry.body) == (JOURNAL, "")
    for words in NO_CONTENT:
        assert words not in str(asdict(entry))


# ── HTML ──────────────────────────────────────────────────────────────────────────────────


def test_a_page_gives_every_field_and_no_card() -> None:
    entry = page(a_page())
    assert_is_the_walk(entry, title=TITLE)
    assert entry.published_at == datetime(2026, 10, 3, 4, tzinfo=UTC)
    assert (entry.doi, entry.url) == ("10.5555/walk.2026.1", "https://news.example.org/walk")


@pytest.mark.parametrize(
    "html",
    [
        a_page(headline=f"<p>{HEADLINE}</p>"),
        a_page(sections=SECTIONS.replace('class="', 'data-field="')),
        a_page(sections=SECTIONS.replace("section", "div").replace("class", "id")),
        a_page(journal=""),
        a_page(headline="", sections=a_text()),
        a_page(below=RELATED.replace("class", "data-x") + FOOTER.replace("class", "data-x")),
        a_page(below=RELATED.replace("aside", "ul").replace("div", "li").replace("class", "id")),
        a_page(below=CARD_PARAGRAPHS + FOOTER, sections=a_text(), headline=""),
        a_page().replace("<h1>", "<header><h1>").replace("</h1>", "</h1></header>"),
        a_page(below=RELATED.replace('<div class="card"', "<article").replace("/div", "/article")),
        a_page(title=f"<h1>{TITLE.replace(' ', ' <i>', 1)}</i></h1>"),
    ],
    ids=[
        "first p", "data-field", "headings", "journal below", "bare paragraphs", "no classes",
        "list of cards", "cards as paragraphs", "header", "article cards", "markup in title",
    ],
)  # fmt: skip
def test_a_page_is_known_in_every_form(html: str) -> None:
    assert_is_the_walk(page(html), title=TITLE)


def test_the_dates_of_cards_are_never_the_pages_date() -> None:
    assert page(a_page(date="")).published_at is None
    unmarked = RELATED.replace("class", "data-x")
    assert page(a_page(date="", below=unmarked)).published_at is None


def test_a_date_beside_the_article_is_not_the_pages_date() -> None:
    beside = '<body><div><time datetime="2020-01-01">Latest</time></div>'
    assert page(a_page(date="").replace("<body>", beside)).published_at is None
    assert page(a_page().replace("<body>", beside)).published_at == datetime(
        2026, 10, 3, 4, tzinfo=UTC
    )


def test_the_date_may_stand_in_the_header_with_the_title() -> None:
    html = a_page(date="").replace(
        "<article", "<header><time datetime=2026-10-03></header><article"
    )
    assert page(html).published_at == datetime(2026, 10, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:published_time" content="2026-10-03">',
        '<script type="application/ld+json">{"@graph": [{"datePublished": "2026-10-03"}]}</script>',
    ],
)
def test_the_date_may_stand_in_the_head(head: str) -> None:
    assert page(a_page(date="", head=head)).published_at == datetime(2026, 10, 3, 4, tzinfo=UTC)


OTHERS = '{"@type": "NewsArticle", "headline": "Another", "datePublished": "2026-09-09"}'
OWN = f'{{"@type": "NewsArticle", "headline": "{TITLE}", "datePublished": "2026-10-04"}}'


@pytest.mark.parametrize(
    ("facts", "day"),
    [
        (OWN, 4),
        (f"[{OTHERS}, {OWN}]", 4),
        (f"[{OTHERS}, {OTHERS.replace('09-09', '09-08')}]", 3),
        (OTHERS.replace("NewsArticle", "Event"), 3),
        ('{"datePublished": "soon"}', 3),
        ("{broken", 3),
        (f'{{"@type": "ItemList", "about": {OTHERS}}}', 3),
    ],
    ids=["own", "own among others", "several others", "event", "no date", "broken", "list"],
)
def test_json_ld_tells_the_pages_own_date_and_no_other(facts: str, day: int) -> None:
    head = f"<script type='application/ld+json'>{facts}</script>"
    assert page(a_page(head=head)).published_at == datetime(2026, 10, day, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "day"),
    [
        ('<meta property="article:published_time" content="2026-10-05">', 5),
        ('<meta name="date" content="2026-10-06">', 3),
    ],
    ids=["open graph first", "meta last"],
)
def test_the_pages_own_facts_go_before_its_time_element(head: str, day: int) -> None:
    published = page(a_page(head=head)).published_at
    assert published == datetime(2026, 10, day, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["date", "DC.date", "dcterms.issued", "citation_publication_date", "citation_date"]
)
def test_the_date_may_stand_in_a_bibliographic_meta(name: str) -> None:
    for stated in ("2026-10-03", "2026/10/3"):
        head = f'<meta name="{name}" content="{stated}">'
        assert page(a_page(head=head, date="")).published_at == datetime(2026, 10, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("citation_doi", "10.5555/meta.1"),
        ("DC.identifier", "doi:10.5555/meta.1"),
        ("dc.identifier", "https://doi.org/10.5555/meta.1"),
    ],
)
def test_the_doi_of_the_head_goes_first(name: str, stated: str) -> None:
    assert page(a_page(head=f'<meta name="{name}" content="{stated}">')).doi == "10.5555/meta.1"


def test_pmid_and_journal_may_stand_in_the_head() -> None:
    head = (
        '<meta name="citation_pmid" content="12345">'
        '<meta name="citation_journal_title" content="Head Journal">'
    )
    entry = page(a_page(head=head, journal=""))
    assert (entry.pmid, entry.journal) == ("12345", "Head Journal")
    assert page(a_page(head='<meta name="citation_pmid" content="PMC 1">')).pmid == ""


def test_a_date_that_cannot_be_loses_nothing_but_itself() -> None:
    entry = page(a_page(date='<time datetime="31/31/2026">'))
    assert_is_the_walk(entry, title=TITLE)
    assert entry.published_at is None
    assert "31/31/2026" in entry.date_problem


def test_a_page_found_on_the_web_keeps_its_address_unless_its_own_site_knows_a_better() -> None:
    here = "https://news.example.org/w?id=1"
    for stated, url in (
        ("/walk#top", "https://news.example.org/walk"),
        ("https://www.news.example.org/walk", "https://www.news.example.org/walk"),
        ("https://evil.example/walk", here),
        ("javascript:alert(1)", here),
        ("", here),
    ):
        html = a_page(head=f'<link rel="canonical" href="{stated}">')
        assert stated_in_html(html, address=here).url == url


def test_a_card_within_a_card_is_taken_out_once() -> None:
    nested = "<div class='card'>" * 300 + RELATED + "</div>" * 300
    assert_is_the_walk(page(a_page(below=nested + FOOTER)), title=TITLE)


def test_a_page_without_h1_takes_its_title_element() -> None:
    assert page(a_page(title="")).title == f"Site | {TITLE}"


def test_a_round_up_page_is_an_article() -> None:
    text = "<p>One finding.</p><p>Another &amp; more.</p>"
    for html in (
        a_page(sections=text, headline="", journal="", below="", facts=""),
        a_page(sections=text, headline="", journal="", kind="round-up"),
    ):
        entry = page(html)
        assert (entry.kind, entry.title) == ("article", TITLE)
        assert entry.body == "One finding.\n\nAnother & more."
        assert entry.url == "https://news.example.org/walk"


def test_script_in_any_field_never_comes_through() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    entry = page(
        a_page(
            title=f"<h1>{TITLE}{evil}</h1>", headline=f"<p class='headline'>{evil}{HEADLINE}</p>"
        )
    )
    assert_is_the_walk(entry, title=TITLE)
    assert "alert" not in str(asdict(entry))


def test_a_script_address_is_no_address() -> None:
    assert page(a_page(head='<link rel="canonical" href="javascript:alert(1)">')).url == ""


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("", "is empty"),
        ("<html><body></body></html>", "is empty"),
        ("<frameset><frame></frameset>", "is empty"),
        ('<section class="found">We found it.</section>', "has no headline"),
        (a_page(sections='<section class="found"> </section>'), "does not say what was found"),
        (a_page(sections=SECTIONS.replace(WHY, f"{WHY} Read More 5/1/2026")), "related cards"),
        ("<div>" * 600, "nest deeper"),
        (a_page(title=f"<h1>{'x' * 401}</h1>"), "`title` is 401 characters long"),
    ],
)
def test_a_page_that_cannot_be_read_says_why(html: str, problem: str) -> None:
    with pytest.raises(Unreadable) as caught:
        page(html)
    assert problem in caught.value.problem
    assert caught.value.mend


def test_a_page_with_sections_but_no_headline_has_its_title_for_one() -> None:
    entry = page(a_page(headline=""))
    assert entry.headline == entry.title
    assert (entry.found, entry.why, entry.limits) == (FOUND, WHY, LIMITS)


def test_the_other_teaser_is_nowhere_either() -> None:
    assert OTHER_CUT not in str(asdict(page(a_page())))
