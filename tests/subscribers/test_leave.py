"""Leaving is at once, for ever, and may be said twice."""

from __future__ import annotations

import pytest

from subscribers.consent import Circumstances, append
from subscribers.errors import SubscribersError
from subscribers.leave import leave
from subscribers.membership import Consent, join, standing_to_confirm
from subscribers.models import ConsentRecord, Membership, Subscriber
from subscribers.recipients import standing
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db


def _leave(subscriber: Subscriber, list_name: str | None) -> tuple[str, ...]:
    return leave(subscriber, list_name, actor="subscriber", source="page", now=NOW)


def _states() -> dict[str, str]:
    return dict(Membership.objects.values_list("list_name", "state"))


@pytest.mark.both_databases
def test_leaving_one_list_leaves_the_others_alone() -> None:
    ann = a_subscriber(lists=("patient", "caregiver"))
    assert _leave(ann, "patient") == ("patient",)
    assert _states() == {"patient": "left", "caregiver": "confirmed"}
    assert standing([ann.pk]) == {ann.pk: {"caregiver"}}


def test_leaving_twice_changes_and_records_nothing_more() -> None:
    ann = a_subscriber()
    assert [_leave(ann, "patient"), _leave(ann, "patient")] == [("patient",), ()]
    record = ConsentRecord.objects.get(event="withdrawn")
    assert (record.list_name, record.source, record.actor) == ("patient", "page", "subscriber")


def test_leaving_all_closes_lists_never_joined_so_that_no_import_opens_them() -> None:
    ann = a_subscriber(lists=("patient", "caregiver"))
    assert _leave(ann, None) == ("patient", "caregiver")
    assert _states() == dict.fromkeys(("patient", "caregiver", "clinician"), "left")
    assert ConsentRecord.objects.filter(event="withdrawn").count() == 2
    consent = Consent("Yes.", "operator", source="form")
    assert join("ann@example.org", "clinician", consent) == "opted_out_before"


@pytest.mark.parametrize("state", ["pending", "suppressed"])
def test_leaving_also_counts_before_confirmation_and_under_suppression(state: str) -> None:
    assert _leave(a_subscriber(state=state), "patient") == ("patient",)
    assert _states() == {"patient": "left"}


def test_a_list_that_is_no_longer_offered_can_be_left() -> None:
    ann = a_subscriber(lists=("patient", "retired"))
    assert _leave(ann, "retired") == ("retired",)
    other = a_subscriber("bob@example.org", lists=("retired",))
    assert _leave(other, None) == ("retired",)


def test_an_unknown_list_is_refused() -> None:
    with pytest.raises(SubscribersError, match="no list 'doctors'"):
        _leave(a_subscriber(), "doctors")


@pytest.mark.both_databases
def test_leaving_again_takes_back_that_one_asked_to_return() -> None:
    ann = a_subscriber(state="left")
    append("asked", [ann.pk], "patient", Circumstances("subscriber"), at=NOW)
    assert standing_to_confirm(ann, "patient") == "returning"
    assert leave(ann, None, actor="subscriber", source="page", now=NOW) == ()
    assert standing_to_confirm(ann, "patient") == "refused"
    before = ann.consents.count()
    leave(ann, None, actor="subscriber", source="page", now=NOW)
    assert ann.consents.count() == before
