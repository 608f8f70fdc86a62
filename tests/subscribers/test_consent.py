"""The consent record: what it holds, that it is only appended, and what proof outlives a person."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import transaction

from digest.pipeline.report import subscriber_report
from subscribers.consent import Circumstances, append, keep_proof
from subscribers.models import ConsentProof, ConsentRecord, ConsentWording
from tests.builders import NOW, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

WORDS = "I want the monthly mail for people living with MS."


def test_a_record_tells_who_agreed_to_what_when_where_and_in_which_words() -> None:
    person = a_subscriber(lists=())
    how = Circumstances("subscriber", source="our site", form="/join", locale="en")
    append("confirmed", [person.pk], "patient", how, at=NOW, text=WORDS)
    (told,) = subscriber_report("ann@example.org")["consents"]
    assert told == {
        "at": "2026-11-21T12:00:00+00:00",
        "event": "confirmed",
        "list": "patient",
        "purpose": "newsletter",
        "source": "our site",
        "form": "/join",
        "locale": "en",
        "actor": "subscriber",
        "text": WORDS,
        "version": "2026-11-21",
        "text_hash": hashlib.sha256(WORDS.encode()).hexdigest(),
    }


def test_no_record_has_a_place_for_an_ip_address() -> None:
    names = {field.name for field in ConsentRecord._meta.get_fields()}
    assert not {name for name in names if "ip" in name.split("_") or "remote" in name}


def test_the_same_words_are_stored_once_under_the_day_of_their_first_use() -> None:
    ids = [a_subscriber(f"{n}@example.org", lists=()).pk for n in range(3)]
    how = Circumstances("test")
    append("confirmed", ids[:2], "patient", how, at=NOW, text=WORDS)
    append("confirmed", ids[2:], "patient", how, at=NOW + timedelta(days=40), text=WORDS)
    assert list(ConsentWording.objects.values_list("text", "version")) == [(WORDS, "2026-11-21")]
    assert ConsentRecord.objects.count() == 3


def test_nothing_changes_or_deletes_a_record() -> None:
    person = a_subscriber()
    record = person.consents.get()
    record.actor = "somebody else"
    for tamper in (
        record.save,
        record.delete,
        ConsentRecord.objects.all().delete,
        person.consents.all().delete,
        lambda: ConsentRecord.objects.update(actor="x"),
        lambda: ConsentRecord.objects.bulk_update([record], ["actor"]),
        lambda: person.consents.update(actor="x"),
    ):
        with pytest.raises(TypeError, match="consent record"), transaction.atomic():
            tamper()
    assert ConsentRecord.objects.get().actor == "test"


def test_a_proof_says_lists_words_and_months_and_nothing_that_leads_back() -> None:
    person = a_subscriber(lists=())
    how = Circumstances("subscriber", source="ann@example.org said so")
    month = timedelta(days=31)
    append("asked", [person.pk], "patient", how, at=NOW, text=WORDS)
    append("confirmed", [person.pk], "patient", how, at=NOW, text=WORDS)
    append("withdrawn", [person.pk], "patient", how, at=NOW + month)
    append("confirmed", [person.pk], "caregiver", how, at=NOW + month, text=WORDS)
    append("asked", [person.pk], "clinician", how, at=NOW, text=WORDS)  # never said yes to it
    keep_proof(person, at=NOW + 2 * month)
    fields = [field.name for field in ConsentProof._meta.get_fields() if field.name != "id"]
    words = hashlib.sha256(WORDS.encode()).hexdigest()
    assert sorted(ConsentProof.objects.values_list(*fields)) == [
        ("caregiver", "newsletter", words, "2026-12", "", "2027-01"),
        ("patient", "newsletter", words, "2026-11", "2026-12", "2027-01"),
    ]


def test_who_came_back_is_proven_by_the_last_yes() -> None:
    person = a_subscriber(lists=())
    how = Circumstances("subscriber")
    for days, event in ((0, "confirmed"), (40, "withdrawn"), (80, "confirmed")):
        at = NOW + timedelta(days=days)
        append(event, [person.pk], "patient", how, at=at, text=WORDS)
    keep_proof(person, at=NOW + timedelta(days=100))
    proof = ConsentProof.objects.get()
    assert (proof.confirmed_in, proof.withdrawn_in) == ("2027-02", "")


def test_the_order_of_proofs_does_not_pair_them_with_the_suppressions() -> None:
    for n in range(8):
        keep_proof(a_subscriber(f"{n}@example.org", lists=(f"list-{n}",)), at=NOW)
    lists = list(ConsentProof.objects.order_by("pk").values_list("list_name", flat=True))
    ids = list(ConsentProof.objects.order_by("pk").values_list("pk", flat=True))
    assert len(lists) == 8
    assert ids != list(range(ids[0], ids[0] + 8))
