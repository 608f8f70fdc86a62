"""`digest hear-back`: what came back, applied now rather than at the clock's next minute."""

from __future__ import annotations

import typer

from digest.cli.output import Json, print_json, say, table
from digest.cli.site import now, open_site


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(hear_back)


def hear_back(context: typer.Context, json: Json = False) -> None:
    """Read the feedback mailbox and apply every event that is stored."""
    site = open_site(context)
    from digest.pipeline.hear_back import hear_back as run

    heard = run(site.config, site.keys, now())
    if json:
        print_json(heard.document())
        return
    if not heard.anything:
        say("Nothing came back.")
        return
    passed = [(f"passed over: {reason}", count) for reason, count in heard.passed.items()]
    table("What came back", ("kind", "count"), [*heard.applied.items(), *passed])
    if heard.unmatched:
        say(f"{heard.unmatched} were about no delivery of ours and changed nothing.")
    say(
        f"Settled {heard.settled} unknown deliveries, suppressed {heard.suppressed} addresses, "
        f"left {heard.left} lists."
    )
    if heard.problems:
        say(f"{heard.problems} people could not be taken off; their addresses are not readable.")
