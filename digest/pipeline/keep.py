"""Keep: one harvest → rows. What is new, changed, known elsewhere or gone; nothing is lost.

In: a `Harvest` and its source. Out: rows, and how many became what. Keeps law 1: the same study
from two sources is one summary, whichever came first. No network in here: the caller holds one
transaction for a source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from digest.models import Appearance, Revision, StoredSummary
from digest.pipeline.keeping.changes import Change, fill, new_row, renew, revision
from digest.pipeline.keeping.flags import (
    Pair,
    flag_changed,
    flag_removed,
    flag_similar,
    settle_removed,
)
from digest.pipeline.keeping.keyed import Keyed, dated, keyed
from digest.pipeline.keeping.known import AT_ONCE, IDS, Known, parts
from digest.pipeline.keeping.missing import missing_of
from digest.pipeline.keeping.slugs import name_all
from digest.pipeline.keeping.turns import one_at_a_time
from digest.pipeline.keeping.window import Window
from digest.sources.identity import identity_within
from digest.sources.kind import SourceSettings
from digest.sources.similar import MANY
from digest.values import Harvest

TRIES = 3  # another gathering may store the same study at the same moment


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a harvest's entries; the rest of them is as it was.

    `merged` counts studies whose words are another source's, seen here for the first time;
    `removed` rows that are newly gone; `flagged` what editors are newly asked to look at.
    """

    new: int = 0
    changed: int = 0
    merged: int = 0
    removed: int = 0
    flagged: int = 0


def keep(
    harvest: Harvest,
    source: SourceSettings,
    *,
    now: datetime,
    window: Window | None = None,
    sources: frozenset[str] | None = None,
) -> Kept:
    """Store what is new of `harvest` and what changed; inside the caller's transaction.

    `window` serves a whole gathering; without one the stored titles are read anew. `sources` are
    the names in config.yaml: whoever states what one stated that is there no more takes it over.
    """
    window = window or Window(now)
    for _ in range(TRIES - 1):
        try:
            with transaction.atomic():
                one_at_a_time()
                return _Keeping(harvest, source, now, sources).keep(window)
        except IntegrityError:  # what the other one stored is known at the next try
            window.renew()
    with transaction.atomic():
        one_at_a_time()
        return _Keeping(harvest, source, now, sources).keep(window)


