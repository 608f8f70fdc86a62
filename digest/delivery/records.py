"""Delivery records: who is to get an issue, and what became of each mail (laws 3 and 4).

In: an issue, and the outcomes of its mails. Out: rows, changed in sets, each change guarded by
the state that it starts from and by whose claim it is (`owner`: the sender's journal). The one
room of the stages where rows live: claiming must be one act of the database, or two senders could
claim one row. What a dead sender left is settled in `recovery`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Exists, F, Min, Q, QuerySet

from digest.errors import Refused
from digest.models import Delivery, Issue
from digest.values import Outcome
from subscribers.models import Membership, Subscriber
from subscribers.preferences import choice_among
from subscribers.recipients import Addressee, Member, confirmed_recipients, members_of, today

State = Delivery.State
OPEN = (State.QUEUED, State.CLAIMED, State.DEFERRED)
WAITING = (State.QUEUED, State.DEFERRED)
# How long a deferred mail waits after its first, second … attempt. RFC 5321 4.5.4.1 asks for
# half an hour; greylisting lets in whom comes back after a minute or five.
NEXT_TRY = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720, 1440))
MAX_ATTEMPTS = len(NEXT_TRY) + 1
ROWS_PER_INSERT = 1000
NO_THEME = "no chosen theme in this issue"
PAUSED = "paused by the reader until"  # and the day, as 2026-12-24
EVERY_THEME: frozenset[str] = frozenset()
# Written by hand, as it is done for each reader of a list: a model's instance costs ten times it.
ENQUEUE = """
    INSERT INTO digest_delivery
        (issue_id, subscriber_id, audience, reference, changed_at, state, attempts, detail, owner)
    VALUES (%s, %s, %s, %s, %s, 'queued', 0, '', '')
    ON CONFLICT DO NOTHING
"""
# One statement a mail, as each has the server's own words; as many in one call. The guard is that
# of every other change: a row that an event settled meanwhile stays as it is. The words may name
# the reader, so they are not kept of one who was erased meanwhile.
SETTLE = """
    UPDATE digest_delivery
    SET state = %s, detail = CASE WHEN subscriber_id IS NULL THEN '' ELSE %s END, next_try = %s,
        changed_at = %s
    WHERE id = %s AND state = 'claimed' AND owner = %s
"""
PUT_OFF = """
    UPDATE digest_delivery
    SET state = 'queued', attempts = attempts - 1, next_try = %s, changed_at = %s
    WHERE id = %s AND state = 'claimed' AND owner = %s
"""


@dataclass(frozen=True, slots=True)
class Themes:
    """Ids of themes: what an edition holds, and what its readers can choose now."""

    held: frozenset[str]
    offered: frozenset[str]

    def choice(
        self, chosen: Collection[str], not_now: Collection[str] = ()
    ) -> frozenset[str] | None:
        """What counts of a reader's wishes here; empty: every theme; None: it holds none of them.

        Ids that are known no more drop out, and who wished for nothing else gets every theme.
        """
        known = self.held | self.offered
        wanted = choice_among(chosen, known)
        if not wanted and self.held.isdisjoint(not_now):
            return EVERY_THEME  # the very mail of everybody else
        wanted = (wanted or known).difference(not_now)
        return None if wanted.isdisjoint(self.held) else wanted


class _Row(NamedTuple):
    """What claiming reads of a delivery."""

    id: int
    subscriber_id: int | None
    audience: str
    state: str
    next_try: datetime | None
    attempts: int
    reference: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process alone may put on the wire now."""

    delivery_id: int
    subscriber: Addressee
    audience: str
    joined_at: datetime  # when they confirmed this list, UTC
    attempts: int  # this one counted
    chosen: frozenset[str] = EVERY_THEME  # ids of themes; none: every theme
    text_only: bool = False
    in_turn: bool = False  # it was put off, and its turn has come
    reference: str = ""  # the local part of its Message-ID; "" in rows of an earlier version

    @property
    def domain(self) -> str:
        """What stands after the @ of the address."""
        return self.subscriber.address.rpartition("@")[2]


def enqueue(
    issue: Issue,
    list_order: Sequence[str],
    now: datetime,
    *,
    reference_of: Callable[[str], str] = lambda public_id: "",
    among: QuerySet[Subscriber] | None = None,
) -> int:
    """One queued row per confirmed recipient; those who have a row keep it. Returns new rows.

    `among`: only these subscribers, of a segment; None: everybody.
    `reference_of` makes of a subscriber's public id what events will call the delivery by. It
    stands in the row long before the wire, so that an event finds also what is `unknown`.
    """
    before, at = issue.deliveries.count(), _stored(now)
    rows = (
        (issue.pk, one.subscriber_id, one.list_name, reference_of(one.public_id), at)
        for one in confirmed_recipients(list_order, among)
    )
    with connection.cursor() as cursor:
        while batch := list(islice(rows, ROWS_PER_INSERT)):
            cursor.executemany(ENQUEUE, batch)
    return issue.deliveries.count() - before


