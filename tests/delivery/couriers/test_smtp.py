"""Several connections at once: every mail that is given ends, once."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from digest.delivery.couriers import Result
from digest.delivery.couriers.smtp import SmtpCourier
from digest.delivery.journal import Journal, open_journal
from digest.delivery.smtp import Server
from digest.errors import DeliveryError
from tests.delivery.couriers.material import FakeMails, Script, claims, now, serving
from tests.delivery.smtp.fakes import AT_ONCE, ONE_BY_ONE, plain
from tests.fakes import ACCEPTED

AT_MOST = 400  # rounds of waiting, each at most 50 ms: a test that hangs ends


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Begun."""
    with open_journal(tmp_path) as opened:
        opened.begin(repeatable=False)
        yield opened


def a_courier(
    journal: Journal, script: Script, mails: FakeMails | None = None, **server: Any
) -> SmtpCourier:
    """To the scripted server, over one connection."""
    to = plain(script.port, **server)
    return SmtpCourier(to, mails or FakeMails(), journal, now, patience=AT_ONCE)


def outcomes(courier: SmtpCourier, mails: int) -> dict[int, tuple[str, str]]:
    """State and detail of so many mails, by delivery."""
    told: list[Result] = []
    for _ in range(AT_MOST):
        if len(told) >= mails:
            break
        assert courier.busy
        told += courier.settled()
    assert len(told) == len(dict(told)) == mails
    return {one: (outcome.state, outcome.detail) for one, outcome in told}


def wait_for(courier: SmtpCourier, happened: Callable[[], object]) -> None:
    """Until it did; nothing may be told meanwhile."""
    for _ in range(AT_MOST):
        if happened():
            return
        assert courier.settled() == []
    raise AssertionError("it did not happen")


def drained(courier: SmtpCourier) -> list[Result]:
    """What is still told after a stop."""
    told: list[Result] = []
    for _ in range(AT_MOST):
        if not courier.busy:
            return told
        told += courier.settled()
    raise AssertionError("it stays busy")


def trouble_of(courier: SmtpCourier) -> tuple[list[Result], Exception]:
    """What is told, and what is raised after it."""
    told: list[Result] = []
    for _ in range(AT_MOST):
        assert courier.busy
        try:
            told += courier.settled()
        except Exception as error:
            return told, error
    raise AssertionError("no trouble")


def test_each_mail_ends_as_the_server_says(journal: Journal) -> None:
    script = Script(
        {"RCPT p2@example.net": "550 5.1.1 no such user", "RCPT p3@example.net": "450 4.2.0 later",
         "dot p4@example.net": "drop"}
    )  # fmt: skip
    with serving(script), a_courier(journal, script) as courier:
        courier.give(claims(1, 2, 3, 4, 5))
        told = outcomes(courier, 5)
        assert not courier.busy
        assert courier.waiting == 0
    assert [told[one][0] for one in sorted(told)] == [
        "accepted", "failed", "deferred", "unknown", "accepted",
    ]  # fmt: skip
    assert told[2][1] == "550 5.1.1 no such user"
    left = journal.left()
    assert left.begun == frozenset()
    assert {one: (said.state, said.detail) for one, said in left.outcomes.items()} == told


def test_hundreds_of_mails_over_several_connections_end_once_each(journal: Journal) -> None:
    script = Script()
    with serving(script), a_courier(journal, script, connections=3) as courier:
        told = 0
        for start in range(0, 300, 50):
            courier.give(claims(*range(start, start + 50)))
            told += len(courier.settled())
        for _ in range(AT_MOST):
            assert courier.busy == (told < 300)
            if not courier.busy:
                break
            told += len(courier.settled())
    assert told == len(script.bodies) == len(journal.left().outcomes) == 300
    assert script.connections == 3


def test_more_may_be_given_after_a_rest(journal: Journal) -> None:
    script = Script()
    with serving(script), a_courier(journal, script) as courier:
        for number in (1, 2, 3):
            courier.give(claims(number))
            assert set(outcomes(courier, 1)) == {number}
            assert (courier.busy, courier.settled()) == (False, [])
        courier.stop()
        assert drained(courier) == []
    assert script.connections == 1
    assert script.commands[-1] == "QUIT"


