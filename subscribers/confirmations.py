"""The mail that asks someone to confirm, the second half of a double opt-in.

Goes out through Django's mail API; which transport that is, `digest` decides. Subject and
sender name no diagnosis (law 7); the body may name the publication.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formataddr, make_msgid

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from subscribers.lists import readers_of
from subscribers.models import Subscriber
from subscribers.tokens import CONFIRM_WITHIN, confirm_url

SUBJECT = "Please confirm your address"
BODY = """\
Hello,

you were put down for {publication}, the edition for {readers}.

To get it, please open this page and press the button:

{url}

The link works for {days} days. If this was not your wish, do nothing: without your answer you
will get no more mail from us.
"""


def consent_text(list_name: str) -> str:
    """The sentence that stands above the button, and that the consent record keeps."""
    publication = settings.SUBSCRIBERS_PUBLICATION
    return f"Please send me {publication}, the edition for {readers_of(list_name)}."


def ask_to_confirm(asked: Iterable[tuple[Subscriber, str]]) -> int:
    """Mail each subscriber the link for a list; how many mails were handed over.

    Never call this inside a transaction (law 11): use `transaction.on_commit`.
    """
    messages = [_message(subscriber, list_name) for subscriber, list_name in asked]
    return get_connection().send_messages(messages) or 0 if messages else 0


def _message(subscriber: Subscriber, list_name: str) -> EmailMessage:
    name, address = settings.SUBSCRIBERS_SENDER
    return EmailMessage(
        subject=SUBJECT,
        body=BODY.format(
            publication=settings.SUBSCRIBERS_PUBLICATION,
            readers=readers_of(list_name),
            url=confirm_url(subscriber, list_name),
            days=CONFIRM_WITHIN.days,
        ),
        from_email=formataddr((name, address)),
        to=[subscriber.address],
        headers={
            # Set here, because Django would ask DNS for this machine's name and tell it.
            "Message-ID": make_msgid(domain=address.rpartition("@")[2]),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday notes in reply
        },
    )
