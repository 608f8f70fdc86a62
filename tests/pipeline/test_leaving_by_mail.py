"""A mail to leave+TOKEN@host leaves the list of its delivery, whatever mailbox it reaches."""

from __future__ import annotations

import imaplib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from digest.config import Config
from digest.feedback.addresses import bounce_address, leave_address
from digest.models import Delivery, StoredEvent
from digest.pipeline.hear_back import Heard, hear_back
from digest.project.settings import KEYS
from subscribers.models import ConsentRecord, Membership, Subscriber, Suppression
from tests.builders import NOW, a_config, a_draft, a_subscriber
from tests.feedback.letters import dsn, mail, recipient
from tests.feedback.test_mailboxes import ScriptedImap

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

HOST = "example.org"  # of the sender in a_config
FAILED = recipient("failed", "5.1.1", "550 5.1.1 no such user", who="ann@example.net")
BOTH = ("patient", "caregiver")
Hear = Callable[..., Heard]


@pytest.fixture(params=["maildir", "imap"])
def hear(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hear:
    """Put mails into the mailbox, and hear what came back."""
    if request.param == "maildir":
        config = _site(tmp_path, "bounces")
        new = tmp_path / "bounces" / "new"
        new.mkdir(parents=True)

        def into_the_folder(*mails: bytes) -> Heard:
            for place, raw in enumerate(mails):
                (new / f"{place}.mail").write_bytes(raw)
            return hear_back(config, KEYS, NOW)

        return into_the_folder

    server = ScriptedImap({})
    server.login = lambda user, password: None  # type: ignore[attr-defined]
    monkeypatch.setattr(imaplib, "IMAP4_SSL", lambda *place, **options: server)
    config = _site(tmp_path, "imaps://bounces@mail.example.org/INBOX")

    def onto_the_server(*mails: bytes) -> Heard:
        first = len(server.mails) + 1
        server.mails.update({str(uid): raw for uid, raw in enumerate(mails, first)})
        return hear_back(config, replace(KEYS, imap_password="p"), NOW)

    return onto_the_server


def _site(folder: Path, mailbox: str) -> Config:
    return a_config(folder, feedback={"mailbox": mailbox, "tokened_addresses": True})


def a_delivery(person: Subscriber, number: int = 1, audience: str = "patient") -> Delivery:
    return Delivery.objects.create(
        issue=a_draft(number, state="sent"), subscriber=person, audience=audience,
        state="accepted", reference=f"{number * 1000 + person.pk:040x}", changed_at=NOW,
    )  # fmt: skip


def to_leave(delivery: Delivery, *headers: str, key: str = KEYS.hash_key) -> bytes:
    """The mail that a mail program writes when its reader presses "unsubscribe"."""
    address = leave_address(delivery.reference, key, HOST)
    person = "Ann <ann@example.net>"
    return mail("unsubscribe", "", f"To: {address}", *headers, sender=person)


def lists_of(person: Subscriber) -> dict[str, str]:
    return dict(Membership.objects.filter(subscriber=person).values_list("list_name", "state"))


def test_it_leaves_the_list_of_its_delivery_and_no_other(hear: Hear) -> None:
    ann, bob = a_subscriber("ann@example.net", lists=BOTH), a_subscriber("bob@example.net")
    a_delivery(bob)
    heard = hear(to_leave(a_delivery(ann, 2, "caregiver")))
    assert (heard.applied, heard.left, heard.passed) == ({"leave": 1}, 1, {})
    assert lists_of(ann) == {"patient": "confirmed", "caregiver": "left"}
    assert lists_of(bob) == {"patient": "confirmed"}
    assert not Suppression.objects.exists()


def test_the_record_of_consent_says_how_and_the_event_names_nobody(hear: Hear) -> None:
    ann = a_subscriber("ann@example.net")
    hear(to_leave(a_delivery(ann)))
    record = ConsentRecord.objects.get(event="withdrawn")
    assert (record.subscriber, record.list_name, record.at) == (ann, "patient", NOW)
    assert record.actor == "digest (what came back)"
    event = StoredEvent.objects.get()
    assert (event.raw, event.detail) == ("", "by mail")


def test_a_second_wish_leaves_no_second_record(hear: Hear) -> None:
    delivery = a_delivery(a_subscriber("ann@example.net"))
    hear(to_leave(delivery), to_leave(delivery, "X-Again: 1"))
    assert ConsentRecord.objects.filter(event="withdrawn").count() == 1


def test_whoever_forwards_it_leaves_for_its_reader_and_never_for_themselves(hear: Hear) -> None:
    """The address names the delivery: what From says counts for nothing."""
    ann, bob = a_subscriber("ann@example.net"), a_subscriber("bob@example.net")
    raw = to_leave(a_delivery(ann)).replace(b"ann@example.net", b"bob@example.net")
    hear(raw)
    assert (lists_of(ann), lists_of(bob)) == ({"patient": "left"}, {"patient": "confirmed"})


def test_forged_and_altered_addresses_do_nothing_and_are_counted(hear: Hear) -> None:
    ann, bob = a_subscriber("ann@example.net"), a_subscriber("bob@example.net")
    hers, his = a_delivery(ann, 1), a_delivery(bob, 2)
    moved = to_leave(hers).replace(hers.reference.encode(), his.reference.encode())
    as_bounce = bounce_address(his.reference, KEYS.hash_key, HOST).replace("bounce+", "leave+")
    heard = hear(
        moved, to_leave(his, key="x" * 64), mail("x", "", f"To: {as_bounce}", sender="a@b.example")
    )
    assert heard.passed == {"an address to leave that we never made": 3}
    assert not StoredEvent.objects.exists()
    assert lists_of(ann) | lists_of(bob) == {"patient": "confirmed"}


def test_no_machine_leaves_for_a_person(hear: Hear) -> None:
    ann = a_subscriber("ann@example.net")
    delivery = a_delivery(ann)
    address = leave_address(delivery.reference, KEYS.hash_key, HOST)
    heard = hear(
        to_leave(delivery, "Auto-Submitted: auto-replied"),
        to_leave(delivery, "Precedence: auto_reply"),
        to_leave(delivery, "Return-Path: <>"),
        to_leave(delivery, "List-Id: <updates.example.org>"),
        dsn(FAILED, f"To: {address}", copy="Subject: x\n\n"),
    )
    assert heard.passed == {"no person's mail to an address to leave": 5}
    assert lists_of(ann) == {"patient": "confirmed"}
    assert not Suppression.objects.exists()


def test_a_mail_that_quotes_the_address_is_nothing(hear: Hear) -> None:
    ann = a_subscriber("ann@example.net")
    address = leave_address(a_delivery(ann).reference, KEYS.hash_key, HOST)
    quoted = f"> To: {address}\n> List-Unsubscribe: <mailto:{address}>\n"
    heard = hear(mail("Fwd: November", quoted, f"To: digest@{HOST}", sender="ann@example.net"))
    assert heard.passed == {"not a bounce": 1}
    assert lists_of(ann) == {"patient": "confirmed"}


def test_a_token_of_a_delivery_that_is_gone_changes_nothing(hear: Hear) -> None:
    delivery = a_delivery(a_subscriber("ann@example.net"))
    raw = to_leave(delivery)
    delivery.delete()
    assert hear(raw).unmatched == 1


def test_an_erased_reader_has_left_already(hear: Hear) -> None:
    ann = a_subscriber("ann@example.net")
    raw = to_leave(a_delivery(ann))
    ann.delete()
    assert (hear(raw).problems, StoredEvent.objects.get().applied_at) == (0, NOW)


def test_a_report_at_the_bounce_address_alone_suppresses_its_reader(hear: Hear) -> None:
    ann, bob = a_subscriber("ann@example.net"), a_subscriber("bob@example.net")
    a_delivery(bob, 2)
    address = bounce_address(a_delivery(ann).reference, KEYS.hash_key, HOST)
    raw = dsn(FAILED, f"X-Original-To: {address}", f"To: postmaster@{HOST}", copy="Subject: x\n\n")
    assert hear(raw).suppressed == 1
    assert (lists_of(ann), lists_of(bob)) == ({"patient": "suppressed"}, {"patient": "confirmed"})


def test_a_report_at_a_forged_bounce_address_suppresses_nobody(hear: Hear) -> None:
    address = bounce_address(a_delivery(a_subscriber()).reference, "x" * 64, HOST)
    assert hear(dsn(FAILED, f"To: {address}", copy="Subject: x\n\n")).suppressed == 0
    assert not Suppression.objects.exists()
