"""Test mails: what readers would get, marked, to anybody, and nobody can act by them."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client

from digest.config import Config
from digest.errors import ConfigError, DeliveryError, Refused
from digest.models import AuditEntry, Delivery, Issue
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.deliver import send_issue
from digest.pipeline.send_test import SentTest, send_test
from digest.project.settings import KEYS
from digest.values import Audience, Outcome
from subscribers.errors import BadAddress
from subscribers.models import Membership, Suppression
from subscribers.suppression import suppress
from tests.builders import NOW, a_config, a_stored_summary, a_subscriber
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

TO = "editor@example.net"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return a_config(tmp_path, issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    """A sound draft, and one reader."""
    for slug in ("one", "two", "three"):
        a_stored_summary(slug, headline=f"Walking every day eased tiredness in group {slug}.")
    a_subscriber("ann@example.net")
    return compose(config, now=NOW)


def mails_of(
    issue: Issue,
    config: Config,
    transport: FakeTransport,
    to: str = TO,
    only: Audience | None = None,
) -> list[SentTest]:
    return send_test(issue, to, config, KEYS, only=only, who="Ada", now=NOW, transport=transport)


def read(transport: FakeTransport, place: int = 0) -> EmailMessage:
    message = message_from_bytes(transport.sent[place].content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_each_edition_goes_to_one_address_marked_as_a_test(issue: Issue, config: Config) -> None:
    transport = FakeTransport()
    sent = mails_of(issue, config, transport)
    assert [(one.audience, one.outcome.state) for one in sent] == [
        ("patient", "accepted"), ("caregiver", "accepted"), ("clinician", "accepted"),
    ]  # fmt: skip
    assert transport.recipients == [TO] * 3
    for place in range(3):
        mail = read(transport, place)
        assert mail["Subject"].startswith("[Test] ")
        assert mail["To"] == TO
    assert len({one.message_id for one in sent}) == 3


def test_one_edition_can_be_tested_alone(issue: Issue, config: Config) -> None:
    (only,) = mails_of(issue, config, FakeTransport(), only="clinician")
    assert only.audience == "clinician"


def test_a_test_is_no_delivery_and_leaves_the_issue_as_it_was(issue: Issue, config: Config) -> None:
    mails_of(issue, config, FakeTransport())
    assert not Delivery.objects.exists()
    assert Issue.objects.get().state == "draft"
    assert not issue.renditions.exists()
    (kept,) = AuditEntry.objects.all()
    assert (kept.who, kept.what) == (
        "Ada",
        "began a test of 3 mails: patient, caregiver, clinician",
    )


def test_nobody_can_leave_by_a_test_mail(issue: Issue, config: Config) -> None:
    transport = FakeTransport()
    mails_of(issue, config, transport, to="ann@example.net", only="patient")
    mail = read(transport)
    (link,) = re.findall(r"<https://digest\.example\.org(/[^>]+)>", mail["List-Unsubscribe"])
    assert Client().post(link, {"List-Unsubscribe": "One-Click"}).status_code == 404
    assert Membership.objects.get().state == "confirmed"
    html = mail.get_body(("html",))
    assert html is not None
    ours = re.findall(
        r"https://digest\.example\.org(/(?:leave|preferences)/[^\"]+)", html.get_content()
    )
    assert {Client().get(link).status_code for link in ours} == {404}


def test_a_test_is_what_readers_get_but_for_its_mark(issue: Issue, config: Config) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    test, real = FakeTransport(), FakeTransport()
    mails_of(issue, config, test, to="ann@example.net", only="patient")
    send_issue(1, config, KEYS, now=lambda: NOW, transport=real)
    one, other = read(test), read(real)
    assert one["Subject"] == f"[Test] {other['Subject']}"
    assert one["Message-ID"] != other["Message-ID"]
    differ = {"Subject", "Message-ID", "List-Unsubscribe", "Content-Type"}
    assert {k: v for k, v in one.items() if k not in differ} == {
        k: v for k, v in other.items() if k not in differ
    }
    bodies = [re.sub(r"/(leave|preferences)/[\w.:=-]+", "", plain(mail)) for mail in (one, other)]
    assert bodies[0] == bodies[1]


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_each_test_is_a_mail_of_its_own(issue: Issue, config: Config) -> None:
    first = mails_of(issue, config, FakeTransport(), only="patient")
    second = mails_of(issue, config, FakeTransport(), only="patient")
    assert first[0].message_id != second[0].message_id


def test_a_suppressed_address_gets_no_test(issue: Issue, config: Config) -> None:
    suppress(TO, Suppression.Reason.COMPLAINT, "test")
    transport = FakeTransport()
    with pytest.raises(Refused, match="suppressed") as refusal:
        mails_of(issue, config, transport, to="Editor@Example.NET")
    assert "editor" not in refusal.value.line().lower()
    assert transport.sent == []
    assert not AuditEntry.objects.exists()


def test_what_is_no_address_gets_no_test(issue: Issue, config: Config) -> None:
    with pytest.raises(BadAddress):
        mails_of(issue, config, FakeTransport(), to="a@example.net\r\nBcc: b@example.net")


def test_while_preflight_blocks_a_test_is_refused_as_approval_is(
    issue: Issue, config: Config
) -> None:
    review.set_words(issue, "patient", "intro", "TK", config, who="Ada", now=NOW)
    transport = FakeTransport()
    with pytest.raises(Refused) as test:
        mails_of(issue, config, transport, only="clinician")
    with pytest.raises(Refused) as approval:
        review.approve(issue, config, who="Ada", now=NOW)
    assert test.value.line() == approval.value.line()
    assert transport.sent == []


def test_a_transport_that_cannot_work_is_one_line(issue: Issue, config: Config) -> None:
    down = DeliveryError("the mail server cannot be reached", temporary=True)
    with pytest.raises(DeliveryError, match="cannot be reached"):
        mails_of(issue, config, FakeTransport({TO: down}))


def test_what_was_sent_before_the_transport_failed_is_told(issue: Issue, config: Config) -> None:
    down = DeliveryError("the mail server cannot be reached", temporary=True)
    transport = FakeTransport(on_deliver=lambda _: transport.script.update(then.pop(0)))
    then: list[dict[str, Outcome | DeliveryError]] = [{}, {TO: down}, {}]
    said = [(one.outcome.state, one.outcome.detail) for one in mails_of(issue, config, transport)]
    assert said[0] == ("accepted", "250 ok")
    assert said[1] == said[2] == ("failed", "the mail server cannot be reached")


def test_a_transport_without_its_key_is_named_before_anything(issue: Issue) -> None:
    sendgrid = a_config(issue={"min_items": 1}, transport={"kind": "sendgrid"})
    with pytest.raises(ConfigError, match="SENDGRID_API_KEY"):
        send_test(issue, TO, sendgrid, KEYS, only=None, who="Ada", now=NOW)
    assert not AuditEntry.objects.exists()
