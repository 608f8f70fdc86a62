"""The sending loop: pace, storms, a database that waits or is full, and whoever stops it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from digest.config import Config
from digest.config.settings import PaceSettings
from digest.delivery import records
from digest.delivery.journal import Journal, Left, open_journal
from digest.delivery.pace import Pace
from digest.errors import DeliveryError, Refused
from digest.models import Delivery, Issue, StoredEvent
from digest.pipeline import sending
from digest.values import AUDIENCES, Envelope
from subscribers.addresses import address_key
from subscribers.models import Membership
from tests.builders import NOW, a_config, a_subscriber, an_approved_issue
from tests.fakes import ACCEPTED, FakeTransport
from tests.pipeline.runs import (
    BUSY,
    NO_SUCH_USER,
    Time,
    Wire,
    a_run,
    people,
    send,
    sparing,
    states,
)  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site in a folder of this test."""
    return a_config(tmp_path)


@pytest.fixture
def time() -> Time:
    """Begins at NOW."""
    return Time()


@pytest.fixture
def journal(config: Config) -> Iterator[Journal]:
    """Begun."""
    with open_journal(config.folder) as opened:
        opened.begin(repeatable=False)
        yield opened


@pytest.fixture
def large_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is claimed before the first answer."""
    monkeypatch.setattr(Pace, "claim_size", lambda pace, connections: 50)


def test_all_that_is_due_is_sent_once_and_counted_once(
    config: Config, journal: Journal, time: Time
) -> None:
    people(60)
    wire = Wire(journal, time)
    a_run(config, journal, time, wire).run()
    assert states() == {"accepted": 60}
    assert len(set(wire.begun)) == len(wire.begun) == 60
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
    assert wire.closed


def test_the_journal_is_told_what_is_stored_and_stays_small(
    config: Config, journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.delivery.journal.LARGEST", 0)
    people(30)
    a_run(config, journal, time, Wire(journal, time)).run()
    assert journal.left() == Left(journal.owner)


def test_what_was_deferred_and_comes_due_during_the_run_goes_out_with_it(
    config: Config, time: Time
) -> None:
    an_approved_issue()
    people(20)

    def no_longer_busy(envelope: Envelope) -> None:
        if time.seconds > 50:
            transport.script.clear()

    transport = FakeTransport({"p0@example.net": BUSY}, on_deliver=no_longer_busy)
    assert send(config, transport, time, pace=PaceSettings(per_second=0.2)) == {"accepted": 20}
    assert Delivery.objects.get(attempts=2).subscriber is not None


# ── pace ──────────────────────────────────────────────────────────────────────────────────


def moments(time: Time, chosen: str = "") -> tuple[FakeTransport, list[float]]:
    """A transport, and when it was given the mails to a domain."""
    seen: list[float] = []

    def note(envelope: Envelope) -> None:
        if envelope.recipient.endswith(chosen):
            seen.append(time.seconds)

    return FakeTransport(on_deliver=note), seen


def test_mails_begin_evenly_spaced_where_a_pace_is_set(config: Config, time: Time) -> None:
    an_approved_issue()
    people(12)
    transport, at = moments(time)
    assert send(config, transport, time, pace=PaceSettings(per_second=2)) == {"accepted": 12}
    assert at == pytest.approx([n / 2 for n in range(12)], abs=0.06)


def test_one_domain_is_spared_while_the_others_go_on(tmp_path: Path, time: Time) -> None:
    config, spared = sparing(tmp_path, 0.5)
    an_approved_issue()
    people(6, "slow.example")
    people(30, "fast.example")
    transport, at = moments(time, "@slow.example")
    assert send(config, transport, time, pace=spared) == {"accepted": 36}
    assert at == pytest.approx([2 * n for n in range(6)], abs=0.11)
    assert [name.partition("@")[2] for name in transport.recipients[1:31]] == ["fast.example"] * 30
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
    assert Issue.objects.get().state == "sent"


def test_whoever_was_put_off_by_a_run_that_ended_begins_the_next_one(
    tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)
    config, spared = sparing(tmp_path, 0.001)
    an_approved_issue()
    people(4, "slow.example")
    pausing = FakeTransport(on_deliver=lambda mail: void(Issue.objects.update(state="paused")))
    assert send(config, pausing, time, pace=spared) == {"accepted": 1, "queued": 3}
    Issue.objects.update(state="sending")
    faster, _ = sparing(tmp_path, 1000)
    assert send(faster, FakeTransport(), time, pace=faster.pace) == {"accepted": 4}
    assert time.seconds < 1000


def void(result: object) -> None:
    """What came of it does not matter."""


def test_a_warm_up_that_is_used_up_leaves_the_rest_for_the_next_day(
    tmp_path: Path, time: Time
) -> None:
    config = a_config(tmp_path, pace={"warm_up": [3, 5]})
    an_approved_issue()
    people(12)
    assert send(config, FakeTransport(), time) == {"accepted": 3, "queued": 9}
    assert Issue.objects.get().state == "sending"
    unneeded = FakeTransport()
    assert send(config, unneeded, time) == {"accepted": 3, "queued": 9}
    assert unneeded.sent == []
    time.sleep(24 * 3600)
    assert send(config, FakeTransport(), time) == {"accepted": 8, "queued": 4}
    time.sleep(24 * 3600)
    assert send(config, FakeTransport(), time) == {"accepted": 12}
    assert Issue.objects.get().state == "sent"


def test_a_warm_up_that_is_used_up_waits_for_no_domains_turn(tmp_path: Path, time: Time) -> None:
    pace = {"warm_up": [3], "per_domain": {"slow.example": 0.2}}
    config = a_config(tmp_path, pace=pace)
    an_approved_issue()
    people(3, "slow.example")
    people(9, "fast.example")

    def until_tomorrow(seconds: float) -> None:
        Time.sleep(time, seconds)
        assert time.seconds < 24 * 3600

    time.sleep = until_tomorrow  # type: ignore[method-assign]
    assert send(config, FakeTransport(), time) == {"accepted": 3, "queued": 9}


def test_a_storm_releases_what_is_not_begun_and_all_is_sent_in_the_end(
    config: Config, journal: Journal, time: Time
) -> None:
    people(150)
    wire = Wire(journal, time, lambda nth: BUSY if 40 <= nth < 90 else ACCEPTED)
    a_run(config, journal, time, wire).run()
    assert wire.given_back
    found = states()
    assert set(found) == {"accepted", "deferred"}
    assert found["deferred"] <= 50
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.usefixtures("large_claims")
def test_what_a_storm_released_at_the_end_of_the_list_is_claimed_again(
    config: Config, journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was left to claim when the storm began."""
    people(10)
    wire = Wire(journal, time, connections=2)
    run = a_run(config, journal, time, wire)
    storms = iter([False, True])
    monkeypatch.setattr(Pace, "storming", property(lambda pace: next(storms, False)))
    run.run()
    assert wire.given_back
    assert states() == {"accepted": 10}


