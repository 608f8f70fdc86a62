"""What an import tells: a result for each row, and how often there was each.

A million rows are not held: each is told as it comes, and only those to look at are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from subscribers.enrolling import JOINED, Joined

MOST_KEPT = 1000  # rows to look at; `tell` gets every one

DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}
FIELD_NAMES = {"email": "address", "name": "name", "tags": "tags", "language": "language"}

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
    """What became of one row. `reason` and `mend` say more where nobody joined.

    `hint`: what is odd about an address that was taken all the same.
    """

    line: int
    result: Result
    reason: str = ""
    mend: str = ""
    address: str = field(default="", repr=False)
    hint: str = ""

    @property
    def simply_joins(self) -> bool:
        """Whether there is nothing to look at."""
        return self.result in ("new", "joins_list") and not self.hint

    def told(self) -> str:
        """One line: where, who, what becomes of it, why, the mend."""
        what = f"line {self.line}: {self.address or '-'}: {self.result.replace('_', ' ')}"
        more = [text for text in (self.reason, self.hint) if text]
        line = f"{what}: {'; '.join(more)}" if more else what
        return f"{line}. {self.mend}" if self.mend else line


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How the file was read: encoding and delimiter of a text, or sheet of a workbook.

    `columns`: for email, name, tags and language the columns taken, each its number from 1 and
    its title ("" where the file has none).
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    columns: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def line(self) -> str:
        """`Read as UTF-8 with commas: address from column 1 "Email", no name`."""
        if self.sheet is not None:
            how = f'the sheet "{self.sheet}"'
        else:
            how = f"{self.encoding} with {DELIMITER_NAMES.get(self.delimiter or ',', 'commas')}"
        fields = [(name, self.columns.get(field)) for field, name in FIELD_NAMES.items()]
        taken = [f"{name} from {_places(places)}" for name, places in fields if places]
        if not self.columns.get("name"):
            taken.insert(1, "no name")
        return f"Read as {how}: {', '.join(taken)}"

    def document(self) -> dict[str, Any]:
        """As JSON has it; a column is its `number` and its `title` (null for none)."""
        columns = {
            field: [{"number": number, "title": title or None} for number, title in places]
            for field, places in self.columns.items()
        }
        how = {"encoding": self.encoding, "delimiter": self.delimiter, "sheet": self.sheet}
        return {**how, "columns": columns}


Tell = Callable[[ImportRow], None]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Counts for every result (0 where there was none).

    `rows`: the first thousand that are invalid or come with a hint, in the order of the file.
    `run`: the import's number, None for a dry run. `resumed_at`: how many rows were in already.
    `not_asked`: who joined (since it went on) and stay pending without a mail, for the limits of
    `limits.allows` are reached; `membership.join` asks them again later.
    `read_as`: what the file was taken for.
    """

    path: str
    dry_run: bool
    counts: dict[Result, int]
    rows: list[ImportRow]
    hints: int
    run: int | None = None
    resumed_at: int = 0
    not_asked: int = 0
    read_as: ReadAs = field(default_factory=ReadAs)

    def refused(self) -> list[str]:
        """One line for each invalid row: file, line, what is wrong, the mend."""
        invalid = [row for row in self.rows if row.result == "invalid"]
        more = self.counts["invalid"] - len(invalid)
        lines = [f"{self.path} line {row.line}: {row.reason}. {row.mend}" for row in invalid]
        return [*lines, *([f"{self.path}: {more} more rows are invalid"] if more > 0 else [])]

    def hinted(self) -> list[str]:
        """One line for each row with a hint."""
        rows = [row for row in self.rows if row.hint]
        more = self.hints - len(rows)
        lines = [f"{self.path} line {row.line}: {row.hint}" for row in rows]
        return [*lines, *([f"{self.path}: {more} more hints"] if more > 0 else [])]


class Tally:
    """Counts and keeps rows as they come. A row that simply joins is built only to be told."""

    def __init__(self, tell: Tell | None, counts: dict[str, int]):
        self._tell = tell
        self.counts: Counter[str] = Counter(counts)
        self.rows: list[ImportRow] = []
        self.hints = 0

    def add(self, row: ImportRow) -> None:
        self.counts[row.result] += 1
        self.hints += bool(row.hint)
        if (row.hint or row.result == "invalid") and len(self.rows) < MOST_KEPT:
            self.rows.append(row)
        if self._tell:
            self._tell(row)

    def joined(self, line: int, result: Joined, address: str, hint: str) -> None:
        if hint or self._tell:
            self.add(ImportRow(line, result, REASONS[result], "", address, hint))
        else:
            self.counts[result] += 1


def _places(places: list[tuple[int, str]]) -> str:
    """`column 1 "First name" and column 2 "Last name"`."""
    return " and ".join(
        f'column {number} "{title}"' if title else f"column {number}" for number, title in places
    )
