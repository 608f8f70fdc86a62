"""Unknown deliveries: settled by an operator, kept in the audit, and never by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.config import Config
from digest.errors import Refused
from digest.models import AuditEntry, Delivery, Issue
from digest.pipeline.deliver import send_issue
from digest.pipeline.resolve import resolve
from digest.project.settings import KEYS
from digest.values import Outcome
from subscribers.addresses import address_key
from subscribers.erase import erase
from subscribers.models import Membership
from tests.builders import NOW, a_config, a_subscriber, an_approved_issue
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ANN, BOB = "ann@example.net", "bob@example.net"
CUT = Outcome("unknown", "the line was cut after the final dot")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site in a folder of this test."""
    return a_config(tmp_path)


@pytest.fixture
def first(config: Config) -> FakeTransport:
    """An issue went out by it to three; of two nobody knows."""
    an_approved_issue()
    for address in (ANN, BOB, "cleo@example.net"):
        a_subscriber(address)
    transport = FakeTransport({ANN: CUT, BOB: CUT})
    send(config, transport)
    return transport


def send(config: Config, transport: FakeTransport) -> dict[str, int]:
    counts = send_issue(1, config, KEYS, now=lambda: NOW, transport=transport)
    return {state: rows for state, rows in counts.items() if rows}


def settle(decision: str, address: str | None = None) -> int:
    issue = Issue.objects.get(number=1)
    return resolve(issue, decision, address=address, who="Ada", now=NOW)  # type: ignore[arg-type]


def states() -> dict[str, str]:
    rows = Delivery.objects.select_related("subscriber")
    return {row.subscriber.address.partition("@")[0]: row.state for row in rows if row.subscriber}


@pytest.mark.parametrize("decision", ["accepted", "failed"])
def test_every_unknown_delivery_is_settled_and_no_other(
    config: Config, first: FakeTransport, decision: str
) -> None:
    assert settle(decision) == 2
    assert states() == {"ann": decision, "bob": decision, "cleo": "accepted"}
    row = Delivery.objects.get(subscriber__address_key=address_key(ANN))
    assert row.detail == f"an operator's decision: {decision}; before: {CUT.detail}"
    assert Issue.objects.get().state == "sent"
    kept = AuditEntry.objects.get(who="Ada")
    assert kept.what == f"settled 2 unknown deliveries as {decision}"
    again = FakeTransport()
    send(config, again)
    assert again.sent == []


def test_one_readers_delivery_is_settled_alone(first: FakeTransport) -> None:
    assert settle("accepted", "Ann@Example.NET") == 1
    assert states() == {"ann": "accepted", "bob": "unknown", "cleo": "accepted"}
    assert "ann" not in AuditEntry.objects.get(who="Ada").what


def test_what_is_sent_again_has_the_message_id_that_it_had(
    config: Config, first: FakeTransport
) -> None:
    assert settle("resend", ANN) == 1
    assert Issue.objects.get().state == "sending"
    again = FakeTransport()
    assert send(config, again) == {"accepted": 2, "unknown": 1}
    (mail,) = again.sent
    assert (mail.recipient, mail.message_id) == (ANN, first.sent[0].message_id)
    assert Issue.objects.get().state == "sent"


def test_who_left_meanwhile_is_not_mailed_again(config: Config, first: FakeTransport) -> None:
    settle("resend")
    Membership.objects.filter(subscriber__address_key=address_key(ANN)).update(state="left")
    again = FakeTransport()
    assert send(config, again) == {"accepted": 2, "skipped": 1}
    assert again.recipients == [BOB]


def test_a_paused_issue_stays_paused(config: Config, first: FakeTransport) -> None:
    Issue.objects.update(state="paused")
    settle("resend")
    assert Issue.objects.get().state == "paused"
    assert states()["ann"] == "queued"


@pytest.mark.parametrize("state", sorted(set(Delivery.State.values) - {"unknown"}))
def test_a_row_in_another_state_is_left_alone(first: FakeTransport, state: str) -> None:
    Delivery.objects.update(state=state)
    assert settle("resend") == 0
    assert set(states().values()) == {state}
    assert not AuditEntry.objects.filter(who="Ada").exists()
    assert Issue.objects.get().state == "sent"


@pytest.mark.parametrize("address", ["cleo@example.net", "nobody@example.net"])
def test_an_address_whose_delivery_is_not_unknown_is_refused(
    first: FakeTransport, address: str
) -> None:
    erase(ANN)  # her row names nobody, as nobody's would
    with pytest.raises(Refused, match="to that address is unknown"):
        settle("failed", address)
    assert Delivery.objects.filter(state="unknown").count() == 2


def test_another_issue_is_left_alone(first: FakeTransport) -> None:
    other = an_approved_issue(2, state="sent")
    row = other.deliveries.create(audience="patient", state="unknown", changed_at=NOW)
    settle("accepted")
    row.refresh_from_db()
    assert row.state == "unknown"
