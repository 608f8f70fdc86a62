"""A page, as a text dump or as HTML → one `Entry`. Keeps law 8: related cards never get in.

The HTML that is read (text dumps: see `layout`):

    <article>                                        class="round-up": an article, not a summary
      <h1>title</h1>                                 else <title>
      <p class="headline">…</p>                      else the first <p> before the sections
      <section class="found"><h2>What was found</h2><p>…</p></section>
      <section class="why">…</section>               or data-field="why", or a heading alone
      <section class="limits">…</section>
      <time datetime="2026-10-03">                   else article:published_time, JSON-LD
      <p class="journal">…</p>                       else the disclaimer's words
      <a href="https://doi.org/…">                   else class="doi", or a DOI in the text
      <aside class="related"><div class="card"><time>5/1/2026</time><p>cut teaser</p>
        <a>Read More</a></div></aside>               dropped, dates and all
      <footer class="disclaimer">…</footer>          dropped
    </article>
    <link rel="canonical" href="https://…">          the page's own address; else og:url

Without sections and headings, a page that names its journal below related cards is read by the
order of its paragraphs, any other one is an article.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.sources.clean import loose_text, markup, one_line, text_of_node
from digest.sources.entry import DOI, Stated, is_web_address, to_entry
from digest.sources.errors import Unreadable
from digest.sources.layout import (
    DATE,
    JOURNAL,
    READ_MORE,
    READ_MORE_LINE,
    Content,
    arrange,
    article,
    has_headings,
    is_title,
    paragraphs_of,
    without_frame,
)
from digest.values import Entry

SECTIONS = {name: f"[data-field={name}], .{name}" for name in ("found", "why", "limits")}
ANY_SECTION = ", ".join(SECTIONS.values())
HEADLINE = "[data-field=headline], .headline"
JOURNAL_NODE = "[data-field=journal], .journal"
DOI_NODE = "[data-field=doi], .doi, a[href*='doi.org/10.']"
FURNITURE = "nav, footer, form, .related, .card, .cards, .disclaimer"
NOT_FURNITURE = f"h1, {ANY_SECTION}, {HEADLINE}, {JOURNAL_NODE}"
LABEL_LINE = re.compile(r"(?:doi|published|journal)\s*:.*|https?://\S+|10\.\d{4,9}/\S+", re.I)
CARD_DATE = re.compile(DATE)
CARD_LEVELS, LARGEST_CARD, MOST_LINKS = 4, 500, 200  # elements, characters, links looked at


def read_dump(text: str, place: str, *, zone: ZoneInfo) -> Entry:
    """The entry of a text dump. Raises Unreadable when it is empty or without a headline."""
    content = without_frame([loose_text(line) for line in re.split(r"\r\n|\r|\n", text)])
    paragraphs = paragraphs_of(content)
    if not paragraphs:
        raise _empty(content)
    stated = (
        article(paragraphs)
        if not content.framed and _titled(content)
        else arrange(paragraphs, content)
    )
    return to_entry(replace(stated, journal=content.journal), place, zone)


def read_html(html: str, place: str, *, zone: ZoneInfo) -> Entry:
    """The entry of an HTML page. Raises Unreadable when it is empty or without a headline."""
    return to_entry(stated_in_html(html), place, zone)


def stated_in_html(html: str, *, title: str = "", in_order: bool = False) -> Stated:
    """What a page, or the content of a feed's entry, states.

    `title` is the one that a feed states outside the markup. `in_order`: two to four paragraphs
    without headings are a summary even without a frame.
    Raises Unreadable when the markup has no text or cannot be told apart.
    """
    tree = markup(html)
    published = _published(tree)  # JSON-LD is a script, and scripts go with the first text read
    journal_below = _journal_below(tree)
    url = _canonical(tree)
    framed = _drop_furniture(tree) or bool(journal_below)
    scope = _scope(tree)
    if scope is None:
        raise _empty(None)
    own_title = text_of_node(tree.css_first("h1")) or text_of_node(tree.css_first("title"))
    stated = Stated(
        title=title or own_title,
        url=url,
        published=_time(scope) or published or _time(tree, "header time[datetime]"),
        doi=_doi(scope),
        journal=_journal(scope) or journal_below,
    )
    round_up = scope.css_first(".round-up") is not None
    if scope.css_first(ANY_SECTION) is not None and not round_up:
        return _by_sections(stated, scope)
    return _by_paragraphs(stated, scope, framed=framed, in_order=in_order, round_up=round_up)


def _titled(content: Content) -> bool:
    """A round-up begins with a title (no sentence) and a blank line."""
    lines = list(content.lines)
    while lines and not lines[0]:
        lines.pop(0)
    return len(lines) > 2 and is_title(lines[0]) and not lines[1]


def _by_sections(stated: Stated, scope: LexborNode) -> Stated:
    headline = _headline(scope)
    fields = {}
    for name, selector in SECTIONS.items():
        node = scope.css_first(selector)
        for heading in node.css("h1, h2, h3, h4") if node else []:
            heading.decompose()
        fields[name] = text_of_node(node)
    if not headline:
        raise Unreadable("has no headline", 'Add one: <p class="headline">…</p> below the <h1>')
    return replace(stated, kind="summary", headline=headline, **fields)


def _headline(scope: LexborNode) -> str:
    if marked := text_of_node(scope.css_first(HEADLINE)):
        return marked
    sections = {node.mem_id for node in scope.css(ANY_SECTION)}
    for node in scope.css(f"p, {ANY_SECTION}"):  # in the order of the page
        if node.mem_id in sections:
            break
        text = text_of_node(node)
        if text and not LABEL_LINE.fullmatch(text):
            return text
    return ""


def _by_paragraphs(
    stated: Stated, scope: LexborNode, *, framed: bool, in_order: bool, round_up: bool
) -> Stated:
    headline = text_of_node(scope.css_first(HEADLINE))
    labels = {text_of_node(node) for node in scope.css(f"{DOI_NODE}, time[datetime]")}
    for node in scope.css(f"h1, {HEADLINE}, {JOURNAL_NODE}, .doi, [data-field]"):
        node.decompose()
    content = without_frame(text_of_node(scope).split("\n\n"))
    content = replace(content, framed=content.framed or framed, journal=stated.journal)
    paragraphs = [headline] if headline else []
    paragraphs += [line for line in content.lines if line and not _is_label(line, labels)]
    if not paragraphs:
        raise _empty(content)
    in_order = in_order or bool(headline) or content.framed or has_headings(paragraphs)
    if round_up or not in_order:
        found = article(paragraphs, stated.title)
    else:
        found = arrange(paragraphs, content, stated.title)
    return replace(
        stated,
        kind=found.kind,
        title=found.title,
        headline=found.headline,
        found=found.found,
        why=found.why,
        limits=found.limits,
        body=found.body,
        doi=stated.doi if found.kind == "summary" else "",
    )


def _is_label(line: str, labels: set[str]) -> bool:
    """True for "DOI: …" and the like, and for a line that is only the study's link or the date."""
    words = re.sub(r"^published(?: on)?:?\s+", "", line, flags=re.IGNORECASE)
    return words in labels or bool(LABEL_LINE.fullmatch(line))


