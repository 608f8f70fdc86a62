"""Links and related cards of a page: where a page leads, and the dates that its cards tell.

In: a parsed page and the address it was found at, before anything is taken out of it. Out: whole
http(s) addresses without fragment and tracking parameters. Keeps law 8: a link that is no plain
web address leads nowhere, and a card is a way to a page, never content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.sources.clean import one_line
from digest.sources.dates import MONTHS
from digest.sources.layout import DATE, LONGEST_TEASER, READ_MORE_LINE
from digest.web_address import DEFAULT_PORTS, canonical

MONTH = rf"(?:{'|'.join(name[:3] for name in MONTHS)})[a-z]{{0,6}}\.?"
ISO = r"\d{4}-\d\d-\d\d(?:[T ][0-9:.]{5,15}(?:Z|[+-]\d\d:?\d\d)?)?"
ANY_DATE = rf"{DATE}|{ISO}|{MONTH} \d{{1,2}},? \d{{4}}|\d{{1,2}}\.? {MONTH},? \d{{4}}"
# A date opens its line, or follows a word such as "Published:"; one inside a sentence is prose.
DATED_LINE = re.compile(
    rf"(?:(?:published|posted|updated|date)(?: on)?:? )?({ANY_DATE})(?![\w/])", re.IGNORECASE
)
CARD_LEVELS = 4  # elements around a link that may be its card
FLAT_CARD = 6  # what stands before a link without an element of its own: date, teaser, breaks
LARGEST_CARD = 500  # characters
LONGEST_ADDRESS = 2000
MOST_LINKS, MOST_CARDS = 5000, 2000
NO_CARD = frozenset({"body", "html", "main"})
MARKED = ".related, .card, .cards, [class*=related-]"


@dataclass(frozen=True, slots=True)
class Card:
    """One card: where it leads, and the date as it states it ("12/31/2026", or "")."""

    url: str
    dated: str = ""


def cards_of(
    tree: LexborHTMLParser,
    address: str,
    selector: str | None = None,
    *,
    leads: Callable[[str], bool] = bool,
) -> tuple[Card, ...]:
    """The cards of a page in its order, one for each address that `leads` on.

    With `selector`, the elements that it finds; else each link that has a date beside it in a
    small element of its own, that says "Read More", or that stands among what is marked as
    related.
    """
    page = _Page(base_of(tree, address), leads, {}, {})
    cards: dict[str, Card] = {}
    for card in (selector and tuple(page.selected(tree, selector))) or page.by_structure(tree):
        earlier = cards.get(card.url)
        if earlier is None or (card.dated and not earlier.dated):
            cards[card.url] = card
    return tuple(cards.values())


def links_of(tree: LexborHTMLParser, address: str) -> tuple[str, ...]:
    """Every address that a page links to, in its order and each once, but its next page."""
    base = base_of(tree, address)
    links = (link for link in tree.css("a[href]")[:MOST_LINKS] if not _is_next(link))
    stated = dict.fromkeys(link.attributes.get("href") or "" for link in links)
    found = dict.fromkeys(whole_address(href, base) for href in stated)
    return tuple(url for url in found if url)


def next_of(tree: LexborHTMLParser, address: str) -> str:
    """The next page of a listing: `rel=next` (WHATWG HTML section 4.6.7.13); "": none."""
    base = base_of(tree, address)
    for link in tree.css("a[rel][href], link[rel][href]")[:MOST_LINKS]:
        if _is_next(link) and (url := _target(link, base)):
            return url
    return ""


def base_of(tree: LexborHTMLParser, address: str) -> str:
    """Where a page's relative links start: its `base`, if that is a web address."""
    node = tree.css_first("base[href]")
    stated = whole_address(node.attributes.get("href") or "", address) if node else ""
    return stated or address


def whole_address(href: str, base: str) -> str:
    """`href` as a whole http(s) address without fragment and tracking; "" when it is none."""
    href = href.strip()
    if not href or len(href) > LONGEST_ADDRESS:
        return ""
    try:
        url = canonical(urljoin(base, href.replace(" ", "%20")))
    except ValueError:
        return ""
    return url if len(url) <= LONGEST_ADDRESS else ""


