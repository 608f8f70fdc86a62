"""How commands speak: one JSON document on stdout, or tables for people; the rest on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from textwrap import wrap
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
MOST = 2**31 - 1  # what a database holds as a number


def whole_number(text: str | int) -> int:
    """A number of an issue or an import, as typed. Raises typer.BadParameter."""
    written = str(text)
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 11 else 0
    if not 1 <= number <= MOST:
        raise typer.BadParameter(f"'{printable(written[:40])}' is no number; write one such as 3")
    return number


Number = Annotated[
    int, typer.Argument(metavar="N", help="The issue's number.", parser=whole_number)
]

WIDEST = 100  # columns of a paragraph; longer lines are hard to read

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(document: object) -> None:
    """The one JSON document of a command."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def say(line: str) -> None:
    """One line for people, as it is (no markup is read from it)."""
    out.print(escape(line))


def say_wrapped(text: str, *, indent: int) -> None:
    """A paragraph for people, in from the left; an address too long for a line stays whole."""
    width = min(out.width, WIDEST) - indent
    for line in wrap(printable(text), width, break_long_words=False, break_on_hyphens=False):
        say(" " * indent + line)


def warn(lines: Iterable[str]) -> None:
    """Lines about what was refused, on stderr, so that --json stays one document."""
    for line in lines:
        err.print(escape(printable(line)))


def printable(text: str) -> str:
    """Text from outside without control characters: a terminal obeys those."""
    return "".join(char if char.isprintable() else " " for char in text)


def counted(count: int, one: str, many: str = "") -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def moment(at: datetime, zone: tzinfo) -> str:
    """An instant as a table shows it, by the clock of the publication's zone."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def heading(title: str) -> None:
    """A bold line of its own."""
    out.print(escape(title), style="bold")


def size(count: int) -> str:
    """`512 B`, `1.2 MB`."""
    for unit, of in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= of:
            return f"{count / of:.1f} {unit}"
    return f"{count} B"


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    lean: bool = False,
    whole: int = 1,
) -> None:
    """A table for people; numbers stand right. The first column, which one copies, stays whole.

    So do the first `whole` of them. A `lean` one has no lines between its columns: there is room
    for more of them.
    """
    rows = [list(row) for row in rows]
    if title:  # a line of its own: as a table's title it would fold to the table's width
        heading(title)
    drawn = Table(header_style="bold")
    if lean:
        drawn.box, drawn.padding, drawn.pad_edge = None, (0, 2, 0, 0), False
    for position, column in enumerate(columns):
        number = bool(rows) and all(isinstance(row[position], int | float) for row in rows)
        drawn.add_column(
            column, justify="right" if number else "left", overflow="fold", no_wrap=position < whole
        )
    for row in rows:
        drawn.add_row(*(escape(printable("" if cell is None else str(cell))) for cell in row))
    out.print(drawn, soft_wrap=False)


@contextmanager
def progress_bar(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr with rate and time left; None when stderr is no terminal or under --json."""
    if quiet or not err.is_terminal:
        yield None
        return
    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=None, rate="")

        def report(done: int, total: int) -> None:
            speed = progress.tasks[0].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            progress.update(task, completed=done, total=total, rate=rate)

        yield report
