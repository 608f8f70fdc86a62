"""Requests of public pages: sealed, answered once, within limits; no form lifts an opt-out."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as some
from pytest_django import Settings

from subscribers import signup
from subscribers.addresses import ParsedAddress, address_key
from subscribers.confirmations import ask_about, consent_text
from subscribers.erase import erase
from subscribers.errors import BadAddress
from subscribers.leave import leave
from subscribers.membership import (
    Confirmed,
    Consent,
    awaits_confirmation,
    confirm,
    enrol,
    find_subscriber,
    join,
    standing_to_confirm,
)
from subscribers.models import Asked, ConsentRecord, Membership, Request, Subscriber, Suppression
from subscribers.signup import answer_requests, request_link, request_to_join
from subscribers.suppression import is_suppressed, suppress
from subscribers.tokens import read_confirm_token, read_preferences_token
from tests.builders import NOW, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ANN = "ann@example.org"
DAY = timedelta(days=1)
PROOF = Consent("Yes.", "operator", source="paper form")


@pytest.fixture(autouse=True)
def departures(settings: Settings, tmp_path: Path) -> Path:
    """The departures file of this test."""
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "departures.log")
    return tmp_path / "departures.log"


def ask(*lists: str, address: str = ANN, at: datetime = NOW, **more: Any) -> dict[str, int]:
    """Ask to join and have it answered; what it came to, without zeros."""
    request_to_join(address, lists or ("patient",), now=at, **more)
    return answers(at)


def answers(at: datetime) -> dict[str, int]:
    return {what: count for what, count in answer_requests(at).items() if count}


def states(address: str = ANN) -> dict[str, str]:
    mine = find_subscriber(address)
    return dict(mine.memberships.values_list("list_name", "state")) if mine else {}


def press(list_name: str = "patient", *, at: datetime = NOW, **more: Any) -> Confirmed:
    subscriber = Subscriber.objects.get()
    return confirm(
        subscriber, list_name, source="page", text="Yes.", actor="subscriber", now=at, **more
    )


def link_in(message: mail.EmailMessage, kind: str) -> str:
    found = re.search(rf"^https://digest\.example\.org/{kind}/(\S+)$", str(message.body), re.M)
    assert found, message.body
    return found[1]


# ── what is stored ────────────────────────────────────────────────────────────────────────


def test_a_request_lies_sealed_and_nobody_is_written_to_yet() -> None:
    request_to_join("canary@example.org", ["patient"], name="Canary Bird", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM subscribers_request")
        (stored,) = cursor.fetchone()
    assert b"anary" not in bytes(stored)
    assert not Subscriber.objects.exists()
    assert mail.outbox == []


def test_a_text_that_is_no_address_stores_nothing() -> None:
    with pytest.raises(BadAddress):
        request_to_join("ann", ["patient"])
    with pytest.raises(BadAddress):
        request_link("ann")
    assert not Request.objects.exists()


def test_a_list_that_is_not_ours_is_left_out() -> None:
    request_to_join(ANN, ["hidden"], now=NOW)
    assert answers(NOW) == {"silent": 1}
    assert not Subscriber.objects.exists()


@hypothesis(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(address=some.text(max_size=30), name=some.text(max_size=30), form=some.text(max_size=80))
def test_whatever_is_typed_is_refused_or_answered(address: str, name: str, form: str) -> None:
    for typed in (address, f"{address}@example.org"):
        try:
            request_to_join(typed, ["patient"], name=name, form=form, now=NOW)
        except BadAddress:
            continue
        assert "failed" not in answers(NOW)
    assert not Request.objects.exists()


# ── who joins ─────────────────────────────────────────────────────────────────────────────


def test_an_unknown_address_waits_for_its_owner_with_a_record_of_what_was_asked() -> None:
    assert ask(name="Ann Lee", form="example.net, foot of the page") == {"mailed": 1}
    ann = Subscriber.objects.get()
    assert (ann.address, ann.name, ann.language) == (ANN, "Ann Lee", "en")
    assert states() == {"patient": "pending"}
    record = ConsentRecord.objects.get()
    assert (record.event, record.text, record.at) == ("asked", consent_text("patient"), NOW)
    assert (record.actor, record.source) == ("subscriber", "sign-up page")
    assert (record.form, record.locale) == ("example.net, foot of the page", "en")
    (message,) = mail.outbox
    link = read_confirm_token(link_in(message, "confirm"))
    assert (link.public_id, link.lists) == (ann.public_id, ("patient",))
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert not Request.objects.exists()


def test_several_lists_come_in_one_mail_with_one_link() -> None:
    ask("clinician", "patient")
    (message,) = mail.outbox
    assert read_confirm_token(link_in(message, "confirm")).lists == ("patient", "clinician")
    for who in ("people living with MS", "clinicians"):
        assert who in message.body
    assert states() == {"patient": "pending", "clinician": "pending"}


def test_a_member_is_told_so_with_the_link_to_their_page() -> None:
    ann = a_subscriber()
    assert ask(at=NOW + DAY) == {"mailed": 1}
    (message,) = mail.outbox
    assert read_preferences_token(link_in(message, "preferences")) == ann.public_id
    assert states() == {"patient": "confirmed"}
    assert ConsentRecord.objects.filter(event="asked").count() == 0


def test_a_member_who_asks_for_another_list_too_confirms_that_one() -> None:
    a_subscriber()
    ask("patient", "caregiver", at=NOW + DAY)
    assert read_confirm_token(link_in(mail.outbox[0], "confirm")).lists == ("caregiver",)
    assert states() == {"patient": "confirmed", "caregiver": "pending"}


def test_no_stranger_changes_the_name_of_a_subscriber() -> None:
    a_subscriber(name="Ann Lee")
    ask("caregiver", name="Somebody Else", at=NOW + DAY)
    assert Subscriber.objects.get().name == "Ann Lee"


def test_no_mail_names_a_diagnosis_outside_its_body() -> None:
    a_subscriber("bob@example.org", created_at=NOW)
    ask("patient", "caregiver", at=NOW + DAY)
    ask(address="bob@example.org", at=NOW + DAY)
    request_link("bob@example.org", now=NOW + DAY)
    answers(NOW + DAY)
    assert len(mail.outbox) == 3
    for message in mail.outbox:
        outside = f"{message.subject} {message.from_email} {message.extra_headers}"
        assert not re.search(r"\bMS\b|sclerosis|patient|caregiver|clinician", outside, re.I)


# ── who must not be written to ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reason", ["bounce", "complaint", "operator"])
@pytest.mark.parametrize("known", [True, False])
def test_a_suppressed_address_gets_nothing_and_stays_as_it_is(reason: str, known: bool) -> None:
    if known:
        a_subscriber()
    suppress(ANN, Suppression.Reason(reason), "operator", now=NOW)
    before = (states(), ConsentRecord.objects.count())
    request_link(ANN, now=NOW + DAY)
    assert ask("patient", "caregiver", at=NOW + DAY) == {"silent": 2}
    assert (states(), ConsentRecord.objects.count()) == before
    assert mail.outbox == []
    assert not Asked.objects.exists()
    assert not awaits_confirmation(ANN)


def test_a_suppression_after_the_mail_stands_against_its_link() -> None:
    leave(a_subscriber(), "patient", actor="subscriber", source="page", now=NOW)
    ask(at=NOW + DAY)
    suppress(ANN, Suppression.Reason.COMPLAINT, "feedback", now=NOW + DAY)
    assert press(at=NOW + DAY) == "refused"
    assert states() == {"patient": "left"}


# ── who comes back ────────────────────────────────────────────────────────────────────────


def test_who_left_is_back_only_when_they_confirm(departures: Path) -> None:
    ann = a_subscriber()
    leave(ann, "patient", actor="subscriber", source="page", now=NOW)
    assert ask(at=NOW + DAY) == {"mailed": 1}
    assert states() == {"patient": "left"}
    assert awaits_confirmation(ANN)
    assert press(at=NOW + 2 * DAY) == "confirmed"
    assert states() == {"patient": "confirmed"}
    assert press(at=NOW + 2 * DAY) == "already_confirmed"
    assert not awaits_confirmation(ANN)
    lines = [line.split()[1:] for line in departures.read_text().splitlines()]
    assert lines == [[kind, ann.address_key, "patient"] for kind in ("left", "returned")]


def test_who_left_is_not_brought_back_by_the_link_of_an_older_mail() -> None:
    """The person asked anew, and yet it is the new mail's link that counts."""
    ask()
    ann = Subscriber.objects.get()
    left_at = NOW + timedelta(hours=30)
    leave(ann, "patient", actor="subscriber", source="page", now=left_at)
    assert press(at=left_at + DAY) == "refused"  # not asked anew
    ask(at=left_at + DAY)
    assert press(at=left_at + DAY, made_at=NOW) == "refused"
    assert press(at=left_at + DAY, made_at=left_at + DAY) == "confirmed"


