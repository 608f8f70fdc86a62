"""Deliver: an approved issue → one mail per confirmed subscriber, and the queued mails.

    lock → check the approval → recover → (claim → wire → settle)… → sent

Intent is committed before the wire and the outcome after it, and no transaction is open in
between (laws 3 and 11). Safe to kill at any moment and to run again; run twice, it sends
nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from django.db import transaction

from digest.config import Config, Keys
from digest.delivery import records
from digest.delivery.lock import QUEUE_LOCK, SEND_LOCK, Busy, only_one
from digest.delivery.message import mailable
from digest.delivery.pace import Pace
from digest.delivery.records import Claimed
from digest.delivery.transports import Transport, open_transport
from digest.errors import DeliveryError, Refused
from digest.models import AuditEntry, Issue, QueuedMail
from digest.pipeline import Progress
from digest.pipeline.approval import approval_hash
from digest.pipeline.issues import find_issue
from digest.pipeline.mailing import Mailing
from digest.pipeline.render import rendition_value
from digest.values import Envelope, Outcome
from subscribers.addresses import address_key
from subscribers.membership import awaits_confirmation
from subscribers.suppression import suppressed_keys

State = Issue.State
Clock = Callable[[], datetime]

READY = (State.APPROVED, State.SCHEDULED)
MEND = {
    State.DRAFT: "Approve it first: `digest approve {n} --by NAME`",
    State.PAUSED: "Run `digest resume {n}` first",
    State.CANCELLED: "Run `digest compose` for a new one",
    State.SKIPPED: "It has too few items; run `digest compose` once there are more",
}
# Where a mail may be delivered again, many go between two commits. Where it may not, one: what
# a killed sender leaves unknown, and what someone who leaves just now still gets, is one mail.
BATCH_REPEATABLE, BATCH_ONCE = 200, 1


def utc_now() -> datetime:
    """This instant, aware."""
    return datetime.now(UTC)


def send_issue(
    number: int,
    config: Config,
    keys: Keys,
    *,
    now: Clock = utc_now,
    progress: Progress | None = None,
    transport: Transport | None = None,
    pace: Pace | None = None,
) -> dict[str, int]:
    """Send what is due of an issue; how many deliveries are in each state afterwards.

    Deferred mails that are not yet due stay, and the issue stays `sending`: call again later.
    Raises Refused (not approved, changed since, a sender that tells a diagnosis, nobody to mail,
    another sender at work), ConfigError, or DeliveryError when the transport cannot work; then
    nothing is lost.
    """
    issue = find_issue(number)
    if issue.state == State.SENT and not _open_rows(issue):
        return records.counts(issue)
    wire = transport or open_transport(config, keys)
    with only_one(config.folder, SEND_LOCK):
        mailing = _begin(issue, config, keys, now)
        records.recover(issue, now(), repeatable=wire.repeatable)
        if records.is_due(issue, now()):  # else no server is troubled
            with wire:
                _send_due(issue, mailing, wire, pace or Pace(config.pace.per_second), now, progress)
        _finish(issue, now())
    return records.counts(issue)


def flush_queue(
    config: Config, keys: Keys, *, now: Clock = utc_now, transport: Transport | None = None
) -> dict[str, int]:
    """Send the queued mails that are due; how many were accepted, deferred and so on.

    An accepted mail's row is deleted. One whose outcome is unknown is tried again: a second
    confirmation harms nobody, a lost one locks somebody out. What is given up stays until it is
    older than `privacy.retention.pending`. Raises DeliveryError; then nothing is lost.
    """
    too_old = now() - config.privacy.retention.pending
    QueuedMail.objects.filter(queued_at__lt=too_old, attempts__gte=records.MAX_ATTEMPTS).delete()
    results: Counter[str] = Counter()
    if _due_mails(now()):
        wire = transport or open_transport(config, keys)
        with suppress(Busy), only_one(config.folder, QUEUE_LOCK), wire:
            for row in _due_mails(now()):  # again: another process may have sent them
                if _still_wanted(row):
                    results[_send_queued(row, wire, config)] += 1
                else:
                    row.delete()
    return {state: results[state] for state in ("accepted", "deferred", "failed", "unknown")}


def _begin(issue: Issue, config: Config, keys: Keys, now: Clock) -> Mailing:
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
        if state in READY:
            _queue_everybody(held, mailing, now())
        Issue.objects.filter(pk=held.pk).update(state=State.SENDING)
    return mailing


def _queue_everybody(issue: Issue, mailing: Mailing, now: datetime) -> None:
    lists = [audience for audience in mailing.config.audience_order if audience in mailing.editions]
    queued = records.enqueue(issue, lists, now, reference_of=mailing.reference)
    if not queued:
        raise Refused(
            f"nobody to send issue {issue.number} to: no list has a confirmed member",
            mend="Run `digest subscribers import`, or wait for people to confirm",
        )
    AuditEntry.objects.create(
        issue=issue, at=now, who="digest", what=f"began to send to {queued} subscribers"
    )


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


def _send_due(
    issue: Issue,
    mailing: Mailing,
    wire: Transport,
    pace: Pace,
    now: Clock,
    progress: Progress | None,
) -> None:
    show = progress or (lambda done, total: None)
    total = issue.deliveries.count()
    done = total - _open_rows(issue)
    size = BATCH_REPEATABLE if wire.repeatable and not pace.slows else BATCH_ONCE
    show(done, total)
    for batch in _claims(issue, size, mailing, now):
        pace.wait()
        _send_batch(batch, mailing, wire, now)
        done += len(batch)
        show(min(done, total), total)
    show(total - _open_rows(issue), total)


def _claims(issue: Issue, size: int, mailing: Mailing, now: Clock) -> Iterator[list[Claimed]]:
    """Batches in the order of rows, and around again for those that came due meanwhile."""
    themes, after = mailing.themes(), 0
    while True:
        batch = records.claim(issue, size, now(), after=after, themes=themes)
        if batch:
            after = batch[-1].delivery_id
            yield batch
        elif after:
            after = 0
        else:
            return


def _send_batch(batch: list[Claimed], mailing: Mailing, wire: Transport, now: Clock) -> None:
    results: list[tuple[int, Outcome]] = []
    try:
        for claimed in batch:
            results.append((claimed.delivery_id, _send_one(claimed, mailing, wire, now)))
    except DeliveryError:
        records.release([claimed.delivery_id for claimed in batch[len(results) :]], now())
        raise
    finally:
        records.settle(results, now())


def _send_one(claimed: Claimed, mailing: Mailing, wire: Transport, now: Clock) -> Outcome:
    try:
        envelope = mailing.envelope(claimed, now())
    except Refused as refusal:
        return Outcome("failed", refusal.line())
    return wire.deliver(envelope)


def _finish(issue: Issue, now: datetime) -> None:
    """Sent, once no row is open; a paused issue, or one with mails to try again, is not."""
    with transaction.atomic():
        held = Issue.objects.select_for_update().get(pk=issue.pk)
        if held.state == State.SENDING and not _open_rows(held):
            held.state, held.sent_at = State.SENT, held.sent_at or now
            held.save(update_fields=("state", "sent_at"))


def _open_rows(issue: Issue) -> int:
    return issue.deliveries.filter(state__in=records.OPEN).count()


def _due_mails(now: datetime) -> list[QueuedMail]:
    waiting = QueuedMail.objects.filter(attempts__lt=records.MAX_ATTEMPTS).order_by("pk")
    return [
        row
        for row in waiting
        if row.attempts == 0 or row.queued_at + records.NEXT_TRY[row.attempts - 1] <= now
    ]


def _still_wanted(row: QueuedMail) -> bool:
    """Not for who left, was suppressed, erased or confirmed since it was queued (law 4).

    A notice is for an editor, who need be on no list.
    """
    if row.purpose == QueuedMail.Purpose.NOTICE:
        return not suppressed_keys([address_key(row.recipient)])
    return awaits_confirmation(row.recipient)


def _send_queued(row: QueuedMail, wire: Transport, config: Config) -> str:
    sender = mailable(config.sender.address)
    outcome = wire.deliver(Envelope(sender, row.recipient, row.message_id, bytes(row.content)))
    if outcome.state == "accepted":
        row.delete()
        return outcome.state
    given_up = outcome.state == "failed"
    attempts = records.MAX_ATTEMPTS if given_up else row.attempts + 1
    # An update, not a save: the row may be gone, if its person was erased meanwhile.
    same = QueuedMail.objects.filter(pk=row.pk)
    same.update(attempts=attempts, detail=outcome.detail)
    return outcome.state
