"""A file of people, whatever its form → its columns, and its records as a stream.

In: a path and what the operator says of the columns. Out: an open Table. A file that cannot be
read as a whole is one SubscribersError that names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, TextIO

from subscribers.addresses import clean_name, parse_address
from subscribers.columns import (
    SAMPLE_CHARACTERS,
    SAMPLE_RECORDS,
    Columns,
    Wanted,
    find_columns,
    find_delimiter,
)
from subscribers.csv_rows import PIECE, WORKBOOKS, Record, Survey, as_text, records, survey
from subscribers.errors import BadAddress, SubscribersError
from subscribers.importing.report import ReadAs
from subscribers.xlsx_rows import MAX_PART, Workbook

ZIP, OLE = WORKBOOKS
WORKBOOK_NAMES = (".xlsx", ".xlsm")
ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}


@dataclass(frozen=True, slots=True)
class Table:
    """An open file. `records`: those after the header; `lines`: about how many, 0 if unknown.

    `digest`: the SHA-256 of the file, by which an import that was stopped is known again.
    """

    columns: Columns
    records: Iterator[Record]
    lines: int
    digest: str
    read_as: ReadAs


@contextmanager
def open_table(path: Path, wanted: Wanted) -> Iterator[Table]:
    """The table of a CSV, TSV or XLSX. Raises SubscribersError for what is none of them."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise SubscribersError(
            "there is no such file", where=str(path), mend="Check its path"
        ) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    with stream:
        try:
            start = stream.read(4)
            stream.seek(0)
            if start.startswith(OLE[:4]):
                raise SubscribersError(
                    "it is an old or a locked workbook",
                    where=str(path),
                    mend="Save it without a password as .xlsx, or as CSV UTF-8",
                )
            if start == ZIP:
                yield _workbook(stream, path, wanted)
                return
            if path.suffix.lower() in WORKBOOK_NAMES:
                raise SubscribersError(
                    "it is a damaged workbook, or none",
                    where=str(path),
                    mend="Save it again from your spreadsheet, as .xlsx or as CSV UTF-8",
                )
            found = survey(stream, str(path))
            text = as_text(stream, found.encoding)
            try:
                yield _csv(text, found, path, wanted)
            finally:
                text.detach()  # or it would close what we close
        except OSError as error:
            raise _unreadable(path, error) from None


def is_address(cell: str) -> bool:
    """Whether a cell holds one address."""
    try:
        parse_address(cell)
    except BadAddress:
        return False
    return True


def _csv(text: TextIO, found: Survey, path: Path, wanted: Wanted) -> Table:
    head = text.read(SAMPLE_CHARACTERS)
    delimiter = find_delimiter(head, is_address, wanted)
    text.seek(0)
    encoding = ENCODINGS.get(found.encoding, "UTF-16")
    rows, read_as = records(text, delimiter), ReadAs(encoding, delimiter)
    return _table(rows, path, wanted, found.lines, found.digest, read_as)


def _workbook(stream: BinaryIO, path: Path, wanted: Wanted) -> Table:
    digest = hashlib.sha256()
    while piece := stream.read(PIECE):
        digest.update(piece)
    if stream.tell() > MAX_PART:
        raise SubscribersError(
            f"it is larger than {MAX_PART // 1024**2} MB", where=str(path), mend="Split it"
        )
    stream.seek(0)
    book = Workbook(stream, str(path))
    read_as = ReadAs(sheet=book.sheet)
    return _table(book.records(), path, wanted, 0, digest.hexdigest(), read_as)


def _table(
    rows: Iterator[Record], path: Path, wanted: Wanted, lines: int, digest: str, read_as: ReadAs
) -> Table:
    sample = list(islice(rows, SAMPLE_RECORDS))
    if not sample:
        raise SubscribersError("it is empty", where=str(path), mend="Give each person a row")
    columns = find_columns(sample, is_address, wanted)
    if columns is None:
        raise _without_addresses(sample, path)
    titles = (sample[0].cells or ()) if columns.has_header else ()
    read_as = replace(read_as, columns=_taken(columns, titles))
    return Table(columns, chain(sample[columns.has_header :], rows), lines, digest, read_as)


def _taken(columns: Columns, titles: tuple[str, ...]) -> dict[str, list[tuple[int, str]]]:
    return {
        field: [
            (place + 1, clean_name(titles[place]) if place < len(titles) else "")
            for place in places
        ]
        for field, places in columns.of_fields().items()
    }


def _without_addresses(sample: list[Record], path: Path) -> SubscribersError:
    """Nothing in the sample is an address, in whatever column."""
    if len(sample) < SAMPLE_RECORDS:
        return SubscribersError(
            "there is no e-mail address in it",
            where=str(path),
            mend="Give a file with a column of addresses such as ann@example.org",
        )
    return SubscribersError(
        f"there is no e-mail address in its first {SAMPLE_RECORDS} rows",
        where=str(path),
        mend="If there are some below, name their column 'email' in the first line",
    )


def _unreadable(path: Path, error: OSError) -> SubscribersError:
    return SubscribersError(
        f"it cannot be read ({error.strerror})",
        where=str(path),
        mend="Check that it is a file that you may read",
    )
