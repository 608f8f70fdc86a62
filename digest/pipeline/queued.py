"""Queued mails: confirmations and notices that are due → the transport.

In: `QueuedMail` rows (delivery/queue.py makes them). Out: mails, and rows gone once accepted. They
are no issue: one that may have left is sent again, for a second confirmation harms nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from digest.config import Config, Keys
from digest.delivery import records
from digest.delivery.lock import QUEUE_LOCK, Busy, only_one
from digest.delivery.message import mailable
from digest.delivery.transports import Transport, open_transport
from digest.models import QueuedMail
from digest.pipeline.backup.paused import refuse_unreleased
from digest.values import Envelope
from subscribers.addresses import address_key
from subscribers.membership import awaits_confirmation
from subscribers.suppression import suppressed_keys

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """This instant, aware."""
    return datetime.now(UTC)


def flush_queue(
    config: Config, keys: Keys, *, now: Clock = utc_now, transport: Transport | None = None
) -> dict[str, int]:
    """Send the queued mails that are due; how many were accepted, deferred and so on.

    An accepted mail's row is deleted. One whose outcome is unknown is tried again: a second
    confirmation harms nobody, a lost one locks somebody out. What is given up stays until it is
    older than `privacy.retention.pending`. Raises DeliveryError, and Refused on a restored site
    that is not released; then nothing is lost.
    """
    too_old = now() - config.privacy.retention.pending
    QueuedMail.objects.filter(queued_at__lt=too_old, attempts__gte=records.MAX_ATTEMPTS).delete()
    results: Counter[str] = Counter()
    if _due_mails(now()):
        refuse_unreleased()
        wire = transport or open_transport(config, keys)
        with suppress(Busy), only_one(config.folder, QUEUE_LOCK), wire:
            for row in _due_mails(now()):  # again: another process may have sent them
                if _still_wanted(row):
                    results[_send_queued(row, wire, config)] += 1
                else:
                    row.delete()
    return {state: results[state] for state in ("accepted", "deferred", "failed", "unknown")}


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
