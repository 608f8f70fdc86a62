"""What a parser found → a checked `Entry`. Every parser of this room ends here.

Cleaning comes last, always (law 8): whatever a parser let through is made plain text here, and
an entry that still holds a related card or the disclaimer is refused.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from digest.sources.clean import one_line, plain_text
from digest.sources.dates import parse_date
from digest.sources.errors import Unreadable
from digest.values import Entry

# Characters; the longest real ones are a quarter of these.
LONGEST = {
    "title": 400, "headline": 1000, "journal": 400, "doi": 300, "url": 2000, "guid": 500,
    "found": 50_000, "why": 50_000, "limits": 50_000, "body": 500_000,
}  # fmt: skip
ON_ONE_LINE = ("title", "headline", "journal", "doi", "url", "guid", "published")
PARAGRAPHS = ("found", "why", "limits", "body")
DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
CARD_TRACE = re.compile(
    r"read more\s*(?:\d{1,2}/\d{1,2}/\d{4}|whether you)|\bjournals like .{1,200}? often range\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a source states of one summary or article, before it is checked. "" = not stated."""

    kind: Literal["summary", "article", ""] = ""  # "": an article if it has only a body
    title: str = ""
    headline: str = ""
    found: str = ""
    why: str = ""
    limits: str = ""
    body: str = ""
    journal: str = ""
    doi: str = ""
    url: str = ""
    guid: str = ""
    slug: str = ""
    published: str = ""


def to_entry(stated: Stated, place: str, zone: ZoneInfo) -> Entry:
    """The entry that `stated` makes. Raises Unreadable: what is missing or wrong, and the mend.

    A summary needs a headline (a title will do) and what was found; an article a title and text.
    """
    stated = _cleaned(stated)
    kind = stated.kind or ("article" if stated.body and not stated.found else "summary")
    _check_complete(stated, kind)
    _check_no_card(stated)
    article = kind == "article"
    return Entry(
        kind=kind,
        title=stated.title or stated.headline,
        place=place,
        headline="" if article else stated.headline or stated.title,
        found="" if article else stated.found,
        why="" if article else stated.why,
        limits="" if article else stated.limits,
        body=stated.body if article else "",
        journal=stated.journal,
        doi=_doi(stated.doi),
        url=_web_address(stated.url),
        guid=stated.guid,
        slug=slug_of(stated.slug),
        published_at=_published(stated.published, zone),
    )


def slug_of(text: str, most: int = 60) -> str:
    """`text` as a slug of a-z, 0-9 and hyphens, at most `most` characters; "" if nothing is left.

    A person types it: accents are dropped, and what is too long ends after a whole word.
    """
    letters = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in letters if not unicodedata.combining(char)).casefold()
    slug = "-".join(re.findall("[a-z0-9]+", plain))
    if len(slug) > most and slug[most] != "-":
        slug = slug[:most].rpartition("-")[0] or slug
    return slug[:most]


def is_web_address(url: str) -> bool:
    """True for http and https addresses with a host and without a space in them."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not re.search(r"[\s<>\"'\\]", url)
        )
    except ValueError:
        return False


def _cleaned(stated: Stated) -> Stated:
    cleaned: dict[str, Any] = {name: one_line(getattr(stated, name)) for name in ON_ONE_LINE}
    cleaned |= {name: plain_text(getattr(stated, name)) for name in PARAGRAPHS}
    for name, text in cleaned.items():
        if len(text) > LONGEST.get(name, len(text)):
            raise Unreadable(
                f"`{name}` is {len(text):,} characters long",
                f"At most {LONGEST[name]:,} are taken; shorten it",
            )
    return replace(stated, **cleaned)


def _check_complete(stated: Stated, kind: str) -> None:
    if not (stated.title or stated.headline):
        missing = "no title" if kind == "article" else "no headline"
        raise Unreadable(f"has {missing}", "Give it one: a line of its own, before the text")
    if kind == "article" and not stated.body:
        raise Unreadable("has a title but no text", "Add the article's text, or leave it out")
    if kind == "summary" and not stated.found:
        raise Unreadable(
            "has a headline but does not say what was found", "Add a paragraph on what was found"
        )


def _check_no_card(stated: Stated) -> None:
    """Cut teasers of other summaries must never reach a reader."""
    for name in ("title", "headline", *PARAGRAPHS):
        if CARD_TRACE.search(getattr(stated, name)):
            raise Unreadable(
                f"`{name}` runs into the related cards or the disclaimer of its page",
                "Cut the text before the first card",
            )


def _doi(text: str) -> str:
    if not text:
        return ""
    match = DOI.search(text)
    if match is None or match.start() > len("https://dx.doi.org/"):
        raise Unreadable(f"`doi` '{text[:60]}' is no DOI", "Write one like 10.1234/abc, or null")
    return match[0].rstrip(".,;)]")


def _web_address(url: str) -> str:
    if url and not is_web_address(url):
        raise Unreadable(
            f"`url` '{url[:60]}' is no web address", "Write one that starts with https://, or null"
        )
    return url


def _published(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        return parse_date(text, zone)
    except ValueError as error:
        raise Unreadable(
            f"`published`: {error}", "Write it like 2026-03-31, or leave it out"
        ) from None
