"""The keys of the kind `pages`, its selectors at work, and what no page can do to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from digest.errors import SourceError
from digest.sources.errors import Unreadable
from digest.sources.kind import Answer
from digest.sources.page import stated_in_html
from digest.values import Seen
from tests.sources.samples import FOUND, HEADLINE, LIMITS, TITLE, WHY, a_page, escaped
from tests.sources.sites import LIST, Visits, a_card, a_listing, a_source, an_article, view
from tests.sources.webs import FakeWeb


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"article": "/news/(view"}, "'/news/(view' is no pattern"),
        ({"article": "a{5,1}"}, "is no pattern"),
        ({"article": "x" * 301}, "longer than 300 characters"),
        ({"article": "a{99999999999999999999}"}, "is no pattern"),
        ({"fields": {"journal": "p["}}, "'p[' is no CSS selector"),
        ({"fields": {"card": ""}}, "'' is no CSS selector"),
        ({"fields": {"doi": "p " * 200}}, "longer than 300 characters"),
        ({"start": ["news.example.org"]}, "'news.example.org' is no web address"),
        ({"start": ["https://u:p@news.example.org/"]}, "is no web address"),
        ({"start": ["https://news.example.org/#a"]}, "is no web address"),
        ({"start": ["http://[::1/"]}, "is no web address"),
        ({"start": []}, "names no address"),
        ({"depth": 6}, "less than or equal to 5"),
        ({"most_pages": 0}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_key_is_refused_in_one_clear_line(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        a_source(**changes)
    (error,) = caught.value.errors()
    assert words in error["msg"]
    assert "\n" not in error["msg"]


def test_a_start_is_asked_as_it_is_written() -> None:
    for start in ("https://news.example.org/news/", "https://news.example.org/?a=1&utm_source=b"):
        assert a_source(start=[start]).start == (start,)
    assert a_source(start=["https://News.example.org:8443/x"]).host == "news.example.org"


@pytest.mark.parametrize("article", ["/news/view/", r"view/\d+$", "[?]id=1$", "/"])
def test_the_pattern_is_searched_in_path_and_query(article: str) -> None:
    url = f"{view(1)}?id=1" if "id" in article else view(1)
    web = FakeWeb({LIST: f"<a href='{url}'>T</a>", url: an_article(1)})
    assert len(Visits(web, a_source(article=article)).at().entries) == 1


# ── selectors ─────────────────────────────────────────────────────────────────────────────

OWN = (
    "<html><body><div class=top>Site</div><b class=t>Own title</b><i class=d>3/1/2026</i>"
    f"<div class=h>{HEADLINE}</div><div class=f><p>One.</p><p>Two.</p></div>"
    "<div class=f>Three.</div>"
    f"<div class=w>{WHY}</div><div class=l>{escaped(LIMITS)}</div><u class=j>Own Journal</u>"
    "<a class=o href='https://doi.org/10.5555/own'>Link</a></body></html>"
)
SELECTORS = {
    "title": ".t", "headline": ".h", "found": ".f", "why": ".w", "limits": ".l", "journal": ".j",
    "published": ".d", "doi": ".o",
}  # fmt: skip


def test_each_selector_goes_before_the_defaults() -> None:
    stated = stated_in_html(OWN, selectors=SELECTORS)
    assert (stated.kind, stated.title, stated.headline) == ("summary", "Own title", HEADLINE)
    assert (stated.found, stated.why, stated.limits) == ("One.\n\nTwo.\n\nThree.", WHY, LIMITS)
    assert (stated.journal, stated.published) == ("Own Journal", "3/1/2026")
    assert stated.doi == "10.5555/own"
    assert stated.body == ""


@pytest.mark.parametrize("name", sorted(SELECTORS))
def test_a_selector_that_finds_nothing_leaves_the_field_to_the_defaults(name: str) -> None:
    assert stated_in_html(a_page(), selectors={name: ".nowhere"}) == stated_in_html(a_page())


def test_a_date_is_read_from_its_attribute_first() -> None:
    html = a_page(head="<meta itemprop=d content=2026-02-03>")
    assert stated_in_html(html, selectors={"published": "[itemprop=d]"}).published == "2026-02-03"
    html = a_page(date="<time class=x datetime=2026-02-04>yesterday</time>")
    assert stated_in_html(html, selectors={"published": ".x"}).published == "2026-02-04"


def test_one_selector_does_not_disturb_the_other_fields() -> None:
    html = an_article(1)
    stated = stated_in_html(html, selectors={"found": "p:nth-of-type(2)"})
    assert (stated.headline, stated.found) == (HEADLINE, FOUND)
    assert (stated.why, stated.limits) == (WHY, LIMITS)
    whole = stated_in_html(html, selectors={"found": "p:nth-of-type(2), p:nth-of-type(3)"})
    assert (whole.found, whole.why, whole.limits) == (f"{FOUND}\n\n{WHY}", "", LIMITS)


def test_a_selected_headline_counts_on_a_page_with_sections() -> None:
    html = f"<article><h1>Naps helped.</h1><section class=found><p>{FOUND}</p></section></article>"
    stated = stated_in_html(html, selectors={"headline": "h1"})
    assert (stated.kind, stated.headline, stated.found) == ("summary", "Naps helped.", FOUND)
    untitled = html.replace("h1", "b")
    assert stated_in_html(untitled, selectors={"headline": "b"}).headline == "Naps helped."


def test_a_selected_text_holds_no_card() -> None:
    html = a_page(below="").replace("</article>", f"{a_card(2, '5/1/2026')}</article>")
    stated = stated_in_html(html, selectors={"found": "article"})
    assert "cut teas" not in stated.found
    own = html.replace("</article>", "<p class=c>Swimming, too, is studied.</p></article>")
    assert "Swimming" in stated_in_html(own, selectors={"found": "article"}).found
    stated = stated_in_html(own, selectors={"found": "article", "card": ".c"})
    assert "Swimming" not in stated.found


def test_the_selectors_of_the_configuration_reach_the_page() -> None:
    web = FakeWeb({LIST: a_listing("<p class=k>3/1/2026 <a href=/news/view/1>T</a></p>")})
    web.pages[view(1)] = OWN.replace("3/1/2026", "")
    fields = {**SELECTORS, "card": ".k"}
    (entry,) = Visits(web, a_source(fields=fields)).at().entries
    assert (entry.title, entry.journal, entry.doi) == ("Own title", "Own Journal", "10.5555/own")
    assert entry.published_at is not None


# ── what no page can do ───────────────────────────────────────────────────────────────────

PIECES = st.sampled_from(
    [
        "<main>", "<h1>T</h1>", "<p>", "</p>", "<div class=card>", "</div>", "<article>", "</main>",
        "<svg><p>", "<table><a>", "<base href='http://[::1'>", "<time datetime=0001-01-01>", "\0",
        "<meta name=date content=2062>", "<link rel=canonical href='//['>", "<template>", "<!--",
        "<script type='application/ld+json'>", '{"@graph": [{"datePublished": 1}', "</script>",
        "<section class=found>", "<h2>Limits</h2>", "<a href='/news/view/2'>Read More</a>", "<br>",
        "5/1/2026", "<nav>", "journals like x often range", "<a href=", "<?xml",
        "<button><button>", f"<p>{HEADLINE}</p>", "<p>Some words. And more.</p>", "&#x110000;",
        "<a rel=next href='?page=2'>",
        "<urlset><url><loc>", "<aside class=related>", "</aside>", "<frameset>", "<plaintext>",
    ]
)  # fmt: skip
PAGES = st.lists(PIECES | st.text(max_size=12), max_size=40).map("".join)


@settings(max_examples=100, deadline=None)
@given(PAGES, st.sampled_from([{}, SELECTORS, {"found": "p, div", "card": "div"}, {"title": "*"}]))
def test_no_page_however_broken_is_more_than_unreadable(
    html: str, selectors: dict[str, str]
) -> None:
    try:
        stated_in_html(html, address=view(1), selectors=selectors)
    except Unreadable as error:
        assert error.problem  # noqa: PT017


@settings(max_examples=60, deadline=None)
@given(PAGES, PAGES, st.sampled_from(["", "utf-16", "nonsense"]))
def test_no_site_however_broken_stops_a_visit(listing: str, page: str, charset: str) -> None:
    def answer(url: str, text: str) -> Answer:
        content = text.encode("utf-8", "surrogatepass")
        return Answer(url=url, content=content, charset=charset, seen=Seen(url, body_hash="a"))

    web = FakeWeb({LIST: answer(LIST, f"{a_card(1)}{listing}")})
    web.pages |= {url: answer(url, page) for url in (view(1), view(2))}
    visits = Visits(web)
    for _ in range(2):
        try:
            visits.at()
        except SourceError as error:
            assert error.what  # noqa: PT017


@pytest.mark.parametrize("html", ["<" * 1_000_000, "<b></b>" * 250_000, "<a href=/>" * 500_000])
def test_a_page_of_nothing_but_tags_is_refused_before_it_is_parsed(html: str) -> None:
    with pytest.raises(Unreadable, match="more than 50,000 tags"):
        stated_in_html(html)
    web = FakeWeb({LIST: a_listing(a_card(1)), view(1): html})
    (refusal,) = Visits(web).at().refusals
    assert refusal.place == view(1)
    with pytest.raises(SourceError, match="more than 50,000 tags"):
        Visits(FakeWeb({LIST: html})).at()


def test_json_ld_that_nests_for_ever_tells_nothing() -> None:
    for script in ("[" * 900_000, '{"@graph":[' * 50_000, "9" * 500_000, f'"{TITLE}"'):
        head = f"<script type='application/ld+json'>{script}</script>"
        assert stated_in_html(a_page(head=head)).published == "2026-10-03"
