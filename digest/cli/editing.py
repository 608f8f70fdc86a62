"""The editor's changes: theme, place and words of a draft, and what its machine has learned."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from digest.cli.issues import tell_draft
from digest.cli.output import Json, Number, print_json, say, table, warn
from digest.cli.site import Site, now, open_site, shell_user

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The summary's short name.")]
OneOrAll = Annotated[
    str | None, typer.Option("--audience", help="Only in this edition; all if left out.")
]
Edition = Annotated[str, typer.Option("--audience", help="The edition.")]
Text = Annotated[str, typer.Argument(metavar="TEXT", help="Empty: as proposed.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (move, exclude, hold, bring, undo, subject, preheader, intro, lessons):
        app.command()(command)


def move(
    context: typer.Context,
    number: Number,
    slug: Slug,
    theme: Annotated[str, typer.Option(help="The theme's id.")],
    json: Json = False,
) -> None:
    """Put an item under another theme; later similar ones follow."""
    site, issue = _opened(context, number)
    from digest.pipeline import review

    review.move(issue, slug, theme, site.config, who=shell_user(), now=now())
    tell_draft(site, issue, json=json)


def exclude(
    context: typer.Context,
    number: Number,
    slug: Slug,
    audience: OneOrAll = None,
    json: Json = False,
) -> None:
    """Leave an item out for good."""
    _put(context, number, slug, "exclude", audience, json=json)


def hold(
    context: typer.Context,
    number: Number,
    slug: Slug,
    audience: OneOrAll = None,
    json: Json = False,
) -> None:
    """Hold an item over to the next issue."""
    _put(context, number, slug, "hold", audience, json=json)


def bring(
    context: typer.Context,
    number: Number,
    slug: Slug,
    audience: OneOrAll = None,
    json: Json = False,
) -> None:
    """Bring an item in that was held over or left out."""
    _put(context, number, slug, "bring", audience, json=json)


def _put(
    context: typer.Context,
    number: int,
    slug: str,
    placing: Any,
    audience: str | None,
    *,
    json: bool,
) -> None:
    site, issue = _opened(context, number)
    from digest.pipeline import review

    only = review.known_audience(audience) if audience else None
    review.put(issue, slug, placing, site.config, who=shell_user(), now=now(), audience=only)
    tell_draft(site, issue, json=json)


def undo(
    context: typer.Context,
    number: Number,
    slug: Slug,
    audience: OneOrAll = None,
    json: Json = False,
) -> None:
    """Take back what was decided on an item, and what that taught."""
    site, issue = _opened(context, number)
    from digest.pipeline import review

    only = review.known_audience(audience) if audience else None
    review.undo(issue, slug, site.config, who=shell_user(), now=now(), audience=only)
    tell_draft(site, issue, json=json)


def subject(
    context: typer.Context, number: Number, text: Text, audience: Edition, json: Json = False
) -> None:
    """Give one edition a subject of your own."""
    _set_words(context, number, audience, "subject", text, json=json)


def preheader(
    context: typer.Context, number: Number, text: Text, audience: Edition, json: Json = False
) -> None:
    """Give one edition a preheader of your own: what an inbox shows after the subject."""
    _set_words(context, number, audience, "preheader", text, json=json)


def intro(
    context: typer.Context, number: Number, text: Text, audience: Edition, json: Json = False
) -> None:
    """Give one edition an opening line of your own."""
    _set_words(context, number, audience, "intro", text, json=json)


def _set_words(
    context: typer.Context, number: int, audience: str, part: Any, text: str, *, json: bool
) -> None:
    site, issue = _opened(context, number)
    from digest.pipeline import review
    from digest.pipeline.render import lines_of
    from digest.pipeline.report import own_subjects

    edition = review.known_audience(audience)
    review.set_words(issue, edition, part, text, site.config, who=shell_user(), now=now())
    read = lines_of(issue, site.config)
    warn([read.problem] if read.problem else [])
    if json:
        print_json(
            {
                "number": number,
                "state": issue.state,
                "subjects": own_subjects(issue),
                "wording": issue.wording,
                "wording_filled": read.own,
                "proposals": read.proposed,
                "problem": read.problem or None,
            }
        )
        return
    own = issue.wording.get(edition, {}).get(part)
    seen = read.own if own else read.proposed
    said = seen.get(edition, {}).get(part, own or "as proposed")
    say(f"Issue {number}, {edition} {part}: “{said}”{' (yours)' if own else ''}")


def lessons(
    context: typer.Context,
    forget: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Forget what this summary taught.")
    ] = None,
    json: Json = False,
) -> None:
    """What moving items taught, and how many items of the open draft follow it."""
    open_site(context)
    from digest.pipeline.lessons import forget_lesson, lesson_lines

    if forget:
        forget_lesson(forget, who=shell_user(), now=now())
    lines = lesson_lines()
    if json:
        print_json({"lessons": lines})
        return
    columns = ("slug", "theme", "issue", "follow")  # the rest is in the JSON: lines are short
    if lines:
        rows = [{**line, "theme": f"{line['theme']}, not {line['instead_of']}"} for line in lines]
        table("", columns, ([row[column] for column in columns] for row in rows))
    else:
        say("Nothing was taught yet: `digest move N SLUG --theme T` teaches.")
    if forget:
        say(f"Forgot {forget}. The open draft follows when it is composed again: `digest compose`")


def _opened(context: typer.Context, number: int) -> tuple[Site, Any]:
    site = open_site(context)
    from digest.pipeline.issues import find_issue

    return site, find_issue(number)
