"""A file of people → members of one list, row by row, with a report that leaves nobody out.

In comes a CSV and the consent that covers it; out goes an ImportReport with one result for
each row. Law 4: an import never revives an opt-out or a suppression. A dry run says exactly
what the import would do, and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from django.utils import timezone

from subscribers.addresses import ParsedAddress, address_key, clean_name, parse_address
from subscribers.columns import SAMPLE_RECORDS, Columns, find_columns, find_delimiter
from subscribers.csv_rows import Record, read_text, records
from subscribers.errors import BadAddress, SubscribersError
from subscribers.exporting import FORMULA_STARTS
from subscribers.lists import check_list
from subscribers.membership import JOINED, Consent, Joined, enrol

BATCH = 500  # rows in one transaction: well under a second, so that nobody else waits
MAX_SHOWN = 80  # characters of a wrong cell in the report

Result = Joined | Literal["duplicate_in_file", "invalid"]
RESULTS: tuple[Result, ...] = (*JOINED, "duplicate_in_file", "invalid")
REASONS: dict[Joined, str] = {
    "new": "",
    "joins_list": "",
    "already_there": "is on this list already",
    "opted_out_before": "left this list before; an import does not bring anybody back",
    "suppressed": "must not be mailed (bounce, complaint, erasure or an operator's order)",
}


@dataclass(frozen=True, slots=True)
class ImportRow:
    """What became of one row. `reason` and `mend` say more where nobody joined."""

    line: int
    result: Result
    reason: str = ""
    mend: str = ""
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Counts for every result (0 where there was none), and the rows in the order of the file."""

    path: str
    dry_run: bool
    counts: dict[Result, int]
    rows: list[ImportRow]

    def refused(self) -> list[str]:
        """One line for each invalid row: file, line, what is wrong, the mend."""
        return [
            f"{self.path} line {row.line}: {row.reason}. {row.mend}"
            for row in self.rows
            if row.result == "invalid"
        ]


def import_csv(
    path: Path,
    *,
    list_name: str,
    consent_text: str,
    actor: str,
    consent_source: str = "",
    consent_date: datetime | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> ImportReport:
    """Import a CSV into one list, in batches of 500 rows; a bad row never stops the rest.

    With `consent_source` everybody who joins is confirmed (since `consent_date`, aware, else
    since now); without, each is asked by mail once their batch is committed. Raises
    SubscribersError for an unknown list, a consent that does not hold together, and a file
    that cannot be read or holds no addresses.
    """
    at = now or timezone.now()
    check_list(list_name)
    consent = _consent(consent_text, actor, consent_source, consent_date, at)
    columns, rows = _open(path)
    seen: dict[str, int] = {}
    report: list[ImportRow] = []
    while some := list(islice(rows, BATCH)):
        read = [(record.line, _read(record, columns, seen)) for record in some]
        people = [what for _, what in read if isinstance(what, ParsedAddress)]
        joined = iter(enrol(people, list_name, consent, now=at, dry_run=dry_run))
        report += [
            what if isinstance(what, ImportRow) else _row(line, next(joined), what.address)
            for line, what in read
        ]
    found = Counter(row.result for row in report)
    return ImportReport(str(path), dry_run, {what: found[what] for what in RESULTS}, report)


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


def _open(path: Path) -> tuple[Columns, Iterator[Record]]:
    """The columns of a file and its records after the header."""
    text = read_text(path)
    if not text.strip():
        raise SubscribersError("it is empty", where=str(path), mend="Give each person a row")
    rows = records(text, find_delimiter(text, _is_address))
    sample = list(islice(rows, SAMPLE_RECORDS))
    columns = find_columns(sample, _is_address)
    if columns is None:
        raise SubscribersError(
            "it has no column of e-mail addresses",
            where=f"{path} line 1",
            mend="Name that column 'email' in the first line",
        )
    return columns, chain(sample[columns.has_header :], rows)


def _read(record: Record, columns: Columns, seen: dict[str, int]) -> ParsedAddress | ImportRow:
    """The person of one record, or the row of the report that says why there is none."""
    try:
        person = _person(record, columns)
    except BadAddress as error:
        shown = clean_name(_cell(record.cells or (), columns.address))[:MAX_SHOWN]
        return ImportRow(record.line, "invalid", error.reason, error.mend, shown)
    first = seen.setdefault(address_key(person.address), record.line)
    if first != record.line:
        reason = f"the same address as in line {first}"
        return ImportRow(record.line, "duplicate_in_file", reason, address=person.address)
    return person


def _person(record: Record, columns: Columns) -> ParsedAddress:
    cells = record.cells
    if cells is None:
        raise BadAddress("the row cannot be read", "Close or remove the quotation mark in it")
    if any(cell.strip() for cell in cells[columns.width :]):
        raise BadAddress(
            f"the row has {len(cells)} cells, the others {columns.width}",
            "Give each address a row of its own; put quotation marks around a cell with commas",
        )
    parsed = parse_address(_cell(cells, columns.address))
    names = [_cell(cells, place) for place in columns.names]
    if any(_is_address(name) and name.strip() != parsed.address for name in names):
        raise BadAddress("the row holds more than one address", "Give each a row of its own")
    name = clean_name(" ".join(name for name in names if not _is_address(name)))
    return ParsedAddress(parsed.address, name or parsed.name)


def _cell(cells: tuple[str, ...], place: int) -> str:
    """The text of a cell; the apostrophe by which our own export defuses formulas comes off."""
    text = cells[place] if place < len(cells) else ""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def _row(line: int, result: Joined, address: str) -> ImportRow:
    return ImportRow(line, result, REASONS[result], address=address)


def _is_address(cell: str) -> bool:
    try:
        parse_address(cell)
    except BadAddress:
        return False
    return True