def test_no_import_brings_back_who_left_and_asked_anew_but_did_not_confirm() -> None:
    leave(a_subscriber(), "patient", actor="subscriber", source="page", now=NOW)
    ask(at=NOW + DAY)
    assert enrol([ParsedAddress(ANN)], "patient", PROOF, now=NOW + DAY) == ["opted_out_before"]
    assert states() == {"patient": "left"}


def test_who_was_erased_is_back_only_when_they_confirm_and_on_that_list_alone(
    departures: Path,
) -> None:
    key = a_subscriber(lists=("patient", "caregiver")).address_key
    erase(ANN, now=NOW)
    assert ask(at=NOW + DAY) == {"mailed": 1}
    assert is_suppressed(ANN)
    assert awaits_confirmation(ANN)
    assert join(ANN, "patient", PROOF, now=NOW + DAY) == "suppressed"
    assert press(at=NOW + DAY) == "confirmed"
    assert not is_suppressed(ANN)
    assert states() == {"patient": "confirmed", "caregiver": "left", "clinician": "left"}
    assert f"returned {key} patient" in departures.read_text()
    assert join(ANN, "caregiver", PROOF, now=NOW + DAY) == "opted_out_before"


def test_who_was_erased_may_come_back_to_two_lists_by_one_link() -> None:
    a_subscriber()
    erase(ANN, now=NOW)
    ask("patient", "caregiver", at=NOW + DAY)
    assert [press(name, at=NOW + DAY) for name in ("patient", "caregiver")] == ["confirmed"] * 2


