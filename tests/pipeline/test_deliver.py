"""Sending an issue: what was approved, once to each, whatever happens on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.db import connection

from digest.config import Config
from digest.delivery.journal import open_journal
from digest.delivery.records import Claimed
from digest.errors import ConfigError, DeliveryError, Refused
from digest.models import AuditEntry, Delivery, Issue, StoredRendition
from digest.pipeline import Progress, sending
from digest.pipeline.deliver import send_issue
from digest.pipeline.mailing import Mailing
from digest.project.settings import KEYS
from digest.values import Envelope, Outcome, Rendition
from subscribers.addresses import address_key
from subscribers.models import Membership, Subscriber
from subscribers.tokens import leave_url
from tests.builders import NOW, a_config, a_subscriber, an_approved_issue
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

DEFERRED = Outcome("deferred", "450 later")
DOWN = DeliveryError("the mail server cannot be reached", temporary=True)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site in a folder of this test."""
    return a_config(tmp_path)


def send(
    config: Config,
    transport: FakeTransport | None = None,
    *,
    now: datetime = NOW,
    progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, int]:
    """Send issue 1; only the states that occur."""
    counts = send_issue(
        1, config, KEYS, now=lambda: now, progress=progress, transport=transport, sleep=sleep
    )
    return {state: rows for state, rows in counts.items() if rows}


def people(*addresses: str) -> list[Subscriber]:
    """Confirmed patients."""
    return [a_subscriber(address) for address in addresses]


def state() -> str:
    """Of issue 1."""
    return Issue.objects.get(number=1).state


def test_each_confirmed_member_gets_their_edition_with_their_own_links(config: Config) -> None:
    an_approved_issue()
    ann = a_subscriber("ann@example.net", name="Ann", lists=("clinician", "patient"))
    a_subscriber("bob@example.net", lists=("caregiver",))
    transport = FakeTransport()
    assert send(config, transport) == {"accepted": 2}
    assert transport.recipients == ["ann@example.net", "bob@example.net"]
    message = message_from_bytes(transport.sent[0].content, policy=policy.default)
    link = leave_url(ann, "patient")
    plain, rich = (part.get_content() for part in message.iter_parts())
    assert str(message["Subject"]) == "November for patient"
    assert str(message["To"]) == "Ann <ann@example.net>"
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert f"Leave: {link}\r\n" in plain
    assert "Read: https://digest.example.org/issues/1/patient\r\n" in plain
    assert "Since 21 November 2026\r\n" in plain
    assert f'href="{link}"' in rich
    assert b"bob@" not in transport.sent[0].content
    assert (state(), Issue.objects.get().sent_at) == ("sent", NOW)
    assert AuditEntry.objects.get().what == "began to send to 2 subscribers"


def test_the_date_of_joining_is_that_of_the_publications_time_zone(config: Config) -> None:
    an_approved_issue()
    people("ann@example.net")
    Membership.objects.update(joined_at=datetime(2026, 3, 4, 2, 0, tzinfo=UTC))
    transport = FakeTransport()
    send(config, transport)
    message = message_from_bytes(transport.sent[0].content, policy=policy.default)
    plain = message.get_body(("plain",))
    assert plain is not None
    assert "Since 3 March 2026\r\n" in plain.get_content()


def test_sending_twice_sends_nothing_twice(config: Config) -> None:
    an_approved_issue()
    people("ann@example.net", "bob@example.net")
    send(config, FakeTransport())
    again = FakeTransport()
    assert send(config, again) == {"accepted": 2}
    assert again.sent == []


def test_who_joins_after_the_start_waits_for_the_next_issue(config: Config) -> None:
    an_approved_issue()
    people("ann@example.net")
    send(config, FakeTransport({"ann@example.net": DEFERRED}))
    people("bob@example.net")
    later = FakeTransport()
    assert send(config, later, now=NOW + timedelta(hours=1)) == {"accepted": 1}
    assert later.recipients == ["ann@example.net"]


