"""Gather: each source → new and changed summaries in the store. One bad source stops no other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from digest.config import Config
from digest.errors import Refused, SourceError
from digest.models import SourceState, StoredSummary
from digest.sources import harvest
from digest.sources.entry import slug_of
from digest.sources.kind import SourceSettings, Visit
from digest.values import Entry, Refusal

CONTENT_FIELDS = (
    "kind", "title", "headline", "found", "why", "limits", "body", "journal", "doi", "url",
    "published_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gathering:
    """What one source gave. `held` counts entries that ask the editor for a date;

    `failed` is the refused ones, or the error of the whole source.
    """

    source: str
    kind: str
    found: int = 0
    new: int = 0
    changed: int = 0
    held: int = 0
    refusals: tuple[Refusal, ...] = ()
    error: str = ""

    @property
    def failed(self) -> int:
        """How many things of this source were refused; the source itself counts as one."""
        return len(self.refusals) + bool(self.error)


def gather(
    config: Config,
    *,
    now: datetime,
    only: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Gathering]:
    """Check each source (or only the named one) and store what is new.

    Raises Refused when no source has the name `only`.
    """
    sources = [source for source in config.sources if only in (None, source.name)]
    if only is not None and not sources:
        known = ", ".join(source.name for source in config.sources) or "none"
        raise Refused(
            f"no source is named '{only}'", where="sources", mend=f"Known in config.yaml: {known}"
        )
    results = []
    for number, source in enumerate(sources):
        if progress:
            progress(source.name, number, len(sources))
        results.append(_gather_one(source, config, now))
    return results


def _gather_one(source: SourceSettings, config: Config, now: datetime) -> Gathering:
    try:
        harvested = harvest(source, config)
    except SourceError as error:
        _note_check(source.name, now, error.line())
        return Gathering(source.name, source.kind, error=error.line())
    with transaction.atomic():
        shared = _shared_addresses(harvested.entries)
        distinct = {identity_of(e, source.name, shared): e for e in harvested.entries}
        outcomes = [_store(entry, source, shared, now) for entry in distinct.values()]
        lines = [refusal.line() for refusal in harvested.refusals]
        _note_check(source.name, now, "\n".join(lines[:20]))
    return Gathering(
        source.name,
        source.kind,
        found=len(harvested.entries),
        new=outcomes.count("new"),
        changed=outcomes.count("changed"),
        held=sum(e.published_at is None for e in harvested.entries) * (source.undated == "hold"),
        refusals=harvested.refusals,
    )


def _shared_addresses(entries: Sequence[Entry]) -> frozenset[str]:
    """Addresses that are nobody's own: several entries of one source link to each of them.

    A feed may link all its entries to one page. What was gathered before counts too, because a
    feed may hold one entry at a time.
    """
    texts: dict[tuple[str, str], set[str]] = {}
    for entry in entries:
        texts.setdefault((entry.url, entry.kind), set()).add(_text_key(entry))
    stored = StoredSummary.objects.filter(url__in={url for url, _ in texts}).order_by()
    often = stored.values("url", "kind", "source").annotate(rows=Count("pk")).filter(rows__gt=1)
    now = {url for (url, _), different in texts.items() if len(different) > 1}
    return frozenset(now | {row["url"] for row in often})


def _store(entry: Entry, source: SourceSettings, shared: frozenset[str], now: datetime) -> str:
    identity = identity_of(entry, source.name, shared)
    asks = entry.published_at is None and source.undated == "hold"
    fingerprint = _fingerprint(entry)
    known = _find(entry, identity, source.name, shared)
    if known is None:
        StoredSummary.objects.create(
            slug=_free_slug(entry.slug or entry.title),
            identity=identity,
            text_key=_text_key(entry),
            source=source.name,
            place=entry.place,
            first_seen=now,
            content_hash=fingerprint,
            asks_for_date=asks,
            **_content(entry),
        )
        return "new"
    if known.source != source.name:
        return "known"  # the same study from a second source: the first one's words stay
    state = (fingerprint, asks, identity if entry.guid else known.identity)
    if (known.content_hash, known.asks_for_date, known.identity) == state:
        return "known"
    for name, value in _content(entry).items():
        setattr(known, name, value)
    outcome = "known" if known.content_hash == fingerprint else "changed"
    # What first came without an id is told apart by its id from now on.
    known.content_hash, known.asks_for_date, known.identity = state
    known.text_key = _text_key(entry)
    known.save()
    return outcome


def _find(entry: Entry, identity: str, source: str, shared: frozenset[str]) -> StoredSummary | None:
    """The same summary, or the same study from another source (law 1): by DOI, address, words."""
    if known := StoredSummary.objects.filter(identity=identity).first():
        return known
    same_kind = StoredSummary.objects.filter(kind=entry.kind).order_by("pk")
    ways = {"text_key": _text_key(entry)}
    if entry.url and entry.url not in shared:
        ways = {"url": entry.url, **ways}
    if entry.doi:
        ways = {"doi__iexact": entry.doi, **ways}
    for way, value in ways.items():
        for row in same_kind.filter(**{way: value}):
            if row.source != source or not _told_apart(entry, identity, row, way):
                return row
    return None


def _told_apart(entry: Entry, identity: str, row: StoredSummary, way: str) -> bool:
    """True if their source states two different things: one would overwrite the other.

    A monthly round-up has the same title each time, and a feed may link all of it to one page.
    """
    both_have_ids = identity.startswith("guid:") and row.identity.startswith("guid:")
    return (
        (both_have_ids and identity != row.identity)
        or bool(entry.doi and row.doi and entry.doi.casefold() != row.doi.casefold())
        or (way == "text_key" and bool(entry.url and row.url and entry.url != row.url))
    )


def identity_of(entry: Entry, source: str, shared: frozenset[str] = frozenset()) -> str:
    """What makes an entry itself: the source's own id, else DOI, else address, else its words.

    A source's ids mean nothing elsewhere, so they carry its name; a `shared` address means
    nothing. A file's name is no identity: the same text in a file that moved stays one summary.
    """
    if entry.guid:
        return f"guid:{source}:{entry.guid}"[:600]
    # A study and an article about it are two things, whatever they share.
    kind = "article:" if entry.kind == "article" else ""
    if entry.doi:
        return f"{kind}doi:{entry.doi.casefold()}"[:600]
    if entry.url and entry.url not in shared:
        return f"{kind}url:{entry.url}"[:600]
    return f"{kind}text:{_text_key(entry)}"


def _text_key(entry: Entry) -> str:
    # An article's title may come back every month; a summary's body is always empty.
    text = f"{entry.title} {entry.headline} {entry.body}"
    words = re.sub(r"\W+", " ", text.casefold()).strip()
    return hashlib.sha256(words.encode()).hexdigest()


def _fingerprint(entry: Entry) -> str:
    plain = replace(entry, place="", guid="", slug="")
    return hashlib.sha256(repr(plain).encode()).hexdigest()


def _content(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in CONTENT_FIELDS}


def _free_slug(text: str) -> str:
    """`text` as a slug that is not yet taken."""
    wish = slug = slug_of(text) or "summary"
    number = 1
    while StoredSummary.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{wish}-{number}"
    return slug


def _note_check(name: str, now: datetime, error: str) -> None:
    state, _ = SourceState.objects.get_or_create(name=name)
    state.last_check, state.last_error = now, error
    if not error:
        state.last_success = now
    state.save()
