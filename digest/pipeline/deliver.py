"""Deliver: an approved issue → one mail per confirmed subscriber.

    journal → recover → check the approval → queue everybody → sending → sent

Safe to kill at any moment and to run again; run twice, it sends nothing twice (law 3). What a
killed run left on the wire is `unknown`, and never sent again by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import transaction

from digest.config import Config, Keys
from digest.delivery import records
from digest.delivery.couriers.opening import courier_for, one_by_one
from digest.delivery.journal import Journal, open_journal
from digest.delivery.pace import Pace, WarmUp, utc_midnight
from digest.delivery.recovery import left_claims
from digest.delivery.transports import Transport
from digest.errors import Refused
from digest.models import AuditEntry, Issue
from digest.pipeline import Progress, review, segment
from digest.pipeline.approval import approval_hash
from digest.pipeline.backup.begun import note_began
from digest.pipeline.backup.paused import refuse_unreleased
from digest.pipeline.cancelled import skip_cancelled
from digest.pipeline.issues import find_issue
from digest.pipeline.mailing import Mailing
from digest.pipeline.render import rendition_value
from digest.pipeline.sending import Sending, database_needed, keep_left

State = Issue.State
Clock = Callable[[], datetime]

READY = (State.APPROVED, State.SCHEDULED)
MEND = {
    State.DRAFT: "Approve it first: `digest approve {n} --by NAME`",
    State.PAUSED: "Run `digest resume {n}` first",
    State.CANCELLED: "Run `digest compose` for a new one",
    State.SKIPPED: "It has too few items; run `digest compose` once there are more",
}


def utc_now() -> datetime:
    """This instant, aware."""
    return datetime.now(UTC)


def send_issue(
    number: int,
    config: Config,
    keys: Keys,
    *,
    to_segment: str | None = None,
    now: Clock = utc_now,
    progress: Progress | None = None,
    transport: Transport | None = None,
    pace: Pace | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, int]:
    """Send what is due of an issue; how many deliveries are in each state afterwards.

    Deferred mails that are not yet due stay, and the issue stays `sending`: call again later.
    `to_segment`: a saved segment or an expression, stored before everybody is queued; None: the
    one that the issue has, or everybody.
    `transport` takes the place of the one that config.yaml names. Raises Refused (not approved,
    changed since, a sender that tells a diagnosis, nobody to mail, another sender at work),
    ConfigError, or DeliveryError when the transport or the database cannot work; then nothing is
    lost.
    """
    refuse_unreleased()
    issue = find_issue(number)
    if issue.state == State.SENT and not records.open_rows(issue):
        if to_segment is not None:
            segment.choose(issue, to_segment)  # refused, unless it is the same
        return records.counts(issue)
    make = one_by_one(transport) if transport else courier_for(config, keys)
    with database_needed(), open_journal(config.folder) as journal:
        _settle_what_was_left(journal, now())
        mailing = _begin(issue, config, keys, now, to_segment)
        pace = pace or Pace(config.pace, warm_up=warm_up_of(config, now()))
        records.forget_turns(issue)
        if pace.left_today != 0 and records.is_due(issue, now()):  # else no server is troubled
            courier = make(mailing, journal, now)
            journal.begin(repeatable=courier.repeatable)
            Sending(
                issue, mailing, courier, journal, pace, now=now, progress=progress, sleep=sleep
            ).run()
            _end(journal, now())
        _finish(issue, now())
    return records.counts(issue)


def schedule_issue(
    issue: Issue, at: datetime, *, to_segment: str | None, who: str, now: datetime
) -> Issue:
    """Have the clock send it at an instant to come; `to_segment` as in `send_issue`."""
    with transaction.atomic():
        review.schedule(issue, at, who=who, now=now)
        if to_segment is not None:
            segment.choose(issue, to_segment)
    return issue


def _settle_what_was_left(journal: Journal, now: datetime) -> None:
    keep_left(journal, now)
    skip_cancelled(now)
    journal.end()


def _end(journal: Journal, now: datetime) -> None:
    """After a run that went well; what it noted is read again only if a claim is left."""
    if left_claims(journal.owner):  # its commit was never confirmed
        _settle_what_was_left(journal, now)
    skip_cancelled(now)  # what was released just now
    journal.end()


def warm_up_of(config: Config, now: datetime) -> WarmUp:
    """Where this sender stands in the plan of config.yaml."""
    if config.pace.warm_up is None:
        return WarmUp()
    return WarmUp(config.pace.warm_up, *records.sent_before(utc_midnight(now)))


def _begin(issue: Issue, config: Config, keys: Keys, now: Clock, to_segment: str | None) -> Mailing:
    """Check state and approval, and the first time queue everybody, in one commit."""
    with transaction.atomic():
        held = Issue.objects.select_for_update().get(pk=issue.pk)
        state = State(held.state)
        if state in MEND:
            raise Refused(f"issue {held.number} is {state}", mend=MEND[state].format(n=held.number))
        editions = {row.audience: rendition_value(row) for row in held.renditions.all()}
        if approval_hash(editions.values()) != held.approved_hash:
            raise Refused(
                f"issue {held.number} is not what {held.approved_by or 'anybody'} approved",
                mend=f"Look at `digest preview {held.number}`, then approve it again",
            )
        mailing = Mailing(held.number, config, keys, editions, held.approved_hash)
        _refuse_unmailable(mailing, now())
        if to_segment is not None:
            segment.choose(held, to_segment)
        if state in READY:
            _queue_everybody(held, mailing, now())
        Issue.objects.filter(pk=held.pk).update(state=State.SENDING)
    return mailing


def _queue_everybody(issue: Issue, mailing: Mailing, now: datetime) -> None:
    lists = [audience for audience in mailing.config.audience_order if audience in mailing.editions]
    queued = records.enqueue(
        issue, lists, now, reference_of=mailing.reference, among=segment.readers(issue)
    )
    if not queued and issue.segment:
        raise Refused(
            f"nobody to send issue {issue.number} to: no confirmed reader is in "
            f"{segment.in_words(issue)}",
            mend="`--segment` names another, or `everybody`",
        )
    if not queued:
        raise Refused(
            f"nobody to send issue {issue.number} to: no list has a confirmed member",
            mend="Run `digest subscribers import`, or wait for people to confirm",
        )
    of = f" of {segment.in_words(issue)}" if issue.segment else ""
    AuditEntry.objects.create(
        issue=issue, at=now, who="digest", what=f"began to send to {queued} subscribers{of}"
    )
    note_began(issue.number, now)


def _refuse_unmailable(mailing: Mailing, now: datetime) -> None:
    """What is wrong with every mail stops the issue, not each row; config.yaml may have changed

    since it was approved, or since it began to go out.
    """
    if problem := mailing.config.diagnosis_in_sender():  # law 7
        mend = "Choose another in config.yaml, without that word"
        raise Refused(problem, where="config.yaml", mend=mend)
    for audience in mailing.editions:
        mailing.try_on_nobody(audience, now)
    mailing.themes()  # raises what is wrong with themes.yaml while nothing is queued


def _finish(issue: Issue, now: datetime) -> None:
    """Sent, once no row is open; a paused issue, or one with mails to try again, is not."""
    with transaction.atomic():
        held = Issue.objects.select_for_update().get(pk=issue.pk)
        if held.state == State.SENDING and not records.open_rows(held):
            held.state, held.sent_at = State.SENT, held.sent_at or now
            held.save(update_fields=("state", "sent_at"))
