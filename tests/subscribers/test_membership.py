"""Joining and confirming: consent is always recorded, opt-outs are never revived."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from subscribers.addresses import address_key
from subscribers.errors import BadAddress, SubscribersError
from subscribers.leave import leave
from subscribers.membership import (
    Confirmed,
    Consent,
    confirm,
    find_subscriber,
    join,
    standing_to_confirm,
)
from subscribers.models import ConsentRecord, Membership, Subscriber, Suppression
from subscribers.suppression import suppress
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db

GIVEN = Consent("Yes, mail me.", "operator", source="paper form")
ASKED = Consent("Yes, mail me.", "operator")


def _confirm(subscriber: Subscriber, list_name: str = "patient") -> Confirmed:
    return confirm(subscriber, list_name, source="page", text="Yes.", actor="subscriber", now=NOW)


def test_joining_with_proof_of_consent_confirms_at_once() -> None:
    assert join("Ann <ann@example.org>", "patient", GIVEN, now=NOW) == "new"
    membership = Membership.objects.get()
    assert (membership.state, membership.joined_at) == ("confirmed", NOW)
    record = ConsentRecord.objects.get()
    assert (record.event, record.text, record.source, record.actor) == (
        "confirmed",
        "Yes, mail me.",
        "paper form",
        "operator",
    )
    assert membership.subscriber.name == "Ann"


def test_joining_without_it_asks_by_mail_after_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    mailoutbox: list[mail.EmailMessage],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert join("ann@example.org", "patient", ASKED, now=NOW) == "new"
        assert mailoutbox == []
    assert [message.to for message in mailoutbox] == [["ann@example.org"]]
    assert Membership.objects.get().state == "pending"
    assert ConsentRecord.objects.get().event == "asked"


def test_someone_pending_is_asked_again_but_not_within_a_day(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    mailoutbox: list[mail.EmailMessage],
) -> None:
    for hours, mails in ((0, 1), (1, 1), (25, 2), (26, 2)):
        with django_capture_on_commit_callbacks(execute=True):
            join("ann@example.org", "patient", ASKED, now=NOW + timedelta(hours=hours))
        assert len(mailoutbox) == mails


def test_joining_a_second_list_keeps_one_subscriber() -> None:
    join("ann@example.org", "patient", GIVEN, now=NOW)
    assert join("ANN@example.org", "caregiver", GIVEN, now=NOW) == "joins_list"
    assert join("ann@EXAMPLE.org", "caregiver", GIVEN, now=NOW) == "already_there"
    assert Subscriber.objects.count() == 1
    assert Membership.objects.filter(state="confirmed").count() == 2


def test_proof_of_consent_confirms_someone_who_was_pending() -> None:
    a_subscriber(state="pending")
    assert join("ann@example.org", "patient", GIVEN, now=NOW) == "joins_list"
    assert Membership.objects.get().state == "confirmed"


def test_joining_never_revives_an_opt_out() -> None:
    leave(a_subscriber(), "patient", actor="subscriber", source="page", now=NOW)
    assert join("ann@example.org", "patient", GIVEN, now=NOW) == "opted_out_before"
    assert Membership.objects.get().state == "left"


def test_joining_never_revives_a_suppression() -> None:
    suppress("ann@example.org", Suppression.Reason.OPERATOR, "operator", now=NOW)
    assert join("ann@example.org", "patient", GIVEN, now=NOW) == "suppressed"
    assert not Subscriber.objects.exists()


def test_confirming_works_once_and_is_recorded_once() -> None:
    ann = a_subscriber(state="pending")
    assert [_confirm(ann), _confirm(ann)] == ["confirmed", "already_confirmed"]
    membership = Membership.objects.get()
    assert (membership.state, membership.joined_at) == ("confirmed", NOW)
    events = list(ConsentRecord.objects.values_list("event", flat=True))
    assert events == ["asked", "confirmed"]


@pytest.mark.parametrize("state", ["left", "suppressed"])
def test_confirming_is_refused_after_leaving_or_suppression(state: str) -> None:
    ann = a_subscriber(state=state)
    assert _confirm(ann) == "refused"
    assert Membership.objects.get().state == state


def test_confirming_a_list_that_nobody_asked_about_is_refused() -> None:
    assert _confirm(a_subscriber(state="pending"), "clinician") == "refused"
    assert Membership.objects.get().list_name == "patient"


def test_an_unknown_list_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SubscribersError, match="patient, caregiver, clinician"):
        join("ann@example.org", "doctors", GIVEN)


def test_a_bad_address_is_refused() -> None:
    with pytest.raises(BadAddress):
        join("ann", "patient", GIVEN)


def test_consent_with_a_source_needs_its_text_and_a_date_needs_a_source() -> None:
    with pytest.raises(SubscribersError, match="text"):
        Consent("", "operator", source="form")
    with pytest.raises(SubscribersError, match="source"):
        Consent("Yes.", "operator", given_at=NOW)


def test_a_subscriber_is_found_in_whatever_case() -> None:
    ann = a_subscriber()
    assert find_subscriber("ANN@Example.org") == ann
    assert find_subscriber("bob@example.org") is None


@pytest.mark.both_databases
def test_the_database_refuses_a_second_membership_of_one_list() -> None:
    ann = a_subscriber()
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(
            subscriber=ann, list_name="patient", state="pending", changed_at=NOW
        )


@pytest.mark.both_databases
def test_the_database_refuses_a_confirmed_membership_without_a_date() -> None:
    ann = a_subscriber()
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(
            subscriber=ann, list_name="caregiver", state="confirmed", changed_at=NOW
        )


@pytest.mark.both_databases
def test_the_database_refuses_a_second_subscriber_with_one_address() -> None:
    a_subscriber("ann@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        a_subscriber("ANN@example.org", public_id="other")


@pytest.mark.both_databases
def test_joining_and_confirming_work_on_both_databases() -> None:
    assert join("ann@example.org", "patient", ASKED, now=NOW) == "new"
    assert _confirm(Subscriber.objects.get()) == "confirmed"
    assert join("ann@example.org", "caregiver", GIVEN, now=NOW) == "joins_list"
    assert Membership.objects.filter(state="confirmed").count() == 2


def test_a_name_is_one_line() -> None:
    join("ann@example.org", "patient", GIVEN, name="Ann\r\nBcc: eve@example.org", now=NOW)
    assert Subscriber.objects.get().name == "Ann Bcc: eve@example.org"


def test_a_suppressed_membership_stays_so_at_a_new_address() -> None:
    ann, new = a_subscriber("ann@example.org"), "ann@example.net"
    suppress("ann@example.org", Suppression.Reason.COMPLAINT, "digest", now=NOW)
    Subscriber.objects.filter(pk=ann.pk).update(address=new, address_key=address_key(new))
    ann.refresh_from_db()
    proof = Consent("Yes.", "operator", source="paper form")
    assert join(new, "patient", proof, now=NOW) == "suppressed"
    ann.consents.create(list_name="patient", event="asked", at=NOW, actor="operator")
    assert standing_to_confirm(ann, "patient") == "refused"
