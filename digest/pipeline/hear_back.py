"""Hear back: what comes back is stored, then applied, each thing once.

    webhook  ──► store ──► apply ──► deliveries settled, addresses suppressed, lists left
    mailbox  ──►
    refusals ──►

Storing is quick and changes nothing else. Applying carries out `feedback.consequence_of`; an
event's `applied_at` stands in the transaction of its consequences, so that a process killed at
any moment loses nothing and does nothing twice (law 3). Nothing here lifts a suppression.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress as leaving_out
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from django.db import transaction

from digest.config import Config, Keys
from digest.delivery.headers import ascii_domain
from digest.delivery.lock import Busy, only_one
from digest.delivery.message import local_part
from digest.feedback.bounces import read_mail
from digest.feedback.consequences import (
    Consequence,
    DeliveryState,
    IssueResult,
    consequence_of,
)
from digest.feedback.events import FeedbackEvent, Kind
from digest.feedback.mailboxes import open_mailbox
from digest.feedback.sendgrid_events import Received
from digest.models import AuditEntry, Delivery, StoredEvent
from subscribers.errors import SubscribersError
from subscribers.leave import leave
from subscribers.models import Subscriber, Suppression
from subscribers.suppression import suppress

BATCH = 500  # events of one transaction
HEAR_LOCK = ".digest-hear.lock"
REFERENCE = re.compile(r"[0-9a-f]{40}", re.ASCII)
WHO = "digest (what came back)"
SOFT: Kind = "soft bounce"
TOLD = {
    "blocked": "{n} mails were refused for what we are or wrote: `digest deliveries {issue} "
    "--state failed` shows the reasons",
    "dropped": "{n} mails were not tried by the provider: `digest deliveries {issue} "
    "--state failed` shows the reasons",
}


@dataclass(slots=True)
class Heard:
    """What one hearing did. `passed` are mails that ask for nothing, by reason."""

    passed: Counter[str] = field(default_factory=Counter)
    applied: Counter[str] = field(default_factory=Counter)  # by kind
    unmatched: int = 0  # about no delivery that we know
    settled: int = 0  # deliveries that were unknown
    suppressed: int = 0
    left: int = 0
    problems: int = 0  # people who could not be suppressed or taken off

    @property
    def anything(self) -> bool:
        """Whether anything came back at all."""
        return bool(self.applied or self.passed or self.unmatched)

    def document(self) -> dict[str, object]:
        """As JSON and the log print it: counts alone."""
        names = ("unmatched", "settled", "suppressed", "left", "problems")
        counts = {name: getattr(self, name) for name in names}
        return {"applied": dict(self.applied), "passed": dict(self.passed), **counts}


def store_post(received: Iterable[Received], now: datetime) -> None:
    """Keep the events of a post, each once, in one insert."""
    rows = [_row(one.raw_id, one.raw, one.event, now) for one in received]
    StoredEvent.objects.bulk_create(rows, ignore_conflicts=True)


def read_mailbox(config: Config, keys: Keys, now: datetime) -> Counter[str]:
    """Keep what the mails of `feedback.mailbox` say; those that ask for nothing, by reason.

    Wishes to leave are heard whether or not `feedback.tokened_addresses` still offers the
    address. A mail is done once its event is committed; what a killed process left comes again
    and counts once. Raises ConfigError or MailboxError; what was not done comes again.
    """
    passed: Counter[str] = Counter()
    if not config.feedback.mailbox:
        return passed
    host = ascii_domain(config.sender.address.rpartition("@")[2])
    box = open_mailbox(config.feedback.mailbox, folder=config.folder, password=keys.imap_password)
    for mail in box.mails():
        event = read_mail(mail.content, at=mail.at, key=keys.hash_key, host=host)
        if isinstance(event, FeedbackEvent):
            row = _row(event.raw_id, "", event, now)
            StoredEvent.objects.bulk_create([row], ignore_conflicts=True)
        else:
            passed[event.reason] += 1
        box.done(mail)
    return passed


def apply_events(config: Config, now: datetime) -> Heard:
    """Carry out what the stored events ask for, in order; nothing when another process does.

    An event whose delivery is being settled by a sender at this moment waits for the next call.
    """
    heard, after = Heard(), 0
    with leaving_out(Busy), only_one(config.folder, HEAR_LOCK):
        while batch := _apply_batch(after, now):
            heard, after = _sum(heard, batch.heard), batch.last
    return heard


def hear_back(config: Config, keys: Keys, now: datetime) -> Heard:
    """Read the mailbox, then apply all that is stored.

    Raises as `read_mailbox` does, and applies what is stored all the same.
    """
    passed: Counter[str] = Counter()
    try:
        passed = read_mailbox(config, keys, now)
    finally:
        heard = apply_events(config, now)
    heard.passed = passed
    return heard


def _apply_batch(after: int, now: datetime) -> _Batch | None:
    """The next events that nobody else has in hand, applied and committed; None: no more."""
    with transaction.atomic():
        waiting = StoredEvent.objects.filter(applied_at__isnull=True, pk__gt=after)
        locked = waiting.order_by("pk").select_for_update(skip_locked=True)
        events = list(locked[:BATCH])
        if not events:
            return None
        batch = _Batch(events, now)
        batch.apply()
    return batch


class _Batch:
    """One transaction's events with the deliveries that they are about, locked."""

    def __init__(self, events: Sequence[StoredEvent], now: datetime):
        self.now, self.heard, self.last = now, Heard(), events[-1].pk
        wanted = {event.reference for event in events if REFERENCE.fullmatch(event.reference)}
        rows = Delivery.objects.filter(reference__in=wanted)
        known = set(rows.values_list("reference", flat=True))
        # Not waited for: a sender that settles many rows could wait for us the other way round.
        mine = rows.select_for_update(skip_locked=True, of=("self",))
        mine = mine.select_related("subscriber", "issue").order_by("pk")
        self.deliveries = {row.reference: row for row in mine}
        busy = known - self.deliveries.keys()
        self.events = [event for event in events if event.reference not in busy]
        self.results = _results(
            self.deliveries[event.reference].subscriber_id
            for event in self.events
            if event.kind == SOFT and event.reference in self.deliveries
        )
        self.before = {row.reference: row.state for row in self.deliveries.values()}
        self.said: dict[str, str] = {}  # reference → the words of the event that settled it
        self.told: Counter[tuple[int, str]] = Counter()

    def apply(self) -> None:
        for event in self.events:
            delivery = self.deliveries.get(event.reference)
            if not event.kind:
                self.heard.applied["ignored"] += 1
            elif delivery is None:
                self.heard.unmatched += 1
            else:
                self.heard.applied[event.kind] += 1
                self._carry_out(event, delivery)
        self._save_deliveries()
        self._tell()
        done = [event.pk for event in self.events]
        StoredEvent.objects.filter(pk__in=done).update(applied_at=self.now)

    def _carry_out(self, stored: StoredEvent, delivery: Delivery) -> None:
        kind = cast(Kind, stored.kind)
        event = FeedbackEvent(kind, stored.at, stored.raw_id, delivery_id=stored.reference)
        results = self.results.get(delivery.subscriber_id or 0, ())
        todo = consequence_of(event, cast(DeliveryState, delivery.state), results)
        if todo.state:
            delivery.state = todo.state
            self.said[delivery.reference] = f"{stored.kind} {stored.detail}".strip()
        if todo.tell:
            self.told[delivery.issue_id, stored.kind] += 1
        if delivery.subscriber is not None and (todo.leave or todo.suppress):
            self._part(delivery.subscriber, delivery.audience, todo)

    def _part(self, person: Subscriber, audience: str, todo: Consequence) -> None:
        """Leave first: a list that was left is left for ever, and has one record of it."""
        try:
            with transaction.atomic():
                if todo.leave:
                    list_name = audience if todo.leave == "list" else None
                    left = leave(
                        person, list_name, actor=WHO, source="what came back", now=self.now
                    )
                    self.heard.left += len(left)
                if todo.suppress:
                    reason = Suppression.Reason(todo.suppress)
                    new = suppress(person.address, reason, WHO, now=self.now)
                    self.heard.suppressed += new
        except SubscribersError:  # an address of another age; the others go on
            self.heard.problems += 1

    def _save_deliveries(self) -> None:
        changes: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for reference, row in self.deliveries.items():
            before = self.before[reference]
            if row.state != before:
                changes[before, row.state, self.said[reference]].append(row.pk)
                self.heard.settled += before == Delivery.State.UNKNOWN
        for (before, state, detail), ids in changes.items():
            Delivery.objects.filter(pk__in=ids, state=before).update(
                state=state, detail=detail, next_try=None, changed_at=self.now
            )

    def _tell(self) -> None:
        numbers = {row.issue_id: row.issue.number for row in self.deliveries.values()}
        AuditEntry.objects.bulk_create(
            AuditEntry(
                issue_id=issue,
                at=self.now,
                who="digest",
                what=TOLD[kind].format(n=count, issue=numbers[issue]),
            )
            for (issue, kind), count in self.told.items()
        )


