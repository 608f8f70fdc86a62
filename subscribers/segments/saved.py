"""Segments by name, and whom one chooses now.

In: a name or an expression. Out: a query of subscribers, evaluated when it is used; how many it
is; rows that keep a name for an expression. Nothing is cached: who joins, leaves or bounces
counts at once.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from subscribers.errors import SubscribersError
from subscribers.lists import list_names
from subscribers.models import Segment, Subscriber
from subscribers.recipients import count_recipients
from subscribers.segments.fields import condition, facts
from subscribers.segments.grammar import parse

NAME = re.compile(r"[^\W_][\w-]{0,59}")
EVERYBODY = "everybody"  # no segment; never the name of one
LIST_THEM = "`digest segments` lists them"


@dataclass(frozen=True, slots=True)
class Size:
    """`readers`: who would get an issue now; `subscribers`: all who match, mailable or not."""

    readers: int
    subscribers: int


def subscribers_of(expression: str) -> QuerySet[Subscriber]:
    """Whom an expression chooses now. Raises SubscribersError."""
    return Subscriber.objects.filter(condition(parse(expression, facts())))


def count(expression: str) -> Size:
    """How many that is now. Raises SubscribersError."""
    chosen = subscribers_of(expression)
    return Size(count_recipients(list_names(), chosen), chosen.count())


def expression_of(text: str) -> str:
    """The expression of a saved segment, or the text itself, checked. Raises SubscribersError."""
    text = text.strip()
    saved = Segment.objects.filter(name=text[:60]).first() if NAME.fullmatch(text) else None
    if saved:
        subscribers_of(saved.expression)
        return saved.expression
    try:
        subscribers_of(text)
    except SubscribersError:
        if not NAME.fullmatch(text):
            raise
        mend = f"{LIST_THEM}, or write an expression: list = {list_names()[0]}"
        raise SubscribersError(f"there is no segment '{text}'", mend=mend) from None
    return text


def save(name: str, expression: str, *, actor: str, now: datetime) -> bool:
    """Keep an expression by a name; True when the name is new. Raises SubscribersError."""
    _check_name(name)
    subscribers_of(expression)
    _, is_new = Segment.objects.update_or_create(
        name=name, defaults={"expression": expression.strip(), "created_at": now, "actor": actor}
    )
    return is_new


def listing() -> list[dict[str, Any]]:
    """Every saved segment: name, expression, readers, subscribers, problem; in order of names.

    What means nothing any more (a theme that is gone) has its `problem` in place of counts.
    """
    lines = []
    for segment in Segment.objects.order_by("name"):
        line: dict[str, Any] = {"name": segment.name, "expression": segment.expression}
        try:
            line |= {**asdict(count(segment.expression)), "problem": None}
        except SubscribersError as error:
            line |= {"readers": None, "subscribers": None, "problem": error.line()}
        lines.append(line)
    return lines


def forget(name: str) -> None:
    """Drop a name; issues keep the expression. Raises SubscribersError when there is none."""
    if not Segment.objects.filter(name=name).delete()[0]:
        raise SubscribersError(f"there is no segment '{name[:60]}'", mend=LIST_THEM)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise SubscribersError(
            "a segment's name has letters, digits, - and _, 60 at most",
            mend="Choose one such as new-readers",
        )
    try:
        parse(name, facts())
    except SubscribersError:
        if name.casefold() != EVERYBODY:
            return
    raise SubscribersError(f"'{name}' means something in an expression", mend="Choose another name")
