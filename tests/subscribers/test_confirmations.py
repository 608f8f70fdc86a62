"""The mail that asks to confirm: one person, one link, no diagnosis where others may see it."""

from __future__ import annotations

import email
import email.policy
import re

import pytest
from django.conf import settings as site
from django.core import mail
from pytest_django import Settings

from subscribers.confirmations import ask_to_confirm
from subscribers.models import Subscriber
from subscribers.tokens import read_token

ANN = Subscriber(address="ann@example.org", public_id="A" * 22)


def _parsed(message: mail.EmailMessage) -> email.message.EmailMessage:
    parsed = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    assert isinstance(parsed, email.message.EmailMessage)
    return parsed


def test_the_mail_goes_to_one_person_with_a_link_that_works(
    mailoutbox: list[mail.EmailMessage],
) -> None:
    assert ask_to_confirm([(ANN, "caregiver")]) == 1
    (message,) = mailoutbox
    assert message.recipients() == ["ann@example.org"]
    body = _parsed(message).get_content()
    link = re.search(rf"^{re.escape(site.SUBSCRIBERS_SITE_URL)}/confirm/(\S+)$", body, re.M)
    assert link
    assert read_token("confirm", link[1]) == (ANN.public_id, "caregiver")
    assert "people who care for someone with MS" in body


def test_no_header_names_the_diagnosis_the_list_or_this_machine(
    mailoutbox: list[mail.EmailMessage],
) -> None:
    ask_to_confirm([(ANN, "patient")])
    message = _parsed(mailoutbox[0])
    headers = "\n".join(f"{name}: {value}" for name, value in message.items())
    assert not re.search(r"\bMS\b|sclerosis|patient", headers, re.I)
    assert message["Subject"] == "Please confirm your address"
    assert message["From"] == "Research Digest <digest@example.org>"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_sender_name_with_a_comma_or_an_accent_stays_one_sender(
    settings: Settings, mailoutbox: list[mail.EmailMessage]
) -> None:
    settings.SUBSCRIBERS_SENDER = ("Zoë, Digest", "digest@example.org")
    ask_to_confirm([(ANN, "patient")])
    (sender,) = _parsed(mailoutbox[0])["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Zoë, Digest", "digest@example.org")


@pytest.mark.usefixtures("mailoutbox")
def test_asking_nobody_sends_nothing() -> None:
    assert ask_to_confirm([]) == 0
    assert mail.outbox == []
