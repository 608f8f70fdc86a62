"""`digest gather`, `digest sources` and `digest flags`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

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
    say_wrapped,
    size,
    table,
    warn,
    whole_number,
)
from digest.cli.site import now, open_site, shell_user

if TYPE_CHECKING:
    from digest.pipeline.gather import Gathering

MOST_LINES = 500  # told of one source: what a hostile one gives would bury the others
COUNTS = ("found", "new", "changed", "merged", "held", "failed")

flags_app = typer.Typer(
    help="What gathering found that an editor should look at.", rich_markup_mode=None
)

Flags = Annotated[
    list[int],
    typer.Argument(metavar="N...", help="As `digest flags` numbers them.", parser=whole_number),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(gather)
    app.command()(sources)
    app.add_typer(flags_app, name="flags")


def gather(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Option(help="Only this source, by its name, even if it is to rest.")
    ] = None,
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
    if json:
        print_json({"sources": [_document(result) for result in results]})
    else:
        _print(results)
    warn(line for result in results for line in _troubles(result))
    if any(result.failed for result in results):
        raise typer.Exit(1)


def _print(results: list[Gathering]) -> None:
    visited = [result for result in results if not result.skipped]
    rows = [
        (r.source, *(getattr(r, count) for count in COUNTS), size(r.bytes), round(r.seconds, 1))
        for r in visited
    ]
    table("", ("source", *COUNTS, "bytes", "seconds"), rows, lean=True)
    for result in results:
        for note in result.notes:
            say(f"{result.source}: {printable(note)}")
        if result.removed:
            gone = counted(result.removed, "summary", "summaries")
            say(f"{result.source}: {gone} no longer in it, and kept all the same")
        if result.still:
            again = f"`digest gather --source {result.source}` tries them now"
            say(f"{result.source}: {len(result.still)} refused before; {again}")
        if result.skipped:
            say(f"{result.source}: not visited; {printable(result.skipped)}")
    if any(r.held for r in results):
        say("Held: no date that can be read. In a draft, `digest bring N SLUG` takes it in.")
    if flagged := sum(r.flagged for r in results):
        say(f"{flagged} to look at: `digest flags`")
    if visited and all(r.unchanged and not r.failed for r in visited):
        say("Nothing new.")


def _troubles(result: Gathering) -> list[str]:
    """What went wrong, a line each: the source as a whole first."""
    lines = [result.error] if result.error else []
    lines += [*(refusal.line() for refusal in result.refusals), *result.still]
    if len(lines) <= MOST_LINES:
        return lines
    more = f"{result.source}: {len(lines) - MOST_LINES:,} more are refused; `--json` has them all"
    return [*lines[:MOST_LINES], more]


def _document(result: Gathering) -> dict[str, Any]:
    return {
        "name": result.source,
        "kind": result.kind,
        **{count: getattr(result, count) for count in COUNTS},
        "bytes": result.bytes,
        "seconds": result.seconds,
        "requests": result.requests,
        "unchanged": result.unchanged,
        "removed": result.removed,
        "flagged": result.flagged,
        "error": result.error or None,
        "refused": [
            {"place": r.place, "problem": r.problem, "mend": r.mend} for r in result.refusals
        ],
        "still_refused": list(result.still),
        "notes": list(result.notes),
        "skipped": result.skipped or None,
    }


def sources(context: typer.Context, json: Json = False) -> None:
    """Each source's last check, error and next try."""
    site = open_site(context)
    from digest.pipeline.report import source_lines

    lines = source_lines(site.config, now())
    if json:
        print_json({"sources": lines})
        return
    columns = ("name", "kind", "summaries", "last_check", "next_try")
    zone = site.config.zone
    rows = [
        (*(line[name] for name in columns[:3]), *(_moment(line[at], zone) for at in columns[3:]))
        for line in lines
    ]
    table("", columns, rows, lean=True)
    for line in lines:
        for told in (*(line["error"] or "").splitlines(), *line["notes"]):
            say(f"{line['name']}: {printable(told)}")
    if not lines:
        say("No source yet: add one under `sources` in config.yaml.")


def _moment(stated: str | None, zone: ZoneInfo) -> str:
    return moment(datetime.fromisoformat(stated), zone) if stated else ""


@flags_app.callback(invoke_without_command=True)
def flags(
    context: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Also those that were settled.")] = False,
    json: Json = False,
) -> None:
    """What to look at: alike, changed after it was sent, or its file removed."""
    if context.invoked_subcommand:
        return
    zone = open_site(context).config.zone
    from digest.pipeline.flags import flag_lines

    lines = flag_lines(settled=all_)
    if json:
        print_json({"flags": lines})
        return
    if not lines:
        say("Nothing to look at.")
        return
    for line in lines:
        _print_flag(line, zone)
    say("Seen to: `digest flags settle N`")


def _print_flag(line: dict[str, Any], zone: ZoneInfo) -> None:
    """A paragraph, not a row: what it says is too long for the columns of a terminal."""
    settled = f", settled by {printable(line['settled_by'])}" if line["settled_by"] else ""
    raised = _moment(line["raised"], zone)
    heading(f"{line['number']}  {line['kind']}  {line['slug']}")
    say_wrapped(f"{line['detail']} ({raised}{settled})", indent=3)
    for change in line["changes"]:
        say_wrapped(change["field"], indent=3)
        say_wrapped(f"was: {change['before'] or 'nothing'}", indent=6)
        say_wrapped(f"is: {change['after'] or 'nothing'}", indent=6)


@flags_app.command()
def settle(
    context: typer.Context,
    numbers: Flags,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who saw to it.")] = None,
    json: Json = False,
) -> None:
    """Say that these were seen to; they are listed no more."""
    open_site(context)
    from digest.pipeline.flags import settle as run

    lines = run(numbers, who=by if by is not None else shell_user(), now=now())
    if json or (context.parent and context.parent.params.get("json")):
        print_json({"settled": lines})
        return
    for line in lines:
        say(f"Settled {line['number']}: {line['slug']}, {line['kind']}.")
