"""`digest gather` and `digest sources`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from digest.cli.output import Json, print_json, progress_bar, say, table, warn
from digest.cli.site import now, open_site


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(gather)
    app.command()(sources)


def gather(
    context: typer.Context,
    source: Annotated[str | None, typer.Option(help="Only this source, by its name.")] = None,
    json: Json = False,
) -> None:
    """Fetch what is new from every source."""
    site = open_site(context)
    from digest.pipeline.gather import gather as run

    with progress_bar("Gathering", quiet=json) as bar:
        results = run(
            site.config,
            now=now(),
            only=source,
            progress=(lambda name, done, total: bar(done, total)) if bar else None,
        )
    columns = ("found", "new", "changed", "held", "failed")
    if json:
        print_json({"sources": [_document(result, columns) for result in results]})
    else:
        rows = [(r.source, r.kind, *(getattr(r, column) for column in columns)) for r in results]
        table("", ("source", "kind", *columns), rows)
        if any(r.held for r in results):
            say("Held: no date stated. `digest compose`, then `digest bring N SLUG` takes one in.")
    warn(line for r in results for line in (r.error, *(x.line() for x in r.refusals)) if line)
    if any(result.failed for result in results):
        raise typer.Exit(1)


def _document(result: Any, columns: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": result.source,
        "kind": result.kind,
        **{column: getattr(result, column) for column in columns},
        "error": result.error or None,
        "refused": [
            {"place": r.place, "problem": r.problem, "mend": r.mend} for r in result.refusals
        ],
    }


def sources(context: typer.Context, json: Json = False) -> None:
    """Each source's last check, error and next try."""
    site = open_site(context)
    from digest.pipeline.report import source_lines

    lines = source_lines(site.config, now())
    if json:
        print_json({"sources": lines})
        return
    columns = ("name", "kind", "summaries", "last_check", "next_try", "error")
    table("", columns, ([line[column] for column in columns] for line in lines))
    if not lines:
        say("No source yet: add one under `sources` in config.yaml.")
