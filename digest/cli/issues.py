"""The issue and its review: compose, show, issues, preview, preflight, approve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.output import (
    Json,
    Number,
    counted,
    heading,
    print_json,
    printable,
    progress_bar,
    say,
    say_wrapped,
    table,
    warn,
)
from digest.cli.site import Site, now, open_site, parse_when
from digest.errors import Refused
from digest.mail.wording import NO_LIMITS, people


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (compose, issues, show, preview, preflight, approve):
        app.command()(command)


def compose(
    context: typer.Context,
    until: Annotated[str | None, typer.Option(help="The cut-off; now if left out.")] = None,
    json: Json = False,
) -> None:
    """Make or refresh the open draft from what was gathered."""
    site = open_site(context)
    from digest.pipeline.compose import compose as run

    moment = now()
    cut_off = parse_when(until, site.config) if until else moment
    if cut_off > moment:
        mend = "Leave --until out, or name a moment that has passed"
        raise Refused(f"'{until}' lies after now", mend=mend)
    issue = run(site.config, now=moment, until=cut_off)
    tell_draft(site, issue, json=json)
    if not json:
        say(_who_is_told(issue))


def _who_is_told(issue: Any) -> str:
    from digest.pipeline.notices import waiting

    if mails := waiting(issue):
        whom = "One editor is" if mails == 1 else f"{mails} editors are"
        return f"{whom} told by mail: `digest run` sends it, at once if it is running."
    return "No editor is mailed: they are told of a draft that the schedule of `digest run` makes."


def issues(context: typer.Context, json: Json = False) -> None:
    """The list of issues."""
    open_site(context)
    from digest.models import Issue
    from digest.pipeline.report import issue_line

    lines = [issue_line(issue) for issue in Issue.objects.defer("as_composed")]
    if json:
        print_json({"issues": lines})
        return
    columns = ("number", "state", "studies", "cut_off", "approved_by", "sent")
    table("", columns, ([line[column] for column in columns] for line in lines))
    if not lines:
        say("No issue yet: run `digest gather`, then `digest compose`.")


def show(context: typer.Context, number: Number, json: Json = False) -> None:
    """One issue: items, teasers, states, counts."""
    site = open_site(context)
    from digest.pipeline.issues import find_issue
    from digest.pipeline.report import issue_report

    report = issue_report(find_issue(number), site.config)
    _warn_of_problem(report)
    if json:
        print_json(report)
        return
    _tables(report)
    for item in report["items"]:
        _teasers(item)
    for name, rendition in report["renditions"].items():
        say(f"{name}: “{rendition['subject']}”, {rendition['html_bytes']:,} bytes")
    for entry in report["audit"]:
        say(f"{entry['at']} {entry['who']}: {entry['what']}")
    if segment := report["segment"]:
        many = segment["readers"]
        now_ = (
            "it means nothing any more"
            if many is None
            else f"{counted(many, 'confirmed reader')} now"
        )
        say(f"To the segment {printable(segment['expression'])}: {now_}")
    some = [(what, count) for what, count in report["deliveries"].items() if count]
    if some:
        table("Deliveries", ("state", "count"), some)


def _teasers(item: dict[str, Any]) -> None:
    """An item as an editor reads it: why it stands there, and what each edition says."""
    summary, why = item["summary"], ", ".join(item["terms"])
    say(f"\n{summary['title']}  [{item['theme']}, {item['margin']:.0%} ahead: {why}]")
    for audience, teaser in item["teasers"].items():
        grade = item["readability"][audience]
        parts = (teaser["lead"], teaser["audience"], teaser["caveat"] or NO_LIMITS)
        say(f"  {audience} (grade {grade}): {' | '.join(part for part in parts if part)}")


def preview(
    context: typer.Context,
    number: Number,
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
    audience: Annotated[str | None, typer.Option(help="Only this edition.")] = None,
    themes: Annotated[
        str | None, typer.Option(help="As for a reader who chose these: ids, with commas between.")
    ] = None,
    text_only: Annotated[
        bool, typer.Option("--text-only", help="As for a reader who wants no HTML.")
    ] = False,
    json: Json = False,
) -> None:
    """Write the very bytes that would be sent: A.html, A.txt, A.eml."""
    site = open_site(context)
    from digest.pipeline.issues import find_issue
    from digest.pipeline.preview import write_previews
    from digest.pipeline.review import known_audience

    only = known_audience(audience) if audience else None
    issue = find_issue(number)
    chosen = [] if themes is None else [theme.strip() for theme in themes.split(",")]
    made = write_previews(
        issue,
        site.config,
        site.keys,
        out,
        only=only,
        now=now(),
        themes=chosen,
        text_only=text_only,
    )
    for name in made.without:
        warn([f"digest: the {name} edition holds none of these themes; its reader gets no mail"])
    if json:
        files = [str(path) for path in made.files]
        print_json({"number": number, "files": files, "without": made.without})
        return
    for path in made.files:
        say(str(path))


def preflight(
    context: typer.Context,
    number: Number,
    links: Annotated[bool, typer.Option("--links", help="Ask each outside address, too.")] = False,
    json: Json = False,
) -> None:
    """What stands against sending an issue: exit 1 if anything blocks."""
    site = open_site(context)
    from digest.pipeline.issues import find_issue
    from digest.pipeline.preflight import preflight as run

    issue = find_issue(number)
    with progress_bar("Asking addresses", quiet=json or not links) as bar:
        findings = run(issue, site.config, reachable=links, progress=bar)
    blocking = sum(finding.level == "blocks" for finding in findings)
    if json:
        counts = {"blocks": blocking, "warns": len(findings) - blocking}
        documents = [asdict(finding) for finding in findings]
        print_json({"number": number, "state": issue.state, **counts, "findings": documents})
    else:
        _tell_findings(issue, findings, blocking)
    if blocking:
        raise typer.Exit(1)


def _tell_findings(issue: Any, findings: Sequence[Any], blocking: int) -> None:
    for title, some in (("Blocks", findings[:blocking]), ("Warns", findings[blocking:])):
        if some:
            _tell_alike(f"{title} ({len(some)})", some)
    warns = len(findings) - blocking
    if blocking:
        things = "1 thing blocks" if blocking == 1 else f"{blocking} things block"
        say(f"{things} issue {issue.number}: mend what blocks, then look again.")
        return
    may_wait = f" {warns} warning{'s' if warns > 1 else ''} may wait." if warns else ""
    ready = issue.state == "draft"
    following = f" Next: `digest approve {issue.number} --by NAME`" if ready else ""
    say(f"Nothing blocks issue {issue.number}.{may_wait}{following}")


def _tell_alike(title: str, findings: Sequence[Any]) -> None:
    """Findings with the same mend stand together, and it stands once."""
    heading(title)
    shared: dict[tuple[str, str], list[Any]] = {}
    for one in findings:
        shared.setdefault((one.check, one.mend), []).append(one)
    for (check, mend), alike in shared.items():
        say(f"\n  {check}")
        for one in alike:
            say_wrapped(f"{one.where}: {one.what.rstrip('.')}.", indent=4)
        say_wrapped(f"→ {mend}", indent=4)
    say("")


def approve(
    context: typer.Context,
    number: Number,
    by: Annotated[str, typer.Option(help="Who approves; kept in the audit.")],
    json: Json = False,
) -> None:
    """Freeze the renditions: what they are now is what will be sent."""
    site = open_site(context)
    from digest.pipeline import review
    from digest.pipeline.issues import find_issue
    from digest.pipeline.report import issue_line

    issue = review.approve(find_issue(number), site.config, who=by, now=now())
    if json:
        print_json({**issue_line(issue), "hash": issue.approved_hash})
    else:
        say(f"Issue {number} is approved by {by}. Next: `digest send {number}`")


def tell_draft(site: Site, issue: Any, *, json: bool) -> None:
    """The draft as it stands now: after composing, and after an editor's change."""
    from digest.pipeline.report import draft_report

    report = draft_report(issue, site.config)
    _warn_of_problem(report)
    if json:
        print_json(report)
        return
    _tables(report)
    if report["state"] == "skipped":
        say(
            f"Issue {report['number']} is skipped: too few items. All is kept for the next; "
            "gather more and compose again."
        )
    else:
        say(f"Next: `digest preview {report['number']} --out previews`")


