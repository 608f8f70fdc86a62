"""Who wants text alone gets the approved text and no HTML, whatever carries it (law 2)."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from digest.config import Config
from digest.delivery.sendgrid.payload import request_body
from digest.delivery.transports.maildir import Maildir
from digest.mail.render import mail_environment, render
from digest.mail.slots import without_marks
from digest.pipeline.deliver import send_issue
from digest.pipeline.mailing import Mailing
from digest.pipeline.preview import write_previews
from digest.project.settings import KEYS
from subscribers.addresses import address_key
from subscribers.models import Subscriber
from tests.builders import NOW, a_config, a_month, a_subscriber, an_approved_issue
from tests.delivery.couriers.material import a_claim

ID = "<1@example.org>"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return a_config(tmp_path)


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, _class=EmailMessage, policy=policy.default)


def a_mailing() -> Mailing:
    config = a_config()
    edition = render(a_month(cards=6), mail_environment())
    return Mailing(12, config, KEYS, {"patient": edition}, "approved")


def test_a_mail_with_html_and_one_without_are_compiled_apart() -> None:
    mailing = a_mailing()
    to = mailing.nobody("patient", NOW)
    whole, alone, again = (
        mailing.fill("patient", replace(to, text_only=wish), message_id=ID, date=NOW)
        for wish in (False, True, False)
    )
    assert whole == again
    assert read(alone.content).get_content_type() == "text/plain"
    assert read(alone.content)["List-Unsubscribe"] == read(whole.content)["List-Unsubscribe"]
    assert b"<html" not in alone.content


def test_the_api_is_given_the_frozen_text_and_no_html() -> None:
    mailing = a_mailing()
    content = mailing.content("patient", frozenset(), text_only=True)
    assert (content.text, content.html) == (without_marks(mailing.editions["patient"])[1], "")
    body = request_body(content, [mailing.recipient(a_claim(1))])
    assert b"text/plain" in body
    assert b"text/html" not in body


@pytest.mark.django_db
def test_each_gets_the_mail_as_they_wish_in_the_maildir(config: Config, tmp_path: Path) -> None:
    issue = an_approved_issue()
    a_subscriber("ann@example.net", text_only=True)
    a_subscriber("bob@example.net")
    outbox = tmp_path / "outbox"
    counts = send_issue(1, config, KEYS, now=lambda: NOW, transport=Maildir(outbox))
    assert counts["accepted"] == 2
    mails = {str(m["To"]): m for m in (read(f.read_bytes()) for f in outbox.glob("new/*"))}
    ann, bob = mails["ann@example.net"], mails["bob@example.net"]
    assert [name for name in ann if name != "Content-Transfer-Encoding"] == list(bob)
    assert bob.get_content_type() == "multipart/alternative"
    assert ann.get_content_type() == "text/plain"
    approved = issue.renditions.get(audience="patient").text
    shape = re.sub(r"__DIGEST_[A-Z_]+?__", "[^\n]+", re.sub(r"([.])", r"\\\1", approved))
    assert re.fullmatch(shape, ann.get_content().replace("\r\n", "\n"))


@pytest.mark.django_db
def test_the_wish_counts_as_it_is_when_the_row_is_claimed(config: Config, tmp_path: Path) -> None:
    an_approved_issue()
    a_subscriber("ann@example.net")
    key = address_key("ann@example.net")
    send_issue(1, config, KEYS, now=lambda: NOW, transport=Maildir(tmp_path / "a"))
    Subscriber.objects.filter(address_key=key).update(text_only=True)
    an_approved_issue(2)
    send_issue(2, config, KEYS, now=lambda: NOW, transport=Maildir(tmp_path / "b"))
    kinds = [
        read(next((tmp_path / box / "new").iterdir()).read_bytes()).get_content_type()
        for box in "ab"
    ]
    assert kinds == ["multipart/alternative", "text/plain"]


@pytest.mark.django_db
def test_a_preview_of_text_alone_is_that_mail_and_has_no_html(
    config: Config, tmp_path: Path
) -> None:
    issue, out = an_approved_issue(), tmp_path / "out"
    made = write_previews(issue, config, KEYS, out, only="patient", now=NOW, text_only=True)
    assert [path.name for path in made.files] == ["patient.txt", "patient.eml"]
    mail = read((out / "patient.eml").read_bytes())
    assert mail.get_content_type() == "text/plain"
    shown = (out / "patient.txt").read_text(encoding="utf-8")
    assert mail.get_content().replace("\r\n", "\n") == shown
