"""Where a page leads, and what its cards tell: whole web addresses, dates as stated, no more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from digest.sources.cards import cards_of, links_of, next_of, site_of, whole_address
from tests.sources.samples import CUT, OTHER_CUT, RELATED

HERE = "https://news.example.org/news/view/1"
TWO = (("https://news.example.org/a", "12/31/2026"), ("https://news.example.org/b", "5/1/2026"))


def told(html: str, selector: str | None = None) -> list[tuple[str, str]]:
    return [(card.url, card.dated) for card in cards_of(LexborHTMLParser(html), HERE, selector)]


WRAPPED = (
    f"<div><p>12/31/2026</p><p>{CUT}</p><a href=/a>Read More</a></div>"
    f"<div><p>5/1/2026</p><p>{OTHER_CUT}</p><a href=/b>Read More</a></div>"
)


@pytest.mark.parametrize(
    "html",
    [
        WRAPPED,
        f"<div>{WRAPPED}</div>",
        WRAPPED.replace("div", "li"),
        WRAPPED.replace("<div>", "").replace("</div>", ""),
        (f"12/31/2026<br>{CUT}<br><a href=/a>Read More</a>5/1/2026<br>{OTHER_CUT}<br>"
        "<a href=/b>Read More</a>Whether you like it or not"),
        (f"<p>12/31/2026</p><p>{CUT}</p><p><a href=/a>Read More</a></p>"
        f"<p>5/1/2026</p><p>{OTHER_CUT}</p><p><a href=/b>Read More</a></p>"),
        f"<a href=/a><p>12/31/2026</p>{CUT}</a><a href=/b><p>5/1/2026</p>{OTHER_CUT}</a>",
        (f"<p>12/31/2026 {CUT} <a href=/a>Read More</a></p>"
        f"<p>5/1/2026 {OTHER_CUT} <a href=/b>Read More</a></p>"),
        WRAPPED.replace("<p>1", "<h3><a href=/a>T</a></h3><p>1"),
        WRAPPED.replace("<p>12/31/2026", "<p>Published on 12/31/2026"),
    ],
    ids=[
        "elements", "nested", "list", "flat paragraphs", "breaks", "links in paragraphs",
        "whole links", "one line", "title linked too", "label",
    ],
)  # fmt: skip
def test_cards_tell_their_dates_in_every_form(html: str) -> None:
    assert told(html) == list(TWO)


def test_a_time_element_is_read_as_it_states_itself() -> None:
    html = RELATED.replace("<a>", "<a href=/a>")
    assert told(html) == [(TWO[0][0], "2026-12-31"), ("https://news.example.org/x", "2026-05-01")]


def test_a_card_without_a_date_leads_all_the_same() -> None:
    assert told("<div class=related><a href=/a>T</a></div><a href=/b>Read more »</a>") == [
        (TWO[0][0], ""),
        (TWO[1][0], ""),
    ]


@pytest.mark.parametrize(
    "html",
    [
        "<p>On 12/31/2026 a team <a href=/a>wrote</a> of it.</p>",
        f"<div><h1>T</h1><time>12/31/2026</time><a href=/a>Study</a>{CUT}</div>",
        f"<div><p>12/31/2026</p>{CUT * 6}<a href=/a>Study</a></div>",
        "<main><time>12/31/2026</time><a href=/a>Study</a></main>",
        "<div><time>12/31/2026</time><a href=/a>one</a><a href=/b>two</a></div>",
    ],
    ids=["prose", "beside the title", "large", "main part", "two addresses"],
)
def test_a_date_that_is_no_cards_is_told_of_nothing(html: str) -> None:
    assert told(html) == []


def test_an_undated_card_never_takes_its_neighbours_date() -> None:
    html = f"{WRAPPED}<div><p>{CUT}</p><a href=/c>Read More</a></div>"
    assert told(html) == [*TWO, ("https://news.example.org/c", "")]
    flat = html.replace("<div>", "").replace("</div>", "")
    assert told(flat) == [*TWO, ("https://news.example.org/c", "")]


def test_other_links_of_a_card_do_not_hide_its_date() -> None:
    tree = LexborHTMLParser(WRAPPED.replace("<p>12", "<a href=/tag/sleep>Sleep</a><p>12"))
    cards = cards_of(tree, HERE, leads=lambda url: "/tag/" not in url)
    assert [(card.url, card.dated) for card in cards] == list(TWO)


def test_a_selector_says_what_a_card_is() -> None:
    html = "<p class=k><b>3/1/2026</b><a href=/a>T</a></p><a href=/b><i class=k>4/1/2026</i></a>"
    assert told(html, ".k") == [(TWO[0][0], "3/1/2026"), (TWO[1][0], "4/1/2026")]
    assert told(WRAPPED, ".not-here") == list(TWO)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)", "\tjava\tscript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "mailto:a@example.org", "https://someone@news.example.org/a", "http://[::1", "http:///a",
        "", " ", "/\\evil.example", "http://a..b/", "https://news.example.org:99999/",
        f"/{'x' * 2001}",
    ],
)  # fmt: skip
def test_a_hostile_href_leads_nowhere(href: str) -> None:
    assert whole_address(href, HERE) == ""


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("2", "https://news.example.org/news/view/2"),
        ("//evil.example/x", "https://evil.example/x"),
        ("\n/a\tb\n", "https://news.example.org/ab"),
        ("/a b#part", "https://news.example.org/a%20b"),
        ("?n=1&utm_source=x&fbclid=y", "https://news.example.org/news/view/1?n=1"),
        ("HTTPS://News.Example.org:443/a", "https://news.example.org/a"),
    ],
)
def test_a_link_becomes_one_whole_address(href: str, url: str) -> None:
    assert whole_address(href, HERE) == url


def test_a_base_moves_the_links_but_only_to_the_web() -> None:
    assert links_of(LexborHTMLParser("<base href=/x/><a href=1>"), HERE) == (
        "https://news.example.org/x/1",
    )
    assert links_of(LexborHTMLParser("<base href='data:,'><a href=1>"), HERE) == (HERE,)


@pytest.mark.parametrize(
    "tag", ["<a rel=next href='?page=2'>More</a>", "<link rel=NEXT href='?page=2'>"]
)
def test_the_next_page_is_no_article(tag: str) -> None:
    tree = LexborHTMLParser(f"<a href=/a>A</a>{tag}")
    assert next_of(tree, HERE) == f"{HERE}?page=2"
    assert links_of(tree, HERE) == (TWO[0][0],)
    assert cards_of(tree, HERE) == ()


def test_one_site_is_a_host_with_or_without_www() -> None:
    assert site_of("https://www.example.org/a") == site_of("http://example.org:80/b")
    assert site_of("https://example.org:8443/") != site_of("https://example.org/")
    assert site_of("https://example.org.evil.example/") != site_of("https://example.org/")


def test_a_page_of_nothing_but_cards_is_read_in_bounded_time() -> None:
    flat = "<div>" * 400 + "<p>12/31/2026</p><a href=/a>Read More</a>" * 20_000
    assert len(cards_of(LexborHTMLParser(flat), HERE)) == 1
    many = "".join(f"<li><p>5/1/2026</p><a href=/{n}>Read More</a>" for n in range(20_000))
    assert len(cards_of(LexborHTMLParser(many), HERE)) == 2000
    assert len(links_of(LexborHTMLParser(many), HERE)) == 5000


PIECES = st.sampled_from(
    [
        "<a href=/a>", "</a>", "<div class=card>", "</div>", "Read More", "5/1/2026", "<p>", "<!--",
        "<time datetime=x>", "<base href=//e.example/>", "<a href='javascript:x'>", "\0",
        "<a href='http://[::1'>",
    ]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    st.lists(PIECES | st.text(max_size=20), max_size=30), st.sampled_from([None, "div", "a", "*"])
)
def test_no_page_is_too_broken_for_its_cards(pieces: list[str], selector: str | None) -> None:
    for card in cards_of(LexborHTMLParser("".join(pieces)), HERE, selector):
        assert card.url.startswith(("http://", "https://"))
