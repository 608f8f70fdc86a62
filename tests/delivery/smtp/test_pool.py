"""Several connections at once: who is slow, who is refused, who stops, and what comes back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import pairwise

import pytest

from digest.delivery.smtp import Patience
from digest.errors import DeliveryError
from digest.values import Envelope, Outcome
from tests.delivery.smtp.fakes import ONE_BY_ONE, USUAL, Heard, Script, mails, plain, run

MANY = " ".join(f"m{n:02}" for n in range(40))
ACCEPTED = [f"accepted {name}" for name in MANY.split()]


class Watching(Heard):
    """Calls `react` after each event."""

    react: Callable[[], None] = staticmethod(lambda: None)

    def begun(self, mail: Envelope) -> None:
        """Its body may be on the wire from now on."""
        super().begun(mail)
        self.react()

    def settled(self, mail: Envelope, outcome: Outcome) -> None:
        """What became of it."""
        super().settled(mail, outcome)
        self.react()


class Trickle:
    """A source whose mails come only when all before them are settled."""

    def __init__(self, names: str, heard: Watching):
        self._coming, self._here = deque(mails(names)), deque[Envelope]()
        self._heard, self._more = heard, asyncio.Event()
        heard.react = self._more.set
        self.asked = 0

    def take(self) -> Envelope | None:
        """One that has come."""
        return self._here.popleft() if self._here else None

    async def ready(self) -> bool:
        """Wait for the answers to those before."""
        self.asked += 1
        while len(self._heard.events) % 2:
            self._more.clear()
            await self._more.wait()
        if self._coming and not self._here:
            self._here.append(self._coming.popleft())
        return bool(self._here)


def test_every_mail_is_sent_once_over_as_many_connections_as_are_allowed() -> None:
    script = Script()
    heard = run(script, mails(MANY), connections=10)
    assert heard.ends == ACCEPTED
    assert len(script.bodies) == 40
    assert script.most_open == script.connections == 10
    assert script.commands.count("QUIT") == 10


def test_no_more_connections_are_opened_than_there_are_mails() -> None:
    script = Script()
    assert run(script, mails("ann bob"), connections=10).ends == ["accepted ann", "accepted bob"]
    assert script.connections == 2
    script = Script()
    assert run(script, [], connections=10).events == []
    assert (script.connections, script.commands[-1]) == (1, "QUIT")


def test_a_connection_is_renewed_after_its_share_of_mails() -> None:
    script = Script()
    to = lambda port: plain(port, mails_per_connection=2)  # noqa: E731
    assert run(script, mails("a b c d e"), server=to).ends == [f"accepted {n}" for n in "abcde"]
    assert script.connections == script.commands.count("QUIT") == 3


def test_a_slow_answer_on_one_connection_does_not_hold_up_the_others() -> None:
    script, heard = Script({"dot m00@example.net": "hold: 250 at last"}), Watching()
    seen_before: list[int] = []

    def release_last() -> None:
        if sum(event.startswith("accepted") for event in heard.events) == 38 and script.held:
            seen_before.append(len(script.bodies))
            script.release()

    heard.react = release_last
    run(script, mails(MANY), heard=heard, connections=3)
    assert heard.ends == ACCEPTED
    # All but the slow one and the one that was offered behind it were through by then.
    assert seen_before == [39]


def test_mails_are_waited_for_on_open_connections() -> None:
    script, heard = Script(), Watching()
    source = Trickle("ann bob cid", heard)
    run(script, source, heard=heard)
    assert heard.ends == ["accepted ann", "accepted bob", "accepted cid"]
    assert script.connections == 1


def test_a_server_that_hung_up_while_we_were_silent_costs_nothing() -> None:
    script, heard = Script({"dot": ["250 ok\r\n421 idle for too long", "250 ok"]}), Watching()
    source = Trickle("ann bob cid", heard)
    run(script, source, heard=heard)
    assert heard.ends == ["accepted ann", "accepted bob", "accepted cid"]
    assert heard.events.count("begun bob") == 1


def test_storms_of_421_and_451_are_told_and_delay_the_next_connection() -> None:
    script = Script({"MAIL": "421 4.7.0 too fast"})
    heard = run(script, mails("a b c d e"))
    assert heard.ends == [f"deferred {n}" for n in "abcde"]
    assert [round(b - a) for a, b in pairwise(script.opened_at)] == [1, 2, 4, 8]
    assert heard.seconds < 16  # nobody waits when there is nothing left to send
    assert heard.slowed == ["421 4.7.0 too fast"] * 5
    half = Script({"RCPT": ["451 4.7.1 later", "250 ok"] * 20})
    heard = run(half, mails(MANY), connections=4)
    assert heard.slowed == ["451 4.7.1 later"] * 20
    assert sorted(end.split()[0] for end in heard.ends) == ["accepted"] * 20 + ["deferred"] * 20
    assert half.connections == 4


def test_a_server_that_closes_after_some_mails_is_no_storm() -> None:
    patience = Patience(reopen=())  # a delay would be an error here
    script = Script({"dot": (["250 ok"] * 11 + ["421 enough"]) * 3 + ["250 ok"]})
    heard = run(script, mails(MANY), patience=patience)
    assert script.connections == 4
    assert [end.split()[0] for end in heard.ends].count("deferred") == 3


def test_a_server_that_takes_few_connections_is_served_over_those() -> None:
    script = Script({"greeting": ["220 hello", "220 hello", "554 5.7.0 too many connections"]})
    heard = run(script, mails(MANY), connections=5)
    assert heard.ends == ACCEPTED
    assert any("too many connections" in detail for detail in heard.slowed)


def test_a_server_that_does_not_come_back_stops_everybody_after_a_few_tries() -> None:
    script = Script({"greeting": ["220 hello", "421 restarting"], "dot": ["250 ok", "421 bye"]})
    heard = Heard()
    with pytest.raises(DeliveryError) as caught:
        run(script, mails("ann bob cid dan"), heard=heard)
    assert caught.value.temporary
    assert heard.ends == ["accepted ann", "deferred bob", "returned cid"]
    assert script.connections == 1 + 5
    assert 1 + 2 + 4 + 8 + 16 <= heard.seconds < 40


def test_a_mail_that_is_left_over_is_waited_with_after_the_others_are_through() -> None:
    script = Script({"greeting": ["220 hello"] * 2 + ["421 busy"] * 2 + ["220 hello"]})
    script.replies["RCPT cid@example.net"] = ["drop", "250 ok"]
    heard = run(script, mails("ann bob cid"), connections=2)
    assert heard.ends == ["accepted ann", "accepted bob", "accepted cid"]
    assert [round(b - a) for a, b in pairwise(script.opened_at)] == [0, 1, 2, 4]


def test_a_server_that_comes_back_goes_on() -> None:
    script = Script(
        {"greeting": ["220 hello", "421 restarting", "421 restarting", "220 hello"],
         "dot": ["250 ok", "drop", "250 ok"]}
    )  # fmt: skip
    heard = run(script, mails("ann bob cid dan"))
    assert heard.ends == ["accepted ann", "unknown bob", "accepted cid", "accepted dan"]


def test_trouble_for_everybody_waits_for_the_mails_that_are_begun() -> None:
    script = Script({"EHLO": ONE_BY_ONE, "dot m00@example.net": "hold: 250 kept"})
    heard = Watching()

    def suspend() -> None:
        script.replies["MAIL"] = "550 5.7.1 sending suspended"

    def release_at_last() -> None:
        if script.open == 1:  # all the others have given up
            script.release()

    heard.react, script.react = suspend, release_at_last
    with pytest.raises(DeliveryError, match="sending suspended"):
        run(script, mails(MANY), heard=heard, connections=4)
    begun = {event.split()[1] for event in heard.events if event.startswith("begun")}
    assert "m00" in begun
    ends = [event.split() for event in heard.ends]
    assert {name for state, name in ends if state == "accepted"} == begun
    assert all(state == "returned" for state, name in ends if name not in begun)
    assert heard.details["m00"] == "250 kept"


@pytest.mark.parametrize("features", [ONE_BY_ONE, None])
def test_when_told_to_stop_nothing_more_is_begun(features: str | None) -> None:
    script = Script({"EHLO": features} if features else {})
    script.replies["RCPT m01@example.net"] = "hang"  # it is hung up on, not waited for
    heard, stop = Watching(), asyncio.Event()
    heard.react = stop.set
    run(script, mails(MANY), heard=heard, connections=2, stop=stop)
    begun = [event for event in heard.events if event.startswith("begun")]
    assert begun == ["begun m00"]
    assert heard.ends[0] == "accepted m00"
    assert heard.ends[1] == "returned m01"
    assert heard.seconds < 100
    assert {event.split()[0] for event in heard.ends[1:]} == {"returned"}


def test_told_to_stop_no_other_connection_begins_what_is_let_in_already() -> None:
    hold = "hold: 354 go"
    script = Script({"DATA m00@example.net": hold, "DATA m01@example.net": hold})
    heard, stop = Watching(), asyncio.Event()
    heard.react = stop.set

    def let_both_in() -> None:
        if len(script.held) == 2:
            script.release()

    script.react = let_both_in  # called when the third connection, not needed, is closed
    script.replies["RCPT m02@example.net"] = "drop"
    run(script, mails("m00 m01 m02"), heard=heard, connections=3, stop=stop)
    begun = [event for event in heard.events if event.startswith("begun")]
    assert len(begun) == len(script.bodies) == 1
    assert sum(end.startswith("accepted") for end in heard.ends) == 1
    assert len(heard.ends) == 3


def test_told_to_stop_nobody_waits_for_the_answers_to_an_envelope() -> None:
    script, heard = Script({"dot m00@example.net": "hold: 250 kept"}), Watching()
    script.replies["RCPT m01@example.net"] = "hang"
    stop = asyncio.Event()

    def stop_then_answer() -> None:
        asyncio.get_running_loop().call_later(20, stop.set)
        asyncio.get_running_loop().call_later(40, script.release)
        heard.react = lambda: None

    heard.react = stop_then_answer
    run(script, mails("m00 m01"), heard=heard, stop=stop)
    assert heard.ends == ["accepted m00", "returned m01"]
    assert heard.seconds < 100


class StoppedAt(Script):
    """Sets `stop` 20 s after it did not answer `step`."""

    step = ""
    stop = asyncio.Event()

    def reply(self, step: str, about: str = "") -> str:
        """What the script says."""
        answer = super().reply(step, about)
        if (step, answer) == (self.step, "hang"):
            asyncio.get_running_loop().call_later(20, self.stop.set)
        return answer


@pytest.mark.parametrize("step", ["greeting", "EHLO"])
@pytest.mark.parametrize("others", [0, 1])
def test_told_to_stop_nobody_waits_for_a_connection_that_is_being_opened(
    step: str, others: int
) -> None:
    script = StoppedAt({step: [USUAL[step]] * others + ["hang"]})
    script.step, script.stop = step, asyncio.Event()
    heard = run(script, mails("ann bob"), connections=2, stop=script.stop)
    assert heard.ends == (["accepted ann", "returned bob"] if others else [])
    assert 20 <= heard.seconds < 21
    assert script.open == 0


def test_who_waited_while_others_sent_is_not_given_up_on_when_they_are_through() -> None:
    script = Script({"greeting": ["220 hello"] + ["421 too many connections"] * 8 + ["220 hello"]})
    script.replies["dot ann@example.net"] = "hold: 250 ok"
    heard = Watching()
    script.react = lambda: script.release() if script.connections == 8 else None
    run(script, mails("ann bob"), heard=heard, connections=2)
    assert heard.ends == ["accepted ann", "accepted bob"]
    assert script.connections == 10


class DiskFull(Exception):
    """A journal that cannot be written."""


@pytest.mark.parametrize("callback", ["begun", "settled"])
def test_a_listener_that_fails_stops_everybody_and_its_error_comes_out(callback: str) -> None:
    script, heard = Script(), Heard()
    calls: list[str] = []

    def fail_at_the_third(mail: Envelope, outcome: Outcome | None = None) -> None:
        calls.append(mail.recipient)
        if len(calls) == 3:
            raise DiskFull
        if outcome is not None:
            Heard.settled(heard, mail, outcome)
        else:
            Heard.begun(heard, mail)

    setattr(heard, callback, fail_at_the_third)
    with pytest.raises(DiskFull):
        run(script, mails(MANY), heard=heard, connections=2)
    ends = [event.split()[1] for event in heard.ends]
    assert len(ends) == len(set(ends))
    third = calls[2].partition("@")[0]
    if callback == "begun":  # no byte of it left
        assert f"returned {third}" in heard.ends
        assert len(script.bodies) == sum(end.startswith("accepted") for end in heard.ends)
    else:  # what it was told is known to it; it is not told twice
        assert third not in ends
    begun = {event.split()[1] for event in heard.events if event.startswith("begun")}
    assert begun - set(ends) == ({third} if callback == "settled" else set())


def test_a_source_that_fails_stops_everybody_and_its_error_comes_out() -> None:
    class Locked(Trickle):
        async def ready(self) -> bool:
            if self.asked == 2:
                raise DiskFull
            return await super().ready()

    script, heard = Script(), Watching()
    with pytest.raises(DiskFull):
        run(script, Locked("ann bob cid dan", heard), heard=heard)
    assert heard.ends == ["accepted ann", "accepted bob"]


def test_a_session_that_is_cancelled_says_what_is_unknown_and_what_never_left() -> None:
    script = Script({"dot m00@example.net": "hang", "RCPT m01@example.net": "hang"})
    heard = Watching()

    def cancel_when_both_wait() -> None:
        if "begun m00" in heard.events:
            (session,) = [t for t in asyncio.all_tasks() if "session" in repr(t.get_coro())]
            asyncio.get_running_loop().call_later(0.02, session.cancel)

    heard.react = cancel_when_both_wait
    with pytest.raises(asyncio.CancelledError):
        run(script, mails("m00 m01 m02"), heard=heard, connections=2)
    assert heard.ends == ["unknown m00", "returned m01", "returned m02"]