@pytest.mark.usefixtures("large_claims")
def test_while_the_other_side_asks_for_a_rest_nothing_is_claimed_and_then_all_goes_on(
    config: Config, journal: Journal, time: Time
) -> None:
    people(40)
    rest = NOW + timedelta(minutes=5)

    def ask_for_a_rest(done: int, total: int) -> None:
        if done == 10:
            wire.rests_until = (rest - NOW).total_seconds()

    wire = Wire(journal, time)
    a_run(config, journal, time, wire, progress=ask_for_a_rest).run()
    assert wire.given_back
    assert states() == {"accepted": 40}
    early = Delivery.objects.filter(changed_at__lt=rest).count()
    assert early == 20  # those that were under way when it was asked
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.usefixtures("large_claims")
def test_who_leaves_while_their_claim_waits_for_too_long_is_not_mailed(
    config: Config, journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "FRESH_SECONDS", -1.0)
    people(40)

    def one_leaves(done: int, total: int) -> None:
        if done:
            Membership.objects.filter(
                subscriber__address_key=address_key("p39@example.net")
            ).update(state="left")

    wire = Wire(journal, time)
    a_run(config, journal, time, wire, progress=one_leaves).run()
    assert states() == {"accepted": 39, "skipped": 1}
    assert len(set(wire.begun)) == len(wire.begun) == 39


