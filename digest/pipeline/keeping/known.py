"""What is stored already of a harvest: one look for all of its entries, then all in memory.

In: entries with their keys. Out: the row of the same thing, or of the same study from another
source (law 1), or none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import TypeVar

from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from digest.models import Appearance, StoredSummary
from digest.pipeline.keeping.keyed import (
    Keyed,
    dated,
    dated_entry,
    other_address,
    other_guid,
    other_ids,
    own_key,
    same_ids,
)
from digest.sources import identity as ident
from digest.sources.similar import DAYS_APART

AT_ONCE = 500  # entries that one query asks for
T = TypeVar("T")
SAME_TITLE_WITHIN = timedelta(days=DAYS_APART)
IDS = ("doi", "pmid")  # they mean the same everywhere


class Known:
    """What is stored of one harvest of `source`, and what it adds."""

    def __init__(
        self,
        source: str,
        entries: Sequence[Keyed],
        now: datetime,
        sources: Collection[str] | None = None,
    ) -> None:
        self.source, self.now, self.sources = source, now, sources
        self.claimed: set[int] = set()  # ids of row objects that an entry of this harvest is
        self._stated: set[str] = set()  # all identities of this harvest
        self._rows: dict[int, StoredSummary] = {}
        self._identities: dict[str, StoredSummary] = {}
        self._appearances: dict[str, Appearance] = {}
        self._elsewhere: defaultdict[int, list[Appearance]] = defaultdict(list)
        self._by: defaultdict[tuple[str, str], dict[int, StoredSummary]] = defaultdict(dict)
        self.shared = ident.shared_addresses(one.entry for one in entries)
        self._look_up(entries)
        self._settled = {id(one): found for one in entries if (found := self._settle(one))}
        self.open = [one for one in entries if id(one) not in self._settled]
        self._look_further(self.open)
        self.shared |= self._shared()

    def identity(self, one: Keyed) -> str:
        """What makes it itself, now that it is known whose address is its own."""
        return one.identities[-1 if self.is_shared(one) else 0]

    def is_shared(self, one: Keyed) -> bool:
        """Whether its address is nobody's own."""
        return one.ways.get("url") in self.shared

    def own(self, one: Keyed) -> StoredSummary | None:
        """The row of this source that has its identity."""
        settled = self._settled.get(id(one))
        if isinstance(settled, StoredSummary):
            return settled
        identity = self.identity(one)
        for name in (identity, ident.identity_within(self.source, identity)):
            row = self._identities.get(name)
            if row is not None and row.source == self.source:
                return row
        return None

    def appearance(self, one: Keyed) -> Appearance | None:
        """Where it was seen before as a study whose words another source gave."""
        settled = self._settled.get(id(one))
        if isinstance(settled, Appearance):
            return settled
        return self._appearances.get(ident.identity_within(self.source, self.identity(one)))

    def is_orphan(self, row: StoredSummary) -> bool:
        """Whether its source is no longer in config.yaml: perhaps it only has another name now."""
        return self.sources is not None and row.source not in self.sources

    def appearances_of(self, row: StoredSummary) -> list[Appearance]:
        """Where this source has stated it besides."""
        return self._elsewhere[row.pk]

    def row_of(self, appearance: Appearance) -> StoredSummary:
        """The summary that appears there."""
        return self._rows[appearance.summary_id]

    def matches(self, one: Keyed, ways: Collection[str] = ident.WAYS) -> Iterator[StoredSummary]:
        """Rows of the same thing or study, the surest first, of this source before others."""
        found: dict[int, StoredSummary] = {}
        for way, key in one.ways.items():
            if way in ways and not (way == "url" and key in self.shared):
                for row in self._by.get((way, key), {}).values():
                    if row.kind == one.entry.kind and self._is_same(one, row, way):
                        found.setdefault(id(row), row)
        yield from sorted(found.values(), key=lambda row: row.source != self.source)

    def turned(self, one: Keyed) -> StoredSummary | None:
        """The row of a page that was an article until now, or a summary, and is so no more."""
        for row in self._by.get(("url", one.ways.get("url", "")), {}).values():
            same = row.source == self.source and self._is_its_own_address(one, row)
            free = row.kind != one.entry.kind and id(row) not in self.claimed
            if same and free and not self.ids_tell_apart(one, row):
                return row
        return None

    def ids_tell_apart(self, one: Keyed, row: StoredSummary) -> bool:
        """Whether this source gives the two different ids."""
        if other_ids(one.entry, row):
            return True
        return other_guid(one, row) and not self._is_given_anew(one, row)

    def fetch(self, pks: Sequence[int]) -> list[StoredSummary]:
        """More rows by their primary keys; what is here already stays the same object."""
        found: list[StoredSummary] = []
        for part in parts(pks):
            found += self._take_all(StoredSummary.objects.filter(pk__in=part).order_by("pk"))
        return found

    def same_title(self, one: Keyed) -> list[StoredSummary]:
        """Rows with the same title, whatever tells them apart."""
        return list(self._by.get(("title", one.ways.get("title", "")), {}).values())

    def free_identity(self, one: Keyed) -> str:
        """Its identity; if another row has it, with the name of the source before it."""
        identity = self.identity(one)
        taken = identity in self._identities
        return ident.identity_within(self.source, identity) if taken else identity

    def identity_from_now(self, one: Keyed, row: StoredSummary) -> str:
        """The row's identity once `one` is it: the present one, if that is as sure and free."""
        identity = self.identity(one)
        if row.source != self.source:  # it was another's until now
            return identity if row.identity == identity else self.free_identity(one)
        kind = "article:" if one.entry.kind == "article" else ""
        surer = one.entry.guid or not row.identity.startswith(("guid:", f"{kind}doi:"))
        if not surer or identity in self._identities:
            return row.identity
        self._identities[identity] = row
        return identity

    def claim(self, row: StoredSummary | Appearance) -> bool:
        """Note that an entry of this harvest is it; False if another one was before."""
        first = id(row) not in self.claimed
        self.claimed.add(id(row))
        return first

    def add(self, row: StoredSummary) -> None:
        """A row that this harvest makes; the rest of it may be the same thing."""
        self._take(row)
        self.claim(row)

    def add_appearance(self, appearance: Appearance) -> None:
        """The same for where a known study stands besides."""
        self._appearances[appearance.identity] = appearance
        if appearance.summary_id:  # nothing is asked of what is new itself
            self._elsewhere[appearance.summary_id].append(appearance)
        self.claim(appearance)

    def _look_up(self, entries: Sequence[Keyed]) -> None:
        for part in parts(entries):
            names = {name for one in part for name in one.identities}
            within = {ident.identity_within(self.source, name) for name in names}
            self._stated |= names | within
            self._take_all(StoredSummary.objects.filter(identity__in=names | within))
            self._take_appearances(Appearance.objects.filter(identity__in=within))

    def _settle(self, one: Keyed) -> StoredSummary | Appearance | None:
        """What its identity alone tells: the same words under it, and no id that is new of it."""
        for name in one.identities[-1 if self.is_shared(one) else 0 :]:
            seen = self._appearances.get(ident.identity_within(self.source, name))
            if seen is not None:
                return seen
            row = self._identities.get(name)
            if (
                row is not None
                and row.source == self.source
                and row.text_key == one.ways["text"]
                and not other_address(one.entry, row)
                and all(getattr(row, name) or name not in one.ways for name in IDS)
            ):
                return row
        return None

    def _look_further(self, entries: Sequence[Keyed]) -> None:
        """By every way, and where the found stand besides: for what is new or changed."""
        lowered = StoredSummary.objects.alias(doi_key=Lower("doi")).order_by("pk")
        for part in parts(entries):
            keys = {way: {one.ways[way] for one in part if way in one.ways} for way in ident.WAYS}
            urls = [url for key in keys["url"] for url in ident.spellings(key)]
            columns = {
                "doi_key": keys["doi"], "pmid": keys["pmid"], "url": urls,
                "text_key": keys["text"], "title_key": keys["title"],
            }  # fmt: skip
            asked = (_one_of(name, found) for name, found in columns.items())
            rows = self._take_all(lowered.filter(reduce(or_, asked)))
            here = Q(source=self.source, summary__in=[row.pk for row in rows])
            self._take_appearances(Appearance.objects.filter(here | _one_of("url", urls)))

    def _take_all(self, rows: Iterable[StoredSummary]) -> list[StoredSummary]:
        taken = [self._rows.setdefault(row.pk, row) for row in rows]
        for row in taken:
            self._take(row)
        return taken

    def _take(self, row: StoredSummary) -> None:
        self._identities[row.identity] = row
        self._list("doi", ident.doi_key(row.doi), row)
        self._list("pmid", row.pmid, row)
        self._list("url", own_key(row.url) if row.pk else ident.address_key(row.url), row)
        self._list("text", row.text_key, row)
        self._list("title", row.title_key, row)

    def _take_appearances(self, found: Iterable[Appearance]) -> None:
        fresh = [one for one in found if one.identity not in self._appearances]
        missing = {one.summary_id for one in fresh} - self._rows.keys()
        if missing:
            self._take_all(StoredSummary.objects.filter(pk__in=missing))
        for one in fresh:
            if one.source == self.source:
                self._appearances[one.identity] = one
                self._elsewhere[one.summary_id].append(one)
            self._list("url", ident.address_key(one.url), self._rows[one.summary_id])

    def _list(self, way: str, key: str, row: StoredSummary) -> None:
        if key:
            self._by[way, key][id(row)] = row

    def _shared(self) -> frozenset[str]:
        """Addresses that several stored entries of one source link to: nobody's own.

        A feed may hold one entry at a time, so what was gathered before counts.
        """
        linked: defaultdict[tuple[str, str, str], list[StoredSummary]] = defaultdict(list)
        for (way, key), rows in self._by.items():
            for row in rows.values() if way == "url" else ():
                if key == own_key(row.url):
                    linked[key, row.kind, row.source].append(row)
        return frozenset(key for (key, _, _), rows in linked.items() if ident.are_several(rows))

    def _is_same(self, one: Keyed, row: StoredSummary, way: str) -> bool:
        if (
            way == "title"
            and abs(dated_entry(one.entry, self.now) - dated(row)) > SAME_TITLE_WITHIN
        ):
            return False
        if row.source == self.source:
            return not self._told_apart(one, row, way)
        if other_ids(one.entry, row):
            return False
        return way not in ("text", "title") or not self._is_taken(one, row, way)

    def _told_apart(self, one: Keyed, row: StoredSummary, way: str) -> bool:
        """True if their source states two different things: one would overwrite the other.

        A monthly round-up has the same title each time, and a feed may link all of it to one page.
        """
        if self.ids_tell_apart(one, row):
            return True
        if other_guid(one, row):  # it was given anew: more than one way says so
            return False
        elsewhere = other_address(one.entry, row)
        return (way == "text" and elsewhere) or (
            way == "title" and (elsewhere or not self._is_edited(one, row))
        )

    def _is_given_anew(self, one: Keyed, row: StoredSummary) -> bool:
        """Whether another guid stands for the same summary: a site that moves changes them all.

        An equal DOI or PMID says more than a guid. An article may come each month under one title
        and address, so its guid stays what it is; a round-up of summaries has another date.
        """
        entry = one.entry
        if not (entry.kind == row.kind == "summary"):
            return False
        if same_ids(entry, row):
            return True
        same_words = row.text_key == one.ways["text"]
        own_address = self._is_its_own_address(one, row)
        if row.identity in self._stated:  # both stand there side by side
            return same_words and own_address
        alike = row.title_key == one.ways.get("title") and (
            row.published_at == entry.published_at or ident.same_line(row.headline, entry.headline)
        )
        return same_words or (own_address and alike)

    def _is_its_own_address(self, one: Keyed, row: StoredSummary) -> bool:
        """Whether both have the same address, and nothing else has."""
        key = one.ways.get("url")
        return key is not None and key not in self.shared and key == own_key(row.url)

    def _is_edited(self, one: Keyed, row: StoredSummary) -> bool:
        """Of one source an equal title alone says nothing: a link, or the headline, says more.

        What stands beside the row in the same harvest is no edit of it.
        """
        if id(row) in self.claimed:
            return False
        linked = bool(one.entry.url) and not self.is_shared(one)
        return linked or ident.same_line(one.entry.headline, row.headline)

    def _is_taken(self, one: Keyed, row: StoredSummary, way: str) -> bool:
        """Whether this source states the row's study elsewhere: two of its own are not one."""
        return any(
            id(other) in self.claimed or not self._may_be(one, other, way)
            for other in self._elsewhere[row.pk]
        )

    def _may_be(self, one: Keyed, other: Appearance, way: str) -> bool:
        """Whether what stood there may be the entry: before an edit, or before the site moved."""
        same_address = ident.address_key(other.url) == one.ways.get("url", "")
        moved = way == "text" and one.entry.kind == "summary" and other.identity not in self._stated
        return ident.WORDS_ALONE in other.identity or same_address or moved


def parts(them: Iterable[T]) -> Iterator[Sequence[T]]:
    """As many of them at a time as one query asks for."""
    listed = list(them)
    return (listed[start : start + AT_ONCE] for start in range(0, len(listed), AT_ONCE))


def _one_of(column: str, texts: Collection[str]) -> Q:
    """`column IN (…)` for thousands of texts: Django itself looks at each of them many times."""
    if not texts:
        return Q(pk__in=())
    listed = RawSQL(", ".join(["%s"] * len(texts)), tuple(texts))  # noqa: S611 — placeholders alone
    return Q(**{f"{column}__in": listed})