def _row(raw_id: str, raw: str, event: FeedbackEvent | None, now: datetime) -> StoredEvent:
    return StoredEvent(
        raw_id=raw_id,
        raw=raw,
        kind=event.kind if event else "",
        reference=_reference(event) if event else "",
        detail=event.detail if event else "",
        at=event.at if event else now,
        received_at=now,
    )


def _reference(event: FeedbackEvent) -> str:
    """The delivery's name, proven or by its Message-ID; "" where only an address is known."""
    return event.delivery_id or local_part(event.message_id).lower()


def _results(subscriber_ids: Iterable[int | None]) -> Mapping[int, Sequence[IssueResult]]:
    """How each of these readers' issues ended, newest first; the stored events counted in."""
    theirs = Delivery.objects.filter(subscriber_id__in={one for one in subscriber_ids if one})
    bounced = StoredEvent.objects.filter(reference__in=theirs.values("reference"), kind=SOFT)
    soft = set(bounced.values_list("reference", flat=True))
    rows = theirs.order_by("subscriber_id", "-issue__number")
    results: dict[int, list[IssueResult]] = defaultdict(list)
    for subscriber_id, reference, state in rows.values_list("subscriber_id", "reference", "state"):
        through = state == Delivery.State.ACCEPTED
        ended: IssueResult = "soft" if reference in soft else "through" if through else "not sent"
        results[subscriber_id or 0].append(ended)
    return results


def _sum(heard: Heard, more: Heard) -> Heard:
    return Heard(
        heard.passed + more.passed,
        heard.applied + more.applied,
        heard.unmatched + more.unmatched,
        heard.settled + more.settled,
        heard.suppressed + more.suppressed,
        heard.left + more.left,
        heard.problems + more.problems,
    )
