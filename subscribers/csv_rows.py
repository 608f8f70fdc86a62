"""A CSV as the world writes it → records with their line numbers.

In comes a file of any usual encoding; out go its records. A file that cannot be
read as a whole is a SubscribersError; a record that cannot be read is given back empty-handed
(`cells` None), and the next line goes on: an unclosed quote swallows one line, not the rest.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from subscribers.errors import SubscribersError

MAX_BYTES = 64 * 1024 * 1024
MAX_RECORD_LINES = 20  # a cell with line breaks; more is taken for a quote that nobody closed


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record and the line (1 is the first) on which it starts."""

    line: int
    cells: tuple[str, ...] | None


def read_text(path: Path) -> str:
    """The file as text: UTF-8, UTF-16 or, where it is neither, Windows-1252."""
    raw = _read_bytes(path)
    for encoding in _encodings(raw[:1000]):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SubscribersError(
        "it is no text in UTF-8, UTF-16 or Windows-1252",
        where=str(path),
        mend="Save it as CSV UTF-8 from your spreadsheet",
    )


def records(text: str, delimiter: str) -> Iterator[Record]:
    """Every record that is not blank, in order."""
    lines = list(io.StringIO(text, newline=""))  # ends lines at CR, LF and CRLF, nowhere else
    at = 0
    while at < len(lines):
        cells, used = _record_at(lines, at, delimiter)
        if cells is None or any(cell.strip() for cell in cells):
            yield Record(at + 1, cells)
        at += used


def _encodings(head: bytes) -> tuple[str, ...]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    if head.count(b"\0") > len(head) // 4:  # no mark, but every Latin letter has its zero byte
        return ("utf-16-be" if head[0] == 0 else "utf-16-le",)
    return ("utf-8-sig", "cp1252")


def _record_at(lines: list[str], at: int, delimiter: str) -> tuple[tuple[str, ...] | None, int]:
    """The cells of the record that starts at line `at`, and how many lines it takes."""
    if '"' not in lines[at]:
        return _parse(lines[at : at + 1], delimiter, strict=False), 1
    for used in range(1, min(MAX_RECORD_LINES, len(lines) - at) + 1):
        cells = _parse(lines[at : at + used], delimiter, strict=True)
        if cells is not None:
            if any("@" in cell and ("\n" in cell or "\r" in cell) for cell in cells):
                break  # a quote that nobody closed has swallowed other people
            return cells, used
    if lines[at].count('"') % 2:
        return None, 1
    return _parse(lines[at : at + 1], delimiter, strict=False), 1  # `"Ann" Lee`: read kindly


def _parse(lines: list[str], delimiter: str, *, strict: bool) -> tuple[str, ...] | None:
    try:
        found = list(csv.reader(lines, delimiter=delimiter, strict=strict, skipinitialspace=True))
    except csv.Error:
        return None
    return tuple(found[0]) if len(found) == 1 else None


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SubscribersError(
            "there is no such file", where=str(path), mend="Check its path"
        ) from None
    except OSError as error:
        raise SubscribersError(
            f"it cannot be read ({error.strerror})",
            where=str(path),
            mend="Check that it is a file that you may read",
        ) from None
    if len(raw) > MAX_BYTES:
        raise SubscribersError(
            f"it is larger than {MAX_BYTES // 1024**2} MB", where=str(path), mend="Split it"
        )
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise SubscribersError(
            "it is a workbook, not a CSV", where=str(path), mend="Save it as CSV UTF-8 first"
        )
    return raw
