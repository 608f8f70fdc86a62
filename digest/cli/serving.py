"""`digest run`: web, clock and sending in one process. `digest demo`: the whole way, once."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from digest.cli.output import Json, out, print_json, say, table
from digest.cli.site import open_site
from digest.errors import Refused


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(demo)


def run(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(help="Instead of web.port.", min=0, max=65535)] = None,
    json: Json = False,
) -> None:
    """Serve the pages, keep the schedule, and send, until stopped."""
    site = open_site(context)
    from waitress.server import create_server

    from digest.clock import start_clock
    from digest.logs import set_up_logs
    from digest.project.wsgi import application

    set_up_logs()
    web = site.config.web
    wanted = web.port if port is None else port
    proxy = {"trusted_proxy": "*", "trusted_proxy_headers": "x-forwarded-proto"}
    try:
        server = create_server(
            application, host=web.host, port=wanted, threads=4, ident="",
            clear_untrusted_proxy_headers=True, **(proxy if web.trusted_proxy else {}),
        )  # fmt: skip
    except (OSError, socket.gaierror) as error:
        raise Refused(
            f"cannot listen on {web.host}:{wanted} ({error.strerror})",
            mend="Stop what uses it, or set web.port (or --port) to another",
        ) from None
    address = f"http://{web.host}:{server.effective_port}/"
    if json:
        print_json({"address": address, "studio": address + "studio/"})
    else:
        say(f"Public pages {address}")
        say(f"Studio       {address}studio/")
        say("Stop with Ctrl-C.")
    out.file.flush()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # how a service manager stops us
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stop = Event()
    clock = start_clock(site.config, site.keys, stop)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        clock.shutdown(wait=True)
        server.close()


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("demo"),
    json: Json = False,
) -> None:
    """The whole way on the examples, into a local Maildir; prints what happened."""
    from digest.cli.demo import run_demo

    result = run_demo(context, folder)
    if json:
        print_json(result)
        return
    say(f"MS Research Digest: issue {result['number']} from the examples\n")
    table("", ("what", "how many"), result["table"])
    say("")
    table(
        "Editions",
        ("edition", "subject", "HTML", "text", "deliveries"),
        [
            (r["audience"], r["subject"], f"{r['html_bytes']:,} B", f"{r['text_bytes']:,} B",
             r["deliveries"])
            for r in result["renditions"]
        ],
    )  # fmt: skip
    say("\nPreviews (open in a browser):")
    for path in result["previews"]:
        say(f"  {path}")
    say(f"Maildir:  {result['maildir']}")
    if result["administrator"]:
        user, password = result["administrator"]["name"], result["administrator"]["password"]
        say(f"Studio:   user {user}, password {password} (shown this once)")
    say(f"\nNext: `{result['next']}`, then open {result['address']}")
