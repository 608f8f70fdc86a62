"""How a table of people is laid out: its delimiter, and which columns hold what.

Judged by the header, else by where addresses stand; the operator's word goes before both.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from subscribers.csv_rows import Record, records
from subscribers.errors import SubscribersError

SAMPLE_RECORDS = 200
SAMPLE_CHARACTERS = 100_000
DELIMITERS = (",", ";", "\t")
# The surest name first: "address" alone may be a street where there is an "email" too.
ADDRESS_HEADERS = ("email", "emailaddress", "mail", "mailaddress", "address")
NAME_HEADERS = ("name", "fullname", "displayname")
FIRST_NAME_HEADERS = ("firstname", "givenname", "forename")
LAST_NAME_HEADERS = ("lastname", "surname", "familyname")
FIELDS = ("email", "name", "tags", "language")  # what an operator may say where to find

Wanted = Mapping[str, Sequence[str]]  # field → columns, each its number from 1 or its title
NOTHING: Wanted = {}


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of the columns, from 0. `width`: how many cells a row has; more is a mistake."""

    address: int
    names: tuple[int, ...]
    width: int
    has_header: bool
    tags: tuple[int, ...] = ()
    language: int | None = None

    def of_fields(self) -> dict[str, tuple[int, ...]]:
        """The places by field: email, name, tags, language; of a field without any, ()."""
        language = () if self.language is None else (self.language,)
        return dict(zip(FIELDS, ((self.address,), self.names, self.tags, language), strict=True))


def read_wanted(choices: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """`["email=2", "name=First", "name=Last"]` by field. Raises SubscribersError."""
    wanted: dict[str, tuple[str, ...]] = {}
    for choice in choices:
        field, equals, column = (part.strip() for part in choice.partition("="))
        if field not in FIELDS or not equals or not column:
            raise SubscribersError(
                f"'{choice[:60]}' names no column",
                where="--column",
                mend=f"Write FIELD=COLUMN, say email=2; the fields are: {', '.join(FIELDS)}",
            )
        if field in wanted and field in ("email", "language"):
            raise SubscribersError(
                f"two columns are named for {field}", where="--column", mend="Name one of them"
            )
        wanted[field] = (*wanted.get(field, ()), column)
    return wanted


def find_delimiter(text: str, is_address: Callable[[str], bool], wanted: Wanted = NOTHING) -> str:
    """The delimiter under which a header is known; then, the one that leaves most addresses.

    One that shows what is wanted goes first; where none does, they are judged without it, so that
    what is told of a missing column is told of the table as it is.
    """
    head = text[:SAMPLE_CHARACTERS]
    samples = {
        delimiter: list(islice(records(io.StringIO(head, newline=""), delimiter), SAMPLE_RECORDS))
        for delimiter in DELIMITERS
    }

    def score(delimiter: str) -> tuple[tuple[bool, int, int], tuple[bool, int, int], int]:
        sample = samples[delimiter]
        plain = _score(sample, is_address, NOTHING)
        cells = sum(len(record.cells) for record in sample if record.cells)
        return (_score(sample, is_address, wanted) if wanted else plain), plain, cells

    return max(DELIMITERS, key=score)


def _score(
    sample: Sequence[Record], is_address: Callable[[str], bool], wanted: Wanted
) -> tuple[bool, int, int]:
    try:
        columns = find_columns(sample, is_address, wanted)
    except SubscribersError:
        columns = None  # a column that this delimiter does not show
    if columns is None:
        return False, 0, 0
    place = columns.address
    cells = [record.cells for record in sample if record.cells]
    hits = sum(len(row) > place and is_address(row[place]) for row in cells)
    return columns.has_header, hits, columns.width


def find_columns(
    sample: Sequence[Record], is_address: Callable[[str], bool], wanted: Wanted = NOTHING
) -> Columns | None:
    """The columns, judged by the first records; None where no column holds addresses.

    Raises SubscribersError for a wanted column that is not there.
    """
    header = (sample[0].cells if sample else None) or ()
    titles = [re.sub(r"[^a-z]", "", cell.casefold()) for cell in header]
    if any(is_address(cell) for cell in header):
        titles = []  # that row is a person's, not a header
    address = _first_of(ADDRESS_HEADERS, titles)
    if address is not None:
        guessed: Columns | None = Columns(address, _name_columns(titles), len(titles), True)
    else:
        guessed = _without_header(sample, is_address)
    if not wanted:
        return guessed
    exact = [_title(cell) for cell in header] if titles else []
    return _as_wanted(wanted, guessed, exact, _width(sample))


def _as_wanted(
    wanted: Wanted, guessed: Columns | None, titles: Sequence[str], width: int
) -> Columns | None:
    def places(field: str) -> tuple[int, ...]:
        return tuple(_place(field, column, titles, width) for column in wanted.get(field, ()))

    address = places("email")
    if not address and guessed is None:
        return None
    names = guessed.names if guessed else ()
    mail = address[0] if address else guessed.address if guessed else 0
    return Columns(
        address=mail,
        names=places("name") or tuple(place for place in names if place != mail),
        width=len(titles) or width,
        has_header=bool(titles),
        tags=places("tags"),
        language=next(iter(places("language")), None),
    )


def _place(field: str, column: str, titles: Sequence[str], width: int) -> int:
    if column.isdecimal() and len(column) < 6:
        if 1 <= int(column) <= width:
            return int(column) - 1
        what, mend = f"there is no column {column}", f"The columns are 1 to {width}"
    else:
        title = _title(column)
        if title and title in titles:
            return titles.index(title)
        what, mend = f"no column is called '{column[:60]}'", "Give its title, or its number from 1"
    raise SubscribersError(what, where=f"--column {field}", mend=mend)


def _without_header(sample: Sequence[Record], is_address: Callable[[str], bool]) -> Columns | None:
    rows = [record.cells for record in sample if record.cells]
    hits = Counter(place for cells in rows for place, cell in enumerate(cells) if is_address(cell))
    if not hits:
        return None
    address = max(hits, key=lambda place: (hits[place], -place))
    width = max(_width(sample), address + 1)
    names = (1 - address,) if width == 2 else ()  # of two columns, the other one
    return Columns(address, names, width, has_header=False)


def _width(sample: Sequence[Record]) -> int:
    """How many cells a row nearly always has."""
    widths = Counter(len(record.cells) for record in sample if record.cells)
    return widths.most_common(1)[0][0] if widths else 0


def _name_columns(titles: Sequence[str]) -> tuple[int, ...]:
    whole = _first_of(NAME_HEADERS, titles)
    if whole is not None:
        return (whole,)
    parts = (_first_of(FIRST_NAME_HEADERS, titles), _first_of(LAST_NAME_HEADERS, titles))
    return tuple(place for place in parts if place is not None)


def _title(cell: str) -> str:
    """What is compared of a title: letters and digits, in any script and case."""
    return "".join(char for char in cell.casefold() if char.isalnum())


def _first_of(wanted: Sequence[str], titles: Sequence[str]) -> int | None:
    return next((titles.index(title) for title in wanted if title in titles), None)
