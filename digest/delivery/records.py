"""Delivery records: who is to get an issue, and what became of each mail (laws 3 and 4).

In: an issue, and the outcomes of its mails. Out: rows, changed in sets, each change guarded by
the state that it starts from. The one room of the stages where rows live: claiming must be one
act of the database, or two senders could claim one row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from types import MappingProxyType

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from digest.errors import Refused
from digest.models import Delivery, Issue
from digest.values import Outcome
from subscribers.models import Membership, Subscriber
from subscribers.preferences import choice_among
from subscribers.recipients import confirmed_recipients, standing

State = Delivery.State
OPEN = (State.QUEUED, State.CLAIMED, State.DEFERRED)
WAITING = (State.QUEUED, State.DEFERRED)
# How long a deferred mail waits after its first, second … attempt. RFC 5321 4.5.4.1 asks for
# half an hour; greylisting lets in whom comes back after a minute or five.
NEXT_TRY = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720, 1440))
MAX_ATTEMPTS = len(NEXT_TRY) + 1
ROWS_PER_INSERT = 1000
NO_THEME = "no chosen theme in this issue"


@dataclass(frozen=True, slots=True)
class Themes:
    """Ids of themes: what an edition holds, and what its readers can choose now."""

    held: frozenset[str]
    offered: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process alone may put on the wire now."""

    delivery_id: int
    subscriber: Subscriber
    audience: str
    joined_at: datetime  # when they confirmed this list, UTC
    attempts: int  # this one counted
    chosen: frozenset[str] = frozenset()  # ids of themes; none: every theme


def enqueue(
    issue: Issue,
    list_order: Sequence[str],
    now: datetime,
    *,
    reference_of: Callable[[str], str] = lambda public_id: "",
) -> int:
    """One queued row per confirmed recipient; those who have a row keep it. Returns new rows.

    `reference_of` makes of a subscriber's public id what events will call the delivery by. It
    stands in the row long before the wire, so that an event finds also what is `unknown`.
    """
    before = issue.deliveries.count()
    rows = (
        Delivery(
            issue=issue,
            subscriber_id=recipient.subscriber_id,
            audience=recipient.list_name,
            reference=reference_of(recipient.public_id),
            changed_at=now,
        )
        for recipient in confirmed_recipients(list_order)
    )
    while batch := list(islice(rows, ROWS_PER_INSERT)):
        Delivery.objects.bulk_create(batch, ignore_conflicts=True)
    return issue.deliveries.count() - before


def is_due(issue: Issue, now: datetime) -> bool:
    """Whether a claim would find a row now."""
    return _due(issue, now, 0).exists()


def claim(
    issue: Issue,
    size: int,
    now: datetime,
    *,
    after: int = 0,
    themes: Mapping[str, Themes] = MappingProxyType({}),
) -> list[Claimed]:
    """Up to `size` rows with an id above `after` that are due; empty when none is left there.

    `themes` are those of each audience's edition; one frozen before readers could choose is not
    named. Who is no longer confirmed on the row's list, is suppressed, or finds none of their
    themes in it is skipped here and not claimed (law 4). An issue that is not `sending` (paused,
    say) has nothing to claim.
    """
    while True:
        with transaction.atomic():
            # Locked where the database can: a second sender gets the rows after these, and
            # waits for none. SQLite writes one transaction at a time anyway.
            due = _due(issue, now, after).select_for_update(skip_locked=True, of=("self",))
            rows = list(due[:size])
            claimed = _claim_or_skip(rows, themes, now)
        if claimed or not rows:
            return claimed
        after = rows[-1].pk


def settle(results: Iterable[tuple[int, Outcome]], now: datetime) -> None:
    """Store what became of claimed rows, by id; a row that is not claimed any more stays."""
    by_change: dict[Outcome, list[int]] = defaultdict(list)
    for delivery_id, outcome in results:
        by_change[outcome].append(delivery_id)
    with transaction.atomic():
        for outcome, ids in by_change.items():
            if outcome.state == "deferred":
                _defer(ids, outcome.detail, now)
            else:
                _claimed(ids).update(state=outcome.state, detail=outcome.detail, changed_at=now)


def release(delivery_ids: Iterable[int], now: datetime) -> None:
    """Give back rows that were claimed and never put on the wire; no attempt is counted."""
    _claimed(delivery_ids).update(
        state=State.QUEUED, attempts=F("attempts") - 1, detail="", changed_at=now
    )


