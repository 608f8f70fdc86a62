"""One mail to one recipient as bytes: headers that refuse injection, plain text before HTML.

In: sender, one recipient, subject, both bodies. Out: an `Envelope` of CRLF lines, each far
under 998 octets. Law 5: one recipient per envelope and per header. An issue goes to thousands
through compiled.py, which gives the same message.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import datetime

from digest.delivery.body import alternatives, only_text
from digest.delivery.headers import (
    LEAVE_MAILBOX,
    MESSAGE_ID,
    MIME_VERSION,
    WEB_ADDRESS,
    ascii_domain,
    dated,
    from_sender,
    identified,
    mailable,
    mailbox,
    of_list,
    unstructured,
    verbatim,
    ways_to_leave,
)
from digest.values import Envelope, Sender

__all__ = [
    "LEAVE_MAILBOX", "MESSAGE_ID", "WEB_ADDRESS", "build_envelope", "build_notice", "feedback_id",
    "local_part", "mailable", "message_id_for", "new_message_id",
]  # fmt: skip


def build_envelope(
    *,
    sender: Sender,
    recipient_address: str,
    recipient_name: str,
    subject: str,
    text: str,
    html: str | None,
    message_id: str,
    date: datetime,
    unsubscribe_url: str,
    list_host: str,
    feedback_id: str,
    unsubscribe_mailto: str | None = None,
) -> Envelope:
    """An issue's mail to one subscriber, with RFC 2369, RFC 2919 and RFC 8058 headers.

    `message_id` stands in angle brackets; `date` is aware; `feedback_id` is what the function of
    that name gives. Without `html` the mail is the text alone. `unsubscribe_mailto` is a plain
    address with an opaque token (leave+TOKEN@HOST); nobody hands one in as long as nothing reads
    that mailbox. Two headers are left out on purpose: `Precedence` (RFC 2076: discouraged) and
    `Auto-Submitted` (RFC 3834: not for lists); List-Id already keeps well-behaved answering
    machines quiet (RFC 5230 4.6).
    Raises Refused when a value cannot stand in a header or an address cannot be mailed.
    """
    head = _head(sender, recipient_address, recipient_name, subject, message_id, date)
    head += ways_to_leave(unsubscribe_url, unsubscribe_mailto) + of_list(list_host, feedback_id)
    return _envelope(sender, recipient_address, message_id, head, _body(text, html))


def build_notice(
    *,
    sender: Sender,
    recipient_address: str,
    recipient_name: str,
    subject: str,
    text: str,
    html: str | None,
    message_id: str,
    date: datetime,
) -> Envelope:
    """A mail that is no issue (a confirmation), marked as automatic (RFC 3834 5).

    Raises Refused as `build_envelope` does.
    """
    head = _head(sender, recipient_address, recipient_name, subject, message_id, date)
    head += verbatim("Auto-Submitted", "auto-generated")
    return _envelope(sender, recipient_address, message_id, head, _body(text, html))


def message_id_for(identity: str, key: str, host: str) -> str:
    """The Message-ID of a delivery, in angle brackets: the same at each try, so that a retry

    is known as one, and keyed, so that it tells nothing of the subscriber. `identity` names the
    issue as approved and its recipient, and no other delivery of any database.
    """
    keyed = hmac.digest(key.encode(), f"message-id {identity}".encode(), "sha256")
    return f"<{keyed.hex()[:40]}@{ascii_domain(host)}>"


def local_part(message_id: str) -> str:
    """What stands before the @ of a Message-ID in angle brackets."""
    return message_id.strip("<>").partition("@")[0]


def feedback_id(number: int, host: str) -> str:
    """Gmail's Feedback-ID of an issue: `number:updates:digest:SenderId`, the same for everybody.

    Google counts complaints by each of the four identifiers (support.google.com/mail/answer/
    6254652: a SenderId of 5-15 characters, the same in all of a sender's mails). Ours is a hash of
    the sender's host in hexadecimal digits, which spell no name; no audience stands here, or a
    header would tell patient from clinician (law 7). Raises Refused for a host that is none.
    """
    hashed = hashlib.sha256(f"feedback-id {ascii_domain(host).lower()}".encode("ascii"))
    return f"{number}:updates:digest:{hashed.hexdigest()[:12]}"


def new_message_id(host: str) -> str:
    """A Message-ID for a mail that has no delivery; it tells nothing of this machine."""
    return f"<{uuid.uuid4().hex}@{ascii_domain(host)}>"


def _head(
    sender: Sender, address: str, name: str, subject: str, message_id: str, date: datetime
) -> bytes:
    to = mailbox("To", name, mailable(address))
    about = unstructured("Subject", subject)
    return from_sender(sender) + to + about + dated(date) + identified(message_id)


def _body(text: str, html: str | None) -> bytes:
    return only_text(text) if html is None else alternatives(text, html)


def _envelope(
    sender: Sender, recipient: str, message_id: str, head: bytes, body: bytes
) -> Envelope:
    content = head + MIME_VERSION + body
    return Envelope(mailable(sender.address), mailable(recipient), message_id, content)
