"""The queue of mails that are no issue: confirmations, sent once no transaction is open."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest.config import Config
from digest.delivery.lock import QUEUE_LOCK, only_one
from digest.errors import DeliveryError
from digest.models import QueuedMail
from digest.pipeline.queued import flush_queue
from digest.project.settings import KEYS
from digest.values import Outcome
from subscribers.membership import find_subscriber
from subscribers.models import Membership, Suppression
from subscribers.suppression import suppress
from tests.builders import NOW, a_config, a_subscriber
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

DEFERRED = Outcome("deferred", "450 later")
DOWN = DeliveryError("the mail server cannot be reached", temporary=True)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site in a folder of this test."""
    return a_config(tmp_path)


def queue(recipient: str, **changes: object) -> QueuedMail:
    """A mail that waits."""
    given = {"recipient": recipient, "message_id": f"<{recipient}>", "content": b"Subject: x\r\n"}
    if find_subscriber(recipient) is None:
        a_subscriber(recipient, state="pending")
    return QueuedMail.objects.create(**{**given, "queued_at": NOW, **changes})


def flush(config: Config, transport: FakeTransport | None, now: datetime = NOW) -> dict[str, int]:
    """Send what is queued; only the states that occur."""
    counts = flush_queue(config, KEYS, now=lambda: now, transport=transport)
    return {state: rows for state, rows in counts.items() if rows}


def test_queued_mails_go_out_and_are_gone(config: Config) -> None:
    queue("ann@example.net")
    transport = FakeTransport()
    assert flush(config, transport) == {"accepted": 1}
    (sent,) = transport.sent
    assert (sent.sender, sent.recipient) == ("digest@example.org", "ann@example.net")
    assert sent.content == b"Subject: x\r\n"
    assert not QueuedMail.objects.exists()
    assert flush(config, transport) == {}


@pytest.mark.parametrize("outcome", [DEFERRED, Outcome("unknown", "?")])
def test_a_queued_mail_that_did_not_surely_arrive_is_tried_again_later(
    config: Config, outcome: Outcome
) -> None:
    queue("ann@example.net")
    assert flush(config, FakeTransport({"ann@example.net": outcome})) == {outcome.state: 1}
    assert flush(config, FakeTransport(), NOW + timedelta(seconds=59)) == {}
    assert flush(config, FakeTransport(), NOW + timedelta(seconds=60)) == {"accepted": 1}


def test_a_queued_mail_that_is_refused_for_good_is_kept_for_a_week(config: Config) -> None:
    queue("no@example.net")
    queue("ann@example.net")
    refusing = FakeTransport({"no@example.net": Outcome("failed", "550 no such user")})
    assert flush(config, refusing) == {"failed": 1, "accepted": 1}
    assert flush(config, FakeTransport(), NOW + timedelta(days=6)) == {}
    assert QueuedMail.objects.get().detail == "550 no such user"
    flush(config, FakeTransport(), NOW + timedelta(days=8))
    assert not QueuedMail.objects.exists()


def test_a_transport_that_is_down_leaves_the_queue_as_it_is(config: Config) -> None:
    queue("ann@example.net")
    with pytest.raises(DeliveryError):
        flush(config, FakeTransport({"ann@example.net": DOWN}))
    assert QueuedMail.objects.get().attempts == 0


def test_a_queue_that_another_process_is_sending_is_left_to_it(config: Config) -> None:
    queue("ann@example.net")
    with only_one(config.folder, QUEUE_LOCK):
        assert flush(config, FakeTransport()) == {}
    assert QueuedMail.objects.count() == 1


def test_an_empty_queue_opens_no_transport(tmp_path: Path) -> None:
    assert flush(a_config(tmp_path, transport={"kind": "sendgrid"}), None) == {}


@pytest.mark.parametrize("state", ["left", "suppressed", "confirmed"])
def test_who_no_longer_waits_is_not_asked_to_confirm(config: Config, state: str) -> None:
    person = a_subscriber("ann@example.net", state="pending")
    queue("ann@example.net")
    Membership.objects.filter(subscriber=person).update(state=state, joined_at=NOW)
    transport = FakeTransport()
    flush(config, transport)
    assert transport.sent == []
    assert not QueuedMail.objects.exists()


def test_an_address_suppressed_since_is_not_asked_to_confirm(config: Config) -> None:
    a_subscriber("ann@example.net", state="pending")
    queue("ann@example.net")
    suppress("ann@example.net", Suppression.Reason.OPERATOR, "test")
    transport = FakeTransport()
    flush(config, transport)
    assert transport.sent == []