@pytest.mark.parametrize("only", [False, True])
def test_a_mail_that_cannot_be_composed_fails_alone(journal: Journal, only: bool) -> None:
    script = Script()
    mails = FakeMails(frozenset({2}))
    with serving(script), a_courier(journal, script, mails) as courier:
        courier.give(claims(2) if only else claims(1, 2, 3))
        told = outcomes(courier, 1 if only else 3)
    assert told[2][0] == "failed"
    assert "outside of ASCII" in told[2][1]
    assert len(script.bodies) == len(told) - 1
    assert 2 not in journal.left().outcomes


@pytest.mark.parametrize(
    ("step", "begun"), [("RCPT", set()), ("DATA", set()), ("dot", {1})]
)  # fmt: skip
def test_a_mail_is_noted_once_its_body_may_leave_and_not_before(
    journal: Journal, step: str, begun: set[int]
) -> None:
    yes = "354 go" if step == "DATA" else "250 ok"
    script = Script({"EHLO": ONE_BY_ONE, step: [f"hold: {yes}", yes]})
    with serving(script) as call, a_courier(journal, script) as courier:
        courier.give(claims(1))
        wait_for(courier, lambda: script.held)
        assert (courier.busy, courier.waiting) == (True, 0)
        assert journal.left().begun == begun
        assert not journal.left().outcomes
        call(script.release)
        outcomes(courier, 1)
        assert not courier.busy
    assert set(journal.left().outcomes) == {1}


def test_answers_that_ask_for_less_are_counted(journal: Journal) -> None:
    replies: dict[str, str | list[str]] = {
        "RCPT p1@example.net": "451 4.7.1 slow down", "RCPT p2@example.net": "550 no",
        "RCPT p3@example.net": "450 busy", "dot p4@example.net": "452 4.3.1 full",
    }  # fmt: skip
    script = Script(replies)
    with serving(script), a_courier(journal, script) as courier:
        assert courier.strained() == 0
        courier.give(claims(1, 2, 3, 4, 5))
        outcomes(courier, 5)
        assert courier.strained() == 2
        assert courier.strained() == 0


# ── given back ────────────────────────────────────────────────────────────────────────────


def at_the_dot() -> Script:
    """A server that keeps its first answer to a body to itself, until released."""
    return Script({"EHLO": ONE_BY_ONE, "dot": ["hold: 250 ok", "250 ok"]})


def test_what_is_not_begun_can_be_taken_back_and_never_leaves(journal: Journal) -> None:
    script = at_the_dot()
    with serving(script) as call, a_courier(journal, script) as courier:
        courier.give(claims(1, 2, 3))
        wait_for(courier, lambda: script.held)
        assert courier.waiting == 2
        assert courier.take_back() == [2, 3]
        assert (courier.waiting, courier.busy, courier.take_back()) == (0, True, [])
        call(script.release)
        assert set(outcomes(courier, 1)) == {1}
        assert not courier.busy
        courier.give(claims(4))
        assert set(outcomes(courier, 1)) == {4}
    assert len(script.bodies) == 2
    assert set(journal.left().outcomes) == {1, 4}


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_stop_waits_for_what_is_begun_and_gives_back_the_rest(
    journal: Journal, pipelining: bool
) -> None:
    script = at_the_dot()
    if pipelining:  # the second mail's envelope has gone out with the first one's dot
        del script.replies["EHLO"]
    with serving(script) as call, a_courier(journal, script) as courier:
        courier.give(claims(1, 2, 3))
        wait_for(courier, lambda: script.held)
        courier.stop()
        assert (courier.busy, courier.settled()) == (True, [])
        call(script.release)
        assert [one for one, _ in drained(courier)] == [1]
        assert sorted(courier.take_back()) == [2, 3]
        assert (courier.settled(), courier.busy) == ([], False)
        courier.stop()  # once more does no harm
    assert len(script.bodies) == 1
    assert journal.left().begun == frozenset()


def test_a_stop_before_anything_was_given_hangs_up(journal: Journal) -> None:
    script = Script()
    with serving(script), a_courier(journal, script) as courier:
        courier.stop()
        assert drained(courier) == []
    assert script.commands[-1] == "QUIT"


