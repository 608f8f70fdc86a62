"""Django's mail API writes rows: nothing leaves in a web request."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.db import transaction

from digest.delivery.queue import queue_notices
from digest.errors import Refused
from digest.models import QueuedMail
from tests.builders import NOW

pytestmark = pytest.mark.django_db

BACKEND = "digest.delivery.queue.QueueBackend"
SENDER = "Research Digest <digest@example.org>"


def a_message(**changes: object) -> EmailMessage:
    """A confirmation to Ann."""
    given = {"subject": "Please confirm", "body": "Open\nthe page", "from_email": SENDER}
    return EmailMessage(**{**given, "to": ["ann@example.net"], **changes})  # type: ignore[arg-type]


def send(*messages: EmailMessage, quietly: bool = False) -> int:
    """What Django's mail API does with them."""
    return get_connection(BACKEND, fail_silently=quietly).send_messages(list(messages)) or 0


def test_the_site_uses_this_backend() -> None:
    from digest.project import settings as ours

    assert ours.EMAIL_BACKEND == BACKEND
    assert settings.CONFIG.sender.address == "digest@example.org"


def test_a_message_becomes_a_row_with_its_bytes() -> None:
    assert send(a_message(headers={"Message-ID": "<7@example.org>"})) == 1
    row = QueuedMail.objects.get()
    message = message_from_bytes(bytes(row.content), policy=policy.default)
    assert (row.recipient, row.message_id) == ("ann@example.net", "<7@example.org>")
    assert str(message["From"]) == SENDER
    assert str(message["To"]) == "ann@example.net"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content() == "Open\r\nthe page\r\n"


def test_each_recipient_gets_a_mail_of_their_own() -> None:
    assert send(a_message(to=["a@example.net"], cc=["b@example.net"], bcc=["c@example.net"])) == 3
    for row in QueuedMail.objects.all():
        assert bytes(row.content).count(b"@example.net") == 1
        assert row.recipient.encode() in bytes(row.content)
    assert QueuedMail.objects.values("message_id").distinct().count() == 3


def test_an_html_alternative_comes_after_the_plain_text() -> None:
    message = EmailMultiAlternatives("Hi", "plain", SENDER, ["ann@example.net"])
    message.attach_alternative("<p>rich</p>", "text/html")
    send(message)
    content = bytes(QueuedMail.objects.get().content)
    assert 0 < content.index(b"plain\r\n") < content.index(b"<p>rich</p>")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"from_email": "else@example.org"}, "another sender"),
        ({"headers": {"Bcc": "x@example.org"}}, "Bcc"),
        ({"attachments": [("a.txt", "text", "text/plain")]}, "attachment"),
        ({"subject": "two\r\nBcc: x@example.org"}, "control character"),
        ({"to": ["jörg@example.org"]}, "outside of ASCII"),
    ],
)  # fmt: skip
def test_what_cannot_be_queued_is_refused_and_the_others_are_stored(
    changes: dict[str, object], said: str
) -> None:
    with pytest.raises(Refused, match=f"1 of 2 mails were not queued.*{said}"):
        send(a_message(**changes), a_message())
    assert QueuedMail.objects.get().recipient == "ann@example.net"
    assert send(a_message(**changes), quietly=True) == 0


def test_a_notice_is_queued_for_each_editor_who_can_be_mailed() -> None:
    sender = settings.CONFIG.sender_value()
    told = ["ada@example.org", "jörg@example.org", "Ben@Example.ORG"]
    assert queue_notices(told, "Issue 1", "It is ready.", sender=sender, now=NOW) == 2
    rows = QueuedMail.objects.order_by("pk")
    assert [row.recipient for row in rows] == ["ada@example.org", "Ben@Example.ORG"]
    assert {row.purpose for row in rows} == {"notice"}
    assert len({row.message_id for row in rows}) == 2
    message = message_from_bytes(bytes(rows[0].content), policy=policy.default)
    assert (str(message["Subject"]), message.get_content()) == ("Issue 1", "It is ready.\r\n")
    send(a_message())
    assert QueuedMail.objects.filter(purpose="confirmation").count() == 1


def test_a_mail_is_queued_exactly_when_its_transaction_commits() -> None:
    def sign_up_and_fail() -> None:
        with transaction.atomic():
            send(a_message())
            raise LookupError("the sign-up went wrong")

    with pytest.raises(LookupError):
        sign_up_and_fail()
    assert not QueuedMail.objects.exists()
