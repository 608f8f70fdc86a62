"""The upgrade to sealed columns and its way back, with data in the tables, on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from digest.models import QueuedMail
from subscribers.addresses import address_key
from subscribers.models import ConsentRecord, ConsentWording, Subscriber
from subscribers.sealing import SEALED
from tests.builders import NOW
from tests.test_migrations import NEWEST, migrated

PLAIN = (("subscribers", "0002_themes"), ("digest", "0006_claim_owner"))
SEALING = (("subscribers", "0005_no_plain_text"), NEWEST)
ADDRESS, NAME, WORDS = "canary@plain.example", "Ann Canary", "Yes, write to me."
CONTENT = b"To: canary@plain.example\r\n\r\nHello."
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def _forward_again(transactional_db: None) -> Iterator[None]:
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def fill(apps: Any, people: int = 1) -> None:
    """People, their consent in words, and a mail that waits: as version 0.1 kept them."""
    table = {name: apps.get_model("subscribers", name).objects for name in PEOPLE}
    for n in range(people):
        address = ADDRESS if n == 0 else f"reader{n}@plain.example"
        one = table["Subscriber"].create(
            address=address, address_key=address_key(address), public_id=f"p{n}", name=NAME,
            created_at=NOW, themes=["life"],
        )  # fmt: skip
        table["Membership"].create(
            subscriber=one, list_name="patient", state="confirmed", joined_at=NOW, changed_at=NOW
        )
        for event, text in (("asked", WORDS), ("confirmed", WORDS), ("withdrawn", "")):
            table["ConsentRecord"].create(
                subscriber=one, list_name="patient", event=event, at=NOW, text=text,
                source="form", actor="test",
            )  # fmt: skip
    apps.get_model("digest", "QueuedMail").objects.create(
        recipient=ADDRESS, message_id="<1@x>", content=CONTENT, queued_at=NOW, attempts=2
    )


PEOPLE = ("Subscriber", "Membership", "ConsentRecord")


def lying(table: str, column: str) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        return [bytes(row[0]) for row in cursor.fetchall()]


def test_addresses_and_names_are_sealed_and_read_as_before() -> None:
    fill(migrated(*PLAIN), people=3)
    migrated(*SEALING)
    assert sorted(Subscriber.objects.values_list("address", "name", "themes")) == [
        (ADDRESS, NAME, ["life"]),
        ("reader1@plain.example", NAME, ["life"]),
        ("reader2@plain.example", NAME, ["life"]),
    ]
    for column in ("address", "name"):
        stored = lying("subscribers_subscriber", column)
        assert all(one[:1] == SEALED for one in stored)
        assert len(set(stored)) == 3
    ann = Subscriber.objects.get(address_key=address_key(ADDRESS))
    assert ann.memberships.get().state == "confirmed"


def test_the_words_of_each_consent_are_kept_once() -> None:
    fill(migrated(*PLAIN), people=2)
    migrated(*SEALING)
    wording = ConsentWording.objects.get()
    assert (wording.text, wording.version) == (WORDS, "2026-11-21")
    assert wording.text_hash == hashlib.sha256(WORDS.encode()).hexdigest()
    ann = Subscriber.objects.get(address_key=address_key(ADDRESS))
    records = ConsentRecord.objects.filter(subscriber=ann)
    assert [(r.event, r.text, r.source, r.purpose) for r in records] == [
        ("asked", WORDS, "form", "newsletter"),
        ("confirmed", WORDS, "form", "newsletter"),
        ("withdrawn", "", "form", "newsletter"),
    ]


def test_a_mail_that_waits_is_kept_and_sealed() -> None:
    fill(migrated(*PLAIN))
    migrated(*SEALING)
    mail = QueuedMail.objects.get()
    assert (mail.recipient, bytes(mail.content), mail.attempts) == (ADDRESS, CONTENT, 2)
    assert mail.recipient_key == address_key(ADDRESS)
    for column in ("recipient", "content"):
        assert lying("digest_queuedmail", column)[0][:1] == SEALED


def test_the_way_back_restores_everything_the_older_version_knows() -> None:
    fill(migrated(*PLAIN), people=2)
    migrated(*SEALING)
    apps = migrated(*PLAIN)
    people = apps.get_model("subscribers", "Subscriber").objects
    assert sorted(people.values_list("address", "name", "themes")) == [
        (ADDRESS, NAME, ["life"]),
        ("reader1@plain.example", NAME, ["life"]),
    ]
    consents = apps.get_model("subscribers", "ConsentRecord").objects.order_by("id")
    assert list(consents.values_list("event", "text"))[:3] == [
        ("asked", WORDS),
        ("confirmed", WORDS),
        ("withdrawn", ""),
    ]
    mail = apps.get_model("digest", "QueuedMail").objects.get()
    assert (mail.recipient, bytes(mail.content), mail.attempts) == (ADDRESS, CONTENT, 2)
    migrated(*SEALING)
    assert Subscriber.objects.get(address_key=address_key(ADDRESS)).address == ADDRESS
