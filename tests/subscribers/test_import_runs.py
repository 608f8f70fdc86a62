"""An import that was killed goes on; a mistaken one is taken back, but for what people did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client

from digest.models import Delivery
from subscribers import enrolling
from subscribers.errors import SubscribersError
from subscribers.importing import ImportReport, Undone, import_people, run, undo_import
from subscribers.leave import leave, undo
from subscribers.membership import Consent, confirm, find_subscriber, join
from subscribers.models import (
    ConsentRecord,
    ConsentWording,
    ImportRun,
    Membership,
    Subscriber,
    Suppression,
)
from subscribers.recipients import standing
from subscribers.suppression import suppress
from subscribers.tokens import confirm_url
from tests.builders import NOW, a_subscriber, an_approved_issue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

LATER = NOW + timedelta(days=2)


class Killed(Exception):
    """As if the process had died here."""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "BATCH", 3)
    monkeypatch.setattr(run, "MOST", 3)
    path = tmp_path / "people.csv"
    rows = [*(f"p{n}@example.org" for n in range(7)), "p1@example.org", "bad", "last@example.org"]
    path.write_text("email\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def _import(file: Path, **changes: Any) -> ImportReport:
    order = {
        "list_name": "patient",
        "consent_text": "Yes, mail me.",
        "consent_source": "paper form",
        "actor": "operator",
        "now": NOW,
    }
    return import_people(file, **{**order, **changes})


@contextmanager
def _killed_at(batch: int) -> Iterator[None]:
    """The process dies in the middle of a batch, after people were added to the database."""
    real, calls = enrolling._write, iter(range(1, 100))

    def write(*args: Any, **options: Any) -> Any:
        if next(calls) == batch:
            raise Killed
        return real(*args, **options)

    with mock.patch.object(enrolling, "_write", write), pytest.raises(Killed):
        yield


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_killed_import_leaves_nothing_half_done_and_goes_on(file: Path, batch: int) -> None:
    with _killed_at(batch):
        _import(file)
    stopped = ImportRun.objects.get()
    assert stopped.next_row == 3 * (batch - 1)
    assert stopped.finished_at is None
    assert Subscriber.objects.count() == Membership.objects.count() == stopped.next_row
    assert ConsentRecord.objects.count() == stopped.next_row
    report = _import(file, now=LATER)
    assert report.resumed_at == stopped.next_row
    assert report.counts["new"] == 8
    assert (report.counts["duplicate_in_file"], report.counts["invalid"]) == (1, 1)
    assert report.counts["already_there"] == 0
    assert ImportRun.objects.get().finished_at is not None
    assert Membership.objects.filter(state="confirmed").count() == 8
    assert ConsentRecord.objects.filter(event="confirmed").count() == 8


def test_another_order_or_a_finished_one_begins_anew(file: Path) -> None:
    with _killed_at(2):
        _import(file)
    assert _import(file, consent_source="another").resumed_at == 0
    assert _import(file).resumed_at == 3
    assert _import(file).resumed_at == 0
    assert ImportRun.objects.count() == 3


def test_the_words_and_the_proof_are_kept_once_and_for_each(file: Path) -> None:
    report = _import(file, consent_date=NOW - timedelta(days=9))
    assert ConsentWording.objects.get().text == "Yes, mail me."
    record = ConsentRecord.objects.first()
    assert record is not None
    assert (record.source, record.actor, record.form) == (
        "paper form",
        "operator",
        f"import {report.run}",
    )
    assert record.at == NOW - timedelta(days=9)
    assert Membership.objects.filter(imported=report.run).count() == 8


def test_who_was_not_mailed_when_it_was_killed_is_mailed_when_it_goes_on(
    file: Path, mailoutbox: list[EmailMessage]
) -> None:
    def dies(*_: Any) -> None:
        raise Killed

    with mock.patch.object(run, "ask_to_confirm", dies), pytest.raises(Killed):
        _import(file, consent_source="")
    assert Membership.objects.filter(state="pending").count() == 3
    assert mailoutbox == []
    _import(file, consent_source="")
    asked = sorted(message.to[0] for message in mailoutbox)
    assert asked == ["last@example.org", *(f"p{n}@example.org" for n in range(7))]


def test_two_shells_do_not_put_in_one_batch_twice(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _killed_at(2):
        _import(file)
    monkeypatch.setattr(
        run._Work, "_ask", lambda self: ImportRun.objects.update(next_row=6) and None
    )
    with pytest.raises(SubscribersError, match="at work elsewhere"):
        _import(file)
    assert Subscriber.objects.count() == 3


def test_undoing_takes_back_what_the_import_did_and_nothing_else(file: Path) -> None:
    before = a_subscriber("p0@example.org", state="pending")
    other = a_subscriber("p1@example.org", lists=("clinician",))
    there = a_subscriber("p2@example.org")
    number = _import(file).run
    assert number is not None
    by = {one.address: one for one in Subscriber.objects.all()}
    leave(by["p3@example.org"], "patient", actor="subscriber", source="page", now=LATER)
    suppress("p4@example.org", Suppression.Reason.BOUNCE, "bounce", now=LATER)
    Subscriber.objects.filter(pk=by["p5@example.org"].pk).update(themes=["fatigue"])
    undone = undo_import(number, actor="operator", now=LATER)
    assert undone == Undone(removed=4, pending=1, kept=2, erased=2)
    states = {
        (one.subscriber.address, one.list_name): one.state
        for one in Membership.objects.exclude(state="left", list_name="caregiver")
        if one.list_name == "patient" or one.state == "confirmed"
    }
    assert states == {
        ("p0@example.org", "patient"): "pending",
        ("p1@example.org", "clinician"): "confirmed",
        ("p2@example.org", "patient"): "confirmed",
        ("p3@example.org", "patient"): "left",
        ("p4@example.org", "patient"): "suppressed",
    }
    left = set(Subscriber.objects.values_list("address", flat=True))
    assert left == {f"p{n}@example.org" for n in range(6)}
    for person in (before, other, by["p5@example.org"]):
        last = person.consents.filter(list_name="patient").last()
        assert last is not None
        assert (last.event, last.source) == ("withdrawn", f"import {number} undone")
    assert not there.consents.filter(event="withdrawn").exists()


def test_who_confirmed_by_themselves_stays_when_the_import_is_undone(
    file: Path, mailoutbox: list[EmailMessage]
) -> None:
    number = _import(file, consent_source="").run
    assert number is not None
    ann = Subscriber.objects.order_by("id").first()
    assert ann is not None
    confirm(ann, "patient", source="page", text="Yes.", actor="subscriber", now=LATER)
    undo_import(number, actor="operator", now=LATER)
    assert list(Membership.objects.values_list("subscriber_id", "state")) == [(ann.pk, "confirmed")]


def test_an_import_is_undone_once_and_then_does_not_go_on(file: Path) -> None:
    with _killed_at(2):
        _import(file)
    number = ImportRun.objects.get().pk
    assert undo_import(number, actor="operator").removed == 3
    assert not Subscriber.objects.exists()
    with pytest.raises(SubscribersError, match="undone already"):
        undo_import(number, actor="operator")
    with pytest.raises(SubscribersError, match="no import"):
        undo_import(number + 1, actor="operator")
    report = _import(file)
    assert (report.resumed_at, report.counts["new"]) == (0, 8)


def test_nobody_who_left_since_comes_back_by_going_on(file: Path) -> None:
    with _killed_at(2):
        _import(file)
    leave(Subscriber.objects.all()[0], None, actor="subscriber", source="page", now=LATER)
    _import(file)
    _import(file)
    assert Membership.objects.filter(list_name="patient", state="left").count() == 1
    assert Membership.objects.filter(state="confirmed").count() == 7


def test_the_people_of_an_import_are_sealed(file: Path) -> None:
    _import(file)
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM subscribers_subscriber")
        stored = [bytes(row[0]) for row in cursor.fetchall()]
    assert len(stored) == 8
    assert all(b"example" not in one and one[:1] == b"\x01" for one in stored)


def test_who_pressed_the_button_after_an_import_stays_when_it_is_undone(file: Path) -> None:
    join("p1@example.org", "patient", Consent("Yes.", "operator"), now=NOW)
    mine = find_subscriber("p1@example.org")
    assert mine is not None
    _import(file, now=LATER)
    page = Client().post("/confirm/" + confirm_url(mine, "patient").rsplit("/confirm/")[1])
    assert page.status_code == 200
    undo_import(ImportRun.objects.get().pk, actor="operator", now=LATER)
    assert standing([mine.pk])[mine.pk] == {"patient"}
    last = mine.consents.latest("id")
    assert (last.event, last.source, last.actor) == ("confirmed", "confirmation page", "subscriber")


def test_who_left_and_took_it_back_stays_when_the_import_is_undone(file: Path) -> None:
    _import(file)
    ann = Subscriber.objects.earliest("id")
    leave(ann, "patient", actor="subscriber", source="page", now=NOW + timedelta(hours=1))
    assert undo(ann, "patient", text="Yes.", now=NOW + timedelta(hours=2)) == "back"
    undone = undo_import(ImportRun.objects.get().pk, actor="operator", now=LATER)
    assert (undone.removed, undone.kept) == (7, 1)
    assert standing([ann.pk])[ann.pk] == {"patient"}


def test_of_a_mail_to_whom_an_undone_import_made_only_what_counts_stays(file: Path) -> None:
    _import(file)
    ann = Subscriber.objects.earliest("id")
    Delivery.objects.create(
        issue=an_approved_issue(), subscriber=ann, audience="patient", state="accepted",
        reference="r1", detail="250 ok", changed_at=NOW,
    )  # fmt: skip
    undo_import(ImportRun.objects.get().pk, actor="operator", now=LATER)
    delivery = Delivery.objects.get()
    assert (delivery.subscriber_id, delivery.reference) == (None, "")
