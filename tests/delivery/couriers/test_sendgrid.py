"""Claimed deliveries by SendGrid: who shares a request, what becomes of it, what is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from digest.delivery.couriers import Mails, Result
from digest.delivery.couriers.sendgrid import MOMENT, SendgridCourier
from digest.delivery.journal import Journal, open_journal
from digest.delivery.records import Claimed
from digest.delivery.sendgrid.client import LONGEST_WAIT, WAITS, Client
from digest.delivery.sendgrid.payload import Content, Recipient
from digest.delivery.sendgrid.wire import Patience
from digest.errors import DeliveryError, Refused
from digest.values import Envelope
from subscribers.models import Subscriber
from tests.builders import NOW
from tests.delivery.sendgrid.api import Answer, Api, a_content, a_recipient, sendgrid_api
from tests.delivery.sendgrid.talk import KEY, Time

BATCH_ID = Answer(201, body=b'{"batch_id": "b-1"}')


BUSY = (("too many requests", None),)


ALL: frozenset[str] = frozenset()


def a_claim(
    number: int, chosen: frozenset[str] = ALL, audience: str = "patients", **changes: Any
) -> Claimed:
    """Delivery `number`, to reader `number`."""
    reader = Subscriber(pk=number, address=f"reader{number}@example.net")
    return Claimed(number, reader, audience, NOW, 1, chosen, **changes)


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
        content = a_content(subject=told, text=self.text)
        return replace(content, html="") if text_only else content

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


def test_a_thousand_and_one_readers_of_three_choices_get_their_own_edition_once(
    journal: Journal,
) -> None:
    choices = [ALL, frozenset({"fatigue"}), frozenset({"fatigue", "sleep"})]
    mails = FewMails()
    with talking(journal, batch=300, mails=mails) as talk:
        talk.courier.give([a_claim(n, choices[n % 3]) for n in range(1, 1002)])
        states = talk.drive()

    assert Counter(states.values()) == {"accepted": 1001}
    assert talk.sizes == [300, 300, 300, 34, 34, 33]
    for body in talk.bodies:
        numbers = [int(one["headers"]["Message-ID"][1:].split("@")[0]) for one in mailed(body)]
        assert {f"patients {sorted(choices[n % 3])}" for n in numbers} == {body["subject"]}
    assert sorted(map(str, mails.asked)) == sorted(str(("patients", one)) for one in choices)


def mailed(body: Any) -> list[Any]:
    found: list[Any] = body["personalizations"]
    return found


def test_an_edition_of_another_list_is_another_request(journal: Journal) -> None:
    with talking(journal) as talk:
        talk.courier.give([a_claim(1), a_claim(2, audience="doctors"), a_claim(3)])
        talk.drive()

    assert [body["subject"] for body in talk.bodies] == ["patients []", "doctors []"]
    assert talk.sizes == [2, 1]


def test_who_wants_text_alone_is_in_a_request_without_html(journal: Journal) -> None:
    with talking(journal) as talk:
        talk.courier.give([a_claim(1), a_claim(2, text_only=True), a_claim(3)])
        talk.drive()

    assert talk.sizes == [2, 1]
    types = [[part["type"] for part in body["content"]] for body in talk.bodies]
    assert types == [["text/plain", "text/html"], ["text/plain"]]


def test_a_remainder_waits_for_more_and_goes_when_none_comes(journal: Journal) -> None:
    with talking(journal, batch=2) as talk:
        talk.courier.give(claims(1))
        assert talk.courier.settled() == []
        talk.courier.give(claims(2, 3))
        talk.drive()

    assert talk.sizes == [2, 1]
    assert talk.api.mailed == [f"reader{n}@example.net" for n in (1, 2, 3)]


def test_nobody_waits_for_their_group_while_a_larger_one_goes_on(journal: Journal) -> None:
    with talking(journal, batch=2) as talk:
        talk.courier.give([a_claim(1, frozenset({"sleep"}))])
        talk.courier.settled()
        talk.time.sleep(MOMENT * 1.5)
        talk.courier.give(claims(2, 3, 4, 5))
        talk.drive()

    assert talk.api.mailed[0] == "reader1@example.net"


def test_what_sendgrid_keeps_of_a_mail_holds_no_address(journal: Journal) -> None:
    with talking(journal) as talk:
        talk.courier.give(claims(1, 2))
        talk.drive()

    one, other = mailed(talk.bodies[0])
    assert one["custom_args"] == {"delivery_id": "opaque-1"}
    assert one["headers"]["List-Unsubscribe"] != other["headers"]["List-Unsubscribe"]
    assert one["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert talk.bodies[0]["categories"] == ["digest"]


def test_who_cannot_be_mailed_fails_alone(journal: Journal) -> None:
    with talking(journal, mails=FewMails(refused=(2,))) as talk:
        talk.courier.give(claims(1, 2, 3))
        assert talk.drive() == {1: "accepted", 2: "failed", 3: "accepted"}

    assert "B 2" not in lines(journal)


def test_where_nobody_can_be_mailed_nothing_is_asked(journal: Journal) -> None:
    with talking(journal, mails=FewMails(refused=(1, 2))) as talk:
        talk.courier.give(claims(1, 2))
        assert talk.drive() == {1: "failed", 2: "failed"}

    assert talk.bodies == []


def test_an_address_that_the_api_refuses_fails_and_the_others_go(journal: Journal) -> None:
    refusals = [
        Answer(400, (("no valid address", f"personalizations.{place}.to.0.email"),))
        for place in (1, 1)  # reader 2, then reader 3, who moved up
    ]
    with talking(journal, *refusals) as talk:
        talk.courier.give(claims(1, 2, 3, 4))
        states = talk.drive()

    assert states == {1: "accepted", 2: "failed", 3: "failed", 4: "accepted"}
    assert "no valid address" in dict(talk.results)[2].detail
    assert talk.sizes == [4, 3, 2]
    assert lines(journal)[4:8] == ["R 2 failed", "X 1", "X 3", "X 4"]


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_a_refusal_stops_with_its_words_and_gives_everybody_back(
    journal: Journal, status: int
) -> None:
    with talking(journal, Answer(status, (("Too large", "content"),)), batch=2) as talk:
        talk.courier.give(claims(1, 2, 3))
        with pytest.raises(DeliveryError, match="Too large") as error:
            talk.drive()
        assert sorted(talk.courier.take_back()) == [1, 2, 3]

    assert not error.value.temporary
    assert talk.results == []
    assert len(talk.bodies) == 1
    assert journal.left().begun == set()


def test_a_choice_that_no_mail_can_be_made_of_fails_as_it_would_one_by_one(
    journal: Journal,
) -> None:
    with talking(journal, mails=FewMails(without=frozenset({"sleep"}))) as talk:
        talk.courier.give([a_claim(1), a_claim(2, frozenset({"sleep"}))])
        assert talk.drive() == {1: "accepted", 2: "failed"}

    assert dict(talk.results)[2].detail == "none of these themes"


def test_a_content_that_cannot_be_sent_stops_and_fails_nobody(journal: Journal) -> None:
    with talking(journal, mails=FewMails(subject="")) as talk:
        talk.courier.give(claims(1, 2))
        with pytest.raises(DeliveryError, match="without subject"):
            talk.drive()
        assert talk.courier.take_back() == [1, 2]


def test_a_busy_api_is_left_alone_until_the_time_that_it_names(journal: Journal) -> None:
    busy = Answer(429, BUSY, headers=(("X-RateLimit-Reset", "1800000042"),))
    with talking(journal, busy) as talk:
        talk.courier.give(claims(1, 2))
        while not talk.courier.resting:
            assert talk.courier.settled() == []
        assert talk.courier.resting == pytest.approx(42, abs=1)
        assert (talk.courier.strained(), talk.courier.strained()) == (1, 0)
        assert talk.courier.take_back() == [1, 2]
        assert journal.left().begun == set()
        assert not talk.courier.busy

        talk.courier.give(claims(2, 3))  # somebody left the list meanwhile
        assert talk.courier.settled() == []
        assert max(talk.time.slept) <= 0.05  # so that a pause is seen at once
        assert len(talk.bodies) == 1
        assert talk.drive() == {2: "accepted", 3: "accepted"}

    assert talk.time.now >= 1_800_000_042
    assert talk.sizes == [2, 2]


@pytest.mark.parametrize("answers", [1, len(WAITS) + 1])
def test_who_is_busy_for_too_long_stops_the_issue_for_now(journal: Journal, answers: int) -> None:
    reset = f"{1_800_000_000 + LONGEST_WAIT + 1:.0f}" if answers == 1 else ""
    busy = Answer(429, BUSY, headers=(("X-RateLimit-Reset", reset),))
    with talking(journal, *[busy] * answers) as talk:
        talk.courier.give(claims(1))
        with pytest.raises(DeliveryError, match="too many requests") as error:
            talk.drive()
        assert talk.courier.take_back() == [1]

    assert error.value.temporary
    assert len(talk.bodies) == answers


@pytest.mark.parametrize("answer", [Answer(500), Answer(503), Answer(cut="read")])
def test_a_batch_that_was_not_answered_is_unknown_and_the_rest_goes_on(
    journal: Journal, answer: Answer
) -> None:
    with talking(journal, answer, batch=2) as talk:
        talk.courier.give(claims(1, 2, 3))
        assert talk.drive() == {1: "unknown", 2: "unknown", 3: "accepted"}

    assert talk.sizes == [2, 1]


def test_an_api_that_is_down_leaves_three_batches_unknown_and_not_the_issue(
    journal: Journal,
) -> None:
    script = [Answer(500), Answer(500), Answer(202), *[Answer(500)] * 5]
    with talking(journal, *script, batch=1) as talk:
        talk.courier.give(claims(*range(1, 9)))
        with pytest.raises(DeliveryError, match="no clear answer") as error:
            talk.drive()
        assert talk.courier.take_back() == [7, 8]

    assert not error.value.temporary  # or the clock would begin to count anew
    assert list(talk.states.values()) == [*["unknown"] * 2, "accepted", *["unknown"] * 3]


def test_a_hang_after_the_body_is_unknown(journal: Journal) -> None:
    with talking(journal, Answer(silent=True), patience=Patience(answer=0.05)) as talk:
        talk.courier.give(claims(1, 2))
        assert talk.drive() == {1: "unknown", 2: "unknown"}


@pytest.mark.parametrize("cut", ["head", "body"])
def test_what_did_not_leave_whole_goes_again(journal: Journal, cut: Any) -> None:
    long = FewMails(text="x" * 12_000_000)  # more than the system takes on its way
    with talking(journal, Answer(cut=cut), mails=long, receive_buffer=4096) as talk:
        talk.courier.give(claims(1, 2))
        assert talk.drive() == {1: "accepted", 2: "accepted"}

    assert talk.api.mailed == ["reader1@example.net", "reader2@example.net"]
    assert lines(journal)[2:6] == ["X 1", "X 2", "B 1", "B 2"]


def test_where_nobody_answers_nothing_is_begun(journal: Journal) -> None:
    with sendgrid_api() as gone:
        pass
    time = Time()
    client = Client(gone.url, KEY, clock=time.clock)
    courier = SendgridCourier(client, 10, FewMails(), journal, clock=time.clock, sleep=time.sleep)
    with courier:
        courier.give(claims(1, 2))
        with pytest.raises(DeliveryError, match="cannot be reached") as error:
            settled_until_trouble(courier)
        assert courier.take_back() == [1, 2]

    assert error.value.temporary
    assert time.now - 1_800_000_000 >= sum(WAITS)
    assert lines(journal) == []


def settled_until_trouble(courier: SendgridCourier) -> None:
    while True:
        assert courier.settled() == []
