"""The lists as rows and as a CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TextIO

from subscribers.lists import check_list
from subscribers.models import Membership

COLUMNS = ("address", "name", "list", "state", "joined", "themes")
Row = dict[str, str | list[str]]
# What a spreadsheet takes for the start of a formula (OWASP, CSV injection), full-width forms
# included. A leading apostrophe makes it text; `importing` takes the apostrophe off again.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export_rows(list_name: str | None) -> Iterator[Row]:
    """One row per membership, of one list or of all (None); `joined` is a UTC instant or "".

    `themes` are the ids of those that were chosen; none: every theme. Raises SubscribersError
    for an unknown list, before the first row.
    """
    rows = Membership.objects.order_by("subscriber_id", "id")
    if list_name is not None:
        rows = rows.filter(list_name=check_list(list_name))
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


def defused(cell: str) -> str:
    """The cell as text that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
