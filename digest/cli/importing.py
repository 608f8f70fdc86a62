"""`digest subscribers import`, and what came of it: `imports`, `undo-import`.

A million rows are told one by one: under `--json` each is written as it comes, so that no report
of them is held in memory.
"""

from __future__ import annotations

import io
import json as json_
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.output import (
    Json,
    counted,
    heading,
    moment,
    print_json,
    printable,
    progress_bar,
    say,
    table,
    warn,
    whole_number,
)
from digest.cli.people import (
    ConsentDate,
    ConsentSource,
    List,
    people,
    send_confirmations,
    tell_waiting,
)
from digest.cli.site import Site, now, parse_when, shell_user
from digest.errors import DigestError

MOST_SHOWN = 50  # lines of a dry run, and of each kind on stderr; --json has every row

ImportNumber = Annotated[
    int, typer.Argument(metavar="N", help="The import's number.", parser=whole_number)
]


def register(app: typer.Typer) -> None:
    """Add these commands to `digest subscribers`."""
    app.command("import")(import_)
    app.command()(imports)
    app.command("undo-import")(undo_import)


def import_(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV, TSV or XLSX with a column of addresses.")
    ],
    list_: List,
    consent: Annotated[str, typer.Option(help="The text that they agreed to.")],
    consent_source: ConsentSource = "",
    consent_date: ConsentDate = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN",
            help="Which column holds what: email, name, tags, language; by number or title.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen.")] = False,
    json: Json = False,
) -> None:
    """Import people into a list. Nobody who left or is suppressed comes back by it."""
    with people(context) as site, _document(json) as document:
        from subscribers.columns import read_wanted
        from subscribers.importing import import_people

        wanted = read_wanted(column or [])
        odd = _Odd() if dry_run and not json else None
        with progress_bar("Reading" if dry_run else "Importing", quiet=json) as progress:
            report = import_people(
                file,
                list_name=list_,
                consent_text=consent,
                consent_source=consent_source,
                consent_date=_date(consent_date, site),
                columns=wanted,
                dry_run=dry_run,
                actor=shell_user(),
                now=now(),
                tell=document.row if document else odd,
                progress=progress,
            )
        asked = {} if dry_run else send_confirmations(site)
        if document:
            counts = {"rows": sum(report.counts.values())}
            counts |= {str(what): number for what, number in report.counts.items()}
            document.end(
                dry_run=dry_run,
                counts=counts,
                hints=report.hints,
                number=report.run,
                read_as=report.read_as.document(),
                resumed_at=report.resumed_at,
                not_asked=report.not_asked,
                confirmations=asked,
            )
    if not json:
        say(printable(f"{report.read_as.line()}."))
        _tell_odd(odd)
        _tell_counts(report, asked)
    if odd is None:
        warn(_some(report.refused()))
        warn(_some(report.hinted()))
    tell_waiting(asked)
    if report.counts["invalid"]:
        raise typer.Exit(1)


def imports(context: typer.Context, json: Json = False) -> None:
    """The imports, the latest first: when, by whom, what became of the rows."""
    with people(context) as site:
        from subscribers.models import ImportRun

        found = [_as_told(run, site) for run in ImportRun.objects.order_by("-id")]
    if json:
        print_json({"imports": found})
        return
    if not found:
        say("Nothing was imported yet.")
        return
    columns = ("number", "file", "list", "state", "rows", "joined", "started")
    rows = [{**one, "started": _shown(one["started"], site)} for one in found]
    table("Imports", columns, [[one[column] for column in columns] for one in rows])


def _shown(started: str, site: Site) -> str:
    return moment(datetime.fromisoformat(started), site.config.zone)


def undo_import(context: typer.Context, number: ImportNumber, json: Json = False) -> None:
    """Take an import back, but for what people did since."""
    with people(context):
        from subscribers.importing import undo_import as run

        undone = run(number, actor=shell_user(), now=now())
    if json:
        print_json({"number": number, **asdict(undone)})
        return
    say(f"Import {number} is undone: {counted(undone.removed, 'membership')} removed.")
    if undone.pending:
        waits = counted(undone.pending, "membership waits", "memberships wait")
        say(f"{waits} for an answer again, as before it.")
    if undone.kept:
        stay = counted(undone.kept, "membership stays as it is", "memberships stay as they are")
        say(f"{stay}: whose people left, confirmed or bounced since.")
    if undone.erased:
        known = counted(undone.erased, "person was known", "people were known")
        say(f"{known} by it alone; nothing of them is kept.")


