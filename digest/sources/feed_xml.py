"""An RSS or Atom feed → its items. What feedparser is given was counted and cut to size before.

In: bytes and the charset of their header. Out: a `Feed`. Keeps law 8: no DTD and no entity
reaches the XML parser, and what would keep it busy for long (storms of tags, of "<" or "&", of
attributes, absurd nesting) is one clear error; `entry.to_entry` cleans last.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

import feedparser
from feedparser.mixin import _FeedParserMixin

from digest.errors import SourceError
from digest.sources.charset import decode_xml
from digest.sources.clean import nesting
from digest.sources.entry import is_web_address
from digest.sources.feed_item import MEND, Feed, Item, address_of, doi_of, pmid_of, title_of
from digest.values import Refusal

MOST_TAGS, MOST_STRAY, MOST_REFERENCES = 50_000, 10_000, 500_000
MOST_ATTRIBUTES, MOST_NAMESPACES, DEEPEST = 100, 100, 500
ROOT = re.compile(r"<(?:[a-z][\w.-]*:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
END = re.compile(r"</(?:[a-z][\w.-]*:)?(?:rss|feed|rdf)\s*>\s*(?:<!--[^<>]*-->\s*)*\Z", re.I)
LONGEST_END = 5_000  # characters after the last entry: the end tags and a comment of the server
DECLARATION = re.compile(r"\A\s*<\?xml\b[^<>]*>")
DOCTYPE = re.compile(r"<!DOCTYPE\b[^<>\[]*>", re.IGNORECASE)  # one that only names a DTD elsewhere
DECLARED = re.compile(r"<!(?:DOCTYPE|ENTITY)\b", re.IGNORECASE)
STRAY_LESS_THAN, STRAY_AMPERSAND = re.compile(r"<(?![A-Za-z_/!?])"), re.compile(r"&(?!#?\w{1,32};)")
NO_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])  # XML 1.0 section 2.2
TAG = re.compile(r"""<[A-Za-z_](?:"[^"<]*"|'[^'<]*'|[^"'<>])*+>?""")
NAMESPACE = re.compile(r"\bxmlns:([^\s=\"'<>/]{1,100})")
TOLD_AS_UTF8 = {"content-type": "application/xml; charset=utf-8"}

# Authors and categories of an entry are not used; feedparser looks through all of them at each.
_FeedParserMixin._sync_author_detail = lambda self, key="author": None
_FeedParserMixin._add_tag = lambda self, *tag: self._get_context().setdefault("tags", [])


def read_items(content: bytes, place: str, charset: str = "", address: str = "") -> Feed:
    """The items of the feed at `place`, as an error names it.

    `charset`: as its header states it; `address`: where it was found, for relative links.
    Raises SourceError when `content` is no feed at all, or one built to do harm.
    """
    text = _harmless(decode_xml(content, charset), place)
    parsed = _parsed(text, place)
    given: list[Mapping[str, Any]] = parsed.get("entries", [])
    home = _text(parsed.get("feed", {}), "link")
    bases = (address_of(home, address), address)
    items = [
        _item(entry, f"{place} entry {number}", bases) for number, entry in enumerate(given, 1)
    ]
    if END.search(text[-LONGEST_END:]):
        return Feed(tuple(items))
    return Feed(tuple(items[:-1]), (_cut_off(place, len(items)),), whole=False)


def _harmless(text: str, place: str) -> str:
    """The document as feedparser gets it. Raises SourceError for what is no feed or does harm."""
    if not ROOT.search(text):
        raise SourceError("is no RSS, Atom or JSON feed", where=place, mend=MEND)
    text = _cdata_written_out(DECLARATION.sub("", text).strip().translate(NO_XML))
    text = DOCTYPE.sub("", text)
    if DECLARED.search(text):
        raise SourceError(
            "declares XML entities, which can be used to do harm; it was not read",
            where=place,
            mend="Ask the publisher for a feed without a DOCTYPE",
        )
    if problem := _storm(text):
        raise SourceError(f"is no well-formed feed: {problem}", where=place, mend=MEND)
    return STRAY_AMPERSAND.sub("&amp;", STRAY_LESS_THAN.sub("&lt;", text))


