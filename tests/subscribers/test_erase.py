"""Erasing: nothing of the person is left, run as often as one likes, killed where it may be."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from subscribers import erase as module
from subscribers.addresses import address_key
from subscribers.erase import erase, erase_subscriber, overwrite_leftovers
from subscribers.models import (
    Asked,
    ConsentProof,
    ConsentRecord,
    Membership,
    Request,
    Subscriber,
    Suppression,
)
from subscribers.signup import request_link, request_to_join
from tests.builders import NOW, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ANN = "ann@example.org"


class Seen:
    """Traces that note what they are asked."""

    calls: list[tuple[object, ...]] = []

    def __init__(self, subscriber_ids: Collection[int], keys: Collection[str]):
        self.whom = list(subscriber_ids), list(keys)

    def remove_files(self) -> None:
        self.calls.append(
            ("files", *self.whom, Subscriber.objects.filter(pk__in=self.whom[0]).exists())
        )

    def remove_rows(self) -> None:
        self.calls.append(
            ("rows", *self.whom, Subscriber.objects.filter(pk__in=self.whom[0]).exists())
        )


@pytest.fixture
def traces(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    settings.SUBSCRIBERS_TRACES = f"{__name__}.Seen"
    monkeypatch.setattr(Seen, "calls", [])
    return Seen.calls


def test_person_lists_and_consents_go_and_a_keyed_hash_and_a_proof_stay() -> None:
    a_subscriber(ANN, lists=("patient", "caregiver"))
    assert erase("Ann <ANN@example.org>", now=NOW) == "erased"
    for table in (Subscriber, Membership, ConsentRecord):
        assert not table._base_manager.exists()
    assert Suppression.objects.get().address_key == address_key(ANN)
    assert ConsentProof.objects.count() == 2


def test_run_again_it_says_that_it_was_done_and_proves_nothing_twice() -> None:
    a_subscriber(ANN)
    assert [erase(ANN, now=NOW) for _ in range(3)] == ["erased", "already_erased", "already_erased"]
    assert ConsentProof.objects.count() == 1


def test_an_address_that_nobody_has_is_unknown_and_not_suppressed() -> None:
    assert erase("nobody@example.org") == "unknown"
    assert not Suppression.objects.exists()


def test_files_go_first_while_the_rows_still_tell_which(traces: list[tuple[object, ...]]) -> None:
    person = a_subscriber(ANN, name="Ann")
    Subscriber.objects.update(new_address="ann@example.net")
    erase(ANN, now=NOW)
    keys = [address_key(ANN), address_key("ann@example.net")]
    assert traces == [("files", [person.pk], keys, True), ("rows", [person.pk], keys, True)]


def test_killed_after_the_files_it_ends_when_run_again(
    traces: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_subscriber(ANN, name="Ann")

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killing:
        killing.setattr(module, "note_departures", dies)
        with pytest.raises(KeyboardInterrupt):
            erase(ANN, now=NOW)
    assert Subscriber.objects.exists()
    assert erase(ANN, now=NOW) == "erased"
    assert [call[0] for call in traces] == ["files", "rows", "files", "rows"]


def test_killed_after_the_commit_a_second_run_looks_for_its_files_again(
    traces: list[tuple[object, ...]],
) -> None:
    Suppression.objects.create(address_key=address_key(ANN), reason="erased", at=NOW)
    assert erase(ANN) == "already_erased"
    assert [call[0] for call in traces] == ["files", "rows"]


def test_a_new_address_that_is_somebody_elses_is_left_to_them(
    traces: list[tuple[object, ...]],
) -> None:
    a_subscriber(ANN, new_address="bob@example.org")
    a_subscriber("bob@example.org")
    erase(ANN, now=NOW)
    assert traces[0][2] == [address_key(ANN)]
    assert Subscriber.objects.get().address == "bob@example.org"


def test_requests_that_wait_go_and_nobody_elses() -> None:
    request_to_join("Ann@Example.org", ["patient"], now=NOW)
    request_link(ANN, now=NOW)
    request_link("b@example.org", now=NOW)
    assert erase(ANN, now=NOW) == "erased"  # who only asked to join is a person, too
    assert json.loads(Request.objects.get().content) == {"address": "b@example.org"}
    assert Suppression.objects.get().reason == "erased"


def test_a_request_that_cannot_be_read_stops_no_erasure() -> None:
    key = address_key(ANN)
    Request.objects.create(address_key=key, kind="join", content="not JSON", at=NOW)
    a_subscriber(ANN)
    assert erase(ANN, now=NOW) == "erased"


def test_of_mails_asked_for_only_those_to_join_are_counted_on() -> None:
    a_subscriber(ANN, new_address="ann@example.net")
    for key, purpose in (
        (ANN, "confirm"),
        (ANN, "order"),
        (ANN, "link"),
        ("ann@example.net", "change"),
        ("ann@example.net", "link"),
    ):
        Asked.objects.create(address_key=address_key(key), purpose=purpose, at=NOW)
    erase(ANN, now=NOW)
    left = set(Asked.objects.values_list("address_key", "purpose"))
    # Those of the address they would have changed to may be somebody else's limits.
    mine, other = address_key(ANN), address_key("ann@example.net")
    assert left == {(mine, "confirm"), (mine, "order"), (other, "change"), (other, "link")}


def test_who_changes_their_address_at_the_same_moment_is_erased_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann, new = a_subscriber(ANN), "ann@example.net"
    erased: list[str] = []

    def changed_meanwhile(address: str, **options: Any) -> str:
        if not erased:
            Subscriber.objects.update(address=new, address_key=address_key(new))
        erased.append(address)
        return erase(address, **options)

    monkeypatch.setattr("subscribers.erase.erase", changed_meanwhile)
    erase_subscriber(ann, now=NOW)
    assert erased == [ANN, new]
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("reason", ["bounce", "complaint", "operator"])
def test_a_stronger_suppression_stays_as_it_is(reason: str) -> None:
    a_subscriber(ANN)
    Suppression.objects.create(address_key=address_key(ANN), reason=reason, at=NOW)
    assert erase(ANN, now=NOW) == "erased"
    assert Suppression.objects.get().reason == reason


def test_in_a_transaction_nothing_is_rewritten() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert not overwrite_leftovers()
