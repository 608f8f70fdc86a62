"""Sending an issue and looking after its deliveries."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

import typer

from digest.cli.output import Json, Number, print_json, progress_bar, say, table
from digest.cli.site import now, open_site, parse_when, shell_user
from digest.errors import DigestError


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("test-send")(send_test)
    for command in (send, pause, resume, cancel, deliveries, resolve):
        app.command()(command)


def send_test(
    context: typer.Context,
    number: Number,
    to: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Who gets it; on no list, if need be.")
    ],
    audience: Annotated[str | None, typer.Option(help="Only this edition.")] = None,
    json: Json = False,
) -> None:
    """Mail each edition to one address, marked as a test. Exit 1 if any was not accepted."""
    site = open_site(context)
    from digest.pipeline.issues import find_issue
    from digest.pipeline.review import known_audience
    from digest.pipeline.send_test import send_test as run

    only = known_audience(audience) if audience else None
    issue = find_issue(number)
    mails = run(issue, to, site.config, site.keys, only=only, who=shell_user(), now=now())
    if json:
        print_json({"number": number, "mails": [mail.document() for mail in mails]})
    else:
        lines = ([mail.audience, mail.outcome.state, mail.outcome.detail] for mail in mails)
        table(f"Test of issue {number}", ("audience", "state", "detail"), lines)
    if any(mail.outcome.state != "accepted" for mail in mails):
        raise typer.Exit(1)


def send(
    context: typer.Context,
    number: Number,
    at: Annotated[str | None, typer.Option(help="Later, by the clock of `digest run`.")] = None,
    segment: Annotated[
        str | None,
        typer.Option(help="Only to these: a saved segment or an expression; or everybody."),
    ] = None,
    json: Json = False,
) -> None:
    """Send an approved issue to the end. Safe to kill and to run again."""
    site = open_site(context)
    from digest.pipeline.deliver import schedule_issue, send_issue, warm_up_of
    from digest.pipeline.issues import find_issue
    from digest.pipeline.segment import in_words

    issue = find_issue(number)
    if at:
        moment = parse_when(at, site.config)
        schedule_issue(issue, moment, to_segment=segment, who=shell_user(), now=now())
        _tell_state(issue, json=json)
        return
    with progress_bar(f"Issue {number}", quiet=json) as bar:
        counts = send_issue(number, site.config, site.keys, to_segment=segment, progress=bar)
    issue.refresh_from_db()
    if json:
        document = {"number": number, "state": issue.state, "segment": issue.segment or None}
        print_json({**document, "deliveries": counts})
        return
    if issue.segment:
        say(f"To {in_words(issue)}.")
    some = [(what, count) for what, count in counts.items() if count]
    table(f"Issue {number} · {issue.state}", ("deliveries", "count"), some)
    if counts.get("unknown"):
        say(
            "Unknown: on the wire when a sender died. They are never sent again by themselves; "
            f"`digest deliveries {number} --state unknown` lists them, "
            f"`digest resolve {number}` settles them."
        )
    if counts.get("failed"):
        say(f"Failed: refused for good. `digest deliveries {number} --state failed` tells why.")
    if waits := warm_up_of(site.config, now()).note(counts["queued"]):
        say(f"{waits[0].upper()}{waits[1:]}. `digest run` goes on by itself.")
    if counts.get("deferred"):
        say(f"Deferred: the other side asked to wait. Run `digest send {number}` again later.")


def pause(context: typer.Context, number: Number, json: Json = False) -> None:
    """Stop an issue that is going out."""
    _turn(context, number, "pause", json=json)


def resume(context: typer.Context, number: Number, json: Json = False) -> None:
    """Let a paused issue go on."""
    _turn(context, number, "resume", json=json)


def cancel(context: typer.Context, number: Number, json: Json = False) -> None:
    """Give up an issue for good; what is not sent of it never is."""
    site = open_site(context)
    from digest.pipeline.cancelled import settle_dead_sender

    with suppress(DigestError):  # else the next `digest send` does it; cancelling must not wait
        settle_dead_sender(site.config, now())
    _turn(context, number, "cancel", json=json)


def _turn(context: typer.Context, number: int, verb: str, *, json: bool) -> None:
    open_site(context)
    from digest.pipeline import review
    from digest.pipeline.issues import find_issue

    issue = getattr(review, verb)(find_issue(number), who=shell_user(), now=now())
    _tell_state(issue, json=json)


def _tell_state(issue: Any, *, json: bool) -> None:
    from digest.pipeline.report import issue_line

    if json:
        print_json(issue_line(issue))
        return
    when = f" for {issue.send_at:%Y-%m-%d %H:%M} UTC" if issue.send_at else ""
    say(f"Issue {issue.number} is {issue.state}{when}.")


def deliveries(
    context: typer.Context,
    number: Number,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    address: Annotated[str | None, typer.Option(help="Only this address.")] = None,
    json: Json = False,
) -> None:
    """Who got the issue, who did not, and why."""
    open_site(context)
    from digest.pipeline.issues import find_issue
    from digest.pipeline.report import delivery_lines

    lines = delivery_lines(find_issue(number), state=state, address=address)
    if json:
        print_json({"number": number, "deliveries": lines})
        return
    columns = ("address", "audience", "state", "detail", "changed")
    table("", columns, ([line[column] for column in columns] for line in lines))


def resolve(
    context: typer.Context,
    number: Number,
    decision: Annotated[str, typer.Option("--as", help="accepted, failed or resend.")],
    everybody: Annotated[bool, typer.Option("--all", help="Every unknown delivery.")] = False,
    address: Annotated[str | None, typer.Option(help="Only that to this address.")] = None,
    json: Json = False,
) -> None:
    """Settle deliveries that are unknown, by your own decision."""
    if everybody == bool(address):
        raise typer.BadParameter("say either --all or --address ADDRESS")
    open_site(context)
    from digest.delivery.records import counts
    from digest.pipeline.issues import find_issue
    from digest.pipeline.resolve import known_decision
    from digest.pipeline.resolve import resolve as run

    chosen = known_decision(decision)
    issue = find_issue(number)
    resolved = run(issue, chosen, address=address, who=shell_user(), now=now())
    if json:
        states = {"state": issue.state, "deliveries": counts(issue)}
        print_json({"number": number, "resolved": resolved, **states})
        return
    if not resolved:
        say(f"No delivery of issue {number} is unknown.")
        return
    say(f"Settled {resolved} unknown of issue {number} as {chosen}.")
    if chosen == "resend":
        first = f"`digest resume {number}`, then " if issue.state == "paused" else ""
        say(f"They are queued again. Next: {first}`digest send {number}`")
