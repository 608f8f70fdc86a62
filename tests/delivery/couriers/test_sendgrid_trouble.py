"""The SendGrid courier in trouble: refusals, silence, stops."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from digest.delivery.couriers import Mails, Result
from digest.delivery.couriers import sendgrid as module
from digest.delivery.couriers.sendgrid import SendgridCourier
from digest.delivery.journal import Journal, open_journal
from digest.delivery.records import Claimed
from digest.delivery.sendgrid.client import Client
from digest.delivery.sendgrid.payload import Content, Recipient
from digest.delivery.sendgrid.wire import Patience, Wire
from digest.errors import DeliveryError, Refused
from digest.values import Envelope
from subscribers.models import Subscriber
from tests.builders import NOW
from tests.delivery.sendgrid.api import Answer, Api, a_content, a_recipient, sendgrid_api
from tests.delivery.sendgrid.talk import KEY, Time

BATCH_ID = Answer(201, body=b'{"batch_id": "b-1"}')


ALL: frozenset[str] = frozenset()


def a_claim(number: int, chosen: frozenset[str] = ALL, audience: str = "patients") -> Claimed:
    """Delivery `number`, to reader `number`."""
    reader = Subscriber(pk=number, address=f"reader{number}@example.net")
    return Claimed(number, reader, audience, NOW, 1, chosen)


def claims(*numbers: int) -> list[Claimed]:
    return [a_claim(number) for number in numbers]


class FewMails:
    """Mails of readers; some cannot be mailed. `asked`: for which contents."""

    def __init__(
        self,
        refused: Sequence[int] = (),
        without: frozenset[str] | None = None,
        subject: str | None = None,
        text: str = "An issue",
    ):
        self.refused, self.without, self.subject, self.text = refused, without, subject, text
        self.asked: list[tuple[str, frozenset[str]]] = []

    def envelope(self, claimed: Claimed, date: Any) -> Envelope:
        raise AssertionError("not one by one")

    def content(self, audience: str, chosen: frozenset[str], text_only: bool) -> Content:
        self.asked.append((audience, chosen))
        if chosen == self.without:
            raise Refused("none of these themes")
        told = f"{audience} {sorted(chosen)}" if self.subject is None else self.subject
        return a_content(subject=told, text=self.text)

    def recipient(self, claimed: Claimed) -> Recipient:
        if claimed.delivery_id in self.refused:
            raise Refused("no address any more")
        return a_recipient(claimed.delivery_id)


@dataclass
class Talk:
    """A courier in talk with the API."""

    api: Api
    courier: SendgridCourier
    journal: Journal
    time: Time
    results: list[Result] = field(default_factory=list)

    def drive(self) -> dict[int, str]:
        """Until nothing is under way; the state of each delivery."""
        while self.courier.busy:
            self.results += self.courier.settled()
        return self.states

    @property
    def states(self) -> dict[int, str]:
        found: dict[int, str] = {number: outcome.state for number, outcome in self.results}
        assert len(found) == len(self.results)  # told once
        return found

    @property
    def bodies(self) -> list[Any]:
        """Those of the mails, one for each request."""
        return [body for path, _, body in self.api.requests if path == "/v3/mail/send"]

    @property
    def sizes(self) -> list[int]:
        return [len(body["personalizations"]) for body in self.bodies]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(tmp_path) as journal:
        journal.begin(repeatable=False)
        yield journal


@contextmanager
def talking(
    journal: Journal,
    *script: Answer,
    batch: int = 1000,
    mails: Mails | None = None,
    first: Answer = BATCH_ID,
    patience: Patience | None = None,
    **options: Any,
) -> Iterator[Talk]:
    time = Time()
    with sendgrid_api(first, *script, **options) as api:
        client = Client(api.url, KEY, patience=patience or Patience(answer=20), clock=time.clock)
        courier = SendgridCourier(
            client, batch, mails or FewMails(), journal, clock=time.clock, sleep=time.sleep
        )
        with courier:
            yield Talk(api, courier, journal, time)


def lines(journal: Journal) -> list[str]:
    """The journal's own, without its head and the words of outcomes."""
    noted = journal.path.read_text(encoding="utf-8").splitlines()[1:]
    return [" ".join(line.split()[:3]) for line in noted]


def mailed(body: Any) -> list[Any]:
    found: list[Any] = body["personalizations"]
    return found


def test_all_of_a_request_is_noted_before_its_body_leaves(journal: Journal) -> None:
    seen: list[list[str]] = []
    with talking(journal, batch=2) as talk:
        talk.api.on_head = lambda: seen.append(lines(journal))
        talk.courier.give(claims(1, 2, 3))
        talk.drive()

    assert seen[0] == ["B 1", "B 2"]
    assert seen[1] == ["B 1", "B 2", "R 1 accepted", "R 2 accepted", "B 3"]