# ── who stops it ──────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("large_claims")
@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_stop_within_a_claim_gives_back_what_is_not_begun(
    config: Config, journal: Journal, time: Time, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)
    people(40)

    def stop(done: int, total: int) -> None:
        if done:
            Issue.objects.update(state=state)

    wire = Wire(journal, time)
    a_run(config, journal, time, wire, progress=stop).run()
    assert (wire.stopped, wire.closed) == (True, True)
    assert len(wire.given_back) == 40 - len(wire.begun) > 0
    assert states() == {"accepted": len(wire.begun), "queued": 40 - len(wire.begun)}
    assert set(Delivery.objects.filter(state="queued").values_list("attempts", flat=True)) == {0}


@pytest.mark.usefixtures("large_claims")
@pytest.mark.parametrize("error", [Refused("stopped"), KeyboardInterrupt(), ValueError("a bug")])
def test_whoever_stops_it_from_the_progress_leaves_no_mail_in_doubt(
    config: Config, journal: Journal, time: Time, error: BaseException
) -> None:
    """The clock's stop raises each time it is asked, and mails are under way then."""
    people(40)

    def stop(done: int, total: int) -> None:
        if done:
            raise error

    wire = Wire(journal, time)
    with pytest.raises(type(error)):
        a_run(config, journal, time, wire, progress=stop).run()
    assert wire.given_back
    assert states() == {"accepted": len(wire.begun), "queued": 40 - len(wire.begun)}


@pytest.mark.usefixtures("large_claims")
def test_a_server_that_fails_mid_way_leaves_no_claim_and_the_next_run_goes_on(
    config: Config, time: Time
) -> None:
    people(40)
    with open_journal(config.folder) as journal:
        journal.begin(repeatable=False)
        wire = Wire(journal, time, dies_after=15)
        with pytest.raises(DeliveryError, match="cannot be reached"):
            a_run(config, journal, time, wire).run()
    assert states() == {"accepted": len(wire.begun), "queued": 40 - len(wire.begun)}
    rest = FakeTransport()
    assert send(config, rest, time) == {"accepted": 40}
    assert len(rest.sent) == 40 - len(wire.begun)


# ── what a server says at once ────────────────────────────────────────────────────────────


def test_a_refusal_is_heard_as_a_bounce_once(config: Config, time: Time) -> None:
    an_approved_issue()
    people(2)
    a_subscriber("no@example.net")
    script = {"no@example.net": NO_SUCH_USER, "p1@example.net": BUSY}
    send(config, FakeTransport(script), time)
    row = Delivery.objects.get(state="failed")
    event = StoredEvent.objects.get()
    assert (event.reference, event.kind) == (row.reference, "hard bounce")
    assert "5.1.1" in event.detail
    time.sleep(3600)
    send(config, FakeTransport(script), time)
    assert StoredEvent.objects.count() == 1


def test_a_mail_that_was_put_off_too_often_is_heard_of_too(config: Config, time: Time) -> None:
    an_approved_issue()
    people(1)
    for _ in range(records.MAX_ATTEMPTS):
        send(config, FakeTransport({"p0@example.net": BUSY}), time)
        time.sleep(2 * 24 * 3600)
    assert states() == {"failed": 1}
    assert StoredEvent.objects.get().kind == "soft bounce"


def test_a_refusal_that_a_dead_sender_noted_is_heard_by_the_next_run(
    config: Config, time: Time
) -> None:
    issue = an_approved_issue(state="sending")
    a_subscriber("no@example.net")
    reference = "f" * 40
    records.enqueue(issue, AUDIENCES, NOW, reference_of=lambda public_id: reference)
    with open_journal(config.folder) as journal:
        journal.begin(repeatable=False)
        (claimed,) = records.claim(issue, 1, NOW, owner=journal.owner)
        journal.begun([claimed.delivery_id])
        journal.settled([(claimed.delivery_id, NO_SUCH_USER)])
    assert send(config, FakeTransport(), time) == {"failed": 1}
    assert StoredEvent.objects.get().reference == reference