def recover(issue: Issue, now: datetime, *, repeatable: bool) -> int:
    """Settle what a dead process left claimed; only for who holds the lock. Returns rows.

    A repeatable transport tries again; otherwise nobody knows whether the mail left, so it is
    `unknown` and never sent again by itself (law 3).
    """
    left = issue.deliveries.filter(state=State.CLAIMED)
    if repeatable:
        return left.update(state=State.QUEUED, changed_at=now)
    detail = "the sender stopped while this mail was on its way"
    return left.update(state=State.UNKNOWN, detail=detail, changed_at=now)


def counts(issue: Issue) -> dict[str, int]:
    """How many deliveries of the issue are in each state; every state is named."""
    found = issue.deliveries.order_by().values_list("state").annotate(rows=Count("id"))
    return dict.fromkeys((state.value for state in State), 0) | dict(found)


def _due(issue: Issue, now: datetime, after: int) -> QuerySet[Delivery]:
    due = Q(state=State.QUEUED) | Q(state=State.DEFERRED, next_try__lte=now)
    rows = issue.deliveries.filter(due, pk__gt=after, issue__state=Issue.State.SENDING)
    return rows.order_by("pk")


def _claim_or_skip(
    rows: Sequence[Delivery], themes: Mapping[str, Themes], now: datetime
) -> list[Claimed]:
    people = [row.subscriber_id for row in rows if row.subscriber_id is not None]
    on_lists, memberships = standing(people), _memberships(people)
    mailed: list[Claimed] = []
    passed_over: dict[str, list[int]] = defaultdict(list)  # reason → rows
    for row in rows:
        member = memberships.get((row.subscriber_id or 0, row.audience))
        confirmed = row.audience in on_lists.get(row.subscriber_id or 0, ())
        if reason := _why_passed_over(row, member, confirmed, themes.get(row.audience)):
            passed_over[reason].append(row.pk)
        else:
            mailed.append(_as_claimed(row, member, themes.get(row.audience)))
    _skip(passed_over, now)
    ids = [claimed.delivery_id for claimed in mailed]
    updated = Delivery.objects.filter(pk__in=ids, state__in=WAITING).update(
        state=State.CLAIMED, attempts=F("attempts") + 1, next_try=None, changed_at=now
    )
    if updated != len(ids):  # cannot happen under the locks above; never send on a doubt
        raise Refused("another process claimed the same rows", mend="Run `digest send` again")
    return mailed


def _memberships(people: Sequence[int]) -> dict[tuple[int, str], Membership]:
    found = Membership.objects.filter(subscriber_id__in=people).select_related("subscriber")
    return {(row.subscriber_id, row.list_name): row for row in found}


def _as_claimed(row: Delivery, member: Membership | None, themes: Themes | None) -> Claimed:
    assert member is not None
    assert member.joined_at is not None  # confirmed: the table's constraint
    chosen = _chosen(member, themes)
    reader, attempts = member.subscriber, row.attempts + 1
    return Claimed(row.pk, reader, row.audience, member.joined_at, attempts, chosen)


def _chosen(member: Membership, themes: Themes | None) -> frozenset[str]:
    """What counts of their choice; an edition without `themes` goes to everybody whole."""
    if themes is None:
        return frozenset()
    return choice_among(member.subscriber.themes, themes.held | themes.offered)


def _skip(by_reason: Mapping[str, Sequence[int]], now: datetime) -> None:
    for reason, ids in by_reason.items():
        Delivery.objects.filter(pk__in=ids, state__in=WAITING).update(
            state=State.SKIPPED, detail=reason, next_try=None, changed_at=now
        )


def _why_passed_over(
    row: Delivery, member: Membership | None, confirmed: bool, themes: Themes | None
) -> str:
    """Why nobody is mailed for this row; "" when somebody is. `themes` are its edition's."""
    if row.subscriber_id is None:
        return "erased"
    if member is None or member.state == Membership.State.LEFT:
        return "left"
    if member.state == Membership.State.PENDING:
        return "not confirmed"
    if not confirmed or member.state == Membership.State.SUPPRESSED:
        return "suppressed"
    chosen = _chosen(member, themes)
    return NO_THEME if chosen and themes and chosen.isdisjoint(themes.held) else ""


def _claimed(delivery_ids: Iterable[int]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk__in=list(delivery_ids), state=State.CLAIMED)


def _defer(ids: Sequence[int], detail: str, now: datetime) -> None:
    for attempts, wait in enumerate(NEXT_TRY, start=1):
        _claimed(ids).filter(attempts=attempts).update(
            state=State.DEFERRED, detail=detail, next_try=now + wait, changed_at=now
        )
    _claimed(ids).filter(attempts__gte=MAX_ATTEMPTS).update(
        state=State.FAILED,
        detail=f"gave up after {MAX_ATTEMPTS} attempts: {detail}",
        changed_at=now,
    )
