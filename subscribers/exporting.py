"""The lists, or a segment of them, as rows, as JSON, and as a CSV that is safe in a spreadsheet.

Rows are streamed from one query and written one by one: memory does not grow with the lists.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import TextIO

from subscribers.lists import check_list
from subscribers.models import Membership
from subscribers.segments.saved import expression_of, subscribers_of

COLUMNS = ("address", "name", "list", "state", "joined", "themes")
Row = dict[str, str | list[str]]
# What a spreadsheet takes for the start of a formula (OWASP, CSV injection), full-width forms
# included. A leading apostrophe makes it text; `importing` takes the apostrophe off again.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export_rows(list_name: str | None, segment: str | None = None) -> Iterator[Row]:
    """One row per membership, whatever its state, of one list or of all (None).

    `segment`: a saved one or an expression; only whom it chooses now. `joined` is a UTC instant
    or "". `themes` are the ids of those that were chosen; none: every theme. Raises
    SubscribersError for an unknown list or segment, before the first row.
    """
    rows = Membership.objects.order_by("subscriber_id", "id")
    if list_name is not None:
        rows = rows.filter(list_name=check_list(list_name))
    if segment is not None:
        rows = rows.filter(subscriber__in=subscribers_of(expression_of(segment)))
    found = rows.values_list(
        "subscriber__address",
        "subscriber__name",
        "list_name",
        "state",
        "joined_at",
        "subscriber__themes",
    )
    return (
        dict(zip(COLUMNS, (*texts, joined.isoformat() if joined else "", themes), strict=True))
        for *texts, joined, themes in found.iterator(chunk_size=2000)
    )


def write_csv(rows: Iterable[Row], stream: TextIO) -> int:
    """Write a header and the rows (open the stream with newline=""); how many rows.

    A blank stands between two themes, which no reader of CSV takes for a delimiter.
    """
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - counts as it goes
        cells = (row[column] for column in COLUMNS)
        texts = (cell if isinstance(cell, str) else " ".join(cell) for cell in cells)
        writer.writerow([defused(text) for text in texts])
    return count


def write_json(rows: Iterable[Row], stream: TextIO) -> int:
    """Write {"subscribers": [each row]}, a row a line; how many rows."""
    stream.write('{"subscribers": [')
    count = 0
    for count, row in enumerate(rows, start=1):
        stream.write(",\n" if count > 1 else "\n")
        stream.write(json.dumps(row, ensure_ascii=False))
    stream.write("\n]}\n")
    return count


def defused(cell: str) -> str:
    """The cell as text that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
