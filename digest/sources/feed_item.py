"""One entry of a feed, whatever its format: `Item`, and what it states.

In: items from `feed_xml` and `feed_json`. Out: `Stated`, of the form of a page (`page`) or of
paragraphs in order: headline, found, why, limits. An item whose text is but a teaser is an
`Excerpt`; `following` reads the page that it links to.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from digest.sources.clean import holds_markup, loose_text, one_line, plain_text
from digest.sources.elements import take_out
from digest.sources.entry import DOI, Stated, is_web_address
from digest.sources.errors import Unreadable
from digest.sources.layout import arrange, paragraphs_of, without_frame
from digest.sources.page import ANY_SECTION, SECTIONS, parsed_page, stated_in_html, stated_in_tree
from digest.values import Refusal

MEND = "Correct `url` of this source: it must name an RSS, Atom or JSON feed"
FEWEST_PARAGRAPHS = 3  # headline, found and one more; less is an excerpt
MOST_SECTIONS = 50
LONGEST_TEXT, MOST_LINES = 2_000_000, 20_000  # markup and all
DOI_LABELLED = re.compile(r"(?:\bdoi\s*:\s*|\bdoi\.org/)(10\.\d{4,9}/[^\s\"'<>]+)", re.IGNORECASE)
DOI_IN_ADDRESS = re.compile(r"/(?:doi/)?(?:(?:abs|epdf|epub|full|pdf)/)?(10\.\d{4,9}/[^?#]+)")
PMID_LABELLED = re.compile(r"\b(?:pmid|pubmed)\s*:\s*(\d{1,9})\b", re.IGNORECASE)
TO_PUBMED = re.compile(r"ncbi\.nlm\.nih\.gov/(?:(?:m/)?pubmed/)?(\d{1,9})(?![0-9A-Za-z])")


class Excerpt(Unreadable):
    """The feed holds less of the text than headline, found and one more paragraph."""

    def __init__(self) -> None:
        super().__init__(
            "the feed holds only an excerpt",
            "Ask the publisher for the full text in the feed, or use a folder source",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry as its feed gives it. `texts`: HTML or plain lines, the likeliest to be full first.

    `link` is an http(s) address or "", `place` where the entry stands ("https://… entry 3").
    """

    place: str
    title: str = ""
    texts: tuple[str, ...] = ()
    link: str = ""
    guid: str = ""
    published: str = ""
    doi: str = ""
    pmid: str = ""

    @property
    def page(self) -> str:
        """The address of the page that it links to, without a fragment."""
        return urldefrag(self.link)[0]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of all that the feed says of it, but for its place."""
        said = repr(replace(self, place=""))
        return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed holds. `whole` is False when it breaks off before its end."""

    items: tuple[Item, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    whole: bool = True


def stated_in_item(item: Item) -> Stated:
    """What the feed itself states of `item`. Raises Excerpt, or Unreadable as `page` does."""
    for text in item.texts:
        if (stated := _stated_in_text(text, item.title)) is not None:
            doi = _only(DOI_LABELLED, text) if stated.kind == "summary" else ""
            pmid = _number(text) if stated.kind == "summary" else ""
            stated = replace(stated, doi=stated.doi or doi, pmid=stated.pmid or pmid)
            return with_facts(stated, item)
    raise Excerpt


def stated_in_markup(html: str, title: str, *, in_order: bool = False, address: str = "") -> Stated:
    """As `page.stated_in_html`; sections without a headline have the title for one."""
    try:
        return stated_in_html(html, title=title, in_order=in_order, address=address)
    except Unreadable:
        tree = parsed_page(html)
        for section in tree.css(ANY_SECTION)[:MOST_SECTIONS]:
            take_out(section.css("h1, h2, h3, h4"))
        return stated_in_tree(
            tree, title=title, in_order=in_order, address=address, selectors=SECTIONS
        )


def with_facts(stated: Stated, item: Item) -> Stated:
    """`stated` with what the feed says beside the text: that comes first."""
    return replace(
        stated,
        title=item.title or stated.title,
        url=item.link or stated.url,
        guid=item.guid,
        published=item.published or stated.published,
        doi=item.doi or stated.doi,
        pmid=item.pmid or stated.pmid,
    )


def told_apart(items: Sequence[Item]) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Each item once; an id that several different ones share is nobody's, and a note says so."""
    once: dict[str, Item] = {}
    for item in items:
        once.setdefault(item.fingerprint, item)
    times = Counter(item.guid for item in once.values() if item.guid)
    shared = {guid for guid, number in times.items() if number > 1}
    notes = tuple(
        f"several entries share the id {one_line(guid)[:80]}: they are told apart by DOI, "
        "address and words"
        for guid in sorted(shared)
    )
    kept = (replace(item, guid="") if item.guid in shared else item for item in once.values())
    return tuple(kept), notes[:5]


def title_of(raw: str) -> str:
    """A title as plain text on one line, also where its markup was encoded twice."""
    title = loose_text(raw)
    if holds_markup(title):
        title = loose_text(title)
    return title.replace("\n\n", " ")


def address_of(link: str, *bases: str) -> str:
    """`link` made absolute by the first base that is an address; "" if it leads to no web page."""
    link = one_line(link)
    base = next((base for base in bases if is_web_address(base)), "")
    try:
        whole = urljoin(base, link) if link else ""
    except ValueError:
        return ""
    return whole if is_web_address(whole) else ""


def doi_of(*stated: str) -> str:
    """The DOI that a field such as prism:doi states, or the address of an article; else ""."""
    for text in stated:
        if is_web_address(text):
            path = unquote(urlsplit(text).path)
            if match := DOI_IN_ADDRESS.match(path):
                return match[1].removesuffix("/pdf").removesuffix("/full").rstrip("/")
        elif match := DOI.search(text):
            return match[0]
    return ""


def pmid_of(*stated: str) -> str:
    """PubMed's number in an identifier ("pmid:123") or in the address of a page there; else ""."""
    found = (PMID_LABELLED.search(text) or TO_PUBMED.search(text) for text in stated)
    return next((match[1] for match in found if match), "")


def _stated_in_text(text: str, title: str) -> Stated | None:
    """None: it is an excerpt."""
    if len(text) > LONGEST_TEXT or text.count("\n") > MOST_LINES:
        raise Unreadable(
            f"its text is {len(text):,} characters long",
            f"At most {LONGEST_TEXT:,} characters and {MOST_LINES:,} lines are taken",
        )
    if holds_markup(text):
        if _is_excerpt(plain_text(text, html=True).split("\n\n")):
            return None
        return stated_in_markup(text, title, in_order=True)
    content = without_frame([loose_text(line) for line in text.splitlines()])
    paragraphs = paragraphs_of(content)
    if _is_excerpt(paragraphs):
        return None
    return replace(arrange(paragraphs, content, title), journal=content.journal)


def _is_excerpt(paragraphs: Sequence[str]) -> bool:
    return len(paragraphs) < FEWEST_PARAGRAPHS


def _number(text: str) -> str:
    return _only(PMID_LABELLED, text) or _only(TO_PUBMED, text)


def _only(pattern: re.Pattern[str], text: str) -> str:
    """What `pattern` finds, if it finds one thing only: of several none is the study's for sure."""
    found: Iterable[str] = (match[1].rstrip(".,;:)]") for match in pattern.finditer(text))
    several = {one.lower(): one for one in found}
    return next(iter(several.values())) if len(several) == 1 else ""
