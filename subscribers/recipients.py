"""Who gets an issue, and whether someone may still get it.

`confirmed_recipients` is read when an issue starts, `members_of` again when each delivery is
claimed (law 4). Both know of every suppressed address, whatever its memberships say.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, Protocol

from django.conf import settings
from django.db.models import Case, F, IntegerField, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from subscribers.models import Membership, Subscriber
from subscribers.suppression import suppression_of

IDS_PER_QUERY = 500
NO_CHOICE = "[]"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One subscriber and the one list whose edition they get."""

    subscriber_id: int
    list_name: str
    public_id: str


def confirmed_recipients(
    list_order: Sequence[str], among: QuerySet[Subscriber] | None = None
) -> Iterator[Recipient]:
    """One recipient per subscriber, by id; streamed from one query.

    The list is the one they chose as main when confirmed there, else the first confirmed one
    in `list_order`. Lists that are not in `list_order` do not count. `among`: only these.
    """
    rank = Case(
        When(list_name=F("subscriber__main_list"), then=Value(-1)),
        *(When(list_name=name, then=Value(place)) for place, name in enumerate(list_order)),
        default=Value(len(list_order)),
        output_field=IntegerField(),
    )
    rows = (
        _on_lists(list_order, among)
        .annotate(rank=rank)
        .order_by("subscriber_id", "rank")
        .values_list("subscriber_id", "list_name", "subscriber__public_id")
    )
    for _, lists in groupby(rows.iterator(chunk_size=2000), key=itemgetter(0)):
        yield Recipient(*next(lists))


def count_recipients(list_order: Sequence[str], among: QuerySet[Subscriber] | None = None) -> int:
    """How many `confirmed_recipients` would name."""
    return _on_lists(list_order, among).values("subscriber_id").distinct().count()


def standing(subscriber_ids: Sequence[int]) -> dict[int, set[str]]:
    """The lists on which each is confirmed now; empty for who left, is suppressed or is gone."""
    lists: dict[int, set[str]] = {subscriber_id: set() for subscriber_id in subscriber_ids}
    for start in range(0, len(subscriber_ids), IDS_PER_QUERY):
        some = subscriber_ids[start : start + IDS_PER_QUERY]
        rows = _mailable().filter(subscriber_id__in=some)
        for subscriber_id, list_name in rows.values_list("subscriber_id", "list_name"):
            lists[subscriber_id].add(list_name)
    return lists


class Addressee(Protocol):
    """Who a mail is for."""

    @property
    def address(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def public_id(self) -> str: ...


class Member(NamedTuple):
    """A membership and its subscriber, as they are when a delivery is claimed."""

    subscriber_id: int
    list_name: str
    state: str
    joined_at: datetime | None
    address: str
    name: str
    public_id: str
    text_only: bool
    paused_until: date | None  # no mail before this day, in the publication's zone
    chosen: str  # themes, as JSON: nearly always "[]", and not worth parsing a million times
    declined: str  # themes that are not wanted for now, likewise
    suppressed: bool

    @property
    def has_choice(self) -> bool:
        """Whether they wish anything but every theme."""
        return self.chosen != NO_CHOICE or self.declined != NO_CHOICE

    @property
    def themes(self) -> list[str]:
        """Ids of the themes that they chose; none: every theme."""
        return json.loads(self.chosen) if self.chosen != NO_CHOICE else []

    @property
    def not_now(self) -> list[str]:
        """Ids of the themes that they do not want for now."""
        return json.loads(self.declined) if self.declined != NO_CHOICE else []


def members_of(subscriber_ids: Collection[int]) -> dict[tuple[int, str], Member]:
    """All memberships of these subscribers, by subscriber and list; one query for 500 of them."""
    ids, found = list(subscriber_ids), list[Member]()
    of_subscriber = ("address", "name", "public_id", "text_only", "paused_until")
    for start in range(0, len(ids), IDS_PER_QUERY):
        rows = Membership.objects.filter(subscriber_id__in=ids[start : start + IDS_PER_QUERY])
        rows = rows.annotate(
            suppressed=suppression_of("subscriber__address_key"),
            chosen=Cast("subscriber__themes", TextField()),
            declined=Cast("subscriber__not_now", TextField()),
        )
        columns = ("subscriber_id", "list_name", "state", "joined_at")
        subscriber = (f"subscriber__{column}" for column in of_subscriber)
        computed = ("chosen", "declined", "suppressed")
        found += map(Member._make, rows.values_list(*columns, *subscriber, *computed))
    return {(member.subscriber_id, member.list_name): member for member in found}


class Wishes(NamedTuple):
    """What keeps an issue, or parts of it, from somebody who is confirmed."""

    themes: list[str]
    not_now: list[str]
    paused_until: date | None


def wishes() -> dict[int, Wishes]:
    """Subscriber → their wishes, of those who have any."""
    rows = Subscriber.objects.exclude(themes=[], not_now=[], paused_until=None)
    return {pk: Wishes(*rest) for pk, *rest in rows.values_list("pk", *Wishes._fields)}


def today(now: datetime) -> date:
    """The day in the publication's zone: who paused gets no mail while it is before theirs."""
    return now.astimezone(settings.SUBSCRIBERS_ZONE).date()


def _on_lists(
    list_order: Sequence[str], among: QuerySet[Subscriber] | None
) -> QuerySet[Membership]:
    rows = _mailable().filter(list_name__in=list_order)
    return rows if among is None else rows.filter(subscriber__in=among)


def _mailable() -> QuerySet[Membership]:
    return Membership.objects.filter(
        ~suppression_of("subscriber__address_key"), state=Membership.State.CONFIRMED
    )