@pytest.mark.parametrize(
    ("name", "mend"),
    [("draft", "digest approve 1"), ("paused", "digest resume 1"), ("cancelled", "digest compose"),
     ("skipped", "too few items")],
)  # fmt: skip
def test_an_issue_in_another_state_is_refused_with_the_mend(
    config: Config, name: str, mend: str
) -> None:
    an_approved_issue(state=name)
    people("ann@example.net")
    with pytest.raises(Refused, match=mend):
        send(config, FakeTransport())
    assert (state(), Delivery.objects.count()) == (name, 0)


def test_an_issue_that_does_not_exist_is_refused(config: Config) -> None:
    with pytest.raises(Refused, match="no issue 1"):
        send(config, FakeTransport())


@pytest.mark.parametrize("part", ["subject", "preheader", "html", "text"])
@pytest.mark.parametrize("begun", [False, True])
def test_what_is_not_what_was_approved_is_not_sent(config: Config, part: str, begun: bool) -> None:
    an_approved_issue(state="sending" if begun else "approved")
    people("ann@example.net")
    StoredRendition.objects.filter(audience="clinician").update(**{part: "changed"})
    with pytest.raises(Refused, match="not what Ada approved"):
        send(config, FakeTransport())
    assert not Delivery.objects.exists()


def test_an_edition_that_vanished_is_not_what_was_approved(config: Config) -> None:
    an_approved_issue()
    StoredRendition.objects.filter(audience="clinician").delete()
    with pytest.raises(Refused, match="not what Ada approved"):
        send(config, FakeTransport())


def test_nobody_to_send_to_is_refused_and_uses_up_no_issue(config: Config) -> None:
    an_approved_issue()
    a_subscriber("ann@example.net", state="pending")
    with pytest.raises(Refused, match="no list has a confirmed member"):
        send(config, FakeTransport())
    assert state() == "approved"


def test_what_is_wrong_with_every_mail_stops_before_the_first(tmp_path: Path) -> None:
    an_approved_issue()
    people("ann@example.net")
    config = a_config(tmp_path, sender={"address": "jörg@example.org"})
    with pytest.raises(Refused, match="outside of ASCII"):
        send(config, FakeTransport())
    assert (state(), Delivery.objects.count()) == ("approved", 0)


@pytest.mark.parametrize("state_then", ["approved", "scheduled", "sending"])
@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("sender", "name", "Multiple Sclerosis Weekly"), ("sender", "address", "news@sclerosis.org"),
     ("publication", "site_url", "https://ms.example.org")],
)  # fmt: skip
def test_a_sender_that_names_a_diagnosis_since_the_approval_sends_nothing(
    tmp_path: Path, section: str, key: str, value: str, state_then: str
) -> None:
    issue = an_approved_issue(state=state_then)
    (ann,) = people("ann@example.net")
    if state_then == "sending":
        issue.deliveries.create(subscriber=ann, audience="patient", changed_at=NOW)
    transport = FakeTransport()
    with pytest.raises(Refused, match=rf"^config.yaml: {section}\.{key} names a diagnosis"):
        send(a_config(tmp_path, **{section: {key: value}}), transport)
    assert (transport.sent, state()) == ([], state_then)
    assert list(Delivery.objects.values_list("state", flat=True)) == (
        ["queued"] if state_then == "sending" else []
    )
    assert not AuditEntry.objects.exists()


def test_what_is_wrong_with_every_mail_since_it_began_fails_no_row(tmp_path: Path) -> None:
    issue = an_approved_issue(state="sending")
    (ann,) = people("ann@example.net")
    issue.deliveries.create(subscriber=ann, audience="patient", changed_at=NOW)
    insecure = a_config(tmp_path, publication={"site_url": "http://digest.example.org"})
    with pytest.raises(Refused, match="https"):
        send(insecure, FakeTransport())
    assert Delivery.objects.get().state == "queued"
    assert send(a_config(tmp_path), FakeTransport()) == {"accepted": 1}


