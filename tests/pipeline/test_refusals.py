"""What a server refuses at once counts as a bounce does, and our own faults harm no reader."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.config import Config
from digest.delivery import records
from digest.models import AuditEntry, Delivery, Issue, StoredEvent
from digest.pipeline.hear_back import Heard, apply_events
from digest.pipeline.refusals import refusal_in, store_refusals
from subscribers.models import Membership, Subscriber, Suppression
from tests.builders import NOW, a_config, a_draft, a_subscriber

LATER = NOW + timedelta(hours=1)
NO_SUCH = "550 5.1.1 no such user"
FULL = "552 5.2.2 mailbox full"
DENIED = "554 5.7.1 (the address): Relay access denied"
DETAILS = [
    (NO_SUCH, "hard bounce"),
    ("550 no such user here", "hard bounce"),
    ("550 Requested action not taken: mailbox unavailable", "hard bounce"),
    ("553 5.1.3 bad syntax", "hard bounce"),
    (FULL, "soft bounce"),
    ("552 over quota", "soft bounce"),
    ("550 no", "soft bounce"),  # the number alone: it may well be our smart host's
    ("550", "soft bounce"),
    ("550 5.0.0 refused", "soft bounce"),
    ("554 no", "blocked"),
    ("554 5.7.1 spam", "blocked"),
    ("gave up after 8 attempts: 451 4.3.0 try later", "soft bounce"),
    ("gave up after 8 attempts: 450 4.1.1 user unknown", "soft bounce"),
    ("gave up after 8 attempts: 452 4.2.2 mailbox full", "soft bounce"),
    ("gave up after 8 attempts: 451 4.7.1 your network is not trusted", "blocked"),
    ("gave up after 8 attempts: 421 too many connections", "blocked"),
    ("gave up after 8 attempts: the connection broke (reset)", None),
    ("451 4.3.0 try later", None),  # no failure
    ("400 bad request", None),  # an API's
    ("250 2.0.0 550 queued", None),
    ("the address cannot be written in 7 bits. Correct it", None),
    ("answered 550", None),
    ("5500 users", None),
    ("", None),
]
OUR_SMART_HOSTS = [
    "550 5.7.1 relay denied",
    "550 relay not permitted",
    "550 relaying is prohibited",
    "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    "553 sorry, that domain isn't in my list of allowed rcpthosts",
    "530 5.7.0 authentication required",
    "550 authentication is required for relay",
    "550 must authenticate",
    "550 sender verify failed",
    "550 5.1.8 sender's domain not found",
    "550 5.4.5 Daily user sending limit exceeded",
    "550 5.4.5 daily sending quota exceeded",
    "550 5.1.90 your message can't be sent: you reached your daily limit for recipients",
    "550 5.7.705 Access denied, tenant has exceeded threshold",
    "552 5.3.4 Message size exceeds fixed limit",
    "gave up after 8 attempts: 550 5.4.5 daily sending quota exceeded",
]


@pytest.mark.parametrize(("detail", "kind"), DETAILS)
def test_a_detail_tells_of_the_reader_what_it_says(detail: str, kind: str | None) -> None:
    assert refusal_in(detail) == kind


@pytest.mark.parametrize("detail", OUR_SMART_HOSTS)
def test_our_own_smart_hosts_refusal_is_nobodys_bounce(detail: str) -> None:
    assert refusal_in(detail) == "blocked"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return a_config(tmp_path)


def failed(person: Subscriber, number: int = 1, detail: str = NO_SUCH) -> Delivery:
    issue = Issue.objects.filter(number=number).first() or a_draft(number, state="sent")
    return Delivery.objects.create(
        issue=issue, subscriber=person, audience="patient", state="failed", detail=detail,
        reference=f"{number * 1000 + person.pk:040x}", changed_at=NOW,
    )  # fmt: skip


def refused(config: Config, *deliveries: Delivery) -> Heard:
    store_refusals([(row.reference, row.detail) for row in deliveries], NOW)
    return apply_events(config, LATER)


@pytest.mark.django_db
@pytest.mark.both_databases
def test_who_is_unknown_at_once_is_suppressed(config: Config) -> None:
    ann, bob = a_subscriber("ann@example.net"), a_subscriber("bob@example.net")
    failed(bob, detail="")
    assert refused(config, failed(ann)).suppressed == 1
    assert Suppression.objects.get().reason == "bounce"
    states = dict(Membership.objects.values_list("subscriber__address_key", "state"))
    assert (states[ann.address_key], states[bob.address_key]) == ("suppressed", "confirmed")


@pytest.mark.django_db
@pytest.mark.both_databases
def test_a_relay_that_denies_us_suppresses_nobody_and_is_told(config: Config) -> None:
    people = [a_subscriber(f"reader{n}@example.net") for n in range(3)]
    assert refused(config, *(failed(one, detail=DENIED) for one in people)).suppressed == 0
    assert not Suppression.objects.exists()
    assert "3 mails were refused for what we are or wrote" in AuditEntry.objects.get().what


@pytest.mark.django_db
@pytest.mark.both_databases
def test_three_issues_in_a_row_refused_for_now_suppress(config: Config) -> None:
    ann = a_subscriber()
    gave_up = f"gave up after {records.MAX_ATTEMPTS} attempts: 451 4.3.0 try later"
    done = [
        refused(config, failed(ann, number, detail)).suppressed
        for number, detail in ((1, FULL), (2, gave_up), (3, FULL))
    ]
    assert done == [0, 0, 1]


@pytest.mark.django_db
@pytest.mark.both_databases
def test_stored_twice_it_counts_once_and_the_first_word_stays(config: Config) -> None:
    row = failed(a_subscriber(), detail=FULL)
    assert store_refusals([(row.reference, FULL), (row.reference, FULL)], NOW) == 2
    store_refusals([(row.reference, NO_SUCH)], LATER)
    assert StoredEvent.objects.get().kind == "soft bounce"
    assert apply_events(config, LATER).applied == {"soft bounce": 1}
    assert refused(config, row).applied == {}


@pytest.mark.django_db
@pytest.mark.both_databases
def test_what_tells_nothing_is_not_stored_and_the_rest_is_without_addresses() -> None:
    results = [
        ("", NO_SUCH),  # an older row
        ("a" * 40, "the address cannot be written"),
        ("b" * 40, "550 5.1.1 <ann@example.net> unknown"),
    ]
    assert store_refusals(results, NOW) == 1
    assert store_refusals([], NOW) == 0
    event = StoredEvent.objects.get()
    assert (event.reference, event.applied_at) == ("b" * 40, None)
    assert "ann@" not in event.detail


@pytest.mark.django_db
@pytest.mark.both_databases
def test_a_thousand_refusals_are_stored_in_few_inserts(
    django_assert_max_num_queries: Any,
) -> None:
    results = [(f"{n:040x}", NO_SUCH) for n in range(1000)]
    with django_assert_max_num_queries(12):
        assert store_refusals(results, NOW) == 1000