def _warn_of_problem(report: dict[str, Any]) -> None:
    """Why there is nothing to preview or to approve, where there is a reason."""
    if report["problem"]:
        warn([f"Issue {report['number']} cannot be rendered: {report['problem']}"])


def _tables(report: dict[str, Any]) -> None:
    title = f"Issue {report['number']} · {report['state']} · up to {report['window']['until']}"
    rows = [
        (item["theme"] + (" ?" if item["unsure"] else ""), _slug(item), _study(item))
        for item in report["items"]
    ]
    table(title, ("theme", "item", "study"), rows)
    partly = [item for item in (*report["items"], *report["articles"]) if _without(item)]
    if partly:
        table(
            "Not in every edition",
            ("item", "reason"),
            [(item["summary"]["slug"], _by_audience(_without(item))) for item in partly],
        )
    for name in ("articles", "held", "left_out"):
        lines = report[name]
        if lines:
            table(
                name.replace("_", " ").capitalize(),
                ("item", "reason"),
                [(line["summary"]["slug"], _reasons(line["ledger"])) for line in lines],
            )
    if flagged := {flag["number"] for item in report["items"] for flag in item["flags"]}:
        say(f"{counted(len(flagged), 'open flag')} on its items: `digest flags`")
    for audience, proposed in report["proposals"].items():
        own = report["wording_filled"].get(audience, {})
        for part, text in {**proposed, **own}.items():
            say(f"{audience} {part}: “{text}”{' (yours)' if part in own else ''}")


def _slug(item: dict[str, Any]) -> str:
    """The short name, and the editions that it is not in."""
    slug: str = item["summary"]["slug"]
    without = _without(item)
    return f"{slug} (not {', '.join(without)})" if without else slug


def _without(item: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The ledger of the editions that an item is not in."""
    ledger: dict[str, dict[str, str]] = item["ledger"]
    return {audience: line for audience, line in ledger.items() if line["state"] != "in"}


def _study(item: dict[str, Any]) -> str:
    participants = item["evidence"]["participants"]["value"]
    kind: str = item["evidence"]["kind"]["value"]
    return f"{kind}, {people(participants)}" if participants else kind


def _reasons(ledger: dict[str, dict[str, str]]) -> str:
    """One reason when all audiences share it, else each with its audiences."""
    reasons = {line["reason"] for line in ledger.values()}
    return reasons.pop() if len(reasons) == 1 else _by_audience(ledger)


def _by_audience(ledger: dict[str, dict[str, str]]) -> str:
    """Each reason once, after the audiences that it is for."""
    whose: dict[str, list[str]] = {}
    for audience, line in ledger.items():
        whose.setdefault(line["reason"], []).append(audience)
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in whose.items())
