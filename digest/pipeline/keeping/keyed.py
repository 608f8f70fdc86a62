"""An entry with all that it can be known by, and how it is compared with a row.

Pure: no queries. What the two state may say that they are one, or tell them apart, or neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from digest.models import StoredSummary
from digest.sources import identity as ident
from digest.values import Entry
from digest.web_address import canonical


@dataclass(frozen=True, slots=True)
class Keyed:
    """An entry and all that it can be known by."""

    entry: Entry
    identities: tuple[str, ...]  # as `identity.identities` has them
    ways: Mapping[str, str]


def keyed(entry: Entry, source: str) -> Keyed:
    """An entry with its keys."""
    ways = ident.ways_of(entry)
    return Keyed(entry, ident.identities(entry, source, ways["text"]), ways)


def dated(row: StoredSummary) -> datetime:
    """When it was published, else when it was first seen."""
    return row.published_at or row.first_seen


def dated_entry(entry: Entry, now: datetime) -> datetime:
    return entry.published_at or now


def other_address(entry: Entry, row: StoredSummary) -> bool:
    if not (entry.url and row.url) or row.url == entry.url:
        return False
    return own_key(row.url) != ident.address_key(entry.url)


def other_guid(one: Keyed, row: StoredSummary) -> bool:
    both_have = bool(one.entry.guid) and row.identity.startswith("guid:")
    return both_have and row.identity not in one.identities


def other_ids(entry: Entry, row: StoredSummary) -> bool:
    """Whether an id tells the two apart, and none says that they are one."""
    stated = _both_state(entry, row)
    return bool(stated) and all(one != other for one, other in stated)


def same_ids(entry: Entry, row: StoredSummary) -> bool:
    return any(one == other for one, other in _both_state(entry, row))


def _both_state(entry: Entry, row: StoredSummary) -> list[tuple[str, str]]:
    """The ids that mean the same everywhere, of those that both state."""
    pairs = ((ident.doi_key(entry.doi), ident.doi_key(row.doi)), (entry.pmid, row.pmid))
    return [pair for pair in pairs if all(pair)]


@lru_cache(maxsize=4096)
def own_key(url: str) -> str:
    """The key of a stored address: older versions kept addresses as they came."""
    with suppress(ValueError):
        url = canonical(url.replace(" ", "%20"), keep_fragment=True) if url else ""
    return ident.address_key(url)
