"""What a page states about itself for machines: its address, date, DOI, PMID and journal.

In: a parsed page, before anything is taken out of it. Out: texts as they stand there; `entry`
checks them. Keeps law 8: what JSON-LD tells of other pages, and the address of another site, are
not taken for the page's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from digest.sources.cards import base_of, site_of, whole_address
from digest.sources.entry import DOI, is_web_address

MOST_SCRIPTS, MOST_FACTS, LARGEST_SCRIPT = 20, 200, 1_000_000
# schema.org's types of what is read; a list of related ones or an event is none of them.
WRITTEN = re.compile(r"\w*(?:Article|Posting|WebPage|CreativeWork|Report|Dataset)", re.IGNORECASE)
HIGHWIRE = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")
DATE_NAMES = (
    "citation_publication_date", "citation_date", "citation_online_date", "dc.date",
    "dc.date.issued", "dcterms.issued", "dcterms.date", "date", "pubdate", "publish_date",
)  # fmt: skip


def canonical_of(tree: LexborHTMLParser, address: str = "") -> str:
    """The address that a page states as its own: rel=canonical (RFC 6596), else og:url.

    With the `address` it was found at, that is the answer unless the page states another one of
    the same site: no page may pass for a page of another site.
    """
    link = tree.css_first("link[rel=canonical]")
    stated = (link.attributes.get("href") if link else None) or meta(tree, "og:url")
    if not address:
        return stated if is_web_address(stated) else ""
    own = whole_address(stated, base_of(tree, address))
    return own if own and site_of(own) == site_of(address) else address


def published_in_head(tree: LexborHTMLParser, title: str = "") -> str:
    """The date of JSON-LD's datePublished, else of OpenGraph; "" when neither has one."""
    dates = [_json_date(tree, title), meta(tree, "article:published_time")]
    return next((date for date in dates if _is_some_date(date)), "")


def published_in_meta(tree: LexborHTMLParser) -> str:
    """The date of the bibliographic meta elements (Highwire, Dublin Core, `date`).

    Highwire's own form, 2026/10/05, comes out as 2026-10-05.
    """
    dates = (meta(tree, name) for name in DATE_NAMES)
    stated = next((date for date in dates if _is_some_date(date)), "")
    match = HIGHWIRE.fullmatch(stated)
    return f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}" if match else stated


def doi_in_head(tree: LexborHTMLParser) -> str:
    """The DOI of citation_doi or DC.identifier."""
    for name in ("citation_doi", "dc.identifier", "dc.identifier.doi", "prism.doi"):
        if match := DOI.search(meta(tree, name)):
            return match[0]
    return ""


def pmid_in_head(tree: LexborHTMLParser) -> str:
    """PubMed's number, digits only, of citation_pmid."""
    stated = meta(tree, "citation_pmid")
    return stated if re.fullmatch(r"[0-9]{1,9}", stated) else ""


def journal_in_head(tree: LexborHTMLParser) -> str:
    """The journal of citation_journal_title or its Dublin Core and PRISM likes."""
    names = ("citation_journal_title", "prism.publicationname")
    return next((found for name in names if (found := meta(tree, name))), "")


def meta(tree: LexborHTMLParser, name: str) -> str:
    """The content of the first meta element of that property or name, in any case."""
    for node in tree.css(f"meta[property='{name}' i], meta[name='{name}' i]"):
        if stated := (node.attributes.get("content") or "").strip():
            return stated
    return ""


def _json_date(tree: LexborHTMLParser, title: str) -> str:
    """datePublished of the page's own facts: where several differ, of those with its title."""
    facts = [fact for fact in islice(_facts(tree), MOST_FACTS) if _is_written(fact)]
    for those in (facts, [fact for fact in facts if title and title in _names(fact)]):
        dates = {str(fact["datePublished"]).strip() for fact in those}
        if len(dates) == 1:
            return dates.pop()
    return ""


def _facts(tree: LexborHTMLParser) -> Iterator[dict[str, object]]:
    """The objects of JSON-LD scripts: one, a list of them, or a @graph; no deeper."""
    for script in tree.css("script[type='application/ld+json' i]")[:MOST_SCRIPTS]:
        text = script.text(deep=True)
        try:
            found = json.loads(text) if len(text) <= LARGEST_SCRIPT else None
        except (ValueError, RecursionError):
            continue
        for fact in found if isinstance(found, list) else [found]:
            if isinstance(fact, dict):
                yield fact
                graph = fact.get("@graph")
                parts = graph if isinstance(graph, list) else []
                yield from (part for part in parts if isinstance(part, dict))


def _is_written(fact: dict[str, object]) -> bool:
    kinds = fact.get("@type", "Article")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    written = any(isinstance(kind, str) and WRITTEN.fullmatch(kind) for kind in kinds)
    return written and isinstance(fact.get("datePublished"), str)


def _names(fact: dict[str, object]) -> list[str]:
    return [" ".join(str(fact.get(key, "")).split()) for key in ("headline", "name")]


def _is_some_date(text: str) -> bool:
    return re.search(r"\d{4}", text) is not None