def test_a_transport_without_its_key_changes_nothing(tmp_path: Path) -> None:
    an_approved_issue()
    people("ann@example.net")
    with pytest.raises(ConfigError, match="SENDGRID_API_KEY"):
        send(a_config(tmp_path, transport={"kind": "sendgrid"}))
    assert state() == "approved"


def test_an_address_that_cannot_be_mailed_fails_alone(config: Config) -> None:
    an_approved_issue()
    people("jörg@example.net", "bob@example.net")
    transport = FakeTransport()
    assert send(config, transport) == {"accepted": 1, "failed": 1}
    assert "outside of ASCII" in Delivery.objects.get(state="failed").detail
    assert state() == "sent"


def test_a_deferred_mail_keeps_the_issue_open_until_it_is_due(config: Config) -> None:
    an_approved_issue()
    people("ann@example.net", "bob@example.net")
    busy = FakeTransport({"ann@example.net": DEFERRED})
    assert send(config, busy) == {"accepted": 1, "deferred": 1}
    assert state() == "sending"
    too_early = FakeTransport()
    send(config, too_early, now=NOW + timedelta(seconds=59))
    assert too_early.sent == []
    in_time = FakeTransport()
    assert send(config, in_time, now=NOW + timedelta(seconds=60)) == {"accepted": 2}
    assert in_time.recipients == ["ann@example.net"]
    assert in_time.sent[0].message_id == busy.sent[0].message_id
    assert state() == "sent"


@pytest.mark.parametrize("other", [(2, "ann", "a"), (1, "bob", "a"), (1, "ann", "b")])
def test_a_message_id_is_that_of_issue_reader_and_approval_and_of_no_row(
    config: Config, other: tuple[int, str, str]
) -> None:
    def message_id(delivery_id: int, number: int, public_id: str, approved: str) -> str:
        edition = Rendition("patient", "November", "What was found", "<p>Hello.</p>", "Hello.")
        mailing = Mailing(number, config, KEYS, {"patient": edition}, approved)
        reader = Subscriber(address="ann@example.net", public_id=public_id)
        return mailing.envelope(Claimed(delivery_id, reader, "patient", NOW, 1), NOW).message_id

    first = message_id(1, 1, "ann", "a")
    assert first == message_id(2, 1, "ann", "a")
    assert first != message_id(1, *other)


def test_no_connection_is_opened_while_nothing_is_due(config: Config) -> None:
    class Unwanted(FakeTransport):
        def __enter__(self) -> Unwanted:
            raise AssertionError("a server was troubled for nothing")

    an_approved_issue()
    people("ann@example.net")
    send(config, FakeTransport({"ann@example.net": DEFERRED}))
    assert send(config, Unwanted()) == {"deferred": 1}


def test_an_unknown_mail_is_never_sent_again_by_itself(config: Config) -> None:
    an_approved_issue()
    people("ann@example.net")
    assert send(config, FakeTransport({"ann@example.net": Outcome("unknown", "?")})) == {
        "unknown": 1
    }
    again = FakeTransport()
    assert send(config, again, now=NOW + timedelta(days=9)) == {"unknown": 1}
    assert again.sent == []


@pytest.mark.parametrize("repeatable", [False, True])
def test_a_transport_that_fails_for_everybody_loses_and_doubles_nothing(
    config: Config, repeatable: bool
) -> None:
    an_approved_issue()
    people("a@example.net", "b@example.net", "c@example.net")
    down = FakeTransport({"b@example.net": DOWN}, repeatable=repeatable)
    with pytest.raises(DeliveryError):
        send(config, down)
    rows = Delivery.objects.order_by("pk").values_list("state", "attempts")
    assert list(rows) == [("accepted", 1), ("queued", 0), ("queued", 0)]
    assert state() == "sending"
    up = FakeTransport(repeatable=repeatable)
    assert send(config, up) == {"accepted": 3}
    assert up.recipients == ["b@example.net", "c@example.net"]


