"""Backup, restore, release: a site's rows in one sealed file, and out of it again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.output import Json, counted, print_json, progress_bar, say, table, warn
from digest.cli.site import now, open_site
from digest.errors import DigestError, Refused


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (backup, restore, release):
        app.command()(command)


def backup(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where; a name with the time if none.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Only read FILE back, whole.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in place of an older backup.")
    ] = False,
    json: Json = False,
) -> None:
    """Put the site into one sealed file. Every row; then the file is read back."""
    if verify and file is None:
        raise typer.BadParameter("say which FILE to verify")
    site = open_site(context, database=not verify)
    from digest.pipeline.backup.verify import verify_backup
    from digest.pipeline.backup.write import write_backup

    moment = now()
    path = file or Path(f"digest-{moment:%Y%m%d-%H%M%S}.backup")
    if not verify and not replace:
        _refuse_existing(path)
    with progress_bar("Verify" if verify else "Backup", quiet=json) as bar:
        if verify:
            found = verify_backup(path, site.keys, progress=bar)
        else:
            found = write_backup(path, site.keys, now=moment, progress=bar)
    if json:
        print_json(found.document())
        return
    done = "is whole" if verify else "is written and was read back"
    say(f"{path} {done}: {counted(found.header.total, 'row')}, {found.size:,} bytes")
    say(f"SHA-256 {found.sha256}")
    say("It opens only with the keys of this site (digest.keys): keep a copy of those elsewhere.")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Lose what the database holds now.")
    ] = False,
    json: Json = False,
) -> None:
    """Put a backup in place of an empty database. Nothing is sent until `digest release`."""
    site = open_site(context)
    from digest.pipeline.backup.replay import replay_departures
    from digest.pipeline.backup.restore import restore_backup

    with progress_bar("Restore", quiet=json) as bar:
        done = restore_backup(
            file, site.config, site.keys, now=now(), replace=replace, progress=bar
        )
    departed: dict[str, Any] | None = None
    problem = ""
    try:
        departed = replay_departures(now=now()).document()
    except DigestError as error:  # the rows are in; the release waits
        problem = error.line()
    if json:
        print_json({**done.document(), "departures": departed, "problem": problem})
        return
    made = done.backup.header
    say(f"Restored {counted(made.total, 'row')} as they were on {made.taken_at}.")
    for number, what in done.stopped.items():
        say(f"Issue {number}: {what}. If it did, `digest cancel {number}`.")
    if done.unknown:
        unknown = counted(done.unknown, "delivery is", "deliveries are")
        say(f"{unknown} unknown: what may be out is never resent by itself.")
    if departed is not None:
        _tell(departed)
        say("Nothing is sent yet. Look it over, then `digest release --by NAME`.")
    else:
        warn([f"digest: nothing is sent yet, and cannot be: {problem}"])


def release(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Your name, for the audit.")],
    without_departures: Annotated[
        bool,
        typer.Option("--without-departures", help="Though who left since the backup is unknown."),
    ] = False,
    json: Json = False,
) -> None:
    """Let a restored site send again. First, who left since its backup leaves again."""
    open_site(context)
    from digest.pipeline.backup.paused import check_name
    from digest.pipeline.backup.replay import release as run

    by = check_name(by)
    departed = run(who=by, now=now(), without_departures=without_departures).document()
    if json:
        print_json({"released_by": by, "departures": departed})
        return
    _tell(departed)
    say("Released: it may send again.")


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise Refused(
            "there is a file of that name already",
            where=str(path),
            mend="Choose another name, or say --replace",
        )


def _tell(departed: dict[str, Any]) -> None:
    for number, what in departed["issues"].items():
        say(f"Issue {number} {what}.")
    kinds = ("left", "suppressed", "erased", "moved")
    rows = [(kind, departed[kind]) for kind in kinds]
    table("Departures since the backup", ("now", "people"), rows)
    warn(f"digest: departures file: {problem}" for problem in departed["problems"])