# ── trouble ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("greeting", "temporary"), [("554 go away", False), ("421 busy", True)])
def test_whom_nobody_lets_in_learns_it_before_anything_is_given(
    journal: Journal, greeting: str, temporary: bool
) -> None:
    script = Script({"greeting": greeting})
    mails = FakeMails()
    with serving(script):
        courier = a_courier(journal, script, mails)
        with pytest.raises(DeliveryError) as caught, courier:
            raise AssertionError("it was entered")
    assert (caught.value.temporary, mails.composed) == (temporary, [])
    assert greeting in caught.value.line()


def test_a_server_that_is_not_there_is_temporary(journal: Journal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = Server("127.0.0.1", closed.getsockname()[1], tls="none")
    courier = SmtpCourier(nowhere, FakeMails(), journal, now, patience=AT_ONCE)
    with pytest.raises(DeliveryError, match="cannot be reached"), courier:
        raise AssertionError("it was entered")


def test_trouble_mid_way_is_told_after_all_outcomes_and_the_rest_is_given_back(
    journal: Journal,
) -> None:
    script = Script({"EHLO": ONE_BY_ONE, "MAIL": ["250 ok", "550 5.7.1 not yours"]})
    with serving(script), a_courier(journal, script) as courier:
        courier.give(claims(1, 2, 3))
        told, error = trouble_of(courier)
        assert told == [(1, ACCEPTED)]
        assert isinstance(error, DeliveryError)
        assert "refuses the sender" in error.what
        courier.give(claims(4))  # whoever has not heard of it yet
        assert trouble_of(courier) == ([], error)
        assert sorted(courier.take_back()) == [2, 3, 4]
        assert trouble_of(courier) == ([], error)  # also with nothing left to do
        courier.stop()
        assert (drained(courier), courier.settled(), courier.take_back()) == ([], [], [])
    assert len(script.bodies) == 1


def test_a_mail_whose_beginning_cannot_be_noted_does_not_leave(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(deliveries: object) -> None:
        raise DeliveryError("the journal of sending cannot be written")

    monkeypatch.setattr(journal, "begun", disk_full)
    script = Script()
    with serving(script), a_courier(journal, script) as courier:
        courier.give(claims(1, 2))
        told, error = trouble_of(courier)
        courier.stop()
        assert (told, drained(courier)) == ([], [])
        assert "journal" in str(error)
        assert sorted(courier.take_back()) == [1, 2]
    assert script.bodies == []


def test_a_mail_that_was_answered_is_told_even_if_that_cannot_be_noted(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given back, it would be sent twice."""

    def disk_full(results: object) -> None:
        raise DeliveryError("the journal of sending cannot be written")

    monkeypatch.setattr(journal, "settled", disk_full)
    script = Script({"EHLO": ONE_BY_ONE})
    with serving(script), a_courier(journal, script) as courier:
        courier.give(claims(1, 2))
        told, error = trouble_of(courier)
        assert told == [(1, ACCEPTED)]
        assert "journal" in str(error)
        courier.stop()
        assert (drained(courier), courier.take_back()) == ([], [2])


def test_a_bug_in_composing_is_raised_and_does_not_hang(journal: Journal) -> None:
    class Broken(FakeMails):
        def envelope(self, *about: object) -> Any:
            raise ValueError("a bug")

    script = Script()
    with serving(script), a_courier(journal, script, Broken()) as courier:
        courier.give(claims(1))
        told, error = trouble_of(courier)
        assert (told, str(error)) == ([], "a bug")


def test_leaving_on_an_exception_hangs_up_at_once_and_notes_what_is_in_doubt(
    journal: Journal,
) -> None:
    script = at_the_dot()

    def break_in_the_middle(courier: SmtpCourier) -> None:
        courier.give(claims(1, 2))
        wait_for(courier, lambda: script.held)
        raise ValueError("a bug")

    with serving(script):
        courier = a_courier(journal, script)
        with pytest.raises(ValueError, match="a bug"), courier:
            break_in_the_middle(courier)
    left = journal.left()
    assert {one: said.state for one, said in left.outcomes.items()} == {1: "unknown"}
    assert left.begun == frozenset()
    assert len(script.bodies) == 1
