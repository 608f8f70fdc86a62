"""From a tree to a condition on subscribers, on SQLite and PostgreSQL alike.

Each field has one function here; facts that the newsletter knows come from the settings
(SUBSCRIBERS_SEGMENT_FIELDS: a callable → name such as "had issue N" → a function that makes a
condition on subscribers, of the number where the name has one). Values are only ever parameters.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from typing import Any

from django.conf import settings
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, Value

from subscribers.errors import SubscribersError
from subscribers.lists import list_names
from subscribers.models import Membership
from subscribers.segments.grammar import wrong
from subscribers.segments.tree import Both, Comparison, Either, Fact, Not, Tree

Condition = Q | Exists
YEARS = range(1900, 3000)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")  # BCP 47, as far as we need it


def facts() -> Mapping[str, Callable[..., Condition]]:
    """What is handed in, by name."""
    return dict(settings.SUBSCRIBERS_SEGMENT_FIELDS())


def condition(tree: Tree) -> Q:
    """Who it chooses, for a query of Subscriber. Raises SubscribersError for a wrong value."""
    match tree:
        case Comparison():
            chosen = FIELDS[tree.name](tree)
            return ~chosen if tree.operator == "!=" else chosen
        case Fact():
            return _handed_in(tree)
        case Not(part):
            return ~condition(part)
        case Both(parts):
            return reduce(operator.and_, map(condition, parts))
        case Either(parts):
            return reduce(operator.or_, map(condition, parts))


class Holds(Func):
    """Whether a column's JSON list holds one of some texts: each element is a row to look at."""

    function = "jsonb_array_elements_text"
    template = "EXISTS (SELECT 1 FROM %(function)s(%(expressions)s))"
    arg_joiner = ") WHERE value IN ("
    output_field = BooleanField()

    def __init__(self, column: str, *texts: str):
        super().__init__(F(column), _Several(*map(Value, texts)))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The same by SQLite's name."""
        return self.as_sql(compiler, connection, function="json_each", **context)


class _Several(Func):
    template = "%(expressions)s"
    output_field = BooleanField()  # never asked for; Func wants one


def _list(one: Comparison) -> Q:
    """Who is confirmed on it."""
    if one.value not in list_names():
        mend = f"The lists are: {', '.join(list_names())}"
        raise wrong(one.at, f"there is no list '{one.value[:60]}'", mend)
    on_it = Membership.objects.filter(
        subscriber=OuterRef("pk"), list_name=one.value, state=Membership.State.CONFIRMED
    )
    return Q(Exists(on_it))


def _theme(one: Comparison) -> Q:
    """Who would get a study of it: they chose it, or every theme, and not "not now"."""
    by_list = settings.SUBSCRIBERS_THEMES()
    known = list(dict.fromkeys(theme for offered in by_list.values() for theme, _ in offered))
    if one.value not in known:
        mend = f"The themes are: {', '.join(known)}"
        raise wrong(one.at, f"there is no theme '{one.value[:60]}'", mend)
    # As `preferences.choice_among` has it: a choice of nothing but lost themes is none.
    wanted = Q(themes=[]) | Q(Holds("themes", one.value)) | ~Q(Holds("themes", *known))
    return wanted & ~Q(Holds("not_now", one.value))


def _tag(one: Comparison) -> Q:
    return Q(Holds("tags", one.value))


def _language(one: Comparison) -> Q:
    """That language and its variants: en is en-GB too. Who never said reads the publication's."""
    if not LANGUAGE.fullmatch(one.value):
        raise wrong(one.at, "that is no language", "Write one such as en or pt-BR (BCP 47)")
    ours = str(settings.SUBSCRIBERS_LANGUAGE).casefold()
    chosen = Q(language__iexact=one.value) | Q(language__istartswith=f"{one.value}-")
    if f"{ours}-".startswith(f"{one.value.casefold()}-"):
        chosen |= Q(language="")
    return chosen


def _joined(one: Comparison) -> Q:
    """By the day on which they joined the first of their lists, in the publication's zone."""
    day = _day(one)
    start, end = _midnight(day), _midnight(day + timedelta(days=1))
    ever = _joined_before(None)
    match one.operator:
        case "<":
            return _joined_before(start)
        case "<=":
            return _joined_before(end)
        case ">":
            return ever & ~_joined_before(end)
        case ">=":
            return ever & ~_joined_before(start)
        case _:
            return _joined_before(end) & ~_joined_before(start)


def _joined_before(moment: datetime | None) -> Q:
    joined = Membership.objects.filter(subscriber=OuterRef("pk"), joined_at__isnull=False)
    return Q(Exists(joined.filter(joined_at__lt=moment) if moment else joined))


def _day(one: Comparison) -> date:
    try:
        day = date.fromisoformat(one.value if DAY.fullmatch(one.value) else "")
    except ValueError:
        mend = "Write one such as 2026-01-31"
        raise wrong(one.at, f"'{one.value[:20]}' is no day", mend) from None
    if day.year not in YEARS:
        raise wrong(one.at, "that day is out of range", "Write a year of our time")
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), settings.SUBSCRIBERS_ZONE).astimezone(UTC)


def _handed_in(fact: Fact) -> Q:
    numbers = () if fact.number is None else (fact.number,)
    try:
        return Q(facts()[fact.name](*numbers))
    except SubscribersError as error:
        raise wrong(fact.at, error.what, error.mend) from None


FIELDS: dict[str, Callable[[Comparison], Q]] = {
    "list": _list,
    "theme": _theme,
    "tag": _tag,
    "language": _language,
    "joined": _joined,
}