def _cdata_written_out(text: str) -> str:
    """So that every "<" that is left is one that the parser will look at."""
    first, *sections = text.split("<![CDATA[")
    parts = [first]
    for section in sections:
        inside, _, after = section.partition("]]>")
        parts += [inside.replace("&", "&amp;").replace("<", "&lt;"), after]
    return "".join(parts)


def _storm(text: str) -> str:
    """Why feedparser would take long over `text`, or ""; takes one look at each character."""
    if text.count("<") > MOST_TAGS:
        return f"it has more than {MOST_TAGS:,} tags"
    if text.count("&") > MOST_REFERENCES:
        return f"it has more than {MOST_REFERENCES:,} encoded characters"
    if len(STRAY_LESS_THAN.findall(text)) + len(STRAY_AMPERSAND.findall(text)) > MOST_STRAY:
        return f'it has more than {MOST_STRAY:,} stray "<" and "&"'
    if len({match[1] for match in NAMESPACE.finditer(text)}) > MOST_NAMESPACES:
        return f"it has more than {MOST_NAMESPACES} namespaces"
    if any(tag[0].count("=") > MOST_ATTRIBUTES for tag in TAG.finditer(text)):
        return f"a tag has more than {MOST_ATTRIBUTES} attributes"
    if nesting(text) > DEEPEST:
        return f"its elements nest deeper than {DEEPEST}"
    return ""


def _parsed(text: str, place: str) -> Mapping[str, Any]:
    try:
        # A stream: bytes would first be tried as the name of a file to open.
        parsed: Mapping[str, Any] = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "ignore")),
            response_headers=TOLD_AS_UTF8,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # feedparser lets any error of its parsers through
        raise SourceError(
            f"cannot be read as a feed ({type(error).__name__})", where=place, mend=MEND
        ) from error
    if not parsed.get("version"):
        raise SourceError("is no RSS, Atom or JSON feed", where=place, mend=MEND)
    return parsed


def _cut_off(place: str, given: int) -> Refusal:
    """The last entry may lack its date or the full text, so it is not taken as it stands."""
    return Refusal(
        f"{place} entry {given}" if given else place,
        "the feed breaks off before its end",
        "It is read again at the next check; if it stays so, tell the publisher",
    )


def _item(entry: Mapping[str, Any], place: str, bases: Iterable[str]) -> Item:
    guid, link = _text(entry, "id"), _link(entry)
    link = address_of(link, *bases)
    identifiers = (_text(entry, "prism_doi"), _text(entry, "dc_identifier"), guid)
    return Item(
        place=place,
        title=title_of(_text(entry, "title")),
        texts=_texts(entry),
        link=link,
        guid=guid,
        published=next(filter(None, (_text(entry, name) for name in DATES)), ""),
        doi=doi_of(*(one for one in identifiers if not is_web_address(one)), link),
        pmid=pmid_of(*identifiers, link),
    )


DATES = ("published", "prism_publicationdate", "created", "updated")  # Atom: created is 0.3's


def _link(entry: Mapping[str, Any]) -> str:
    """feedparser takes an id for the link where there is none; only a whole address is one."""
    if original := _text(entry, "feedburner_origlink"):
        return original
    link = _text(entry, "link")
    if link == _text(entry, "id") and not is_web_address(link):
        return ""
    return link


def _texts(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The contents that an entry gives, then its summary."""
    contents = entry.get("content")
    given = [_text(one, "value") for one in contents] if isinstance(contents, list) else []
    return tuple(dict.fromkeys(text for text in (*given, _text(entry, "summary")) if text))


def _text(entry: Mapping[str, Any], key: str) -> str:
    """Without feedparser's own fallbacks: it would give `published` for `updated`, and warn."""
    value = dict.get(entry, key) if isinstance(entry, dict) else None
    return value.strip() if isinstance(value, str) else ""
