"""The frozen values that pass between the stages. No rows, no I/O, no Django.

Instants are aware datetimes in UTC. Texts are plain text (never HTML), NFC, with paragraphs
separated by one blank line; an empty string means "not stated".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

Audience = Literal["patient", "caregiver", "clinician"]
AUDIENCES: tuple[Audience, ...] = ("patient", "caregiver", "clinician")

EntryKind = Literal["summary", "article"]
StudyKind = Literal["review", "trial", "observational", "case", "survey", "lab", "mixed", "unclear"]
LedgerState = Literal["in", "held", "left out"]
OutcomeState = Literal["accepted", "deferred", "failed", "unknown"]


# ── gather ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Entry:
    """One summary or article as a source states it, cleaned to plain text.

    `guid` is the source's own identity for it, `place` where it was read
    ("incoming/june.jsonl line 7"). `published_at` is None when the source states no date, or one
    that cannot be: then `date_problem` says why. `url` has no tracking parameters.
    An article has `title` and `body` and leaves headline, found, why and limits empty.
    """

    kind: EntryKind
    title: str
    place: str
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
    published_at: datetime | None = None
    pmid: str = ""  # PubMed's number, digits only
    date_problem: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing of a source that was not accepted: where it stands, what is wrong, the mend."""

    place: str
    problem: str
    mend: str

    def line(self) -> str:
        """`place: problem. mend` on one line, whatever of the source is quoted in it."""
        text = f"{self.place}: {self.problem.rstrip('.')}. {self.mend}"
        return "".join(char if char.isprintable() else " " for char in text)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of one address of a source, for its next visit. "" and None: not known.

    The fetcher fills the first five: `etag` and `last_modified` as its site gave them; `moved_to`
    where it moved for good; `body_hash` the SHA-256 of the body in hex, "" where nothing of it was
    taken. The rest is the kind's own: what it does not use stays as it is here.
    """

    url: str
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""
    body_hash: str = ""
    read_at: datetime | None = None  # when it was last read
    found: int = 0  # how many entries it held: what a visit that finds it unchanged counts
    said: str = ""  # a linked page: a fingerprint of what the feed said of it
    dated: str = ""  # a page: the date that it, or a card, states
    far: int = 0  # a page: its steps from the start
    problem: str = ""  # what was refused at it and is so still: lines of `Refusal.line`
    answered: str = ""  # where it was found in the end, if not where it was asked for


@dataclass(frozen=True, slots=True)
class Harvest:
    """What one source gave in one visit.

    `unchanged` counts what is there as before and was not read again. `notes` are lines for the
    operator about what is no failure. `complete`: all that the source holds is in here, so that
    what is missing was removed. `seen` is to be remembered, in the place of what was; of an address
    whose things were refused and not tried again, it says so still (`Seen.problem`).
    """

    entries: tuple[Entry, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unchanged: int = 0
    notes: tuple[str, ...] = ()
    complete: bool = False
    seen: tuple[Seen, ...] = ()

    @property
    def still(self) -> tuple[str, ...]:
        """A line for each thing that was refused before, was not tried again, and is so still."""
        told = {refusal.line() for refusal in self.refusals}
        lines = (line for one in self.seen for line in one.problem.splitlines())
        return tuple(line for line in dict.fromkeys(lines) if line not in told)


# ── compose ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Summary:
    """A stored summary (or article) as the editorial stage reads it.

    `published_at` None: not stated, and its source asks the editor for a date, or what is stated
    cannot be one: `date_problem` says why. `first_seen` is when we first gathered it.
    """

    slug: str
    kind: EntryKind
    title: str
    first_seen: datetime
    headline: str = ""
    found: str = ""
    why: str = ""
    limits: str = ""
    body: str = ""
    journal: str = ""
    doi: str = ""
    url: str = ""
    published_at: datetime | None = None
    date_problem: str = ""


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value and the sentence of the summary that it was read from ("" when not stated)."""

    value: T
    read_from: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the summary itself states of its study; nothing is invented."""

    kind: Fact[StudyKind]
    participants: Fact[int | None]
    species: Fact[tuple[str, ...]]  # human, mouse, rat, zebrafish, animal
    caveat: Fact[str | None]  # the whole caveat sentence
    results: Fact[bool]  # False: a protocol, nothing found yet

    @property
    def animals_only(self) -> bool:
        """True when animals are named and people (or their tissue) are not."""
        return bool(self.species.value) and "human" not in self.species.value


@dataclass(frozen=True, slots=True)
class ThemeVerdict:
    """Where a summary belongs, how sure that is, and the terms that decided."""

    theme: str
    also: str | None
    margin: float  # 0.0 (a coin's toss) to 1.0
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Teaser:
    """Whole sentences of the summary, verbatim: lead, one for this audience, the caveat."""

    lead: str
    audience: str | None
    caveat: str | None  # None: the summary names no limits


@dataclass(frozen=True, slots=True)
class Item:
    """A summary as it stands in an issue."""

    summary: Summary
    verdict: ThemeVerdict
    evidence: Evidence
    teasers: Mapping[Audience, Teaser]


@dataclass(frozen=True, slots=True)
class Placing:
    """A ledger entry in the making: why a summary is in, held over or left out, per audience.

    `position` orders the items that are in (0 first); it is -1 for the rest.
    """

    slug: str
    audience: Audience
    state: LedgerState
    reason: str
    position: int = -1


@dataclass(frozen=True, slots=True)
class Theme:
    """One group of the taxonomy as readers see it: its name and one line of what belongs there."""

    id: str
    names: Mapping[Audience, str]
    lines: Mapping[Audience, str]


# ── render ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Wording:
    """What differs between the three editions in words; templates with {studies} and the like."""

    audience: Audience
    readers: str  # "people living with MS"
    subject: str
    preheader: str
    intro: str
    audience_label: str  # "For you:"
    caveat_label: str  # "Keep in mind:"


@dataclass(frozen=True, slots=True)
class Publication:
    """Who publishes, and where its pages are (no trailing slash on `site_url`)."""

    name: str
    site_url: str
    language: str
    timezone: str
    postal_address: str


@dataclass(frozen=True, slots=True)
class Word:
    """A term of the glossary that stands in a theme's teasers, and what it means."""

    term: str  # as the glossary names it: "spasticity"
    seen: str  # as it stands in a teaser: "spastic"
    meaning: str  # one plain line