class Killed(BaseException):
    """Stands for a signal: nothing of ours catches it."""


@pytest.mark.parametrize(("repeatable", "second"), [(False, "unknown"), (True, "accepted")])
def test_a_mail_that_was_on_its_way_when_the_sender_died_is_unknown_or_repeated(
    config: Config, repeatable: bool, second: str
) -> None:
    an_approved_issue()
    people("a@example.net", "b@example.net", "c@example.net")

    def die(envelope: Envelope) -> None:
        if envelope.recipient == "b@example.net":
            raise Killed

    with pytest.raises(Killed):
        send(config, FakeTransport(repeatable=repeatable, on_deliver=die))
    after = FakeTransport(repeatable=repeatable)
    send(config, after)
    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["accepted", second, "accepted"]
    # A transport that cannot double is asked again for the whole claim.
    assert after.recipients == (
        ["a@example.net", "b@example.net", "c@example.net"] if repeatable else ["c@example.net"]
    )


def test_who_leaves_while_the_issue_goes_out_is_in_no_later_claim(config: Config) -> None:
    an_approved_issue()
    *_, last = people(*(f"p{n}@example.net" for n in range(40)))

    def somebody_leaves(envelope: Envelope) -> None:
        last.memberships.update(state="left")

    transport = FakeTransport(on_deliver=somebody_leaves)
    assert send(config, transport) == {"accepted": 39, "skipped": 1}
    assert last.address not in transport.recipients
    assert state() == "sent"


def test_a_pause_stops_the_sender_within_a_claim_and_a_resume_goes_on(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)
    an_approved_issue()
    people(*(f"p{n}@example.net" for n in range(40)))

    def pause(envelope: Envelope) -> None:
        Issue.objects.update(state="paused")

    before = FakeTransport(on_deliver=pause)
    assert send(config, before) == {"accepted": len(before.sent), "queued": 40 - len(before.sent)}
    assert (state(), 0 < len(before.sent) < 40) == ("paused", True)
    Issue.objects.update(state="sending")
    after = FakeTransport()
    assert send(config, after) == {"accepted": 40}
    assert set(before.recipients).isdisjoint(after.recipients)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("repeatable", [False, True])
def test_no_transaction_is_open_on_the_wire_and_the_intent_is_committed(
    config: Config, repeatable: bool
) -> None:
    an_approved_issue()
    people("a@example.net", "b@example.net")
    seen = []

    def look(envelope: Envelope) -> None:
        assert not connection.in_atomic_block
        person = Subscriber.objects.get(address_key=address_key(envelope.recipient))
        seen.append(Delivery.objects.get(subscriber=person).state)

    send(config, FakeTransport(repeatable=repeatable, on_deliver=look))
    assert seen == ["claimed", "claimed"]


def test_a_second_sender_is_refused(config: Config) -> None:
    an_approved_issue()
    people("a@example.net")
    with open_journal(config.folder), pytest.raises(Refused, match="sending already"):
        send(config, FakeTransport())
    assert state() == "approved"


@pytest.mark.parametrize("repeatable", [False, True])
def test_progress_ends_at_all(config: Config, repeatable: bool) -> None:
    an_approved_issue()
    people("a@example.net", "b@example.net", "c@example.net")
    seen: list[tuple[int, int]] = []
    send(config, FakeTransport(repeatable=repeatable), progress=lambda *at: seen.append(at))
    assert (seen[0], seen[-1]) == ((0, 3), (3, 3))
    assert seen == sorted(seen)


def test_a_large_list_goes_out_whole(config: Config) -> None:
    an_approved_issue()
    people(*(f"p{n}@example.net" for n in range(700)))
    transport = FakeTransport(repeatable=True)
    assert send(config, transport) == {"accepted": 700}
    assert len(set(transport.recipients)) == 700
