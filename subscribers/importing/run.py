"""An import from its start, or from where it was stopped, to its end.

In: a file, the list and the consent that covers these people. Out: an ImportReport. Each batch
is one transaction of well under a second that also notes how far the file is in: nobody else
waits, and killed at any moment nothing is half done. A dry run says exactly what the import would
do, and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from subscribers import limits
from subscribers.columns import NOTHING, Wanted
from subscribers.confirmations import ask_to_confirm
from subscribers.enrolling import Enrolled, Person, enrol_many
from subscribers.errors import SubscribersError
from subscribers.importing.reading import Reader
from subscribers.importing.report import RESULTS, ImportReport, ImportRow, Tally, Tell
from subscribers.importing.tables import Table, open_table
from subscribers.lists import check_list
from subscribers.membership import Consent
from subscribers.models import ImportRun, Membership, Subscriber

BATCH = 10_000  # rows in the first transaction; the next have as many as take SHORT
MOST = 25_000
SHORT = 0.4  # seconds that others may have to wait for one of ours
ASKED_AT_ONCE = 500  # mails in one go
# A batch touches pages all over two indexes, for keyed hashes and public ids are random: with
# them in memory (KiB), and copied from the log less often (pages), an import takes half the time.
SQLITE_FOR_IMPORT = {"cache_size": -64_000, "wal_autocheckpoint": 50_000}

Progress = Callable[[int, int], None]


def import_people(
    path: Path,
    *,
    list_name: str,
    consent_text: str,
    actor: str,
    consent_source: str = "",
    consent_date: datetime | None = None,
    columns: Wanted = NOTHING,
    dry_run: bool = False,
    now: datetime | None = None,
    tell: Tell | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a CSV, TSV or XLSX into one list; a bad row never stops the rest.

    With `consent_source` everybody who joins is confirmed (since `consent_date`, aware, else
    since now); without, each is asked by mail once their batch is committed. The same file and
    order run again after a stop go on where it stopped. `tell` gets every row in the order of the
    file (of what goes on, those that are left), `progress` rows done and about how many there
    are. Raises SubscribersError for an unknown list, a consent that does not hold together, and
    a file that cannot be read or holds no addresses.
    """
    at = now or timezone.now()
    check_list(list_name)
    consent = _consent(consent_text, actor, consent_source, consent_date, at)
    with open_table(path, columns) as table, _tuned():
        run = None if dry_run else _run_of(path, table, list_name, consent, columns, at)
        # What an import did bears the time of its start, also after a stop: undoing knows it by it.
        work = _Work(table, list_name, consent, run, run.started_at if run else at, at)
        start = run.next_row if run else 0
        tally = Tally(tell, run.counts if run else {})
        not_asked = work.go_on(tally, progress or (lambda done, total: None))
    counts = {what: tally.counts[what] for what in RESULTS}
    number = run.pk if run else None
    told = (tally.rows, tally.hints, number, start, not_asked, table.read_as)
    return ImportReport(str(path), dry_run, counts, *told)


@dataclass(frozen=True, slots=True)
class _Work:
    table: Table
    list_name: str
    consent: Consent
    run: ImportRun | None
    now: datetime  # of what it writes: when it began, for that is what undoing goes by
    at: datetime  # when it went on, if it was stopped: its mails go out now

    def go_on(self, tally: Tally, progress: Progress) -> int:
        """Batch by batch, from the first row that is not in to the last; how many the limits

        kept from being asked by mail.
        """
        reader, rows = Reader(self.table.columns), self.table.records
        done, size, not_asked = 0, BATCH, 0
        if self.run:
            self._ask()
            for record in islice(rows, self.run.next_row):
                reader.read(record)  # it is in; a later row may name the same address
                done += 1
        while some := list(islice(rows, size)):
            read = [reader.read(record) for record in some]
            done += len(some)
            begun = time.perf_counter()
            enrolled = self._batch(read, done, tally)
            size = _next_size(size, time.perf_counter() - begun)
            _count(tally, read, enrolled)  # told only once it is so
            if self.run and not self.consent.source:
                not_asked += len(enrolled.subscriber_ids) - len(self.run.asking)
                transaction.on_commit(self._ask)
            progress(done, max(done, self.table.lines))
        if self.run:
            _mine(self.run).update(finished_at=timezone.now())
        return not_asked

    def _batch(
        self, read: Sequence[tuple[int, Person, str] | ImportRow], done: int, tally: Tally
    ) -> Enrolled:
        people = [one[1] for one in read if not isinstance(one, ImportRow)]
        if self.run is None:
            return self._enrol(people)
        asks = not self.consent.source
        with transaction.atomic():
            if asks:
                limits.one_at_a_time()
            self._still_mine(self.run, done - len(read))
            enrolled = self._enrol(people)
            asking = limits.take(enrolled.subscriber_ids, now=self.at) if asks else []
            counts = _counts(tally, read, enrolled)
            _mine(self.run).update(next_row=done, counts=counts, asking=asking)
        self.run.asking = asking
        return enrolled

    def _enrol(self, people: Sequence[Person]) -> Enrolled:
        dry = self.run is None
        who = people, self.list_name, self.consent
        return enrol_many(*who, now=self.now, run=self.run, dry_run=dry)

    @staticmethod
    def _still_mine(run: ImportRun, row: int) -> None:
        """Two shells that run the same import must not both put in one batch."""
        found = _mine(run).select_for_update().first()
        if found is None or found.next_row != row or found.undone_at or found.finished_at:
            raise SubscribersError(
                "this import is at work elsewhere, or was undone",
                mend="`digest subscribers imports` shows how far it is",
            )

    def _ask(self) -> None:
        """The mails of the last batch; done again where a stop came between it and them."""
        if self.run is None or not self.run.asking:
            return
        for start in range(0, len(self.run.asking), ASKED_AT_ONCE):
            some = self.run.asking[start : start + ASKED_AT_ONCE]
            people = Subscriber.objects.filter(
                pk__in=some,
                memberships__list_name=self.list_name,
                memberships__state=Membership.State.PENDING,
            )
            ask_to_confirm((person, self.list_name) for person in people.order_by("id"))
            _mine(self.run).update(asking=self.run.asking[start + ASKED_AT_ONCE :])
        self.run.asking = []


