"""Mails that are no issue → the queue: nothing leaves in a web request or a transaction.

In: Django's messages (confirmations; EMAIL_BACKEND names the backend here), and notices to
editors. Out: one `QueuedMail` row per recipient, with its bytes made by `message`;
`pipeline.queued.flush_queue` sends them. A row is written by the caller's transaction, so a
mail exists exactly when what it tells of does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import QuerySet

from digest.delivery.message import build_notice, new_message_id
from digest.errors import Refused
from digest.models import QueuedMail
from digest.values import Envelope, Sender
from subscribers.addresses import address_key

OWN_HEADERS = ("message-id", "auto-submitted")  # these a caller may give; the rest are ours


class QueueBackend(BaseEmailBackend):
    """Stores each message for each of its recipients; sends nothing."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many rows were queued. Raises Refused for those that were not, after the others

        are stored (unless `fail_silently`).
        """
        sender: Sender = settings.CONFIG.sender_value()
        refusals: list[Refused] = []
        rows = list(_rows(email_messages, sender, datetime.now(UTC), refusals))
        QueuedMail.objects.bulk_create(rows)
        if refusals and not self.fail_silently:
            raise Refused(
                f"{len(refusals)} of {len(rows) + len(refusals)} mails were not queued, "
                f"the first because {refusals[0].what}",
                mend=refusals[0].mend,
            )
        return len(rows)


def queue_notices(
    recipients: Iterable[str],
    subject: str,
    text: str,
    *,
    sender: Sender,
    now: datetime,
    about: str = "",
) -> int:
    """A plain mail to each of the editors; how many were queued.

    `about` ("issue-7") opens each Message-ID, so that `notices_about` finds them again.
    An address that cannot be mailed is passed over, for the work must not fail by it;
    `digest check` names it.
    """
    rows = []
    for recipient in recipients:
        with suppress(Refused):
            rows.append(_notice(recipient, subject, text, about, sender, now))
    QueuedMail.objects.bulk_create(rows)
    return len(rows)


def notices_about(about: str) -> QuerySet[QueuedMail]:
    """The notices about something that wait to be sent."""
    notices = QueuedMail.objects.filter(purpose=QueuedMail.Purpose.NOTICE)
    return notices.filter(message_id__startswith=f"<{about}.")


def withdraw_notices(about: str) -> int:
    """Delete the notices about something that were never tried; how many there were."""
    deleted, _ = notices_about(about).filter(attempts=0).delete()
    return deleted


def _notice(
    recipient: str, subject: str, text: str, about: str, sender: Sender, now: datetime
) -> QueuedMail:
    unique = new_message_id(sender.address.rpartition("@")[2])
    envelope = build_notice(
        sender=sender,
        recipient_address=recipient,
        recipient_name="",
        subject=subject,
        text=text,
        html=None,
        message_id=f"<{about}.{unique.removeprefix('<')}" if about else unique,
        date=now,
    )
    return _queued(envelope, QueuedMail.Purpose.NOTICE, now)


def _rows(
    messages: Sequence[EmailMessage], sender: Sender, now: datetime, refusals: list[Refused]
) -> Iterator[QueuedMail]:
    for message in messages:
        for recipient in message.recipients():
            try:
                yield _row(message, recipient, sender, now)
            except Refused as refusal:
                refusals.append(refusal)


def _row(message: EmailMessage, recipient: str, sender: Sender, now: datetime) -> QueuedMail:
    _refuse_strangers(message, sender)
    name, address = parseaddr(recipient)
    envelope = build_notice(
        sender=sender,
        recipient_address=address,
        recipient_name=name,
        subject=str(message.subject),
        text=str(message.body),
        html=_html_of(message),
        message_id=_message_id(message, sender),
        date=now,
    )
    return _queued(envelope, QueuedMail.Purpose.CONFIRMATION, now)


def _queued(envelope: Envelope, purpose: str, now: datetime) -> QueuedMail:
    return QueuedMail(
        recipient_key=address_key(envelope.recipient),
        purpose=purpose,
        recipient=envelope.recipient,
        message_id=envelope.message_id,
        content=envelope.content,
        queued_at=now,
    )


def _refuse_strangers(message: EmailMessage, sender: Sender) -> None:
    address = parseaddr(message.from_email)[1]
    if address.lower() != sender.address.lower():
        raise Refused(
            "a mail has another sender than config.yaml", mend="Send it from sender.address"
        )
    strange = [name for name in message.extra_headers if name.lower() not in OWN_HEADERS]
    if strange or message.attachments:
        raise Refused(
            f"a mail carries {strange[0] if strange else 'an attachment'}, which the queue "
            "does not send",
            mend="Leave it out",
        )


def _message_id(message: EmailMessage, sender: Sender) -> str:
    """The caller's own for a mail to one; else a new one, because each row is a mail."""
    given = {name.lower(): str(value) for name, value in message.extra_headers.items()}
    if "message-id" in given and len(message.recipients()) == 1:
        return given["message-id"]
    return new_message_id(sender.address.rpartition("@")[2])


def _html_of(message: EmailMessage) -> str | None:
    if message.content_subtype != "plain":
        raise Refused("a mail has no plain text", mend="Give the HTML as an alternative")
    if isinstance(message, EmailMultiAlternatives):
        for content, kind in message.alternatives:
            if kind == "text/html":
                return str(content)
    return None
