"""A suppressed address is never mailed, and erasing keeps it so."""

from __future__ import annotations

import pytest
from django.db import connection

from subscribers.addresses import address_key
from subscribers.erase import erase
from subscribers.leave import leave
from subscribers.membership import Consent, join
from subscribers.models import ConsentRecord, Membership, Subscriber, Suppression
from subscribers.recipients import confirmed_recipients, standing
from subscribers.suppression import is_suppressed, suppress, suppressed_keys
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db

Reason = Suppression.Reason
LISTS = ("patient", "caregiver", "clinician")


def test_suppressing_ends_every_membership_and_says_who_did_it() -> None:
    a_subscriber(lists=("patient", "caregiver"))
    assert suppress("ANN@example.org", Reason.COMPLAINT, "operator", now=NOW)
    assert set(Membership.objects.values_list("state", flat=True)) == {"suppressed"}
    records = ConsentRecord.objects.filter(event="withdrawn", source="suppressed: complaint")
    assert list(records.values_list("actor", flat=True)) == ["operator", "operator"]
    assert is_suppressed("ann@example.org")


def test_a_list_that_was_left_stays_left() -> None:
    leave(a_subscriber(), "patient", actor="subscriber", source="page", now=NOW)
    suppress("ann@example.org", Reason.BOUNCE, "operator", now=NOW)
    assert Membership.objects.get().state == "left"


def test_suppressing_twice_is_said_and_keeps_the_first_reason() -> None:
    assert suppress("ann@example.org", Reason.COMPLAINT, "operator")
    assert not suppress("ann@example.org", Reason.BOUNCE, "operator")
    assert Suppression.objects.get().reason == "complaint"


def test_an_operators_order_is_stronger_than_an_erasure_but_not_the_other_way_round() -> None:
    a_subscriber()
    erase("ann@example.org")
    suppress("ann@example.org", Reason.OPERATOR, "operator")
    assert Suppression.objects.get().reason == "operator"
    suppress("ann@example.org", Reason.ERASED, "operator")
    assert Suppression.objects.get().reason == "operator"


@pytest.mark.both_databases
def test_a_suppressed_address_is_no_recipient_even_where_a_membership_says_confirmed() -> None:
    ann = a_subscriber()
    Suppression.objects.create(address_key=ann.address_key, reason=Reason.BOUNCE, at=NOW)
    assert list(confirmed_recipients(LISTS)) == []
    assert standing([ann.pk]) == {ann.pk: set()}


def test_suppressed_keys_are_found_among_thousands() -> None:
    suppress("ann@example.org", Reason.BOUNCE, "operator")
    keys = [address_key(f"someone{n}@example.org") for n in range(1200)]
    ann = address_key("ann@example.org")
    assert suppressed_keys([*keys, ann]) == {ann}


def test_erasing_leaves_nothing_but_the_keyed_hash() -> None:
    a_subscriber("canary@example.org", name="Canary Bird", lists=("patient", "caregiver"))
    assert erase("Canary@example.org", now=NOW) == "erased"
    assert not Subscriber.objects.exists()
    assert not Membership.objects.exists()
    assert not ConsentRecord.objects.exists()
    suppression = Suppression.objects.get()
    assert (suppression.reason, suppression.address_key) == (
        "erased",
        address_key("canary@example.org"),
    )
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            assert "canary" not in str(cursor.fetchall()).casefold()


def test_erasing_again_or_someone_unknown_is_answered_not_an_error() -> None:
    a_subscriber()
    assert [erase("ann@example.org"), erase("ann@example.org")] == ["erased", "already_erased"]
    assert erase("nobody@example.org") == "unknown"
    assert Suppression.objects.count() == 1


def test_erasing_keeps_an_older_complaint() -> None:
    a_subscriber()
    suppress("ann@example.org", Reason.COMPLAINT, "operator")
    assert erase("ann@example.org") == "erased"
    assert Suppression.objects.get().reason == "complaint"


def test_an_erased_address_does_not_come_back_by_joining() -> None:
    a_subscriber()
    erase("ann@example.org")
    consent = Consent("Yes.", "operator", source="form")
    assert join("ann@example.org", "patient", consent) == "suppressed"
