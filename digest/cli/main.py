"""The entry point: `digest --config FILE COMMAND`.

Exit 0 done, 1 refused or failed with one clear line that says what to do, 2 wrong usage,
130 stopped by Ctrl-C or by a service manager.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest import __version__
from digest.cli import (
    backup,
    editing,
    gathering,
    hearing,
    importing,
    issues,
    keys,
    people,
    retention,
    segments,
    sending,
    serving,
    setup,
    suppressions,
)
from digest.cli.output import print_json, warn
from digest.cli.site import ConfigPath
from digest.errors import DigestError

app = typer.Typer(
    name="digest",
    help="Plain-language research summaries → one calm email a month.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for room in (setup, gathering, issues, editing, sending, hearing, serving, backup, retention):
    room.register(app)
importing.register(people.app)
app.add_typer(people.app, name="subscribers")
app.add_typer(segments.app, name="segments")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(setup.users, name="users")
app.add_typer(keys.app, name="keys")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    config: ConfigPath = Path("config.yaml"),
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """MS Research Digest."""
    context.obj = config


INTERRUPTED = 130  # what shells, and typer, make of Ctrl-C
STOPPED = "stopped; what was done is kept. Run the same command to go on"


def run() -> None:
    """What the `digest` script calls: no traceback reaches a user."""
    # A service manager's wish is Ctrl-C: what is on the wire is waited for, the rest given back.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        app()
    except DigestError as error:
        _fail(error.line())
    except KeyboardInterrupt:
        _fail(STOPPED, INTERRUPTED)
    except SystemExit as end:
        if end.code != INTERRUPTED:
            raise
        _fail(STOPPED, INTERRUPTED)  # typer says nothing itself
    except Exception as error:
        _fail_unexpectedly(error)


def _fail(line: str, code: int = 1) -> None:
    if "--json" in sys.argv:
        print_json({"error": line})
    warn([f"digest: {line}"])
    sys.exit(code)


def _fail_unexpectedly(error: Exception) -> None:
    """The last net. A broken pipe is the reader's choice; the rest is a fault of ours."""
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    if os.environ.get("DIGEST_TRACEBACK"):
        raise error
    line = getattr(error, "line", None)
    if callable(line):
        _fail(str(line()))
    kind = type(error).__name__
    if kind in ("OperationalError", "DatabaseError", "ProgrammingError"):
        reason = str(error).strip().splitlines()[0] if str(error) else kind
        _fail(f"the database refused ({reason}). Run `digest check`, then try again")
    _fail(
        f"something unexpected happened ({kind}). Nothing was half done; "
        "set DIGEST_TRACEBACK=1 and run it again to see where, and tell us"
    )
