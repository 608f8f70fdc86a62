"""Leaving a list: at once, for ever, and as often as one likes; and taking it back for a day.

Law 4: the state changes before anything else, so that an issue going out at this moment sends
nothing more. A list never joined is closed as well, so that no import can open it later. Only
what the person left by their own link comes back by `undo`, to what it was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction
from django.utils import timezone

from subscribers.consent import Circumstances, append
from subscribers.departures import note_departures
from subscribers.lists import check_list, list_names
from subscribers.models import Membership, Subscriber
from subscribers.suppression import suppressed_keys
from subscribers.tokens import UNDO_WITHIN

State = Membership.State
BY_THEMSELVES = "subscriber"  # the actor of what somebody does by a link of their own
UNDONE = "undo of leaving"
# Why they left: what is stored → what they read. Optional, and never a text of their own.
REASONS = {
    "too-many": "Too many mails",
    "not-about-me": "It is not about me",
    "hard-to-read": "It is hard to read",
    "never-asked": "I never asked for it",
    "other": "Something else",
}
Undone = Literal["back", "back_already", "refused"]


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
        Membership.objects.bulk_create(
            [
                Membership(subscriber=subscriber, list_name=name, state=State.LEFT, changed_at=at)
                for name in names
                if name not in mine
            ],
            ignore_conflicts=True,
        )
        # Looked at again: an import may have put one of them in meanwhile (PostgreSQL).
        open_yet = subscriber.memberships.select_for_update().exclude(state=State.LEFT)
        still = set(open_yet.filter(list_name__in=names).values_list("list_name", flat=True))
        left_now = [name for name in names if name in still]
        subscriber.memberships.filter(list_name__in=left_now).update(
            state=State.LEFT, changed_at=at
        )
        for name in left_now + _asked_anew(subscriber, [n for n in names if n not in left_now]):
            append("withdrawn", [subscriber.pk], name, Circumstances(actor, source), at=at)
        closed = [name for name in names if name in left_now or name not in mine]
        for name in closed:
            note_departures("left", [subscriber.address_key], name, at=at)
    return tuple(left_now)


def can_undo(subscriber: Subscriber, list_name: str, *, now: datetime | None = None) -> bool:
    """Whether they left this list by their own link within 24 hours, and were confirmed before."""
    at = now or timezone.now()
    mine = subscriber.memberships.filter(list_name=list_name, state=State.LEFT)
    if not mine.filter(changed_at__gt=at - UNDO_WITHIN).exists():
        return False
    last = list(subscriber.consents.filter(list_name=list_name).order_by("-id")[:2])
    events = [(record.event, record.actor) for record in last]
    return (
        len(events) == 2
        and events[0] == ("withdrawn", BY_THEMSELVES)
        and events[1][0] == "confirmed"
        and not suppressed_keys([subscriber.address_key])
    )


def undo(
    subscriber: Subscriber, list_name: str, *, text: str, now: datetime | None = None
) -> Undone:
    """Back on the list, as if they had not left; `text` is what they agreed to by it.

    Refused when it is later than a day, or anything else happened to their membership since.
    """
    at = now or timezone.now()
    with transaction.atomic():
        mine = subscriber.memberships.filter(list_name=list_name)
        mine.select_for_update().first()  # of two clicks at once, one writes the record
        if not can_undo(subscriber, list_name, now=at):
            return "back_already" if _is_back(subscriber, list_name) else "refused"
        mine.update(state=State.CONFIRMED, changed_at=at, why_left="")
        how = Circumstances(BY_THEMSELVES, UNDONE)
        append("confirmed", [subscriber.pk], list_name, how, at=at, text=text)
        note_departures("returned", [subscriber.address_key], list_name, at=at)
    return "back"


def say_why(subscriber: Subscriber, list_name: str, why: str) -> bool:
    """Keep the reason of who left, one of REASONS; False for any other, or who has not left."""
    if why not in REASONS:
        return False
    left = subscriber.memberships.filter(list_name=list_name, state=State.LEFT)
    return left.update(why_left=why) > 0


def _asked_anew(subscriber: Subscriber, left_before: list[str]) -> list[str]:
    """Lists left before that they asked to come back to: the link of that mail is void by now."""
    last = dict(
        subscriber.consents.filter(list_name__in=left_before).values_list("list_name", "event")
    )  # of each the latest
    return [name for name in left_before if last.get(name) == "asked"]


def _is_back(subscriber: Subscriber, list_name: str) -> bool:
    if suppressed_keys([subscriber.address_key]):
        return False
    return subscriber.memberships.filter(list_name=list_name, state=State.CONFIRMED).exists()


def _lists_meant(list_name: str | None, mine: set[str]) -> list[str]:
    """One list, or all that are offered and all that the person is on (retired ones too)."""
    if list_name is None:
        return [*list_names(), *sorted(mine - set(list_names()))]
    return [list_name if list_name in mine else check_list(list_name)]
