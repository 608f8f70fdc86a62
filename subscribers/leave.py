"""Leaving a list: at once, for ever, and as often as one likes.

Law 4: the state changes before anything else, so that an issue going out at this moment sends
nothing more. A list never joined is closed as well, so that no import can open it later.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from subscribers.consent import Circumstances, append
from subscribers.departures import note_departures
from subscribers.lists import check_list, list_names
from subscribers.models import Membership, Subscriber

State = Membership.State


def leave(
    subscriber: Subscriber,
    list_name: str | None,
    *,
    actor: str,
    source: str,
    now: datetime | None = None,
) -> tuple[str, ...]:
    """Leave one list, or all when None; the lists that were left just now (none: had left before).

    Raises SubscribersError for a list that is unknown.
    """
    at = now or timezone.now()
    with transaction.atomic():
        mine = {m.list_name: m for m in subscriber.memberships.select_for_update()}
        names = _lists_meant(list_name, set(mine))
        left_now = [name for name in names if name in mine and mine[name].state != State.LEFT]
        subscriber.memberships.filter(list_name__in=left_now).update(
            state=State.LEFT, changed_at=at
        )
        Membership.objects.bulk_create(
            [
                Membership(subscriber=subscriber, list_name=name, state=State.LEFT, changed_at=at)
                for name in names
                if name not in mine
            ],
            ignore_conflicts=True,
        )
        for name in left_now:
            append("withdrawn", [subscriber.pk], name, Circumstances(actor, source), at=at)
        closed = [name for name in names if name in left_now or name not in mine]
        for name in closed:
            note_departures("left", [subscriber.address_key], name, at=at)
    return tuple(left_now)


def _lists_meant(list_name: str | None, mine: set[str]) -> list[str]:
    """One list, or all that are offered and all that the person is on (retired ones too)."""
    if list_name is None:
        return [*list_names(), *sorted(mine - set(list_names()))]
    return [list_name if list_name in mine else check_list(list_name)]
