"""A CSV as the world writes it → records with their line numbers, as a stream.

In comes a file of any usual encoding; out go its records, and never more of it in memory than a
piece. A file that cannot be read as a whole is a SubscribersError; a record that cannot be read
is given back empty-handed (`cells` None), and the next line goes on: an unclosed quote swallows
one line, not the rest.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, TextIO

from subscribers.errors import SubscribersError

MAX_BYTES = 1024**3
MAX_LINE = 2 * 1024 * 1024  # octets without a line's end; a list of people has none
MAX_RECORD_LINES = 20  # a cell with line breaks; more is taken for a quote that nobody closed
PIECE = 256 * 1024  # characters (or octets) that are looked at together
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class Record(NamedTuple):
    """The cells of one record and the line (1 is the first) on which it starts."""

    line: int
    cells: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look at the whole file tells. `lines`: about how many; `digest`: its SHA-256."""

    encoding: str
    lines: int
    digest: str


def survey(stream: BinaryIO, where: str) -> Survey:
    """UTF-8, UTF-16 or, where it is neither, Windows-1252. Raises SubscribersError."""
    head = stream.read(1000)
    stream.seek(0)
    readings = {name: codecs.getincrementaldecoder(name)() for name in _encodings(head)}
    digest, size, lines, rest = hashlib.sha256(), 0, 0, 0
    while piece := stream.read(PIECE):
        digest.update(piece)
        size += len(piece)
        lines += max(piece.count(b"\n"), piece.count(b"\r"))
        rest = 0 if b"\n" in piece or b"\r" in piece else rest + len(piece)
        if size > MAX_BYTES or rest > MAX_LINE:
            what = f"it is larger than {MAX_BYTES // 1024**2} MB"
            what = what if size > MAX_BYTES else "a line of it is longer than any list of people"
            raise SubscribersError(what, where=where, mend="Split it")
        readings = {name: reading for name, reading in readings.items() if _reads(reading, piece)}
    found = next((name for name, r in readings.items() if _reads(r, b"", final=True)), None)
    if found is None:
        raise SubscribersError(
            "it is no text in UTF-8, UTF-16 or Windows-1252",
            where=where,
            mend="Save it as CSV UTF-8 from your spreadsheet",
        )
    return Survey(found, lines + 1, digest.hexdigest())


def as_text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The stream as text from its start; lines end at CR, LF and CRLF, nowhere else."""
    stream.seek(0)
    return io.TextIOWrapper(stream, encoding=encoding, newline="")


def records(stream: TextIO, delimiter: str) -> Iterator[Record]:
    """Every record that is not blank, in order. `stream` was opened with newline=""."""
    start, held = 1, list[str]()
    while True:
        more = stream.readlines(PIECE)
        lines = held + more
        if not lines:
            return
        at = len(lines)
        every = _one_per_line(lines, delimiter)
        if every is not None:
            for number, cells in enumerate(every, start):
                if any(map(str.strip, cells)):
                    yield Record(number, tuple(cells))
        else:
            at, until = 0, len(lines) - (MAX_RECORD_LINES if more else 0)
            while at < until:
                found, used = _record_at(lines, at, delimiter)
                if found is None or any(cell.strip() for cell in found):
                    yield Record(start + at, found)
                at += used
        start, held = start + at, lines[at:]


def _encodings(head: bytes) -> tuple[str, ...]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    if head.count(b"\0") > len(head) // 4:  # no mark, but every Latin letter has its zero byte
        return ("utf-16-be" if head[0] == 0 else "utf-16-le",)
    return ("utf-8-sig", "cp1252")


def _reads(reading: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> bool:
    try:
        reading.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def _one_per_line(lines: list[str], delimiter: str) -> list[list[str]] | None:
    """The records of a piece in which each line is one: nearly always, and in one go."""
    try:
        found = list(csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return None
    return found if len(found) == len(lines) else None


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
