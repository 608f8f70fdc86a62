"""Having all of one's data, and having it erased."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from pytest_django import Settings

from digest.models import Delivery, Issue, StoredEvent
from subscribers.leave import leave
from subscribers.models import (
    Asked,
    ConsentRecord,
    ImportRun,
    Membership,
    Request,
    Subscriber,
    Suppression,
)
from subscribers.own_data import own_data
from subscribers.tokens import leave_url, make_token, preferences_token
from tests.builders import NOW, a_subscriber, an_approved_issue

pytestmark = pytest.mark.django_db

# Where each table that names a subscriber stands in the document.
PLACES = {Subscriber: "you", Membership: "lists", ConsentRecord: "consents", Delivery: "issues"}
BY_KEY = {
    Asked: "mails_that_were_asked_for",
    Request: "requests_that_wait",
    Suppression: "suppressions",
}
NOT_OF_THE_PERSON = {"id", "subscriber"}  # the number of a row, and that it is theirs


def path(subscriber: Subscriber, part: str) -> str:
    return f"/preferences/{preferences_token(subscriber)}/{part}"


def everything() -> Subscriber:
    run = ImportRun.objects.create(
        file_name="spring.csv", file_hash="x", list_name="patient", actor="Ada", started_at=NOW
    )
    ann = a_subscriber(
        name="Ann Lee", tags=["fair"], language="en", imported=run, not_now=["mind"],
        new_address="new@example.org", new_address_at=NOW,
    )  # fmt: skip
    Asked.objects.create(address_key=ann.address_key, purpose="link", at=NOW)
    Request.objects.create(address_key=ann.address_key, kind="link", content="{}", at=NOW)
    Suppression.objects.create(address_key=ann.address_key, reason="erased", at=NOW)
    issue = an_approved_issue()
    Delivery.objects.create(
        issue=issue, subscriber=ann, audience="patient", state="accepted", changed_at=NOW,
        reference="r1",
    )  # fmt: skip
    return ann


def downloaded(subscriber: Subscriber) -> dict[str, Any]:
    response = Client().post(path(subscriber, "data"))
    assert response["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    document: dict[str, Any] = json.loads(response.content)
    return document


def test_the_file_tells_address_consents_with_their_words_and_issues() -> None:
    found = downloaded(everything())
    assert next(iter(found)) == "about"
    assert found["about"].startswith("This is all that MS Research Digest holds about you")
    assert (found["you"]["address"], found["you"]["name"]) == ("ann@example.org", "Ann Lee")
    assert found["you"]["imported"]["file_name"] == "spring.csv"
    assert found["lists"][0]["list_name"] == "patient"
    assert found["consents"][0]["wording"]["text"] == "Yes."
    assert (found["issues"][0]["issue"], found["issues"][0]["state"]) == (1, "accepted")
    assert found["mails_that_were_asked_for"][0]["purpose"] == "link"


def test_every_column_of_every_table_that_names_a_subscriber_is_in_the_file() -> None:
    found = downloaded(everything())
    naming = {
        model
        for model in apps.get_models()
        if any(field.related_model is Subscriber for field in model._meta.concrete_fields)
    }
    assert naming | {Subscriber} == set(PLACES)
    by_key = {m for m in apps.get_models() if "address_key" in {f.name for f in m._meta.fields}}
    assert by_key - {Subscriber} == set(BY_KEY)
    for model, place in (PLACES | BY_KEY).items():
        row = found[place] if isinstance(found[place], dict) else found[place][0]
        columns = {field.name for field in model._meta.concrete_fields}
        assert columns - NOT_OF_THE_PERSON <= set(row), place


def test_nothing_of_anybody_else_is_in_the_file() -> None:
    ann = everything()
    bob = a_subscriber("new@example.org", name="Somebody else")  # whom Ann would change to
    Asked.objects.create(address_key=bob.address_key, purpose="change", at=NOW)
    found = own_data(ann)
    assert "Somebody else" not in str(found)
    assert bob.address_key not in str(found)
    assert len(found["mails_that_were_asked_for"]) == 1


# ── erasing ───────────────────────────────────────────────────────────────────────────────


def test_the_page_says_what_goes_and_what_stays_and_has_one_button() -> None:
    page = Client().get(path(a_subscriber(), "erase")).content.decode()
    assert "What goes" in page
    assert "What stays" in page
    assert page.count("<button") == 1


def test_erasing_takes_one_press_and_afterwards_every_link_is_the_same_404() -> None:
    ann = a_subscriber()
    Delivery.objects.create(
        issue=an_approved_issue(), subscriber=ann, audience="patient", changed_at=NOW
    )
    leave(ann, "patient", actor="subscriber", source="page")
    links = [
        path(ann, part) for part in ("", "lists", "data", "erase")
    ] + [leave_url(ann, "patient").removeprefix("https://digest.example.org"),
         f"/return/{make_token('undo', ann, 'patient')}"]  # fmt: skip
    response = Client().post(path(ann, "erase"))
    assert response.status_code == 200
    assert "You are erased" in response.content.decode()
    assert not Subscriber.objects.exists()
    assert Suppression.objects.get().reason == "erased"
    assert Delivery.objects.get().subscriber_id is None
    assert Issue.objects.exists()
    nowhere = Client().get("/nowhere")
    for link in links:
        for again in (Client().get(link), Client().post(link)):
            assert (again.status_code, again.content) == (404, nowhere.content)


def test_an_erasure_that_fails_is_told_kindly_and_changes_nothing(settings: Settings) -> None:
    ann = a_subscriber()
    settings.SUBSCRIBERS_DEPARTURES = "/dev/null/departures.log"  # cannot be written
    response = Client().post(path(ann, "erase"))
    assert response.status_code == 503
    assert "not erased yet" in response.content.decode()
    assert "ann@example.org" not in response.content.decode()
    assert Subscriber.objects.get() == ann
    assert not Suppression.objects.exists()


def test_the_file_costs_the_same_however_many_issues_there_were(
    django_assert_max_num_queries: Any,
) -> None:
    ann = a_subscriber()
    for number in range(1, 31):
        Delivery.objects.create(
            issue=an_approved_issue(number), subscriber=ann, audience="patient", state="accepted",
            reference=f"r{number}", changed_at=NOW,
        )  # fmt: skip
        StoredEvent.objects.create(
            reference=f"r{number % 3}", kind="soft", at=NOW, received_at=NOW, raw_id=str(number)
        )
    with django_assert_max_num_queries(9):
        issues = own_data(ann)["issues"]
    assert [len(issue["events"]) for issue in issues[:4]] == [10, 10, 0, 0]
