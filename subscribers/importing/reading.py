"""A record of a file → the person of it, or the row of the report that says why there is none.

Nothing of the file is trusted: one cell is one address, a name is one plain line, and an address
that stands twice is taken once.
"""

from __future__ import annotations

import re
from array import array

from subscribers.addresses import address_keys, clean_name, parse_address
from subscribers.columns import Columns
from subscribers.csv_rows import Record
from subscribers.enrolling import Person
from subscribers.errors import BadAddress
from subscribers.exporting import FORMULA_STARTS
from subscribers.hints import hint, nobody_reads
from subscribers.importing.report import ImportRow
from subscribers.importing.tables import is_address

MAX_SHOWN = 80  # characters of a wrong cell in the report
MAX_TAGS, MAX_TAG = 20, 40
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")  # BCP 47, in short
LONGEST_LANGUAGE = 12


class Reader:
    """Reads the records of one file, and remembers which addresses it has seen."""

    def __init__(self, columns: Columns):
        self._columns = columns
        self._key = address_keys()
        self._seen = Seen()

    def read(self, record: Record) -> tuple[int, Person, str] | ImportRow:
        """Line, person and hint; or the row that is told at once."""
        try:
            address, name = self._address_and_name(record.cells)
        except BadAddress as error:
            shown = clean_name(_cell(record.cells or (), self._columns.address))[:MAX_SHOWN]
            return ImportRow(record.line, "invalid", error.reason, error.mend, shown)
        key = self._key(address)
        first = self._seen.first_line(key, record.line)
        if first != record.line:
            reason = f"the same address as in line {first}"
            return ImportRow(record.line, "duplicate_in_file", reason, address=address)
        odd = hint(address)
        if self._columns.tags or self._columns.language is not None:
            tags, language, problem = self._more(record.cells or ())
            person = Person(key, address, name, tags, language)
            return record.line, person, odd or problem
        return record.line, Person(key, address, name), odd

    def _address_and_name(self, cells: tuple[str, ...] | None) -> tuple[str, str]:
        columns = self._columns
        if cells is None:
            raise BadAddress("the row cannot be read", "Close or remove the quotation mark in it")
        if len(cells) > columns.width and any(cell.strip() for cell in cells[columns.width :]):
            raise BadAddress(
                f"the row has {len(cells)} cells, the others {columns.width}",
                "Give each address a row of its own; put quotation marks around a cell with commas",
            )
        parsed = parse_address(_cell(cells, columns.address))
        if nobody_reads(parsed.address):
            raise BadAddress("nobody reads mail at such an address", "Ask for a personal one")
        names = [_cell(cells, place) for place in columns.names]
        mails = [name for name in names if "@" in name and is_address(name)]
        if any(name.strip() != parsed.address for name in mails):
            raise BadAddress("the row holds more than one address", "Give each a row of its own")
        name = clean_name(" ".join(name for name in names if name not in mails))
        return parsed.address, name or parsed.name

    def _more(self, cells: tuple[str, ...]) -> tuple[tuple[str, ...], str, str]:
        """Tags, language, and what is odd about them."""
        texts = [_cell(cells, place) for place in self._columns.tags]
        words = [clean_name(word)[:MAX_TAG] for text in texts for word in re.split("[,;|]", text)]
        tags = tuple(dict.fromkeys(word for word in words if word))[:MAX_TAGS]
        place = self._columns.language
        language = _cell(cells, place).strip() if place is not None else ""
        if not language:
            return tags, "", ""
        if LANGUAGE.fullmatch(language) and len(language) <= LONGEST_LANGUAGE:
            return tags, language, ""
        return tags, "", "its language is no code such as en or de-AT, and was left out"


class Seen:
    """Which addresses stood in which line, in some 24 octets each: a million fit in 24 MB.

    An open-addressed table of the first 64 bits of each keyed hash. That two of a million
    addresses share these happens once in 30 million such files.
    """

    def __init__(self) -> None:
        self._digests, self._lines = array("Q", [0]) * 4096, array("I", [0]) * 4096
        self._used = 0

    def first_line(self, key: str, line: int) -> int:
        """The line where this keyed hash stood first: `line` itself, if it is new."""
        digest = int(key[:16], 16) or 1
        digests, mask = self._digests, len(self._digests) - 1
        at = digest & mask
        while held := digests[at]:
            if held == digest:
                return self._lines[at]
            at = (at + 1) & mask
        digests[at], self._lines[at] = digest, line
        self._used += 1
        if self._used * 3 > len(digests) * 2:
            self._grow()
        return line

    def _grow(self) -> None:
        old, lines = self._digests, self._lines
        size = len(old) * 2
        mask = size - 1
        digests, firsts = array("Q", [0]) * size, array("I", [0]) * size
        for digest, line in zip(old, lines, strict=True):
            if digest:
                at = digest & mask
                while digests[at]:
                    at = (at + 1) & mask
                digests[at], firsts[at] = digest, line
        self._digests, self._lines = digests, firsts


def _cell(cells: tuple[str, ...], place: int) -> str:
    """The text of a cell; the apostrophe by which our own export defuses formulas comes off."""
    text = cells[place] if place < len(cells) else ""
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA_STARTS) else text
