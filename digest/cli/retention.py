"""`digest retention`: what is kept no longer goes now, rather than with the clock's next day."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.output import Json, print_json, table
from digest.cli.site import now, open_site
from digest.errors import Refused


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(retention)


def retention(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go.")] = False,
    json: Json = False,
) -> None:
    """Delete what is kept no longer. As privacy.retention says; `digest run` does it once a day."""
    site = open_site(context)
    from digest.pipeline.retention import MEANINGS, retain

    try:
        gone = retain(site.config, now=now(), dry_run=dry_run, rewrite_up_to=None)
    except OSError as error:
        raise Refused(
            f"a mail cannot be removed ({error.strerror or error})",
            where="transport.path",
            mend="Mend its permissions, then run it again; what went is gone",
        ) from None
    if json:
        print_json({"dry_run": dry_run, "counts": gone})
    else:
        rows = [(MEANINGS[name], count) for name, count in gone.items()]
        table("Would go" if dry_run else "Gone", ("what", "count"), rows)
