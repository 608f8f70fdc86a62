"""What a source now states of a stored summary: which fields changed, and what was said before.

In: a row and an entry. Out: the row with the entry's content, and a `Change`. Facts that another
source filled in stay; our own cleaning and a gained id are no change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from digest.models import Revision, StoredSummary
from digest.pipeline.keeping.keyed import Keyed, own_key
from digest.pipeline.keeping.sent import NAMED, same_words
from digest.pipeline.rows import instant
from digest.sources.identity import address_key
from digest.sources.kind import SourceSettings
from digest.values import Entry

WORDS = ("title", "headline", "found", "why", "limits", "body")
FACTS = ("journal", "doi", "pmid", "url", "published_at")
CONTENT = ("kind", *WORDS, *FACTS)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a row: the columns that were set, and what of its content changed.

    `content` is empty for what is no change: a gained id, an address cleaned, another place.
    `words` are those of its fields in which a word or a figure is another one.
    """

    touched: frozenset[str]
    content: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    before: Mapping[str, Any] | None = None
    hash_before: str = ""


def new_row(one: Keyed, source: SourceSettings, **known: Any) -> StoredSummary:
    """A row of what was not known; the slug is not yet its own."""
    entry = one.entry
    row = StoredSummary(
        source=source.name,
        place=entry.place,
        **_keys(one),
        date_problem=entry.date_problem,
        asks_for_date=_asks(entry.published_at, entry.date_problem, source),
        **{name: getattr(entry, name) for name in CONTENT},
        **known,
    )
    row.content_hash = content_hash(row)
    return row


def renew(row: StoredSummary, one: Keyed, source: SourceSettings, identity: str) -> Change:
    """Set what the source of the row states now. `identity`: the row's from now on."""
    entry = one.entry
    before, hash_before = {name: getattr(row, name) for name in CONTENT}, row.content_hash
    stated = {name: getattr(entry, name) for name in ("kind", *WORDS)}
    stated |= {name: getattr(entry, name) or getattr(row, name) for name in FACTS}
    stated["published_at"] = _date(row, entry)
    changed = frozenset(
        name
        for name, value in stated.items()
        if getattr(row, name) != value and not _is_no_change(row, name, value)
    )
    words = frozenset(
        name for name in changed & NAMED.keys() if not same_words(getattr(row, name), stated[name])
    )
    touched = _set(
        row,
        **stated,
        source=source.name,
        identity=identity,
        **_keys(one),
        place=entry.place,
        date_problem=entry.date_problem,
        asks_for_date=_asks(stated["published_at"], entry.date_problem, source),
        gone_at=None,
    )
    if not changed:
        return Change(touched)
    touched |= _set(row, content_hash=content_hash(row))
    return Change(touched, changed, words, as_json(before), hash_before)


def fill(row: StoredSummary, entry: Entry, *, shared: bool) -> Change:
    """Set the facts that the row lacks and another source states; the row's words stay."""
    lacking = {
        name: value
        for name in FACTS
        if not getattr(row, name) and (value := getattr(entry, name))
        if not (name == "url" and shared)
    }
    if "published_at" in lacking:
        lacking["asks_for_date"] = False
    return Change(_set(row, **lacking))


def revision(row: StoredSummary, change: Change, now: datetime) -> Revision:
    """What the row said before `change`."""
    return Revision(
        summary=row, replaced_at=now, content=change.before, content_hash=change.hash_before
    )


def as_json(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a row: field → text; `published_at` in ISO 8601."""
    return {**content, "published_at": instant(content["published_at"])}


def content_hash(row: StoredSummary) -> str:
    """SHA-256 of the content of a row; drafts compare it with what they were composed from."""
    content = as_json({name: getattr(row, name) for name in CONTENT})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _keys(one: Keyed) -> dict[str, str]:
    """The columns by which other sources' entries find the row."""
    return {"text_key": one.ways["text"], "title_key": one.ways.get("title", "")}


def _set(row: StoredSummary, **values: Any) -> frozenset[str]:
    touched = frozenset(name for name, value in values.items() if getattr(row, name) != value)
    for name in touched:
        setattr(row, name, values[name])
    return touched


def _date(row: StoredSummary, entry: Entry) -> datetime | None:
    """The stated date, else the one known; but not one that proved to be no date.

    With the same problem as before, the date of the row is what another source filled in.
    """
    if entry.published_at is None and entry.date_problem not in ("", row.date_problem):
        return None
    return entry.published_at or row.published_at


def _asks(published: datetime | None, problem: str, source: SourceSettings) -> bool:
    return published is None and (source.undated == "hold" or bool(problem))


def _is_no_change(row: StoredSummary, name: str, value: Any) -> bool:
    """A mere gain of an id, or another spelling of the same address."""
    stored = getattr(row, name)
    gained = name in ("doi", "pmid") and not stored
    return gained or (name == "url" and bool(stored) and own_key(stored) == address_key(value))
