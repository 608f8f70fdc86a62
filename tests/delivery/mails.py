"""Mails for the tests of their bytes: a small one to Ann, and the real editions.

python -m tests.delivery.mails     prints a SHA-256 over the bytes of real editions
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from digest.delivery.message import build_envelope, feedback_id
from digest.mail.render import mail_environment, render
from digest.mail.slots import personalise
from digest.mail.variants import for_themes
from digest.values import AUDIENCES, Audience, Envelope, Personal, Sender
from tests.builders import NOW, a_config, a_month, a_summary, with_words

SENDER = Sender("Research Digest", "digest@example.org", "editors@example.org")
LONG_LINK = ("https://digest.example.org/leave/" + "aB-_0." * 60)[:300]
HEADERS = [
    "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe",
    "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "MIME-Version", "Content-Type",
]  # fmt: skip
ALL: frozenset[str] = frozenset()
LEAVE = "https://digest.example.org/leave/Zk3f9Qx0a7Lw2bV4tY8u1c.p5R6h"


def an_envelope(**changes: Any) -> Envelope:
    """A mail to Ann."""
    return build_envelope(
        **{
            "sender": SENDER,
            "recipient_address": "ann@example.net",
            "recipient_name": "Ann Example",
            "subject": "November: what 21 studies found",
            "text": "Hello\n\nA line.\n",
            "html": "<p>Hello</p>\n",
            "message_id": "<1@example.org>",
            "date": datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
            "unsubscribe_url": "https://digest.example.org/leave/abc",
            "list_host": "example.org",
            "feedback_id": feedback_id(12, "example.org"),
            **changes,
        }
    )


@dataclass(frozen=True, slots=True)
class RealMail:
    """A real edition as one reader gets it, and what it was made of."""

    html: str
    text: str
    subject: str
    envelope: Envelope


def real_mail(
    audience: Audience, cards: int, chosen: frozenset[str] = ALL, **changes: Any
) -> RealMail:
    """The edition of `cards` cards in six themes, worded and sent as config.yaml says."""
    config = a_config()
    article = a_summary(kind="article", slug="up", title="Ein Überblick – “a year”", url="")
    edition = a_month(
        cards=cards, wording=config.audiences[audience].wording(audience), articles=(article,)
    )
    rendition = for_themes(render(with_words(edition), mail_environment()), chosen)
    assert rendition is not None
    personal = Personal(
        unsubscribe_url=LEAVE,
        preferences_url="https://digest.example.org/preferences/Zk3f9Qx0a7Lw2bV4tY8u1c.q7T2k",
        browser_url=f"https://digest.example.org/issues/12/{audience}",
        joined="3 March 2026",
    )
    html, text = personalise(rendition, personal)
    envelope = an_envelope(
        sender=config.sender_value(),
        recipient_name="Zoë Ünal, a patient with MS",
        recipient_address="zoe@example.net",
        subject=rendition.subject,
        text=text,
        html=html,
        date=NOW,
        unsubscribe_url=LEAVE,
        **changes,
    )
    return RealMail(html, text, rendition.subject, envelope)


def fingerprint() -> str:
    """SHA-256 over real mails of all editions, with and without a choice of themes."""
    some = frozenset({"theme-0", "theme-2", "theme-3", "theme-5"})
    mails = [real_mail(audience, 15, chosen) for audience in AUDIENCES for chosen in (ALL, some)]
    return hashlib.sha256(b"".join(mail.envelope.content for mail in mails)).hexdigest()


def parsed(envelope: Envelope) -> EmailMessage:
    """The mail as Python's parser reads it."""
    return message_from_bytes(envelope.content, policy=policy.default)


def head_of(envelope: Envelope) -> bytes:
    """The raw header block, its last line end included."""
    return envelope.content.partition(b"\r\n\r\n")[0] + b"\r\n"


def header_line(envelope: Envelope, name: str) -> bytes:
    """The raw header with its folded lines; it must stand exactly once."""
    pattern = rb"^%s:.*\r\n(?:[ \t].*\r\n)*" % name.encode()
    (found,) = re.findall(pattern, head_of(envelope), re.MULTILINE | re.IGNORECASE)
    return bytes(found)


if __name__ == "__main__":
    print(fingerprint())
