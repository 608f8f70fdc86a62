"""`digest suppressions …`: the list of addresses that must not be mailed, as keyed hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.output import Json, counted, print_json, say, table, warn
from digest.cli.people import people
from digest.cli.private_file import private_file
from digest.cli.site import now, shell_user
from digest.errors import Refused

app = typer.Typer(help="Addresses that must not be mailed.", rich_markup_mode=None)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A CSV of keyed hashes.")]
GIVEN = ("bounce", "complaint", "operator")  # only a person has themselves erased


@app.callback(invoke_without_command=True)
def suppressions(context: typer.Context, json: Json = False) -> None:
    """How many are suppressed, by reason."""
    if context.invoked_subcommand:
        return
    with people(context):
        from subscribers.suppression_lists import counts

        found = counts()
    if json:
        print_json({"suppressions": found})
    else:
        table("Suppressed", ("reason", "addresses"), found.items())


@app.command()
def export(context: typer.Context, file: File, json: Json = False) -> None:
    """Write the list: keyed hashes, reasons, dates, who did it; no address stands in it."""
    with people(context):
        from subscribers.suppression_lists import fingerprint, write_list

        with private_file(file) as stream:
            rows, hashed_with = write_list(stream), fingerprint()
    if json:
        print_json({"rows": rows, "file": str(file), "hashed_with": hashed_with})
    else:
        say(f"{counted(rows, 'row')} in {file}")


@app.command("import")
def import_(
    context: typer.Context,
    file: File,
    addresses: Annotated[
        bool, typer.Option("--addresses", help="FILE has plain addresses, one a line.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="Of plain addresses: bounce, complaint or operator.")
    ] = None,
    json: Json = False,
) -> None:
    """Suppress all that a file names. No reason is weakened, and nobody is let off by it."""
    if reason is not None and (not addresses or reason not in GIVEN):
        raise Refused(
            "--reason goes with --addresses, and is one of " + ", ".join(GIVEN),
            mend="A file of keyed hashes has its own reasons",
        )
    with people(context):
        from subscribers.models import Suppression
        from subscribers.suppression_lists import import_addresses, import_list

        if addresses:
            why = Suppression.Reason(reason or "operator")
            report = import_addresses(file, why, actor=shell_user(), now=now())
        else:
            report = import_list(file, now=now())
    if json:
        invalid = [wrong._asdict() for wrong in report.invalid]
        print_json({"counts": dict(report.counts), "invalid": invalid})
    else:
        table("Suppressions", ("result", "lines"), report.counts.items())
    warn(
        f"{file.name}, line {wrong.line}: {wrong.reason}. {wrong.mend}" for wrong in report.invalid
    )
    if report.counts["invalid"]:
        raise typer.Exit(1)
