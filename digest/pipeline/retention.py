"""Retention: what nobody needs any more goes by itself, a little at a time.

In: a configuration and the time. Out: rows gone or emptied, in batches of a fraction of a second,
each of them committed; killed, it goes on where it was. Counts stay true: a delivery keeps issue,
audience, state, attempts and time, which the warm-up and the reports read. docs/privacy.md tells
readers and operators what is kept how long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from digest.config import Config
from digest.delivery import records
from digest.feedback.consequences import SOFT_IN_A_ROW
from digest.models import Delivery, Issue, QueuedMail, StoredEvent
from digest.pipeline.forget import empty, forget_mails
from subscribers.erase import SMALL, overwrite_leftovers
from subscribers.models import Asked, ConsentRecord, Membership, Request, Subscriber, Suppression

BATCH = 500  # rows of one transaction
YEAR = timedelta(days=365)
LATELY = timedelta(days=2)  # an erasure may have come while a reader held up the rewriting
SOFT = "soft bounce"
Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is older than these moments goes."""

    pending: datetime  # what was asked of people who never answered
    details: datetime  # to whom a mail went
    year: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """What is due, and what becomes of a batch of it; `name` is what JSON calls it."""

    name: str
    meaning: str
    due: Callable[[Limits], Rows]
    act: Callable[[Rows], object]


def retain(
    config: Config, *, now: datetime, dry_run: bool = False, rewrite_up_to: int | None = SMALL
) -> dict[str, int]:
    """Apply every rule; by name how many rows (`outbox`: files) went, or would go.

    Run again, it finds nothing. Several may run at once. On SQLite a file of at most
    `rewrite_up_to` octets (None: any) is rewritten after it, if anything went; that holds up
    writers as long as it takes. Raises OSError when a mail in the Maildir cannot be removed.
    """
    limits = limits_of(config, now)
    gone: dict[str, int] = {}
    for rule in RULES:
        due = rule.due(limits)
        gone[rule.name] = due.count() if dry_run else _in_batches(due, rule.act)
    gone["outbox"] = forget_mails(config, dry_run=dry_run)
    erased = Suppression.objects.filter(reason=Suppression.Reason.ERASED, at__gte=now - LATELY)
    if not dry_run and (any(gone.values()) or erased.exists()):
        overwrite_leftovers(rewrite_up_to)
    return gone


def limits_of(config: Config, now: datetime) -> Limits:
    """The moments of `privacy.retention`."""
    kept = config.privacy.retention
    return Limits(now - kept.pending, now - kept.delivery_details, now - YEAR)


def _in_batches(due: Rows, act: Callable[[Rows], object]) -> int:
    """Each batch is read without a lock, then looked at again in its transaction."""
    done, after = 0, 0
    rows = due.order_by("pk")
    while ids := list(rows.filter(pk__gt=after).values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            # Locked in order; what somebody confirmed in between is not due any more.
            batch = due.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
            still = list(batch.values_list("pk", flat=True))
            act(due.model._base_manager.filter(pk__in=still))
        done, after = done + len(still), ids[-1]
    return done


def _pending(limits: Limits) -> Rows:
    """Memberships that nobody confirmed, and for which nobody was asked since."""
    asked = ConsentRecord.objects.filter(
        subscriber=OuterRef("subscriber"),
        list_name=OuterRef("list_name"),
        event="asked",
        at__gte=limits.pending,
    )
    waits = Membership.objects.filter(state=Membership.State.PENDING, changed_at__lt=limits.pending)
    return waits.exclude(Exists(asked))


def _of_no_list(limits: Limits) -> Rows:
    memberships = Membership.objects.filter(subscriber=OuterRef("pk"))
    return Subscriber.objects.filter(~Exists(memberships), created_at__lt=limits.pending)


def _drop_people(people: Rows) -> None:
    empty(Delivery.objects.filter(subscriber__in=people))
    people.delete()


def _new_addresses(limits: Limits) -> Rows:
    return Subscriber.objects.filter(new_address_at__lt=limits.pending)


def _drop_new_address(people: Rows) -> None:
    people.update(new_address="", new_address_at=None)


def _requests(limits: Limits) -> Rows:
    return Request.objects.filter(at__lt=limits.pending)


def _given_up(limits: Limits) -> Rows:
    tried = Q(attempts__gte=records.MAX_ATTEMPTS)
    return QueuedMail.objects.filter(tried, queued_at__lt=limits.pending)


def _asked(limits: Limits) -> Rows:
    return Asked.objects.filter(at__lt=limits.year)


def _deliveries(limits: Limits) -> Rows:
    """Deliveries that name somebody, of issues that went out long ago.

    Not yet those that the rule of soft bounces reads: of a reader with such a bounce among the
    last issues that it looks at, these issues, for a year at most.
    """
    # Issues first, and above 0 rather than "not null": so the index of issue and subscriber tells
    # of each old issue that nobody is left, and a history of many years costs nothing.
    named = Delivery.objects.filter(subscriber_id__gt=0)
    issues = Issue.objects.filter(Exists(named.filter(issue=OuterRef("pk"))))
    old = Q(issue__in=list(issues.filter(state=Issue.State.SENT, sent_at__lt=limits.details)))
    given_up = issues.filter(state=Issue.State.CANCELLED, approved_at__lt=limits.details)
    cancelled = Q(issue__in=list(given_up), changed_at__lt=limits.details)
    latest = Issue.objects.filter(state=Issue.State.SENT).order_by("-number")[:SOFT_IN_A_ROW]
    needed = [issue for issue in latest if issue.sent_at and issue.sent_at >= limits.year]
    bounce = StoredEvent.objects.filter(reference=OuterRef("reference"), kind=SOFT)
    bounced = Delivery.objects.filter(
        Exists(bounce), subscriber=OuterRef("subscriber"), issue__in=needed
    )
    due = named.filter(old | cancelled)
    return due.exclude(state__in=records.OPEN).exclude(Exists(bounced), issue__in=needed)


def _events(limits: Limits) -> Rows:
    """Events long carried out; soft bounces go after the delivery that they are about."""
    delivery = Delivery.objects.filter(reference=OuterRef("reference"))
    applied = StoredEvent.objects.filter(applied_at__lt=limits.details)
    return applied.exclude(Exists(delivery), kind=SOFT)


def _delete(rows: Rows) -> None:
    rows.delete()


RULES = (
    Rule("pending", "memberships that were never confirmed", _pending, _delete),
    Rule("people", "people on no list at all", _of_no_list, _drop_people),
    Rule("new_addresses", "new addresses that were never confirmed", _new_addresses,
         _drop_new_address),
    Rule("requests", "requests from public pages, unanswered", _requests, _delete),
    Rule("asked", "notes that a mail was asked for, a year old", _asked, _delete),
    Rule("mails", "mails given up", _given_up, _delete),
    Rule("deliveries", "deliveries that named somebody", _deliveries, empty),
    Rule("events", "bounces and other events, carried out", _events, _delete),
)  # fmt: skip
MEANINGS = {rule.name: rule.meaning for rule in RULES} | {
    "outbox": "mails in the Maildir to people who were erased"
}