def is_due(issue: Issue, now: datetime) -> bool:
    """Whether a claim would find a row now."""
    return _due(issue, now, 0).exists()


def claim(
    issue: Issue,
    size: int,
    now: datetime,
    *,
    owner: str = "",
    after: int = 0,
    themes: Mapping[str, Themes] = MappingProxyType({}),
) -> list[Claimed]:
    """Up to `size` rows with an id above `after` that are due; empty when none is left there.

    `themes` are those of each audience's edition; one frozen before readers could choose is not
    named. Who is no longer confirmed on the row's list, is suppressed, has paused, or finds none
    of their themes in it is skipped here and not claimed (law 4). An issue that is not `sending`
    (paused, say) has nothing to claim.
    """
    while True:
        with transaction.atomic():
            # Locked where the database can: a second sender gets the rows after these, and
            # waits for none. SQLite writes one transaction at a time anyway.
            due = _due(issue, now, after).select_for_update(skip_locked=True)
            rows = [_Row(*row) for row in due.values_list(*_Row._fields)[:size]]
            claimed = _claim_or_skip(rows, themes, owner, now)
        if claimed or not rows:
            return claimed
        after = rows[-1].id


def settle(
    results: Iterable[tuple[int, Outcome]], now: datetime, *, owner: str = ""
) -> dict[int, str]:
    """Store what became of claimed rows, by id; a row that is not claimed any more stays.

    Returns why they failed, of those that did: also what was deferred once too often.
    """
    results = tuple(results)
    with transaction.atomic():
        put_off = [delivery_id for delivery_id, outcome in results if outcome.state == "deferred"]
        attempts = _attempts(put_off) if put_off else {}
        rows = [
            (*_ended(outcome, attempts.get(delivery_id, 0), now), delivery_id)
            for delivery_id, outcome in results
        ]
        _execute(SETTLE, rows, now, owner)
    return {delivery_id: detail for state, detail, _, delivery_id in rows if state == "failed"}


def release(delivery_ids: Iterable[int], now: datetime, *, owner: str = "") -> None:
    """Give back rows that were claimed and never put on the wire; no attempt is counted."""
    give_back(_claimed(delivery_ids, owner), now)


def give_back(claimed: QuerySet[Delivery], now: datetime) -> int:
    """The same, for rows that are known by more than their ids; how many there were."""
    return claimed.update(state=State.QUEUED, attempts=F("attempts") - 1, detail="", changed_at=now)


def put_off(turns: Iterable[tuple[int, datetime]], now: datetime, *, owner: str = "") -> None:
    """Give back claimed rows whose domain is to be spared, each until its own turn comes."""
    _execute(PUT_OFF, ((_stored(turn), delivery_id) for delivery_id, turn in turns), now, owner)


def forget_turns(issue: Issue) -> None:
    """Whoever was put off has no turn any more: a new run gives out its own."""
    issue.deliveries.filter(state=State.QUEUED, next_try__isnull=False).update(next_try=None)


def sent_before(midnight: datetime) -> tuple[int, int]:
    """Days (UTC) before it on which mails were begun, and how many were begun since."""
    gone = (State.ACCEPTED, State.UNKNOWN, State.FAILED, State.DEFERRED)
    begun = Delivery.objects.filter(state__in=gone, attempts__gt=0)
    days = begun.filter(changed_at__lt=midnight).datetimes("changed_at", "day", tzinfo=UTC)
    return days.count(), begun.filter(changed_at__gte=midnight).count()


def open_rows(issue: Issue) -> int:
    """How many deliveries are not through yet."""
    return issue.deliveries.filter(state__in=OPEN).count()


def next_turn(issue: Issue) -> datetime | None:
    """When the first of the rows that were put off is due; None when there is none."""
    put_off_rows = issue.deliveries.filter(state=State.QUEUED, next_try__isnull=False)
    first: datetime | None = put_off_rows.aggregate(first=Min("next_try"))["first"]
    return first


def counts(issue: Issue) -> dict[str, int]:
    """How many deliveries of the issue are in each state; every state is named."""
    found = issue.deliveries.order_by().values_list("state").annotate(rows=Count("id"))
    return dict.fromkeys((state.value for state in State), 0) | dict(found)