class _Keeping:
    """One harvest on its way into the store."""

    def __init__(
        self,
        harvest: Harvest,
        source: SourceSettings,
        now: datetime,
        sources: frozenset[str] | None,
    ) -> None:
        self.harvest, self.source, self.now = harvest, source, now
        entries = [keyed(entry, source.name) for entry in harvest.entries]
        self.known = Known(source.name, entries, now, sources)
        self.entries = list({self.known.identity(one): one for one in entries}.values())
        self.new: list[tuple[StoredSummary, Keyed]] = []
        self.renewed: list[tuple[StoredSummary, Keyed, Change]] = []
        self.filled: dict[int, tuple[StoredSummary, frozenset[str]]] = {}
        self.appearances: list[Appearance] = []
        self.moved: list[Appearance] = []
        self.own: list[Appearance] = []  # of what this source takes over
        self.besides: list[tuple[Appearance, Keyed]] = []  # of what this source states itself
        self.doubles: list[tuple[StoredSummary, StoredSummary]] = []
        self.gone: dict[int, str] = {}

    def keep(self, window: Window) -> Kept:
        """Find out first, then write."""
        rest = [one for one in self.entries if not self._is_there(one)]
        rest = [one for one in rest if not self._is_known(one)]
        if self.harvest.complete:
            self._follow_besides()
            rest = self._without_edited(rest)
        for one in rest:
            if not self._is_known(one):
                self._take_in(one)
        self._note_doubles()
        self._write()
        flagged = self._flag(window)
        changed = sum(bool(change.content) for _, _, change in self.renewed)
        merged, removed = len(self.appearances), len(self.gone)
        return Kept(len(self.new), changed, merged, removed, flagged)

    def _is_there(self, one: Keyed) -> bool:
        """By its identity: as a row of this source, or as another's study that stands here too."""
        if row := self.known.own(one):
            self._renew(row, one)
        elif appearance := self.known.appearance(one):
            self.known.claim(appearance)
            self._appears_again(appearance, one)
        else:
            return False
        return True

    def _appears_again(self, appearance: Appearance, one: Keyed) -> None:
        row = self.known.row_of(appearance)
        if self.known.is_orphan(row):
            self._take_over(row, one)
            return
        if row.source == self.source.name:
            self.besides.append((appearance, one))
        self._fill(row, one)
        if (appearance.url, appearance.place) != (one.entry.url, one.entry.place):
            appearance.url, appearance.place = one.entry.url, one.entry.place
            self.moved.append(appearance)

    def _is_known(self, one: Keyed) -> bool:
        """By another way than its identity: the same thing, or the same study elsewhere."""
        matches = list(self.known.matches(one))
        own = [row for row in matches if row.source == self.source.name]
        free = [row for row in own if id(row) not in self.known.claimed]
        if not matches and (turned := self.known.turned(one)):
            matches = own = free = [turned]
        if own and (free or not one.entry.guid):
            self._renew((free or own)[0], one)
        elif own:  # two of its guids stand for one study: the first one's words stay
            self._merge(own[0], one)
        elif matches and self.known.is_orphan(matches[0]):
            self._take_over(matches[0], one)
        elif matches:
            self._merge(matches[0], one)
        return bool(matches)

    def _renew(self, row: StoredSummary, one: Keyed) -> None:
        if self.known.claim(row):
            identity = self.known.identity_from_now(one, row)
            self.renewed.append((row, one, renew(row, one, self.source, identity)))

    def _take_over(self, row: StoredSummary, one: Keyed) -> None:
        """Its source has another name now, or is gone: from now on the words are this one's."""
        self.own += self.known.appearances_of(row)
        self._renew(row, one)

    def _follow_besides(self) -> None:
        """What the source states under its second guid alone is not gone: its words are that's."""
        for appearance, one in self.besides:
            row = self.known.row_of(appearance)
            if id(row) not in self.known.claimed:
                self._take_over(row, one)

    def _fill(self, row: StoredSummary, one: Keyed) -> None:
        touched = fill(row, one.entry, shared=self.known.is_shared(one)).touched
        if touched and row.pk:  # what is new is stored with it
            _, before = self.filled.get(row.pk, (row, frozenset()))
            self.filled[row.pk] = (row, before | touched)

    def _merge(self, row: StoredSummary, one: Keyed) -> None:
        self._fill(row, one)
        appearance = Appearance(
            summary=row,
            source=self.source.name,
            identity=identity_within(self.source.name, self.known.identity(one)),
            url=one.entry.url,
            place=one.entry.place,
            first_seen=self.now,
        )
        self.known.add_appearance(appearance)
        self.appearances.append(appearance)

    def _take_in(self, one: Keyed) -> None:
        identity = self.known.free_identity(one)
        row = new_row(one, self.source, identity=identity, first_seen=self.now)
        self.known.add(row)
        self.new.append((row, one))

    def _without_edited(self, rest: Sequence[Keyed]) -> list[Keyed]:
        """Entries that are no edited version of what is missing; the rest of that is gone."""
        present = {row.pk for row, _, _ in self.renewed}
        missing = missing_of(self.source.name, present)
        edited = missing.edited(rest, self.known)
        for row in self.known.fetch(list(edited)):
            self._renew(row, edited[row.pk])
        gone = missing.gone(self.harvest.refusals)
        self.gone = {pk: missing.places[pk] for pk in gone if pk not in edited}
        return [one for one in rest if one not in edited.values()]

    def _note_doubles(self) -> None:
        """Two rows that a new or changed entry shows to be one study: they stay two."""
        became = {id(one): row for row, one, _ in self.renewed}
        became |= {id(one): row for row, one in self.new}
        for one in self.known.open:
            rows = [*filter(None, [became.get(id(one))]), *self.known.matches(one, IDS)]
            self.doubles += [(rows[0], other) for other in rows[1:] if other is not rows[0]]

    def _write(self) -> None:
        rows = [row for row, _ in self.new]
        name_all(rows, [one.entry.slug or one.entry.title for _, one in self.new])
        StoredSummary.objects.bulk_create(rows)
        for part in parts(one.pk for one in self.own if one.pk):
            Appearance.objects.filter(pk__in=part).delete()
        Appearance.objects.bulk_create(self.appearances)
        Appearance.objects.bulk_update(self.moved, ["url", "place"], batch_size=AT_ONCE)
        touched = [(row, change.touched) for row, _, change in self.renewed if change.touched]
        _update([*touched, *self.filled.values()])
        Revision.objects.bulk_create(
            revision(row, change, self.now) for row, _, change in self.renewed if change.content
        )
        for part in parts(self.gone):
            StoredSummary.objects.filter(pk__in=part).update(gone_at=self.now)
        back = [row.pk for row, _, change in self.renewed if "gone_at" in change.touched]
        settle_removed(back, self.now)

    def _flag(self, window: Window) -> int:
        words = {row.pk: (row, change.words) for row, _, change in self.renewed if change.words}
        return (
            flag_changed(words, self.now)
            + flag_removed(self.gone, self.now)
            + flag_similar(self._pairs(window), self.now)
        )

    def _pairs(self, window: Window) -> list[Pair]:
        """Every two that may be one study, of which one is new or has new words."""
        pairs = [(row, other.pk, "States the same DOI or PMID as") for row, other in self.doubles]
        named = [*self.new, *((r, one) for r, one, c in self.renewed if _NAMES & c.content)]
        for row, one in named:
            if row.kind == "summary":
                same = [r for r in self.known.same_title(one) if r.title_key == row.title_key]
                if len(same) <= MANY + 1:
                    pairs += [(row, r.pk, "Has the same title as") for r in same if r is not row]
                window.titles.add(row.pk, row.title, row.headline, dated(row))
                like = window.titles.like(row.title, row.headline, dated(row), but=row.pk)
                pairs += [(row, pk, "Is worded much like") for pk in like]
        return pairs


_NAMES = {"title", "headline"}


def _update(touched: Iterable[tuple[StoredSummary, frozenset[str]]]) -> None:
    """All rows whose words changed together, and all the rest: of these mostly the place did."""
    together: dict[bool, list[tuple[StoredSummary, frozenset[str]]]] = {}
    for row, columns in touched:
        together.setdefault("content_hash" in columns, []).append((row, columns))
    for part in together.values():
        columns = frozenset[str]().union(*(columns for _, columns in part))
        rows = [row for row, _ in part]
        StoredSummary.objects.bulk_update(rows, sorted(columns), batch_size=AT_ONCE)
