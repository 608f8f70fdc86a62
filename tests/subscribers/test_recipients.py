"""Who gets an issue, and of which list (law 4)."""

from __future__ import annotations

import pytest

from subscribers.models import Membership
from subscribers.recipients import Recipient, confirmed_recipients, standing
from tests.builders import a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ORDER = ("patient", "caregiver", "clinician")


def _lists(order: tuple[str, ...] = ORDER) -> dict[int, str]:
    found = list(confirmed_recipients(order))
    assert len({recipient.subscriber_id for recipient in found}) == len(found)
    return {recipient.subscriber_id: recipient.list_name for recipient in found}


def test_each_confirmed_subscriber_is_one_recipient_in_order_of_id() -> None:
    ann = a_subscriber("ann@example.org", lists=("clinician",))
    bob = a_subscriber("bob@example.org", lists=("patient", "caregiver"))
    assert list(confirmed_recipients(ORDER)) == [
        Recipient(ann.pk, "clinician", ann.public_id),
        Recipient(bob.pk, "patient", bob.public_id),
    ]


@pytest.mark.parametrize("state", ["pending", "left", "suppressed"])
def test_nobody_else_is_a_recipient(state: str) -> None:
    a_subscriber(state=state)
    assert _lists() == {}


def test_the_main_list_goes_before_the_order_of_the_configuration() -> None:
    ann = a_subscriber(lists=("patient", "caregiver", "clinician"), main_list="clinician")
    assert _lists() == {ann.pk: "clinician"}


def test_a_main_list_that_was_left_does_not_count() -> None:
    ann = a_subscriber(lists=("caregiver", "clinician"), main_list="patient")
    bob = a_subscriber("bob@example.org", lists=("patient", "clinician"), main_list="patient")
    Membership.objects.filter(subscriber=bob, list_name="patient").update(state="left")
    assert _lists() == {ann.pk: "caregiver", bob.pk: "clinician"}


def test_the_order_of_the_configuration_decides_without_a_main_list() -> None:
    ann = a_subscriber(lists=("patient", "clinician"))
    assert _lists(("clinician", "caregiver", "patient")) == {ann.pk: "clinician"}


def test_a_list_outside_the_order_does_not_count() -> None:
    ann = a_subscriber(lists=("patient", "retired"), main_list="retired")
    a_subscriber("bob@example.org", lists=("retired",))
    assert _lists() == {ann.pk: "patient"}


def test_standing_tells_each_list_and_is_empty_for_who_is_gone() -> None:
    ann = a_subscriber(lists=("patient", "caregiver"))
    bob = a_subscriber("bob@example.org", state="left")
    assert standing([ann.pk, bob.pk, 999_999]) == {
        ann.pk: {"patient", "caregiver"},
        bob.pk: set(),
        999_999: set(),
    }
    assert standing([]) == {}
