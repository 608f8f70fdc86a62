"""A workbook (.xlsx, ECMA-376) → the records of its first visible sheet, as a stream.

A workbook is a zip of XML from outside, so nothing of it is trusted: a document type (and with it
every entity) is refused, each part and its unpacked size is limited, nothing is unpacked to disk,
formulas are not run: the value that the spreadsheet left beside them is read. Numbers come as
they are written, dates as 2026-11-21.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import BinaryIO
from xml.parsers import expat  # nosec: document types are refused before any entity

from subscribers.addresses import clean_name
from subscribers.csv_rows import Record
from subscribers.errors import SubscribersError

MAX_PART = 1024**3  # octets of one part, unpacked
MAX_RATIO = 200  # unpacked to packed; sheets have 10 to 40, bombs a thousand
SMALL = 1024**2  # what is unpacked without a look at the ratio
MAX_TEXTS = 128 * 1024**2  # characters of the texts that cells share
MAX_COLUMNS = 1000
MAX_CELL = 32_767  # characters: what a cell of a spreadsheet can hold
PIECE = 64 * 1024

# Number formats that show dates (ECMA-376, 18.8.30), and the letters of a custom one.
DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
DATE_LETTERS = re.compile(r"[dmyhs]", re.IGNORECASE)
NOT_LETTERS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')  # quoted words, colours, escapes

# What a damaged, a locked or an oddly packed archive ends in.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, EOFError, OSError),
    *(KeyError, IndexError, ValueError, RuntimeError),
)

Attributes = dict[str, str]


class Workbook:
    """One open workbook. Raises SubscribersError for what is none, or too large."""

    def __init__(self, stream: BinaryIO, where: str):
        self._where = where
        try:
            self._zip = zipfile.ZipFile(stream)
        except DAMAGE:
            raise self._refused("it is a damaged workbook") from None
        if "xl/workbook.xml" not in self._zip.namelist():
            raise self._refused("it is an archive, but no workbook of the kind .xlsx")
        self.sheet = ""  # the title of the one that is read
        self._sheet, self._since = self._first_sheet()
        self._texts = self._shared_texts()
        self._dates = self._date_styles()

    def records(self) -> Iterator[Record]:
        """Every row with a text in it; its `line` is the number that the spreadsheet shows."""
        rows = _Rows(self._texts, self._dates, self._since)
        for _ in self._read(self._sheet, rows.start, rows.end, rows.text):
            yield from rows.take()
        yield from rows.take()

    def _first_sheet(self) -> tuple[str, datetime]:
        sheets: list[Attributes] = []
        targets: dict[str, str] = {}
        since = datetime(1899, 12, 30)  # noqa: DTZ001 - a cell's date has no zone

        def of_workbook(name: str, attributes: Attributes) -> None:
            nonlocal since
            if name == "sheet" and attributes.get("state", "visible") == "visible":
                sheets.append(attributes)
            if name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
                since = datetime(1904, 1, 1)  # noqa: DTZ001

        def of_relations(name: str, attributes: Attributes) -> None:
            if name == "Relationship":
                targets[attributes.get("Id", "")] = attributes.get("Target", "")

        self._read_all("xl/workbook.xml", of_workbook)
        self._read_all("xl/_rels/workbook.xml.rels", of_relations)
        target = targets.get(sheets[0].get("id", ""), "") if sheets else ""
        part = posixpath.normpath(posixpath.join("xl", target)).lstrip("/")
        if not target or part not in self._zip.namelist():
            raise self._refused("it has no sheet that can be read")
        self.sheet = clean_name(sheets[0].get("name", ""))
        return part, since

    def _shared_texts(self) -> list[str]:
        texts: list[str] = []
        words: list[str] = []
        size, inside, spoken = 0, False, False

        def start(name: str, _: Attributes) -> None:
            nonlocal inside, spoken
            inside, spoken = name == "t" and not spoken, spoken or name == "rPh"
            if name == "si":
                words.clear()

        def end(name: str) -> None:
            nonlocal inside, spoken, size
            inside, spoken = False, spoken and name != "rPh"
            if name == "si":
                texts.append("".join(words)[:MAX_CELL])
                size += len(texts[-1])
                if size > MAX_TEXTS:
                    raise self._refused("its texts are larger than any list of people")

        def text(characters: str) -> None:
            if inside:
                words.append(characters)

        if "xl/sharedStrings.xml" in self._zip.namelist():
            self._read_all("xl/sharedStrings.xml", start, end, text)
        return texts

    def _date_styles(self) -> set[str]:
        """Numbers of the cell styles that show dates."""
        custom: set[int] = set()
        styles: list[int] = []
        within = ""

        def start(name: str, attributes: Attributes) -> None:
            nonlocal within
            if name in ("cellXfs", "cellStyleXfs"):
                within = name
            with suppress(ValueError):
                number = int(attributes.get("numFmtId", "0"))
                letters = NOT_LETTERS.sub("", attributes.get("formatCode", "")[:200])
                if name == "numFmt" and DATE_LETTERS.search(letters):
                    custom.add(number)
                if name == "xf" and within == "cellXfs":
                    styles.append(number)

        if "xl/styles.xml" in self._zip.namelist():
            self._read_all("xl/styles.xml", start)
        return {str(n) for n, number in enumerate(styles) if number in DATE_FORMATS | custom}

    def _read_all(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] = lambda _: None,
        text: Callable[[str], None] = lambda _: None,
    ) -> None:
        for _ in self._read(part, start, end, text):
            pass

    def _read(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None],
        text: Callable[[str], None],
    ) -> Iterator[None]:
        """Parse a part piece by piece; names come without their namespace's prefix."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, attributes: start(
            _plain(name), {_plain(key): value for key, value in attributes.items()}
        )
        parser.EndElementHandler = lambda name: end(_plain(name))
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._no_document_type
        size = 0
        try:
            packed = self._zip.getinfo(part).compress_size
            with self._zip.open(part) as stream:
                while piece := stream.read(PIECE):
                    size += len(piece)
                    if size > MAX_PART or size > max(SMALL, packed * MAX_RATIO):
                        raise self._refused("it unpacks to more than any list of people")
                    parser.Parse(piece)
                    yield
            parser.Parse(b"", True)
        except DAMAGE:
            raise self._refused("it is a damaged workbook") from None

    def _no_document_type(self, *_: object) -> None:
        raise self._refused("it declares a document type, which no spreadsheet writes")

    def _refused(self, what: str) -> SubscribersError:
        return SubscribersError(
            what, where=self._where, mend="Save it as CSV UTF-8 from your spreadsheet"
        )