class _Odd:
    """The first rows of a dry run that would not simply join, and how many there are."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.more = 0

    def __call__(self, row: Any) -> None:
        if row.simply_joins:
            return
        if len(self.lines) < MOST_SHOWN:
            self.lines.append(printable(row.told()))
        else:
            self.more += 1


class _Document:
    """The JSON document of an import, written row by row."""

    def __init__(self) -> None:
        self._begun = self.ended = False

    @property
    def begun(self) -> bool:
        return self._begun

    def row(self, row: Any) -> None:
        self._write(",\n    " if self._begun else '{\n  "rows": [\n    ', asdict(row))
        self._begun = True

    def end(self, **rest: object) -> None:
        """The other keys, and the end."""
        sys.stdout.write("\n  ]" if self._begun else '{\n  "rows": []')
        for key, value in rest.items():
            self._write(f",\n  {json_.dumps(key)}: ", value)
        sys.stdout.write("\n}\n")
        self.ended = True

    @staticmethod
    def _write(before: str, value: object) -> None:
        sys.stdout.write(before + json_.dumps(value, ensure_ascii=False))


@contextmanager
def _document(wanted: bool) -> Iterator[_Document | None]:
    """A document that stays whole JSON also when the import stops half-way."""
    document = _Document() if wanted else None
    try:
        yield document
    except KeyboardInterrupt:
        if document and document.begun and not document.ended:
            document.end(error="stopped; what was done is kept. Run the same command to go on")
            sys.stdout.flush()
            # Whoever ends the command says so again: no second document after this one.
            sys.stdout = io.StringIO()
        raise
    except Exception as error:
        if document is None or not document.begun or document.ended:
            raise
        line = error.line() if isinstance(error, DigestError) else _line(error)
        document.end(error=line)
        warn([f"digest: {line}"])
        raise typer.Exit(1) from None


def _line(error: Exception) -> str:
    line = getattr(error, "line", None)
    told = str(line()) if callable(line) else f"it stopped ({type(error).__name__})"
    return f"{told}. What is in is kept; the same command goes on"


def _tell_odd(odd: _Odd | None) -> None:
    if odd is None or not odd.lines:
        return
    heading("Rows that would not simply join")
    for line in odd.lines:
        say(line)
    if odd.more:
        say(f"and {odd.more:,} more; --json has all")


def _tell_counts(report: Any, asked: Mapping[str, Any]) -> None:
    if report.resumed_at:
        say(f"Went on after row {report.resumed_at:,}, where it was stopped.")
    results = [(what.replace("_", " "), count) for what, count in report.counts.items()]
    table("Would happen" if report.dry_run else "Imported", ("result", "rows"), results)
    if report.run and report.counts["new"] + report.counts["joins_list"]:
        undo = f"digest subscribers undo-import {report.run}"
        say(f"This is import {report.run}; `{undo}` takes it back.")
    elif report.run:
        say("Nobody joined by it; there is nothing to take back.")
    if asked.get("accepted"):
        people_ = counted(asked["accepted"], "person was", "people were")
        say(f"{people_} asked by mail to confirm.")
    if report.not_asked:
        waits = counted(report.not_asked, "person waits", "people wait")
        say(f"{waits} unasked, mailed lately or often already.")


def _as_told(run: Any, site: Site) -> dict[str, Any]:
    counts = run.counts
    state = "undone" if run.undone_at else "finished" if run.finished_at else "stopped"
    return {
        "number": run.pk,
        "state": state,
        "started": run.started_at.astimezone(site.config.zone).isoformat(timespec="seconds"),
        "list": run.list_name,
        "rows": run.next_row,
        "joined": counts.get("new", 0) + counts.get("joins_list", 0),
        "counts": counts,
        "source": run.order.get("source", ""),
        "file": run.file_name,
        "actor": run.actor,
    }


def _some(lines: list[str]) -> list[str]:
    """The first of many lines."""
    more = len(lines) - MOST_SHOWN
    rest = [f"… and {more:,} lines more of this kind; --json has every row"] if more > 0 else []
    return [*lines[:MOST_SHOWN], *rest]


def _date(text: str | None, site: Site) -> datetime | None:
    return parse_when(text, site.config) if text else None
