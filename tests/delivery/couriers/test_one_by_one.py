"""One transport, one mail at a time: noted before, told after, given back when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.delivery.couriers import FLUSH_MAILS
from digest.delivery.couriers.one_by_one import OneByOne
from digest.delivery.journal import JOURNAL, Journal, open_journal
from digest.errors import DeliveryError
from digest.values import Envelope, Outcome
from tests.delivery.couriers.material import FakeMails, claims, now
from tests.fakes import ACCEPTED, FakeTransport

DOWN = DeliveryError("the mail server cannot be reached", temporary=True)
NO = Outcome("failed", "550 no")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Begun."""
    with open_journal(tmp_path) as opened:
        opened.begin(repeatable=False)
        yield opened


def a_courier(
    journal: Journal, transport: FakeTransport, mails: FakeMails | None = None
) -> OneByOne:
    """Through this transport."""
    return OneByOne(transport, mails or FakeMails(), journal, now)


def test_each_mail_is_delivered_in_order_and_told(journal: Journal) -> None:
    transport = FakeTransport({"p2@example.net": NO})
    with a_courier(journal, transport) as courier:
        courier.give(claims(1, 2, 3))
        assert (courier.waiting, courier.busy) == (3, True)
        assert courier.settled() == [(1, ACCEPTED), (2, NO), (3, ACCEPTED)]
        assert (courier.waiting, courier.busy, courier.strained()) == (0, False, 0)
    assert transport.recipients == [f"p{n}@example.net" for n in (1, 2, 3)]


@pytest.mark.parametrize("repeatable", [False, True])
def test_a_mail_is_noted_before_it_leaves_unless_it_may_be_repeated(
    journal: Journal, tmp_path: Path, repeatable: bool
) -> None:
    noted: list[list[str]] = []

    def look(envelope: Envelope) -> None:
        noted.append((tmp_path / JOURNAL).read_text(encoding="utf-8").splitlines()[1:])

    transport = FakeTransport(repeatable=repeatable, on_deliver=look)
    with a_courier(journal, transport) as courier:
        assert courier.repeatable is repeatable
        courier.give(claims(1, 2))
        courier.settled()
    once = [["B 1"], ["B 1", "R 1 accepted 250 ok", "B 2"]]
    assert noted == ([[], []] if repeatable else once)
    assert set(journal.left().outcomes) == (set() if repeatable else {1, 2})


def test_a_delivery_that_cannot_be_mailed_fails_alone_and_is_on_no_wire(journal: Journal) -> None:
    transport = FakeTransport()
    with a_courier(journal, transport, FakeMails(frozenset({1}))) as courier:
        courier.give(claims(1, 2))
        (one, outcome), two = courier.settled()
        assert (one, outcome.state, two) == (1, "failed", (2, ACCEPTED))
        assert "outside of ASCII" in outcome.detail
    assert 1 not in journal.left().outcomes


def test_outcomes_are_told_a_few_at_a_time(journal: Journal) -> None:
    with a_courier(journal, FakeTransport()) as courier:
        courier.give(claims(*range(FLUSH_MAILS + 1)))
        assert 0 < len(courier.settled()) <= FLUSH_MAILS
        assert courier.busy


def test_trouble_is_raised_once_all_else_was_told_and_the_rest_is_given_back(
    journal: Journal,
) -> None:
    with a_courier(journal, FakeTransport({"p2@example.net": DOWN})) as courier:
        courier.give(claims(1, 2, 3))
        assert courier.settled() == [(1, ACCEPTED)]
        assert courier.busy
        with pytest.raises(DeliveryError, match="cannot be reached"):
            courier.settled()
        courier.stop()
        assert (courier.busy, courier.settled(), courier.take_back()) == (False, [], [2, 3])


def test_a_mail_that_left_is_told_even_if_that_cannot_be_noted(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given back, it would be sent twice."""

    def disk_full(results: object) -> None:
        raise DeliveryError("the journal of sending cannot be written")

    monkeypatch.setattr(journal, "settled", disk_full)
    with a_courier(journal, FakeTransport()) as courier:
        courier.give(claims(1, 2))
        assert courier.settled() == [(1, ACCEPTED)]
        with pytest.raises(DeliveryError, match="journal"):
            courier.settled()
        assert courier.take_back() == [2]


def test_a_mail_whose_beginning_cannot_be_noted_does_not_begin(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(deliveries: object) -> None:
        raise DeliveryError("the journal of sending cannot be written")

    monkeypatch.setattr(journal, "begun", disk_full)
    transport = FakeTransport()
    with a_courier(journal, transport) as courier:
        courier.give(claims(1))
        assert courier.settled() == []
        assert courier.take_back() == [1]
    assert transport.sent == []


def test_what_was_given_back_is_not_delivered_and_more_may_be_given(journal: Journal) -> None:
    transport = FakeTransport()
    with a_courier(journal, transport) as courier:
        courier.give(claims(1, 2))
        assert courier.take_back() == [1, 2]
        assert (courier.waiting, courier.busy, courier.take_back()) == (0, False, [])
        courier.give(claims(3))
        assert courier.settled() == [(3, ACCEPTED)]


def test_nothing_begins_after_a_stop(journal: Journal) -> None:
    transport = FakeTransport()
    with a_courier(journal, transport) as courier:
        courier.give(claims(1))
        courier.stop()
        assert (courier.busy, courier.settled(), courier.take_back()) == (False, [], [1])
    assert transport.sent == []
