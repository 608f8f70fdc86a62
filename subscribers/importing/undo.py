"""One import taken back, in one step, but for what people did since.

In: the number of an import. Out: how many memberships went, and how many stayed. Who left, was
suppressed or confirmed by themselves since keeps that; an address that is on no other list, and
of which nothing was chosen, goes. Batch by batch; run again after a stop, it goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from subscribers.consent import Circumstances, append
from subscribers.erase import traces_of
from subscribers.errors import SubscribersError
from subscribers.models import ImportRun, Membership, Subscriber

BATCH = 1000
State = Membership.State


@dataclass(frozen=True, slots=True)
class Undone:
    """`removed`: memberships that went; `pending`: that wait for an answer again; `kept`: whose

    people acted since; `erased`: subscribers of whom nothing was left.
    """

    removed: int = 0
    pending: int = 0
    kept: int = 0
    erased: int = 0

    def __add__(self, other: Undone) -> Undone:
        return Undone(
            self.removed + other.removed,
            self.pending + other.pending,
            self.kept + other.kept,
            self.erased + other.erased,
        )


def undo_import(number: int, *, actor: str, now: datetime | None = None) -> Undone:
    """Take back import `number`. Raises SubscribersError where there is none, or it is undone."""
    at = now or timezone.now()
    run = ImportRun.objects.filter(pk=number).first()
    if run is None or run.undone_at:
        what = f"there is no import {number}"
        what = what if run is None else f"import {number} is undone already"
        raise SubscribersError(what, mend="`digest subscribers imports` lists them")
    # From now on it does not go on: what it would add would not be undone.
    ImportRun.objects.filter(pk=number, finished_at=None).update(finished_at=at)
    total, last = Undone(), 0
    while True:
        with transaction.atomic():
            mine = Membership.objects.filter(imported=run, pk__gt=last).order_by("pk")
            some = list(mine.select_for_update()[:BATCH])
            if not some:
                ImportRun.objects.filter(pk=number).update(undone_at=at)
                return total
            total += _undo(run, some, actor, at)
            last = some[-1].pk


def _undo(run: ImportRun, some: list[Membership], actor: str, at: datetime) -> Undone:
    given = State.CONFIRMED if run.order.get("source") else State.PENDING
    as_left = [one for one in some if one.state == given and one.changed_at == run.started_at]
    back = [one for one in as_left if one.was_pending]
    gone = [one for one in as_left if not one.was_pending]
    Membership.objects.filter(pk__in=[one.pk for one in back]).update(
        state=State.PENDING, joined_at=None, changed_at=at, imported=None, was_pending=False
    )
    Membership.objects.filter(pk__in=[one.pk for one in gone]).delete()
    empty = set(_nothing_else(run, (one.subscriber_id for one in gone)))
    stay = [one.subscriber_id for one in as_left if one.subscriber_id not in empty]
    how = Circumstances(actor, f"import {run.pk} undone")
    append("withdrawn", stay, run.list_name, how, at=at)
    _forget(empty)
    return Undone(len(gone), len(back), len(some) - len(as_left), len(empty))


def _forget(ids: Collection[int]) -> None:
    """Delete them, and what else names them: of a delivery, only what counts stays."""
    people = Subscriber.objects.filter(pk__in=ids)
    traces_of(ids, list(people.values_list("address_key", flat=True))).remove_rows()
    people.delete()


def _nothing_else(run: ImportRun, ids: Iterable[int]) -> list[int]:
    """Those whom the import made, who are on no list and chose nothing."""
    found = Subscriber.objects.filter(
        ~Exists(Membership.objects.filter(subscriber=OuterRef("pk"))),
        pk__in=list(ids),
        imported=run,
        main_list="",
        themes=[],
        not_now=[],
        text_only=False,
        paused_until=None,
        new_address_at=None,
    )
    return list(found.values_list("pk", flat=True))
