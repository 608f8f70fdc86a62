"""A page, as a text dump or as HTML → one `Entry`. Keeps law 8: related cards never get in.

The HTML that is read (text dumps: see `layout`):

    <article>                                        class="round-up": an article, not a summary
      <h1>title</h1>                                 else <title>
      <p class="headline">…</p>                      else the first <p> before the sections
      <section class="found"><h2>What was found</h2><p>…</p></section>
      <section class="why">…</section>               or data-field="why", or a heading alone
      <section class="limits">…</section>
      <time datetime="2026-10-03">                   JSON-LD and OpenGraph first, meta last
      <p class="journal">…</p>                       else the disclaimer's words
      <a href="https://doi.org/…">                   else class="doi", or a DOI in the text
      <aside class="related"><div class="card"><time>5/1/2026</time><p>cut teaser</p>
        <a>Read More</a></div></aside>               dropped, dates and all
      <footer class="disclaimer">…</footer>          dropped
    </article>
    <link rel="canonical" href="https://…">          the page's own address; else og:url

Without sections and headings, a page that names its journal below related cards is read by the
order of its paragraphs, any other one is an article. A site's own CSS selectors, a field each,
go before all this; one that finds nothing on a page leaves it to the defaults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.sources.cards import CARD_LEVELS, LARGEST_CARD
from digest.sources.clean import loose_text, markup, one_line, text_of_node
from digest.sources.elements import take_out
from digest.sources.entry import DOI, Stated, to_entry
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
from digest.sources.page_facts import (
    canonical_of,
    doi_in_head,
    journal_in_head,
    pmid_in_head,
    published_in_head,
    published_in_meta,
)
from digest.sources.selected import TEXTS, put_first, small_fields, texts
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
MOST_LINKS = 2000  # that are looked at
MOST_TAGS = 50_000  # half of what `clean` takes, as more is done here with each of them
MEDIA_TYPES = (  # what is read as a page; "": its site does not say
    "", "text/html", "application/xhtml+xml", "text/plain", "text/xml", "application/xml",
)  # fmt: skip
NO_SELECTORS: Mapping[str, str] = {}


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


def stated_in_html(
    html: str,
    *,
    title: str = "",
    in_order: bool = False,
    address: str = "",
    selectors: Mapping[str, str] = NO_SELECTORS,
) -> Stated:
    """What a page, or the content of a feed's entry, states.

    `title` is the one that a feed states outside the markup. `in_order`: two to four paragraphs
    without headings are a summary even without a frame. `address`: where the page was found.
    Raises Unreadable when the markup has no text or cannot be told apart.
    """
    return stated_in_tree(
        parsed_page(html), title=title, in_order=in_order, address=address, selectors=selectors
    )


def parsed_page(html: str) -> LexborHTMLParser:
    """The parsed page. Raises Unreadable when it has more tags, or deeper ones, than any page."""
    if html.count("<") > MOST_TAGS:
        raise Unreadable(f"it has more than {MOST_TAGS:,} tags", "Leave the page out")
    return markup(html)


def stated_in_tree(
    tree: LexborHTMLParser,
    *,
    title: str = "",
    in_order: bool = False,
    address: str = "",
    selectors: Mapping[str, str] = NO_SELECTORS,
) -> Stated:
    """As `stated_in_html`, of a page that is parsed already. Changes the tree."""
    # Read while the page is whole: scripts and furniture go with the text that is read next.
    told, published_last = _told_by_head(tree, address), published_in_meta(tree)
    small = small_fields(tree, selectors)
    journal_below = _journal_below(tree)
    framed = _drop_furniture(tree, selectors) or bool(journal_below)
    scope = _scope(tree)
    if scope is None:
        raise _empty(None)
    chosen = {**small, **texts(tree, selectors)}
    own_title = text_of_node(tree.css_first("h1")) or text_of_node(tree.css_first("title"))
    stated = replace(
        told,
        title=chosen.get("title") or title or own_title,
        headline=chosen.get("headline", ""),
        published=told.published or _time(scope) or _time(tree, "header time[datetime]"),
        doi=told.doi or _doi(scope),
        journal=_journal(scope) or told.journal or journal_below,
    )
    stated = replace(stated, published=stated.published or published_last)
    try:
        stated = _by_layout(stated, scope, framed=framed, in_order=in_order)
    except Unreadable:
        if "found" not in chosen:
            raise
    return put_first(chosen, stated)


def _titled(content: Content) -> bool:
    """A round-up begins with a title (no sentence) and a blank line."""
    lines = list(content.lines)
    while lines and not lines[0]:
        lines.pop(0)
    return len(lines) > 2 and is_title(lines[0]) and not lines[1]


def _told_by_head(tree: LexborHTMLParser, address: str) -> Stated:
    heading = tree.css_first("h1") or tree.css_first("title")
    title = " ".join(heading.text(deep=True).split()) if heading else ""
    return Stated(
        url=canonical_of(tree, address),
        published=published_in_head(tree, title),
        doi=doi_in_head(tree),
        pmid=pmid_in_head(tree),
        journal=journal_in_head(tree),
    )


def _by_layout(stated: Stated, scope: LexborNode, *, framed: bool, in_order: bool) -> Stated:
    round_up = scope.css_first(".round-up") is not None
    if scope.css_first(ANY_SECTION) is not None and not round_up:
        return _by_sections(stated, scope)
    return _by_paragraphs(stated, scope, framed=framed, in_order=in_order, round_up=round_up)


def _by_sections(stated: Stated, scope: LexborNode) -> Stated:
    """A page without a headline has its title for one (`to_entry`)."""
    headline = stated.headline or _headline(scope)
    fields = {}
    for name, selector in SECTIONS.items():
        node = scope.css_first(selector)
        take_out(node.css("h1, h2, h3, h4") if node else [])
        fields[name] = text_of_node(node)
    if not (headline or stated.title):
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
    take_out(scope.css(f"h1, {HEADLINE}, {JOURNAL_NODE}, .doi, [data-field]"))
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


def _drop_furniture(tree: LexborHTMLParser, selectors: Mapping[str, str]) -> bool:
    """Takes cards, disclaimer and navigation out of the page; True if cards were among them."""
    kept = ", ".join([NOT_FURNITURE, *(selectors[name] for name in TEXTS if name in selectors)])
    wanted = {node.mem_id for node in tree.css(kept)} if len(kept) > len(NOT_FURNITURE) else set()
    cards = tree.css(selectors["card"]) if "card" in selectors else []
    furniture = [
        node
        for node in tree.css(FURNITURE)
        if node.mem_id not in wanted and node.css_first(kept) is None
    ]
    framed = any(READ_MORE.search(node.text(deep=True)) for node in furniture) or bool(cards)
    take_out([*furniture, *cards])
    too_large: set[int] = set()  # elements whose text no link has to look at again
    around = (_card_around(link, too_large) for link in tree.css("a, button")[:MOST_LINKS])
    found = [card for card in around if card is not None]
    take_out({card.mem_id: card for card in found}.values())
    return framed or bool(found)


def _card_around(link: LexborNode, too_large: set[int]) -> LexborNode | None:
    """The nearest small element around a "Read More" that also holds a card's date."""
    if not READ_MORE_LINE.fullmatch(one_line(link.text(deep=True)[:LARGEST_CARD])):
        return None
    node = link.parent
    for _ in range(CARD_LEVELS):
        if node is None or node.mem_id in too_large:
            return None
        text = node.text(deep=True)
        if len(text) > LARGEST_CARD:
            too_large.add(node.mem_id)
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


def _time(scope: LexborNode | LexborHTMLParser, selector: str = "time[datetime]") -> str:
    node = scope.css_first(selector)
    return (node.attributes.get("datetime") or "").strip() if node else ""


def _empty(content: Content | None) -> Unreadable:
    if content is not None and content.framed:
        return Unreadable(
            "holds related cards and a disclaimer but no content", "Save the whole page again"
        )
    return Unreadable("is empty", "Save the page again, or leave the file out")
