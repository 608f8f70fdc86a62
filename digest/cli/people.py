"""`digest subscribers …`: people on the lists. The work is done by the subscribers app."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.output import Json, counted, print_json, printable, say, table, warn
from digest.cli.private_file import private_file
from digest.cli.site import Site, now, open_site, shell_user
from digest.errors import DigestError, Refused

app = typer.Typer(help="People on the lists.", no_args_is_help=True, rich_markup_mode=None)

Address = Annotated[str, typer.Argument(metavar="ADDRESS")]
List = Annotated[str, typer.Option("--list", help="The list: patient, caregiver or clinician.")]
ConsentSource = Annotated[
    str, typer.Option(help="Where consent came from; with it, members are confirmed at once.")
]
ConsentDate = Annotated[str | None, typer.Option(help="When consent was given.")]


class Format(StrEnum):
    """Of an export."""

    CSV = "csv"
    JSON = "json"


def _format(text: str) -> Format:
    try:
        return Format(text.strip().lower())
    except ValueError:
        raise typer.BadParameter(
            f"'{printable(text[:40])}' is no format; write csv or json"
        ) from None


@contextlib.contextmanager
def people(context: typer.Context) -> Iterator[Site]:
    """The site, with errors of the subscribers app told as ours; mails that fell due are sent."""
    site = open_site(context)
    from subscribers.errors import SubscribersError

    try:
        yield site
    except SubscribersError as error:
        raise Refused(error.what, where=error.where, mend=error.mend) from None


def send_confirmations(site: Site) -> dict[str, Any]:
    """Confirmation mails wait in a queue until no transaction is open (law 11).

    With the mail server down they wait on, and what was done before is still told.
    """
    from digest.pipeline.queued import flush_queue

    try:
        return dict(flush_queue(site.config, site.keys))
    except DigestError as error:
        return {"error": error.line()}


def tell_waiting(asked: dict[str, Any]) -> None:
    if "error" in asked:
        warn([f"digest: confirmation mails wait: {asked['error']}; `digest run` sends them later"])


@app.command()
def add(
    context: typer.Context,
    address: Address,
    list_: List,
    name: Annotated[str, typer.Option(help="Optional.")] = "",
    consent: Annotated[str, typer.Option(help="The text that they agreed to.")] = "",
    consent_source: ConsentSource = "",
    json: Json = False,
) -> None:
    """Put one address on a list; without --consent-source, it is asked by mail."""
    with people(context) as site:
        from subscribers.membership import Consent, join

        given = Consent(consent, actor=shell_user(), source=consent_source)
        result = join(address, list_, given, name=name, now=now())
        asked = send_confirmations(site)
    if json:
        print_json({"result": result, "confirmations": asked})
    else:
        mail = " A mail asks for confirmation." if asked.get("accepted") else ""
        say(f"{result.replace('_', ' ')}.{mail}")
    tell_waiting(asked)
    if result in ("opted_out_before", "suppressed"):
        warn([f"digest: not added: {result.replace('_', ' ')}. Only the person can undo that."])
        raise typer.Exit(1)


@app.command()
def export(
    context: typer.Context,
    list_: Annotated[str | None, typer.Option("--list", help="Only this list.")] = None,
    segment: Annotated[
        str | None, typer.Option(help="Only whom it chooses: a saved one or an expression.")
    ] = None,
    format_: Annotated[
        Format,
        typer.Option(
            "--format", metavar="FORMAT", parser=_format, help="Of the file: csv or json."
        ),
    ] = Format.CSV,
    out: Annotated[Path | None, typer.Option(help="A file; stdout if left out.")] = None,
    json: Json = False,
) -> None:
    """Write the lists, or a segment of them, as CSV or JSON."""
    with people(context):
        from subscribers.exporting import export_rows, write_csv, write_json

        rows = export_rows(list_, segment)
        as_json = format_ is Format.JSON or (json and out is None)
        write = write_json if as_json else write_csv
        if out is None:
            write(rows, sys.stdout)
            return
        with private_file(out) as stream:
            count = write(rows, stream)
    _tell({"rows": count, "file": str(out)}, f"{counted(count, 'row')} in {out}", json)


@app.command()
def show(context: typer.Context, address: Address, json: Json = False) -> None:
    """All that is known of one address: lists, themes, consent, deliveries."""
    with people(context):
        from digest.pipeline.report import subscriber_report

        report = subscriber_report(address)
    if json:
        print_json(report)
        return
    if report["suppressed"]:
        say("Suppressed: is not mailed.")
    if report["memberships"]:
        say(f"Themes: {', '.join(report['themes']) or 'all'}")
    table("Lists", ("list", "state", "joined"), [tuple(m.values()) for m in report["memberships"]])
    columns = ("at", "event", "list", "purpose", "source", "form", "actor", "version", "text")
    table("Consent", columns, [[c[column] for column in columns] for c in report["consents"]])
    received = ("issue", "audience", "state", "detail")
    table("Issues", received, [[d[column] for column in received] for d in report["deliveries"]])


@app.command()
def leave(
    context: typer.Context,
    address: Address,
    list_: Annotated[str | None, typer.Option("--list", help="Only this list; else all.")] = None,
    json: Json = False,
) -> None:
    """Take an address off a list, or off all."""
    with people(context):
        from subscribers.leave import leave as run
        from subscribers.membership import find_subscriber

        subscriber = find_subscriber(address)
        if subscriber is None:
            raise Refused(
                "nobody has that address", mend="`digest subscribers export` lists everyone"
            )
        left = run(subscriber, list_, actor=shell_user(), source="command line", now=now())
    _tell({"left": list(left)}, f"Left: {', '.join(left) or 'nothing; had left before'}", json)


@app.command()
def erase(context: typer.Context, address: Address, json: Json = False) -> None:
    """Erase everything about a person; a keyed hash stays, so that no import brings them back."""
    with people(context):
        from digest.pipeline.forget import forget

        result = forget(address, now=now())
        if result == "unknown":
            raise Refused("nobody has that address", mend="Check how it is written")
    _tell({"result": result}, result.replace("_", " "), json)


@app.command()
def suppress(context: typer.Context, address: Address, json: Json = False) -> None:
    """Never mail this address again."""
    with people(context):
        from subscribers.models import Suppression
        from subscribers.suppression import suppress as run

        is_new = run(address, Suppression.Reason.OPERATOR, shell_user(), now=now())
    _tell({"new": is_new}, "suppressed" if is_new else "was suppressed already", json)


def _tell(document: dict[str, Any], line: str, json: bool) -> None:
    if json:
        print_json(document)
    else:
        say(line)