def site_of(url: str) -> tuple[str, int | None]:
    """What makes two addresses one site: the host without "www.", and a port that is not usual."""
    parts = urlsplit(url)
    port = None if parts.port == DEFAULT_PORTS.get(parts.scheme) else parts.port
    return (parts.hostname or "").removeprefix("www.").rstrip("."), port


@dataclass(frozen=True, slots=True)
class _Page:
    """One page while its cards are read. `small` remembers which elements can be one card."""

    base: str
    leads: Callable[[str], bool]
    small: dict[int, bool]
    targets: dict[str, str]  # what each href came to

    def selected(self, tree: LexborHTMLParser, selector: str) -> Iterator[Card]:
        for node in tree.css(selector)[:MOST_CARDS]:
            links = [node, _link_around(node)] if node.tag == "a" else node.css("a[href]")[:20]
            links = links or [_link_around(node)]
            url = next((url for link in links if link and (url := self.target(link))), "")
            if url:
                yield Card(url, _date_in(node))

    def by_structure(self, tree: LexborHTMLParser) -> Iterator[Card]:
        marked = {
            link.mem_id for one in tree.css(MARKED)[:200] for link in one.css("a[href]")[:200]
        }
        for link in tree.css("a[href]")[:MOST_CARDS]:
            url = "" if _is_next(link) else self.target(link)
            if not url:
                continue
            dated = self.date_around(link)
            says_more = READ_MORE_LINE.fullmatch(_words(link)) is not None
            if not dated and says_more:
                dated = _date_before(link)
            if dated or says_more or link.mem_id in marked:
                yield Card(url, dated)

    def date_around(self, link: LexborNode) -> str:
        """The date in the element around a link that is one card; "" when it has none."""
        node: LexborNode | None = link
        for _ in range(CARD_LEVELS + 1):
            if node is None or not self.can_be_a_card(node):
                break
            if dated := _date_in(node):
                return dated
            node = node.parent
        return ""

    def can_be_a_card(self, node: LexborNode) -> bool:
        """Small, without the page's title, and with no second address that leads on."""
        known = self.small.get(node.mem_id)
        if known is None:
            known = (
                node.tag not in NO_CARD
                and len(node.text(deep=True)) <= LARGEST_CARD
                and node.css_first("h1") is None
                and len({self.target(link) for link in node.css("a[href]")[:50]} - {""}) <= 1
            )
            self.small[node.mem_id] = known
        return known

    def target(self, link: LexborNode) -> str:
        href = link.attributes.get("href") or ""
        if href not in self.targets:
            url = whole_address(href, self.base)
            self.targets[href] = url if url and self.leads(url) else ""
        return self.targets[href]


def _date_before(link: LexborNode) -> str:
    """The date that stands before a "Read More" when cards have no elements of their own."""
    node: LexborNode | None = link
    for _ in range(2):  # the link itself, or the paragraph that holds it alone
        before = node.prev if node else None
        for _ in range(FLAT_CARD):
            if before is None or before.tag == "a" or before.css_first("a[href]") is not None:
                break
            text = one_line(before.text(deep=True)[: LARGEST_CARD + 1])
            if (dated := _date_in(before)) and len(text) <= LONGEST_TEASER:
                return dated
            if len(text) > LARGEST_CARD:
                return ""
            before = before.prev
        node = node.parent if node else None
    return ""


def _date_in(node: LexborNode) -> str:
    """The date of an element: what its <time> states, else a line that begins with one."""
    time = node if node.tag == "time" else node.css_first("time")
    if time is not None:
        stated = (time.attributes.get("datetime") or "").strip() or one_line(time.text(deep=True))
        if len(stated) <= 40:
            return stated
    for line in node.text(deep=True, separator="\n")[: 2 * LARGEST_CARD].split("\n"):
        if match := DATED_LINE.match(" ".join(line.split())):
            return match[1]
    return ""


def _link_around(node: LexborNode) -> LexborNode | None:
    above = node.parent
    for _ in range(CARD_LEVELS):
        if above is None or above.tag == "a":
            return above
        above = above.parent
    return None


def _target(link: LexborNode, base: str) -> str:
    return whole_address(link.attributes.get("href") or "", base)


def _is_next(link: LexborNode) -> bool:
    return "next" in (link.attributes.get("rel") or "").lower().split()


def _words(node: LexborNode) -> str:
    return one_line(node.text(deep=True, separator=" ")[:LARGEST_CARD])