# ── limits ────────────────────────────────────────────────────────────────────────────────


def test_a_thousand_requests_bring_one_mail_and_change_nothing_more() -> None:
    for _ in range(500):
        request_to_join(ANN, ["patient"], now=NOW)
        request_link(ANN, now=NOW)
    assert Request.objects.count() == 2  # and they fill no database
    assert answers(NOW) == {"mailed": 1, "silent": 1}
    assert len(mail.outbox) == 1
    assert ConsentRecord.objects.count() == Asked.objects.count() == 1


def test_one_a_day_and_three_a_year_while_unconfirmed() -> None:
    for hours, mails in ((0, 1), (23, 1), (25, 2), (48, 2), (50, 3), (75, 3), (24 * 300, 3)):
        ask(at=NOW + timedelta(hours=hours))
        request_link(ANN, now=NOW + timedelta(hours=hours))
        answers(NOW + timedelta(hours=hours))
        assert len(mail.outbox) == mails, hours
    ask(at=NOW + timedelta(days=366))
    assert len(mail.outbox) == 4


def test_the_limits_outlive_a_pending_membership_that_is_deleted() -> None:
    ask()
    Subscriber.objects.all().delete()
    assert ask(at=NOW + timedelta(hours=23)) == {"silent": 1}
    assert not Subscriber.objects.exists()


