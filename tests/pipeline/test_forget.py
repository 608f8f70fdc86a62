"""Forget: nothing of the person is left but a keyed hash, and the counts stay true."""

from __future__ import annotations

import pytest

from digest.models import Delivery, QueuedMail
from digest.pipeline.forget import forget
from subscribers.addresses import address_key
from subscribers.models import ConsentRecord, Subscriber, Suppression
from tests.builders import NOW, a_draft, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_a_person_is_forgotten_and_the_delivery_stays_without_a_name() -> None:
    person = a_subscriber("ann@example.org")
    Delivery.objects.create(
        issue=a_draft(state="sent"),
        subscriber=person,
        audience="patient",
        state="accepted",
        changed_at=NOW,
    )
    QueuedMail.objects.create(
        recipient="ann@example.org",
        recipient_key=address_key("ann@example.org"),
        message_id="<1@x>",
        content=b"",
        queued_at=NOW,
    )
    assert forget("Ann@Example.org", now=NOW) == "erased"
    assert not Subscriber.objects.exists()
    assert not ConsentRecord.objects.exists()
    assert not QueuedMail.objects.exists()
    assert Delivery.objects.get().subscriber is None
    assert Suppression.objects.get().reason == "erased"
    assert forget("ann@example.org", now=NOW) == "already_erased"
