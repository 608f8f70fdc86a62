"""An RSS or Atom feed → a `Harvest`. A bad entry is refused; the rest goes on.

The text of an entry has the form of a page (`page`) or of its paragraphs in order: headline,
found, why, limits. Keeps law 8: entity declarations and absurd nesting are refused before any
XML is parsed, and feedparser's own cleaning is not relied on: `entry.to_entry` cleans last.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import feedparser

from digest.errors import SourceError
from digest.sources.clean import holds_markup, loose_text, nesting, plain_text
from digest.sources.entry import Stated, is_web_address, to_entry
from digest.sources.errors import Unreadable
from digest.sources.layout import arrange, paragraphs_of, without_frame
from digest.sources.page import stated_in_html
from digest.values import Entry, Harvest, Refusal

ROOT = re.compile(rb"<(?:[a-z][\w.-]*:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
END = re.compile(rb"</(?:[a-z][\w.-]*:)?(?:rss|feed|rdf)\s*>\s*(?:<!--[^<>]*-->\s*)*\Z", re.I)
STRAY_LESS_THAN = re.compile(rb"<(?![A-Za-z_/!?])")
MOST_STRAY, DEEPEST = 10_000, 500  # feedparser takes seconds over a megabyte of "<"
FEWEST_PARAGRAPHS = 3  # headline, found and one more; less is an excerpt
MEND = "Correct `url` of this source: it must name an RSS or Atom feed"


def read_feed(content: bytes, place: str, zone: ZoneInfo) -> Harvest:
    """Every entry of the feed at `place` (its address or file), and what was refused.

    Raises SourceError when `content` is no feed at all, or one built to do harm.
    """
    refusals: list[Refusal] = []
    given = _given(content, place)
    if not END.search(content.replace(b"\0", b"")):
        refusals.append(_cut_off(place, len(given)))
        given = given[:-1]
    entries: list[Entry] = []
    for number, item in enumerate(given, start=1):
        where = f"{place} entry {number}"
        try:
            entries.append(to_entry(_stated(item, place), where, zone))
        except Unreadable as unreadable:
            refusals.append(unreadable.at(where))
    return Harvest(tuple(entries), tuple(refusals))


def _given(content: bytes, place: str) -> list[Mapping[str, object]]:
    """The entries as feedparser reads them."""
    plain = content.replace(b"\0", b"")  # so that UTF-16 hides nothing
    if not ROOT.search(plain):
        raise SourceError("is no RSS or Atom feed", where=place, mend=MEND)
    if b"<!ENTITY" in plain.upper():
        raise SourceError(
            "declares XML entities, which can be used to do harm; it was not read",
            where=place,
            mend="Ask the publisher for a feed without a DOCTYPE",
        )
    if (
        len(STRAY_LESS_THAN.findall(plain)) > MOST_STRAY
        or nesting(plain.decode("latin-1")) > DEEPEST
    ):
        raise SourceError("is no well-formed XML", where=place, mend=MEND)
    try:
        # A stream: bytes would first be tried as the name of a file to open.
        parsed = feedparser.parse(
            io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # feedparser lets any error of its parsers through
        raise SourceError(
            f"cannot be read as a feed ({type(error).__name__})", where=place, mend=MEND
        ) from error
    if not parsed.get("version"):
        raise SourceError("is no RSS or Atom feed", where=place, mend=MEND)
    entries: list[Mapping[str, object]] = parsed.get("entries", [])
    return entries


def _cut_off(place: str, given: int) -> Refusal:
    """The last entry may lack its date or the full text, so it is not taken as it stands."""
    return Refusal(
        f"{place} entry {given}" if given else place,
        "the feed breaks off before its end",
        "It is read again at the next check; if it stays so, tell the publisher",
    )


def _stated(item: Mapping[str, object], place: str) -> Stated:
    title = loose_text(_text(item, "title")).replace("\n\n", " ")
    stated = _content(_full_text(item), title)
    link = urljoin(place, _text(item, "link")) if is_web_address(place) else _text(item, "link")
    return replace(
        stated,
        url=link if is_web_address(link) else stated.url,
        guid=_text(item, "id"),
        published=_text(item, "published") or _text(item, "updated") or stated.published,
    )


def _content(text: str, title: str) -> Stated:
    if holds_markup(text):
        _check_not_excerpt(plain_text(text, html=True).split("\n\n"))
        return stated_in_html(text, title=title, in_order=True)
    content = without_frame([loose_text(line) for line in text.splitlines()])
    paragraphs = paragraphs_of(content)
    _check_not_excerpt(paragraphs)
    return replace(arrange(paragraphs, content, title), journal=content.journal)


def _check_not_excerpt(paragraphs: list[str]) -> None:
    if len(paragraphs) < FEWEST_PARAGRAPHS:
        raise Unreadable(
            "the feed holds only an excerpt",
            "Ask the publisher for the full text in the feed, or use a folder source; "
            "linked pages are followed in a later version",
        )


def _full_text(item: Mapping[str, object]) -> str:
    """The first content that an entry gives, else its summary."""
    contents = item.get("content")
    for content in contents if isinstance(contents, list) else []:
        if value := _text(content, "value"):
            return value
    return _text(item, "summary")


def _text(item: Mapping[str, object], key: str) -> str:
    value = item.get(key)
    return value.strip() if isinstance(value, str) else ""
