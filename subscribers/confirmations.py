"""The mails that answer a public page: please confirm, you are a member already, your link.

Out go plain mails through Django's mail API; which transport that is, `digest` decides. Subject
and sender name no diagnosis (law 7); the body may name the publication.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.utils import formataddr, make_msgid

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from subscribers.lists import readers_of
from subscribers.models import Subscriber
from subscribers.tokens import CONFIRM_WITHIN, confirm_url, preferences_url

SUBJECT = "Please confirm your address"
BODY = """\
Hello,

you were put down for {publication}, the {editions}.

To get it, please open this page and press the button:

{url}

The link works for {days} days. If this was not your wish, do nothing: without your answer you
will get no more mail from us.
"""

SUBJECT_ALREADY = "You are on our list already"
BODY_ALREADY = """\
Hello,

somebody, most likely you, asked for {publication} with this address. You are on the list already,
so there is nothing more to do: the next issue comes to you by mail.

On your own page you can choose what you get, or leave:

{url}

If it was not you who asked, nothing has changed. Please do not pass this mail on: the link opens
your page for whoever has it.
"""

SUBJECT_LINK = "The link to your page"
BODY_LINK = """\
Hello,

here is the link to your own page of {publication}:

{url}

There you can see what you get, choose anew, or leave. If it was not you who asked for this link,
nothing has changed. Please do not pass this mail on: the link opens your page for whoever has it.
"""


def consent_text(list_name: str) -> str:
    """The sentence that stands beside the box and above the button; the consent record keeps it."""
    publication = settings.SUBSCRIBERS_PUBLICATION
    return f"Please send me {publication}, the edition for {readers_of(list_name)}."


def ask_to_confirm(asked: Iterable[tuple[Subscriber, str]]) -> int:
    """Mail each subscriber the link for a list; how many mails were handed over.

    Never call this inside a transaction (law 11): use `transaction.on_commit`.
    """
    messages = [_request(subscriber, [list_name]) for subscriber, list_name in asked]
    return get_connection().send_messages(messages) or 0 if messages else 0


def ask_about(subscriber: Subscriber, lists: Sequence[str]) -> None:
    """Mail one link that confirms all of these lists. Not inside a transaction (law 11)."""
    _request(subscriber, lists).send()


def tell_member(subscriber: Subscriber) -> None:
    """Tell who asked to join that they are a member. Not inside a transaction (law 11)."""
    _with_link(subscriber, SUBJECT_ALREADY, BODY_ALREADY).send()


def send_link(subscriber: Subscriber) -> None:
    """Mail the link to one's own page. Not inside a transaction (law 11)."""
    _with_link(subscriber, SUBJECT_LINK, BODY_LINK).send()


def _request(subscriber: Subscriber, lists: Sequence[str]) -> EmailMessage:
    body = BODY.format(
        publication=settings.SUBSCRIBERS_PUBLICATION,
        editions=_editions(lists),
        url=confirm_url(subscriber, *lists),
        days=CONFIRM_WITHIN.days,
    )
    return _message(subscriber, SUBJECT, body)


def _editions(lists: Sequence[str]) -> str:
    """ "edition for clinicians", or several of them in a column."""
    readers = [readers_of(name) for name in lists]
    if len(readers) == 1:
        return f"edition for {readers[0]}"
    return "editions\n\n" + "\n".join(f"  - for {who}" for who in readers)


def _with_link(subscriber: Subscriber, subject: str, body: str) -> EmailMessage:
    publication, url = settings.SUBSCRIBERS_PUBLICATION, preferences_url(subscriber)
    return _message(subscriber, subject, body.format(publication=publication, url=url))


def _message(subscriber: Subscriber, subject: str, body: str) -> EmailMessage:
    name, address = settings.SUBSCRIBERS_SENDER
    return EmailMessage(
        subject=subject,
        body=body,
        from_email=formataddr((name, address)),
        to=[subscriber.address],
        headers={
            # Set here, because Django would ask DNS for this machine's name and tell it.
            "Message-ID": make_msgid(domain=address.rpartition("@")[2]),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday notes in reply
        },
    )
