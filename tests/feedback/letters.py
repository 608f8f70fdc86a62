"""Mails that come back, piece by piece: what the samples and the tests are put together from."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from digest.feedback.addresses import tokened_address

KEY = "k" * 64
HOST = "digest.example.org"
AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OUR_LOCAL = "0123456789abcdef0123456789abcdef01234567"
OUR_ID = f"<{OUR_LOCAL}@{HOST}>"
DELIVERY = "d41d8cd98f00b204e9800998ecf8427e00000001"
BOUNCE_TO = tokened_address("bounce", DELIVERY, KEY, HOST)
LEAVE_TO = tokened_address("leave", DELIVERY, KEY, HOST)
READER = "reader@reader.example"


def mail(
    subject: str, body: str, *headers: str, sender: str = "", kind: str = "text/plain"
) -> bytes:
    """A whole mail with CRLF; `headers` come first and may name To and the like."""
    lines = [
        *headers,
        f"From: {sender or 'Mail Delivery System <MAILER-DAEMON@mx.example.net>'}",
        f"Subject: {subject}",
        "Date: Sat, 21 Nov 2026 12:00:00 +0000",
        "MIME-Version: 1.0",
        f"Content-Type: {kind}",
        "",
        body,
    ]
    return "\n".join(lines).replace("\n", "\r\n").encode("utf-8")


def returned(message_id: str = OUR_ID) -> str:
    """The head and a little of the mail that comes back; its words must not be judged."""
    return (
        f"Return-Path: <digest@{HOST}>\nFrom: Research Digest <digest@{HOST}>\nTo: {READER}\n"
        f"Subject: November\nMessage-ID: {message_id}\n\nUser unknown? Mailbox full? Spam policy?"
    )


def multipart(subtype: str, *parts: tuple[str, str], boundary: str = "=_b") -> tuple[str, str]:
    """The content type and the body of a multipart of (type, body)."""
    pieces = [f"--{boundary}\nContent-Type: {kind}\n\n{body}\n" for kind, body in parts]
    return f'multipart/{subtype}; boundary="{boundary}"', "".join([*pieces, f"--{boundary}--\n"])


def dsn(
    fields: str,
    *headers: str,
    words: str = "Your mail did not arrive.",
    copy: str = "",
    copy_kind: str = "message/rfc822",
    status_kind: str = "message/delivery-status",
    subject: str = "Undelivered Mail Returned to Sender",
) -> bytes:
    """A delivery status (RFC 3464) about one recipient; `fields` are those of the recipient."""
    status = f"Reporting-MTA: dns; mx.example.net\nArrival-Date: Sat, 21 Nov 2026\n\n{fields}\n"
    if "base64" in status_kind:
        status = in_base64(status)
    kind, body = multipart(
        "report",
        ("text/plain; charset=us-ascii", words),
        (status_kind, status),
        (copy_kind, copy or returned()),
    )
    return mail(subject, body, "Auto-Submitted: auto-replied", *headers,
                kind=f"{kind}; report-type=delivery-status")  # fmt: skip


def recipient(action: str, status: str, said: str, *, who: str = READER) -> str:
    """The fields of one recipient."""
    return (
        f"Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {said}\n"
    )


def arf(kind: str, *headers: str, copy: str = "", sender: str = "fbl@isp.example") -> bytes:
    """A feedback report (RFC 5965)."""
    report = f"Feedback-Type: {kind}\nUser-Agent: Loop/1\nVersion: 1\nReported-Domain: {HOST}\n"
    whole, body = multipart(
        "report",
        ("text/plain", "Somebody pressed a button."),
        ("message/feedback-report", report),
        ("message/rfc822", copy or returned()),
    )
    return mail("FW: November", body, *headers, sender=sender, kind=whole)


def in_base64(text: str) -> str:
    return base64.encodebytes(text.encode()).decode("ascii")