def test_who_confirmed_and_left_may_come_back_the_same_day_but_once() -> None:
    ask()
    press(at=NOW + timedelta(minutes=5))
    leave(Subscriber.objects.get(), "patient", actor="s", source="p", now=NOW + DAY / 24)
    for hour, mails in ((2, 2), (3, 2), (27, 3), (52, 4), (77, 4)):
        ask(at=NOW + timedelta(hours=hour))
        assert len(mail.outbox) == mails, hour


def test_a_mail_that_an_operator_brought_about_counts_for_the_day() -> None:
    join(ANN, "patient", Consent("Yes.", "operator"), now=NOW)
    assert ask(at=NOW + timedelta(hours=1)) == {"silent": 1}


def test_the_hourly_cap_lets_the_rest_wait_first_come_first_served(settings: Settings) -> None:
    settings.SUBSCRIBERS_MAILS_PER_HOUR = 2
    addresses = [f"p{number}@example.org" for number in range(5)]
    for address in addresses:
        request_to_join(address, ["patient"], now=NOW)
    assert answers(NOW) == {"mailed": 2}
    assert answers(NOW + timedelta(minutes=59)) == {}
    assert answers(NOW + timedelta(minutes=61)) == {"mailed": 2}
    assert [message.to for message in mail.outbox] == [[address] for address in addresses[:4]]
    assert answers(NOW + timedelta(hours=25)) == {"dropped": 1}
    assert not Request.objects.exists()


# ── the link to one's page ────────────────────────────────────────────────────────────────


def test_the_link_goes_to_who_is_known_once_a_day() -> None:
    ann = a_subscriber()
    for hours, mails in ((0, 1), (1, 1), (25, 2), (50, 3), (75, 4)):
        request_link(ANN.upper(), now=NOW + timedelta(hours=hours))
        answers(NOW + timedelta(hours=hours))
        assert len(mail.outbox) == mails, hours
    assert mail.outbox[0].to == [ANN]
    assert read_preferences_token(link_in(mail.outbox[0], "preferences")) == ann.public_id
    assert awaits_confirmation(ANN)


def test_nobody_unknown_gets_a_link() -> None:
    request_link(ANN, now=NOW)
    assert answers(NOW) == {"silent": 1}
    assert mail.outbox == []


# ── trouble ───────────────────────────────────────────────────────────────────────────────


def test_a_mail_that_cannot_be_queued_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:

    def broken(subscriber: Subscriber, lists: list[str]) -> None:
        if subscriber.address == ANN:
            raise OSError(f"no room for {ANN}")
        ask_about(subscriber, lists)

    monkeypatch.setattr(signup, "ask_about", broken)
    request_to_join(ANN, ["patient"], now=NOW)
    with caplog.at_level(logging.ERROR):
        assert ask(address="bob@example.org") == {"mailed": 1, "failed": 1}
    assert [message.to for message in mail.outbox] == [["bob@example.org"]]
    assert "OSError" in caplog.text
    assert ANN not in caplog.text


def test_a_request_that_cannot_be_read_waits_and_stops_no_other() -> None:
    Request.objects.create(kind="join", content="[]", at=NOW)
    assert ask() == {"mailed": 1, "failed": 1}
    assert Request.objects.count() == 1
    assert Membership.objects.count() == 1


def test_no_mail_is_handed_over_inside_a_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    depth = len(connection.savepoint_ids)
    depths: list[int] = []
    monkeypatch.setattr(
        signup, "ask_about", lambda *rest: depths.append(len(connection.savepoint_ids))
    )
    ask()
    assert depths == [depth]


def test_who_was_only_erased_elsewhere_may_ask_anew() -> None:
    ann = a_subscriber()
    suppress(ANN, Suppression.Reason.ERASED, "operator", now=NOW)
    assert ask(at=NOW + DAY) == {"mailed": 1}
    assert standing_to_confirm(ann, "patient") == "returning"


def test_a_mail_asked_for_before_the_erasure_is_not_wanted_after_it() -> None:
    key = address_key(ANN)
    Asked.objects.create(address_key=key, purpose="change", at=NOW)
    Suppression.objects.create(address_key=key, reason="erased", at=NOW + DAY)
    assert not awaits_confirmation(ANN)
