"""`digest segments …`: choices of readers by name, each counted as it is now."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from digest.cli.output import Json, counted, print_json, printable, say, table
from digest.cli.people import people
from digest.cli.site import now, shell_user

app = typer.Typer(help="Choices of readers, by name.", rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, - and _.")]
Expression = Annotated[
    str, typer.Argument(metavar="EXPRESSION", help="Such as: list = patient and not bounced")
]
NameOrExpression = Annotated[
    str, typer.Argument(metavar="EXPRESSION|NAME", help="An expression, or a saved one's name.")
]


@app.callback(invoke_without_command=True)
def segments(context: typer.Context, json: Json = False) -> None:
    """The saved segments, and how many each chooses now."""
    if context.invoked_subcommand:
        return
    with people(context):
        from subscribers.segments.saved import listing

        lines = listing()
    if json:
        print_json({"segments": lines})
        return
    if not lines:
        say("No segment is saved yet: digest segments save NAME EXPRESSION")
        return
    columns = ("name", "readers", "subscribers", "expression", "problem")
    table("Segments", columns, ([line[column] for column in columns] for line in lines))


@app.command()
def save(context: typer.Context, name: Name, expression: Expression, json: Json = False) -> None:
    """Keep an expression by a name, or change what the name means."""
    with people(context):
        from subscribers.segments import saved

        is_new = saved.save(name, expression, actor=shell_user(), now=now())
        size = saved.count(expression)
    if json:
        print_json({"name": name, "expression": expression.strip(), "new": is_new, **asdict(size)})
    else:
        done = "Saved" if is_new else "Changed"
        say(f"{done} {name}: {_size(size)}.")


@app.command("count")
def count_(context: typer.Context, text: NameOrExpression, json: Json = False) -> None:
    """How many an expression chooses now."""
    with people(context):
        from subscribers.segments.saved import count, expression_of

        expression = expression_of(text)
        size = count(expression)
    if json:
        print_json({"expression": expression, **asdict(size)})
    else:
        say(f"{_size(size)} {printable(expression)}")


@app.command()
def forget(context: typer.Context, name: Name, json: Json = False) -> None:
    """Drop a name. An issue that goes to the segment keeps its expression."""
    with people(context):
        from subscribers.segments.saved import forget as run

        run(name)
    if json:
        print_json({"forgotten": name})
    else:
        say(f"Forgot {name}.")


def _size(size: Any) -> str:
    match = "matches" if size.subscribers == 1 else "match"
    return f"{counted(size.readers, 'reader')} now, of {size.subscribers:,} who {match}"
