"""The limits of mails that ask are the same for public pages and for an operator's orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from subscribers import limits
from subscribers.importing import ImportReport, import_people
from subscribers.leave import leave
from subscribers.membership import Consent, join
from subscribers.models import Asked, Membership, Subscriber
from subscribers.signup import answer_requests, request_to_join
from tests.builders import NOW, a_subscriber

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

ANN = "ann@example.org"
DAY = timedelta(days=1)


def an_import(folder: Path, *others: str, to: str = "patient", at: datetime) -> ImportReport:
    """Ann, and others, put down for a list by an operator without any proof."""
    file = folder / f"{to}-{at.toordinal()}.csv"
    file.write_text("\n".join(["address", ANN, *others]) + "\n", encoding="utf-8")
    return import_people(file, list_name=to, consent_text="Yes.", actor="operator", now=at)


def asks(at: datetime) -> None:
    request_to_join(ANN, ["patient"], now=at)
    answer_requests(at)


def to_ann(mails: list[EmailMessage]) -> int:
    return sum(message.to == [ANN] for message in mails)


def test_imports_for_two_lists_in_a_day_bring_one_mail_and_tell_who_waits(
    tmp_path: Path, mailoutbox: list[EmailMessage]
) -> None:
    assert an_import(tmp_path, at=NOW).not_asked == 0
    assert an_import(tmp_path, "bob@example.org", to="clinician", at=NOW).not_asked == 1
    assert to_ann(mailoutbox) == 1
    assert len(mailoutbox) == 2
    assert set(Membership.objects.values_list("state", flat=True)) == {"pending"}


def test_imports_and_the_page_together_bring_three_a_year(
    tmp_path: Path, mailoutbox: list[EmailMessage]
) -> None:
    for week in range(4):
        an_import(tmp_path, f"p{week}@example.org", at=NOW + 8 * week * DAY)
        Subscriber.objects.all().delete()  # as retention does after a week
    assert to_ann(mailoutbox) == 3
    asks(NOW + 40 * DAY)
    assert to_ann(mailoutbox) == 3
    asks(NOW + 370 * DAY)
    assert to_ann(mailoutbox) == 4


def test_who_was_asked_by_the_page_today_is_asked_by_no_import(
    tmp_path: Path, mailoutbox: list[EmailMessage]
) -> None:
    asks(NOW)
    assert an_import(tmp_path, to="clinician", at=NOW + DAY / 2).not_asked == 1
    assert to_ann(mailoutbox) == 1


def test_an_order_for_one_person_counts_like_an_import(mailoutbox: list[EmailMessage]) -> None:
    for day in (0, 0.5, 1.5, 3, 5):
        join(ANN, "patient", Consent("Yes.", "operator"), now=NOW + day * DAY)
    assert to_ann(mailoutbox) == 3


def test_counted_anew_once_they_have_confirmed(
    tmp_path: Path, mailoutbox: list[EmailMessage]
) -> None:
    ann = a_subscriber(ANN)
    for hours in range(3):
        Asked.objects.create(
            address_key=ann.address_key, purpose="confirm", at=NOW - (9 - hours) * DAY
        )
    ann.consents.create(list_name="patient", event="confirmed", at=NOW - DAY / 2, actor="s")
    leave(ann, "patient", actor="subscriber", source="page", now=NOW - DAY / 4)
    assert an_import(tmp_path, to="clinician", at=NOW).not_asked == 0
    assert to_ann(mailoutbox) == 1


def test_a_large_import_takes_no_mail_from_the_public_pages(
    tmp_path: Path, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.SUBSCRIBERS_MAILS_PER_HOUR = 2
    an_import(tmp_path, "bob@example.org", "cat@example.org", at=NOW)
    assert len(mailoutbox) == 3
    assert not limits.cap_reached(now=NOW)