def _due(issue: Issue, now: datetime, after: int) -> QuerySet[Delivery]:
    due = Q(state=State.QUEUED, next_try=None) | Q(state__in=WAITING, next_try__lte=now)
    going_out = Exists(Issue.objects.filter(pk=issue.pk, state=Issue.State.SENDING))
    return issue.deliveries.filter(due, going_out, pk__gt=after).order_by("pk")


def _claim_or_skip(
    rows: Sequence[_Row], themes: Mapping[str, Themes], owner: str, now: datetime
) -> list[Claimed]:
    members = members_of({row.subscriber_id for row in rows if row.subscriber_id is not None})
    mailed: list[Claimed] = []
    passed_over: dict[str, list[int]] = defaultdict(list)  # reason → rows
    day = today(now)
    for row in rows:
        member = members.get((row.subscriber_id or 0, row.audience))
        chosen = _chosen(member, themes.get(row.audience))
        if reason := _why_passed_over(row, member, chosen, day):
            passed_over[reason].append(row.id)
        else:
            mailed.append(_as_claimed(row, member, chosen))
    _skip(passed_over, now)
    ids = [claimed.delivery_id for claimed in mailed]
    updated = Delivery.objects.filter(pk__in=ids, state__in=WAITING).update(
        state=State.CLAIMED,
        attempts=F("attempts") + 1,
        next_try=None,
        owner=owner,
        changed_at=now,
    )
    if updated != len(ids):  # cannot happen under the locks above; never send on a doubt
        raise Refused("another process claimed the same rows", mend="Run `digest send` again")
    return mailed


def _as_claimed(row: _Row, member: Member | None, chosen: frozenset[str] | None) -> Claimed:
    assert member is not None
    assert chosen is not None  # else they were passed over
    assert member.joined_at is not None  # confirmed: the table's constraint
    return Claimed(
        delivery_id=row.id,
        subscriber=member,
        audience=row.audience,
        joined_at=member.joined_at,
        attempts=row.attempts + 1,
        chosen=chosen,
        text_only=member.text_only,
        in_turn=row.state == State.QUEUED and row.next_try is not None,
        reference=row.reference,
    )


def _chosen(member: Member | None, edition: Themes | None) -> frozenset[str] | None:
    """What counts of their choice; an edition that names no themes goes to everybody whole."""
    if edition is None or member is None or not member.has_choice:
        return EVERY_THEME
    return edition.choice(member.themes, member.not_now)


def _skip(by_reason: Mapping[str, Sequence[int]], now: datetime) -> None:
    for reason, ids in by_reason.items():
        Delivery.objects.filter(pk__in=ids, state__in=WAITING).update(
            state=State.SKIPPED, detail=reason, next_try=None, changed_at=now
        )


def _why_passed_over(
    row: _Row, member: Member | None, chosen: frozenset[str] | None, day: date
) -> str:
    """Why nobody is mailed for this row; "" when somebody is."""
    if row.subscriber_id is None:
        return "erased"
    if member is None or member.state == Membership.State.LEFT:
        return "left"
    if member.state == Membership.State.PENDING:
        return "not confirmed"
    if member.suppressed or member.state == Membership.State.SUPPRESSED:
        return "suppressed"
    if member.paused_until is not None and day < member.paused_until:
        return f"{PAUSED} {member.paused_until}"
    return NO_THEME if chosen is None else ""


def _claimed(delivery_ids: Iterable[int], owner: str) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk__in=list(delivery_ids), state=State.CLAIMED, owner=owner)


def _attempts(delivery_ids: Sequence[int]) -> dict[int, int]:
    return dict(Delivery.objects.filter(pk__in=delivery_ids).values_list("pk", "attempts"))


def _ended(outcome: Outcome, attempts: int, now: datetime) -> tuple[str, str, Any]:
    """State, detail and next try of a row; one that was deferred too often has failed."""
    if outcome.state != "deferred":
        return outcome.state, outcome.detail, None
    if attempts >= MAX_ATTEMPTS:
        return "failed", f"gave up after {MAX_ATTEMPTS} attempts: {outcome.detail}", None
    wait = NEXT_TRY[max(attempts, 1) - 1]
    return outcome.state, outcome.detail, _stored(now + wait)


def _execute(statement: str, rows: Iterable[tuple[Any, ...]], now: datetime, owner: str) -> None:
    """A statement of ours for each row: its own values, the id last of them."""
    at = _stored(now)
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(*values[:-1], at, values[-1], owner) for values in rows])


def _stored(moment: datetime) -> Any:
    """A time as this database keeps it."""
    return connection.ops.adapt_datetimefield_value(moment)