class _Rows:
    """Rows as the elements of a sheet pass by."""

    def __init__(self, texts: list[str], dates: set[str], since: datetime):
        self._texts, self._dates, self._since = texts, dates, since
        self._done: list[Record] = []
        self._cells: list[str] = []
        self._number = self._place = 0
        self._kind = self._style = ""
        self._words: list[str] = []
        self._inside = self._spoken = False

    def take(self) -> list[Record]:
        done, self._done = self._done, []
        return done

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "row":
            given = attributes.get("r", "")
            self._number = int(given) if given.isdecimal() else self._number + 1
            self._cells, self._place = [], 0
        elif name == "c":
            self._place = _column(attributes.get("r", "")) or self._place + 1
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._words = []
        self._spoken = self._spoken or name == "rPh"
        self._inside = name == "v" or (name == "t" and not self._spoken)

    def end(self, name: str) -> None:
        self._inside = False
        if name == "rPh":
            self._spoken = False
        if name == "c" and 0 < self._place <= MAX_COLUMNS:
            self._cells += [""] * (self._place - len(self._cells))
            self._cells[self._place - 1] = self._value("".join(self._words)[:MAX_CELL])
        elif name == "row" and any(cell.strip() for cell in self._cells):
            self._done.append(Record(self._number, tuple(self._cells)))

    def text(self, characters: str) -> None:
        if self._inside:
            self._words.append(characters)

    def _value(self, text: str) -> str:
        if self._kind == "s":
            place = int(text) if text.isdecimal() else -1
            return self._texts[place] if 0 <= place < len(self._texts) else ""
        if self._kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if self._kind == "n" and self._style in self._dates:
            return _date(text, self._since)
        return text


def _plain(name: str) -> str:
    return name.rpartition(":")[2]


def _column(reference: str) -> int:
    """The column's number, from 1, of a reference such as AB12; 0 for none."""
    number = 0
    for letter in reference[:5]:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number


def _date(text: str, since: datetime) -> str:
    try:
        at = since + timedelta(seconds=round(float(text) * 86_400))
    except (ValueError, OverflowError):
        return text
    return at.date().isoformat() if at.time() == at.min.time() else at.isoformat(" ")