def _drop_furniture(tree: LexborHTMLParser) -> bool:
    """Takes cards, disclaimer and navigation out of the page; True if cards were among them."""
    framed = False
    for node in tree.css(FURNITURE):
        if node.css_first(NOT_FURNITURE) is None:
            framed = framed or READ_MORE.search(node.text(deep=True)) is not None
            node.decompose()
    for link in tree.css("a, button")[:MOST_LINKS]:
        card = _card_around(link)
        if card is not None:
            framed = True
            card.decompose()
    return framed


def _card_around(link: LexborNode) -> LexborNode | None:
    """The nearest small element around a "Read More" that also holds a card's date."""
    if not READ_MORE_LINE.fullmatch(one_line(link.text(deep=True))):
        return None
    node = link.parent
    for _ in range(CARD_LEVELS):
        text = node.text(deep=True) if node else ""
        if node is None or len(text) > LARGEST_CARD:
            return None
        if CARD_DATE.search(text):
            return node
        node = node.parent
    return None


def _scope(tree: LexborHTMLParser) -> LexborNode | None:
    """The element that holds the content: the article with the title, else the main part."""
    articles = tree.css("article")
    titled = [node for node in articles if node.css_first("h1") is not None]
    return next(iter([*titled, *articles]), None) or tree.css_first("main") or tree.body


def _journal_below(tree: LexborHTMLParser) -> str:
    text = one_line(tree.body.text(deep=True)) if tree.body else ""
    match = JOURNAL.search(text)
    return match[1] if match else ""


def _journal(scope: LexborNode) -> str:
    text = text_of_node(scope.css_first(JOURNAL_NODE))
    return re.sub(r"^(?:journal|published in)\s*:?\s+", "", text, flags=re.IGNORECASE)


def _doi(scope: LexborNode) -> str:
    for node in scope.css(DOI_NODE):
        if match := DOI.search(f"{node.attributes.get('href') or ''} {node.text(deep=True)}"):
            return match[0]
    match = DOI.search(scope.text(deep=True))
    return match[0] if match else ""


def _canonical(tree: LexborHTMLParser) -> str:
    link = tree.css_first("link[rel=canonical]")
    stated = (link.attributes.get("href") if link else None) or _meta(tree, "og:url")
    return stated if is_web_address(stated) else ""


def _published(tree: LexborHTMLParser) -> str:
    if stated := _meta(tree, "article:published_time"):
        return stated
    for script in tree.css("script[type='application/ld+json']"):
        try:
            facts = json.loads(script.text(deep=True))
        except (ValueError, RecursionError):
            continue
        for fact in _facts(facts):
            if isinstance(fact.get("datePublished"), str):
                return str(fact["datePublished"])
    return ""


def _facts(found: object) -> Iterator[dict[str, object]]:
    """The objects of a JSON-LD script: one, a list of them, or a @graph."""
    for fact in found if isinstance(found, list) else [found]:
        if isinstance(fact, dict):
            yield fact
            graph = fact.get("@graph")
            parts = graph if isinstance(graph, list) else []
            yield from (part for part in parts if isinstance(part, dict))


def _meta(tree: LexborHTMLParser, name: str) -> str:
    node = tree.css_first(f"meta[property='{name}']")
    return (node.attributes.get("content") or "").strip() if node else ""


def _time(scope: LexborNode | LexborHTMLParser, selector: str = "time[datetime]") -> str:
    node = scope.css_first(selector)
    return (node.attributes.get("datetime") or "").strip() if node else ""


def _empty(content: Content | None) -> Unreadable:
    if content is not None and content.framed:
        return Unreadable(
            "holds related cards and a disclaimer but no content", "Save the whole page again"
        )
    return Unreadable("is empty", "Save the page again, or leave the file out")
