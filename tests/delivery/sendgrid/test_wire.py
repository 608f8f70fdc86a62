"""Wherever the connection breaks: what left whole is never sent again, what did not is (law 3)."""

from __future__ import annotations

import http.client
import socket
from typing import Any

import pytest

from digest.delivery.sendgrid.client import WAITS, Client
from digest.delivery.sendgrid.wire import Patience
from digest.errors import DeliveryError
from tests.delivery.sendgrid.api import Answer, a_content, sendgrid_api
from tests.delivery.sendgrid.talk import KEY, PEOPLE, Time, send, states, talking

# More than the buffers of both ends hold, so that it is still leaving when the API hangs up.
HUGE = a_content(html="<p>x</p>" * 1_500_000)


@pytest.mark.parametrize("cut", ["at once", "head", "body"])
def test_what_did_not_leave_whole_is_sent_again(cut: Any) -> None:
    with talking(Answer(cut=cut), receive_buffer=4096) as (api, client, time):
        assert states(send(client, HUGE)) == {"accepted"}

    assert api.mailed == PEOPLE  # once
    assert time.slept == [WAITS[0]]
    assert api.connections == 2


@pytest.mark.parametrize("cut", ["read", "answer"])
def test_what_left_whole_and_was_not_answered_is_unknown_and_not_sent_again(cut: Any) -> None:
    with talking(Answer(cut=cut)) as (api, client, time):
        outcomes = send(client)
        assert states(outcomes) == {"unknown"}
        assert outcomes[0].detail.startswith("sent, but not answered")
        assert api.mailed == PEOPLE
        assert states(send(client)) == {"accepted"}  # the next batch is another matter

    assert api.connections == 2
    assert time.slept == []


def test_a_hang_after_the_body_is_unknown() -> None:
    with talking(Answer(silent=True), patience=Patience(answer=0.05)) as (api, client, _):
        outcomes = send(client)
        client.close()

    assert states(outcomes) == {"unknown"}
    assert "timed out" in outcomes[0].detail
    assert api.mailed == PEOPLE


def test_a_hang_within_the_body_is_tried_again() -> None:
    patience, time = Patience(write=0.05, early=0.01), Time()
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # it takes connections, and reads nothing
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        client = Client(url, KEY, patience=patience, sleep=time.sleep)
        with client, pytest.raises(DeliveryError) as error:
            send(client, HUGE)

    assert error.value.temporary
    assert "timed out" in error.value.line()
    assert time.slept == list(WAITS)


@pytest.mark.parametrize("status", [401, 413])
def test_a_refusal_in_mid_body_is_heard(status: int) -> None:
    early = Answer(status, (("no more", None),), early=True)
    impatient = talking(early, receive_buffer=4096)
    with (
        impatient as (api, client, _),
        pytest.raises(DeliveryError, match=f"with {status} no more"),
    ):
        send(client, HUGE)

    assert api.mailed == []


def test_a_fault_told_in_mid_body_is_tried_again() -> None:
    with talking(Answer(503, early=True), receive_buffer=4096) as (api, client, _):
        assert states(send(client, HUGE)) == {"accepted"}

    assert api.mailed == PEOPLE


def test_a_connection_closed_between_two_batches_costs_nothing() -> None:
    with talking(Answer(goodbye=True)) as (api, client, time):
        assert states(send(client)) == {"accepted"}
        api.hung_up.wait(10)
        assert states(send(client)) == {"accepted"}

    assert api.connections == 2
    assert len(api.mailed) == 6
    assert time.slept == []


def test_a_connection_that_was_idle_for_long_is_not_trusted() -> None:
    with talking(patience=Patience(idle=-1)) as (api, client, _):
        send(client)
        send(client)

    assert api.connections == 2


def test_an_interrupted_request_leaves_no_answer_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with talking(Answer(500)) as (api, client, _):
        with monkeypatch.context() as patch:
            patch.setattr(http.client.HTTPConnection, "getresponse", interrupted)
            with pytest.raises(KeyboardInterrupt):
                send(client)
        assert states(send(client)) == {"accepted"}

    assert api.connections == 2


def interrupted(connection: http.client.HTTPConnection) -> None:
    raise KeyboardInterrupt


def test_an_api_that_is_not_there_is_tried_and_then_left_until_later() -> None:
    with sendgrid_api() as gone:
        pass
    time = Time()
    with Client(gone.url, KEY, sleep=time.sleep) as client, pytest.raises(DeliveryError) as error:
        send(client)

    assert error.value.temporary
    assert "cannot be reached" in error.value.line()
    assert time.slept == list(WAITS)
