"""How a CSV is laid out: its delimiter, and which columns hold address and name.

Judged by the header, else by where addresses stand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from subscribers.csv_rows import Record, records

SAMPLE_RECORDS = 200
SAMPLE_CHARACTERS = 100_000
DELIMITERS = (",", ";", "\t")
# The surest name first: "address" alone may be a street where there is an "email" too.
ADDRESS_HEADERS = ("email", "emailaddress", "mail", "mailaddress", "address")
NAME_HEADERS = ("name", "fullname", "displayname")
FIRST_NAME_HEADERS = ("firstname", "givenname", "forename")
LAST_NAME_HEADERS = ("lastname", "surname", "familyname")


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of the columns, from 0. `width`: how many cells a row has; more is a mistake."""

    address: int
    names: tuple[int, ...]
    width: int
    has_header: bool


def find_delimiter(text: str, is_address: Callable[[str], bool]) -> str:
    """The delimiter under which a header is known; then, the one that leaves most addresses."""
    head = text[:SAMPLE_CHARACTERS]

    def score(delimiter: str) -> tuple[bool, int, int]:
        sample = list(islice(records(head, delimiter), SAMPLE_RECORDS))
        columns = find_columns(sample, is_address)
        if columns is None:
            return False, 0, 0
        place = columns.address
        rows = [record.cells for record in sample if record.cells]
        hits = sum(len(cells) > place and is_address(cells[place]) for cells in rows)
        return columns.has_header, hits, columns.width

    return max(DELIMITERS, key=score)


def find_columns(sample: Sequence[Record], is_address: Callable[[str], bool]) -> Columns | None:
    """The columns, judged by the first records; None where no column holds addresses."""
    header = (sample[0].cells if sample else None) or ()
    if not any(is_address(cell) for cell in header):
        titles = [re.sub(r"[^a-z]", "", cell.casefold()) for cell in header]
        address = _first_of(ADDRESS_HEADERS, titles)
        if address is not None:
            return Columns(address, _name_columns(titles), len(titles), has_header=True)
    return _without_header(sample, is_address)


def _without_header(sample: Sequence[Record], is_address: Callable[[str], bool]) -> Columns | None:
    rows = [record.cells for record in sample if record.cells]
    hits = Counter(place for cells in rows for place, cell in enumerate(cells) if is_address(cell))
    if not hits:
        return None
    address = max(hits, key=lambda place: (hits[place], -place))
    width = Counter(len(cells) for cells in rows).most_common(1)[0][0]
    width = max(width, address + 1)
    names = (1 - address,) if width == 2 else ()  # of two columns, the other one
    return Columns(address, names, width, has_header=False)


def _name_columns(titles: Sequence[str]) -> tuple[int, ...]:
    whole = _first_of(NAME_HEADERS, titles)
    if whole is not None:
        return (whole,)
    parts = (_first_of(FIRST_NAME_HEADERS, titles), _first_of(LAST_NAME_HEADERS, titles))
    return tuple(place for place in parts if place is not None)


def _first_of(wanted: Sequence[str], titles: Sequence[str]) -> int | None:
    return next((titles.index(title) for title in wanted if title in titles), None)