def test_a_sender_that_dies_before_the_answer_leaves_the_batch_begun(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with talking(journal, batch=2) as talk:
        monkeypatch.setattr(Wire, "_read", killed)
        talk.courier.give(claims(1, 2, 3))
        with pytest.raises(KeyboardInterrupt):
            talk.drive()
        assert talk.courier.take_back() == [3]

    left = journal.left()
    assert left.begun == {1, 2}
    assert left.outcomes == {}


def killed(*anything: object) -> None:
    raise KeyboardInterrupt


def test_whoever_leaves_in_mid_request_hangs_up_and_notes_what_is_unknown(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PARTING", 0.0)
    with pytest.raises(KeyboardInterrupt):
        leave_in_mid_request(journal)

    left = journal.left()
    assert left.begun == set()
    assert {number: outcome.state for number, outcome in left.outcomes.items()} == {
        1: "unknown",
        2: "unknown",
    }


def leave_in_mid_request(journal: Journal) -> None:
    with talking(journal, Answer(silent=True)) as talk:
        talk.courier.give(claims(1, 2))
        while not talk.bodies:
            talk.courier.settled()
        raise KeyboardInterrupt


def test_an_outcome_that_cannot_be_noted_is_told_all_the_same(journal: Journal) -> None:
    with talking(journal, batch=1) as talk:
        talk.api.on_head = lambda: no_room_for(journal)
        talk.courier.give(claims(1, 2))
        with pytest.raises(DeliveryError, match="journal"):
            talk.drive()
        assert talk.courier.take_back() == [2]

    assert talk.states == {1: "accepted"}
    assert talk.api.mailed == ["reader1@example.net"]


def test_what_cannot_be_noted_does_not_leave(journal: Journal) -> None:
    no_room_for(journal)
    with talking(journal) as talk:
        talk.courier.give(claims(1))
        with pytest.raises(DeliveryError, match="journal"):
            talk.drive()
        assert talk.courier.take_back() == [1]

    assert talk.bodies == []


def no_room_for(journal: Journal) -> None:
    """What is written to it fails from now on."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, journal._descriptor)
    os.close(nowhere)


def test_what_was_returned_is_neither_begun_nor_settled(journal: Journal) -> None:
    journal.begun([1, 2, 3])
    journal.returned([1, 2])
    journal.begun([2])

    assert journal.left().begun == {2, 3}
    journal.returned(iter([2, 3]))
    assert journal.left().begun == set()
    journal._rewrite()
    assert journal.left().begun == set()


def test_after_a_stop_nothing_is_begun_and_what_is_under_way_is_told(journal: Journal) -> None:
    with talking(journal, batch=2) as talk:
        talk.api.on_head = talk.courier.stop
        talk.courier.give(claims(1, 2, 3))
        assert talk.drive() == {1: "accepted", 2: "accepted"}
        assert talk.courier.take_back() == [3]
        assert talk.courier.settled() == []

    assert talk.sizes == [2]


class Stopping(FewMails):
    """Somebody stops the courier while it makes its mails."""

    courier: SendgridCourier

    def recipient(self, claimed: Claimed) -> Recipient:
        self.courier.stop()
        return super().recipient(claimed)


def test_a_stop_before_the_first_byte_lets_none_leave(journal: Journal) -> None:
    mails = Stopping()
    with talking(journal, mails=mails) as talk:
        mails.courier = talk.courier
        talk.courier.give(claims(1, 2))
        while not talk.courier.waiting or talk.courier.busy:
            assert talk.courier.settled() == []
        assert talk.courier.take_back() == [1, 2]

    assert talk.bodies == []
    assert lines(journal) == []


def test_to_cancel_waits_for_the_request_that_is_under_way(journal: Journal) -> None:
    gate = Event()
    with talking(journal, batch=1) as talk:
        talk.api.on_head = lambda: wait_at(gate)
        talk.courier.give(claims(1))
        assert talk.courier.settled() == []
        cancelling = Thread(target=talk.courier.cancel)
        cancelling.start()
        gate.set()
        cancelling.join()
        assert talk.drive() == {1: "accepted"}

    paths = [path.rpartition("/")[2] for path, _, _ in talk.api.requests]
    assert paths == ["batch", "send", "scheduled_sends"]
    assert talk.api.connections == 1


def wait_at(gate: Event) -> None:
    gate.wait(20)


def test_one_id_is_on_all_requests_and_can_be_cancelled(journal: Journal) -> None:
    with talking(journal, batch=1) as talk:
        talk.courier.give(claims(1, 2))
        talk.drive()
        talk.courier.stop()  # as the loop does, before it cancels
        talk.courier.cancel()

    assert talk.courier.batch_id == "b-1"
    assert [body["batch_id"] for body in talk.bodies] == ["b-1", "b-1"]
    assert talk.api.requests[-1][2] == {"batch_id": "b-1", "status": "cancel"}


@pytest.mark.parametrize("first", [Answer(403), Answer(429), Answer(500), Answer(cut="read")])
def test_an_issue_goes_out_without_an_id_where_there_is_none(
    journal: Journal, first: Answer
) -> None:
    with talking(journal, first=first) as talk:
        talk.courier.give(claims(1))
        assert talk.drive() == {1: "accepted"}
        talk.courier.cancel()

    assert "batch_id" not in talk.bodies[0]
    assert talk.time.slept == []
