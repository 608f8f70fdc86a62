"""A site's own CSS selectors, a field each: what they find on a page goes before the defaults.

In: a parsed page and selectors by the field's name. Out: plain text of the fields that were
found. Keeps law 8: cards and disclaimer are taken out before texts are read, and cut off again
where they still run into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.sources.clean import one_line, text_of_node
from digest.sources.entry import DOI, Stated
from digest.sources.errors import Unreadable
from digest.sources.layout import without_frame

TEXTS = ("headline", "found", "why", "limits")
MOST_NODES = 200
LACKS = {"title": "has no title", "headline": "has no headline", "found": "not say what was found"}


def small_fields(tree: LexborHTMLParser, selectors: Mapping[str, str]) -> dict[str, str]:
    """title, journal, published and doi, wherever they stand; read while the page is whole."""
    readers = {"title": _words, "journal": _words, "published": _date, "doi": _doi}
    fields = {}
    for name, read in readers.items():
        if name in selectors:
            nodes = tree.css(selectors[name])[:MOST_NODES]
            fields[name] = next((text for node in nodes if (text := read(node))), "")
    return {name: text for name, text in fields.items() if text}


def texts(tree: LexborHTMLParser, selectors: Mapping[str, str]) -> dict[str, str]:
    """headline, found, why and limits: all that a selector finds, as paragraphs."""
    fields = {}
    for name in TEXTS:
        if name in selectors:
            nodes = tree.css(selectors[name])[:MOST_NODES]
            paragraphs = "\n\n".join(text_of_node(node) for node in nodes).split("\n\n")
            kept = dict.fromkeys(line for line in without_frame(paragraphs).lines if line)
            fields[name] = "\n\n".join(kept)  # once, where one element found holds another
    return {name: text for name, text in fields.items() if text}


def put_first(chosen: Mapping[str, str], defaults: Stated) -> Stated:
    """What was selected in the place of the defaults; no default says it a second time."""
    small = {name: text for name, text in chosen.items() if name not in TEXTS}
    if defaults.kind == "article" and "found" not in chosen:
        return replace(defaults, **small)  # type: ignore[arg-type]
    told = "\n\n".join(chosen[name] for name in TEXTS if name in chosen)
    for name in TEXTS:
        if name not in chosen and getattr(defaults, name) in told:
            defaults = replace(defaults, **{name: ""})  # type: ignore[arg-type]
    if "found" in chosen:
        defaults = replace(defaults, kind="summary", body="")
    return replace(defaults, **chosen)  # type: ignore[arg-type]


def to_be_named(error: Unreadable) -> Unreadable:
    """The same of a page that is not ours to mend: a selector finds what it lacks."""
    for name, lack in LACKS.items():
        if lack in error.problem:
            mend = f"Name it with `fields.{name}` of this source"
            return Unreadable(error.problem, mend)
    return error


def _words(node: LexborNode) -> str:
    stated = node.attributes.get("content") if node.tag == "meta" else node.text(deep=True)
    return one_line(stated or "")


def _date(node: LexborNode) -> str:
    attributes = node.attributes
    return one_line(attributes.get("datetime") or attributes.get("content") or "") or _words(node)


def _doi(node: LexborNode) -> str:
    places = (node.attributes.get("href"), node.attributes.get("content"), node.text(deep=True))
    found = (DOI.search(place) for place in places if place)
    return next((match[0] for match in found if match), "")
