"""Gather: each source → new and changed summaries in the store. One bad source stops no other."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from digest.config import Config, SourceSettings
from digest.errors import Refused, SourceError
from digest.models import SourceState, StoredSummary
from digest.sources import harvest
from digest.values import Entry, Refusal

SLUG_LENGTH = 60
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
        outcomes = [_store(entry, source, now) for entry in _distinct(harvested.entries, source)]
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


def _distinct(entries: Iterable[Entry], source: SourceSettings) -> list[Entry]:
    """The same entry twice in one harvest is one; the later statement of it counts."""
    return list({identity_of(entry, source.name): entry for entry in entries}.values())


def _store(entry: Entry, source: SourceSettings, now: datetime) -> str:
    asks = entry.published_at is None and source.undated == "hold"
    fingerprint = _fingerprint(entry)
    known = _find(entry, source.name)
    if known is None:
        StoredSummary.objects.create(
            slug=_free_slug(entry),
            identity=identity_of(entry, source.name),
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
    if known.content_hash == fingerprint and known.asks_for_date == asks:
        return "known"
    for name, value in _content(entry).items():
        setattr(known, name, value)
    outcome = "known" if known.content_hash == fingerprint else "changed"
    known.content_hash, known.text_key, known.asks_for_date = fingerprint, _text_key(entry), asks
    known.save()
    return outcome


def _find(entry: Entry, source: str) -> StoredSummary | None:
    """The same summary, or the same study from another source (law 1): by DOI, address, words."""
    same_kind = StoredSummary.objects.filter(kind=entry.kind)
    known = same_kind.filter(identity=identity_of(entry, source)).first()
    if known is None and entry.doi:
        known = same_kind.filter(doi__iexact=entry.doi).first()
    if known is None and entry.url:
        known = same_kind.filter(url=entry.url).first()
    return known or same_kind.filter(text_key=_text_key(entry)).first()


def identity_of(entry: Entry, source: str) -> str:
    """What makes an entry itself: the source's own id, else DOI, else address, else its words.

    A source's ids mean nothing elsewhere, so they carry its name. A file's name is no identity:
    the same text in a file that moved stays one summary.
    """
    if entry.guid:
        return f"guid:{source}:{entry.guid}"[:600]
    if entry.doi:
        return f"doi:{entry.doi.casefold()}"[:600]
    if entry.url:
        return f"url:{entry.url}"[:600]
    return f"text:{_text_key(entry)}"


def _text_key(entry: Entry) -> str:
    words = re.sub(r"\W+", " ", f"{entry.title} {entry.headline}".casefold()).strip()
    return hashlib.sha256(words.encode()).hexdigest()


def _fingerprint(entry: Entry) -> str:
    plain = replace(entry, place="", guid="", slug="")
    return hashlib.sha256(repr(plain).encode()).hexdigest()


def _content(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in CONTENT_FIELDS}


def _free_slug(entry: Entry) -> str:
    """The entry's own slug or its title, made of a-z, 0-9 and hyphens, and not yet taken."""
    letters = unicodedata.normalize("NFKD", entry.slug or entry.title)
    letters = "".join(char for char in letters if not unicodedata.combining(char))
    plain = "-".join(re.findall("[a-z0-9]+", letters.casefold()))
    wish = plain
    if len(plain) > SLUG_LENGTH:  # a person types it: whole words, and not too many
        wish = plain[:SLUG_LENGTH].rpartition("-")[0] or plain[:SLUG_LENGTH]
    wish = slug = wish or "summary"
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