@dataclass(frozen=True, slots=True)
class ThemeGroup:
    """One theme of an edition with its items in reading order, and the words to explain.

    `named` is what an inbox may show of it: its name, or "" when that tells a diagnosis (law 7).
    """

    theme: Theme
    items: tuple[Item, ...]
    words: tuple[Word, ...] = ()
    named: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """All that is needed to render one issue for one audience."""

    number: int
    dated: datetime  # the cut-off, UTC; readers see its month in the publication's time zone
    publication: Publication
    wording: Wording
    groups: tuple[ThemeGroup, ...]
    articles: tuple[Summary, ...]  # under "Also worth reading"; empty when left out

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item in reading order."""
        return tuple(item for group in self.groups for item in group.items)


@dataclass(frozen=True, slots=True)
class ThemeCount:
    """What the opening of a mail counts of one theme; a reader's choice of themes adds these up."""

    theme: str  # its id
    named: str  # what an inbox may show of it; "" where its name tells a diagnosis
    studies: int
    animals: tuple[tuple[str, ...], ...]  # the species of each study done in animals alone
    words: int  # that are read of it


@dataclass(frozen=True, slots=True)
class Splicing:
    """How a frozen mail follows a reader's choice of themes; `rule` names the way it is done.

    The sentences have {studies}, {themes} and {top} left open; `themes` stand in reading order.
    """

    rule: int
    subject: str
    preheader: str
    intro: str
    themes: tuple[ThemeCount, ...]


@dataclass(frozen=True, slots=True)
class Rendition:
    """The frozen mail of one issue for one audience; slots are filled per recipient.

    `page` is the same for the web: nothing personal in it, and whole what has no other address.
    Marks in `html` and `text` part the blocks that `splicing` is about (see mail/variants.py);
    it is None in a rendition that was frozen before readers could choose themes.
    """

    audience: Audience
    subject: str
    preheader: str
    html: str
    text: str
    page: str = ""
    splicing: Splicing | None = None

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over all that a reader gets, whatever they choose; approval stores it."""
        digest = hashlib.sha256()
        parts = [self.audience, self.subject, self.preheader, self.html, self.text, self.page]
        if self.splicing is not None:
            parts.append(json.dumps(asdict(self.splicing), sort_keys=True))
        for part in parts:
            raw = part.encode("utf-8")
            digest.update(len(raw).to_bytes(8, "big") + raw)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Personal:
    """What fills a rendition's slots for one recipient; addresses of our own pages only."""

    unsubscribe_url: str
    preferences_url: str
    browser_url: str
    joined: str  # "3 March 2026"


# ── deliver ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the mail is from. Neither name nor address names a diagnosis."""

    name: str
    address: str
    reply_to: str | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail to one recipient, ready for a transport. `content` is CRLF-terminated bytes."""

    sender: str
    recipient: str
    message_id: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one envelope; `detail` is the other side's reply, on one line."""

    state: OutcomeState
    detail: str = ""
