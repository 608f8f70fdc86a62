"""What a parser found → a checked `Entry`. Every parser of this room ends here.

Cleaning comes last, always (law 8): whatever a parser let through is made plain text here, and
an entry that still holds a related card or the disclaimer is refused.

An address is kept in its canonical form but with the place on its page: a listing with #study-3
holds several summaries, and each title must lead to its own.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from digest.sources.clean import one_line, plain_text, to_the_letter
from digest.sources.dates import instant_of
from digest.sources.errors import Unreadable
from digest.sources.mending import parted
from digest.values import Entry
from digest.web_address import canonical

# Characters; the longest real ones are a quarter of these.
LONGEST = {
    "title": 400, "headline": 1000, "journal": 400, "doi": 300, "url": 2000, "guid": 500,
    "found": 50_000, "why": 50_000, "limits": 50_000, "body": 500_000,
}  # fmt: skip
FAR_TOO_LONG = 20  # times the longest: it is not worth cleaning
ON_ONE_LINE = ("title", "headline", "journal")
TO_THE_LETTER = ("doi", "url", "guid", "published", "pmid")
SENTENCES = ("headline", "found", "why", "limits", "body")  # a title has no second one
PARAGRAPHS = ("found", "why", "limits", "body")
DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
PMID = re.compile(r"(?:pmid)?:?\s*([0-9]{1,9})", re.IGNORECASE)
PUBMED = re.compile(
    r"(?:https?://)?(?:(?:www\.|m\.)?ncbi\.nlm\.nih\.gov/(?:m/)?pubmed|pubmed\.ncbi\.nlm\.nih\.gov)"
    r"/([0-9]{1,9})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
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
    pmid: str = ""  # PubMed's number, or the address of its page there


def to_entry(stated: Stated, place: str, zone: ZoneInfo, *, now: datetime | None = None) -> Entry:
    """The entry that `stated` makes. Raises Unreadable: what is missing or wrong, and the mend.

    A summary needs a headline (a title will do) and what was found; an article a title and text.
    A date that cannot be is no reason to lose the rest: it is left out, and `date_problem` says
    why. `now` (by default the clock's) is what tells a date that lies too far ahead.
    """
    stated = _cleaned(stated)
    kind = stated.kind or ("article" if stated.body and not stated.found else "summary")
    _check_complete(stated, kind)
    _check_no_card(stated)
    article = kind == "article"
    url = _web_address(stated.url)
    published_at, date_problem = instant_of(stated.published, zone, now or datetime.now(UTC))
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
        url=url,
        guid=stated.guid,
        slug=slug_of(stated.slug),
        published_at=published_at,
        pmid=_pmid(stated.pmid, url),
        date_problem=date_problem,
    )


def slug_of(text: str, most: int = 60) -> str:
    """`text` as a slug of a-z, 0-9 and hyphens, at most `most` characters; "" if nothing is left.

    A person types it: accents are dropped, and what is too long ends after a whole word.
    """
    letters = unicodedata.normalize("NFKD", to_the_letter(text[: most * FAR_TOO_LONG]))
    plain = "".join(char for char in letters if not unicodedata.combining(char)).casefold()
    slug = "-".join(re.findall("[a-z0-9]+", plain))
    if len(slug) > most and slug[most] != "-":
        slug = slug[:most].rpartition("-")[0] or slug
    return slug[:most]


def is_web_address(url: str) -> bool:
    """True for an http or https address that can be gathered and linked."""
    try:
        return bool(_address(url))
    except ValueError:
        return False


def _address(url: str) -> str:
    """A blank is escaped: many a publisher forgets it, and it stands for nothing else."""
    return canonical(url.strip().replace(" ", "%20"), keep_fragment=True)


def _cleaned(stated: Stated) -> Stated:
    for name, most in LONGEST.items():
        _check_length(name, len(getattr(stated, name)), most * FAR_TOO_LONG)
    cleaned: dict[str, Any] = {name: one_line(getattr(stated, name)) for name in ON_ONE_LINE}
    cleaned |= {name: to_the_letter(getattr(stated, name)) for name in TO_THE_LETTER}
    cleaned |= {name: plain_text(getattr(stated, name)) for name in PARAGRAPHS}
    for name, most in LONGEST.items():
        _check_length(name, len(cleaned[name]), most)
    cleaned |= {name: parted(cleaned[name]) for name in SENTENCES}
    return replace(stated, **cleaned)


def _check_length(name: str, length: int, most: int) -> None:
    if length > most:
        raise Unreadable(
            f"`{name}` is {length:,} characters long",
            f"At most {LONGEST[name]:,} are taken; shorten it",
        )


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
    if not url:
        return ""
    try:
        address = _address(url)
    except ValueError as error:
        raise Unreadable(
            f"`url` '{url[:60]}' is no web address: it {error}",
            "Write one that starts with https://, or null",
        ) from None
    _check_length("url", len(address), LONGEST["url"])
    return address


def _pmid(stated: str, url: str) -> str:
    """PubMed's number as its digits, else as `url` tells it; "" when neither does."""
    found = PMID.fullmatch(stated) or PUBMED.match(stated) or PUBMED.match(url)
    return found[1].lstrip("0") if found else ""