def _next_size(size: int, seconds: float) -> int:
    """Rows of the next batch: up to twice as many, as long as they go in quickly."""
    return max(min(int(size * min(SHORT / max(seconds, 0.001), 2.0)), MOST), min(size, 500))


def _consent(
    text: str, actor: str, source: str, given_at: datetime | None, now: datetime
) -> Consent:
    if not text.strip():
        raise SubscribersError(
            "the consent's text is missing", mend="Say what these people agreed to"
        )
    if given_at and given_at > now:
        raise SubscribersError(
            "the date of consent lies in the future", mend="Give the day when they agreed"
        )
    return Consent(text.strip(), actor, source.strip(), given_at)


def _run_of(
    path: Path, table: Table, list_name: str, consent: Consent, columns: Wanted, now: datetime
) -> ImportRun:
    """The import of this file and order that was stopped, or a new one."""
    order = _order(consent, columns)
    stopped = ImportRun.objects.filter(
        file_hash=table.digest, list_name=list_name, finished_at=None, undone_at=None
    )
    for run in stopped.order_by("-id"):
        if run.order == order:
            return run
    return ImportRun.objects.create(
        file_name=path.name[:200],
        file_hash=table.digest,
        list_name=list_name,
        actor=consent.actor,
        order=order,
        started_at=now,
    )


def _order(consent: Consent, columns: Wanted) -> dict[str, Any]:
    """What must be the same for an import to go on, as JSON gives it back."""
    given = consent.given_at.isoformat() if consent.given_at else None
    fields: Mapping[str, list[str]] = {field: list(named) for field, named in columns.items()}
    return {"text": consent.text, "source": consent.source, "date": given, "columns": fields}


def _mine(run: ImportRun) -> QuerySet[ImportRun]:
    return ImportRun.objects.filter(pk=run.pk)


def _counts(
    tally: Tally, read: Sequence[tuple[int, Person, str] | ImportRow], enrolled: Enrolled
) -> dict[str, int]:
    """The tally's counts with this batch, before it is committed."""
    counts = tally.counts.copy()
    counts.update(enrolled.results)
    counts.update(one.result for one in read if isinstance(one, ImportRow))
    return dict(counts)


def _count(
    tally: Tally, read: Sequence[tuple[int, Person, str] | ImportRow], enrolled: Enrolled
) -> None:
    results = iter(enrolled.results)
    for one in read:
        if isinstance(one, ImportRow):
            tally.add(one)
        else:
            line, person, odd = one
            tally.joined(line, next(results), person.address, odd)


@contextmanager
def _tuned() -> Iterator[None]:
    """More memory for the database's pages while the import lasts (SQLite)."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in SQLITE_FOR_IMPORT
        }
        for name, value in SQLITE_FOR_IMPORT.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        try:
            yield
        finally:
            for name, value in before.items():
                cursor.execute(f"PRAGMA {name} = {value}")
            if not connection.in_atomic_block:  # or the next who writes would have to copy our log
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _pragma(cursor: Any, name: str) -> int:
    cursor.execute(f"PRAGMA {name}")
    return int(cursor.fetchone()[0])
