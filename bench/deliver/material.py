"""The mail that everybody sends: an edition of the corpus, large enough to be 50 KB on the wire.

In: how many bytes. Out: a frozen `Rendition`, and the same mail compiled, or as plain texts for
those who build it anew for each reader.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from bench.render.material import MOST, an_edition
from digest.delivery.compiled import Compiled, compile_mail
from digest.delivery.message import feedback_id
from digest.mail.render import mail_environment, render
from digest.mail.slots import UNSUBSCRIBE_URL, slots_in, without_marks
from digest.values import Rendition, Sender

OCTETS = 50_000  # as Postfix's smtp-source sends them
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SENDER = Sender("Research Digest", "digest@example.org", None)
HOST = "example.org"
LINK = f"https://digest.example.org/leave/{'x' * 60}"


@cache
def a_mail(octets: int = OCTETS) -> Rendition:
    """The smallest edition whose mail is at least as large as `octets`."""
    environment, low, high = mail_environment(), 1, MOST
    while low < high:
        middle = (low + high) // 2
        if wire_size(render(an_edition(middle), environment)) < octets:
            low = middle + 1
        else:
            high = middle
    return render(an_edition(low), environment)


def compiled(rendition: Rendition) -> Compiled:
    """As the product compiles it."""
    html, text = without_marks(rendition)
    return compile_mail(
        html,
        text,
        rendition.subject,
        sender=SENDER,
        list_host=HOST,
        feedback_id=feedback_id(1, HOST),
        slots=slots_in(html, text),
        leave_slot=UNSUBSCRIBE_URL,
    )


def wire_size(rendition: Rendition) -> int:
    """Bytes of one reader's mail."""
    return len(content_of(rendition))


def content_of(rendition: Rendition) -> bytes:
    """One reader's mail as it leaves."""
    envelope = compiled(rendition).fill(
        recipient_address="reader1@example.org",
        recipient_name="Reader 1",
        message_id="<1@example.org>",
        date=NOW,
        values=dict.fromkeys(slots_in(*without_marks(rendition)), LINK),
    )
    return envelope.content


def as_texts(rendition: Rendition) -> dict[str, Any]:
    """For nodemailer and smtplib: sender, subject, html, text, and the slots to fill."""
    html, text = without_marks(rendition)
    return {
        "sender": f"{SENDER.name} <{SENDER.address}>",
        "subject": rendition.subject,
        "html": html,
        "text": text,
        "slots": sorted(slots_in(html, text)),
    }
