"""What becomes of a batch, whatever the API says."""

from __future__ import annotations

import pytest

from digest.delivery.sendgrid.client import LONGEST_WAIT, WAITS, Client, NotYet
from digest.errors import ConfigError, DeliveryError, Refused
from digest.values import Outcome
from tests.delivery.sendgrid.api import Answer, a_content, a_recipient, recipients
from tests.delivery.sendgrid.talk import KEY, PEOPLE, send, states, talking

BUSY = (("too many requests", None),)


def test_an_accepted_batch_is_accepted_for_each_of_its_people() -> None:
    with talking() as (api, client, _):
        outcomes = send(client)

    assert outcomes == [Outcome("accepted", "202 14c5d75ce93")] * 3
    assert api.mailed == PEOPLE


def test_the_key_goes_in_a_header_and_nowhere_else() -> None:
    with talking() as (api, client, _):
        send(client)

    path, headers, body = api.requests[0]
    assert path == "/v3/mail/send"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["content-type"] == "application/json"
    assert KEY not in str(body)


def test_many_batches_go_over_one_connection() -> None:
    with talking() as (api, client, _):
        assert states([outcome for _ in range(20) for outcome in send(client)]) == {"accepted"}

    assert api.connections == 1
    assert len(api.mailed) == 60


def test_a_body_is_compressed_where_the_account_may() -> None:
    with talking(compressed=True) as (api, client, _):
        assert states(send(client)) == {"accepted"}

    assert api.requests[0][1]["content-encoding"] == "gzip"
    assert api.mailed == PEOPLE


def test_who_cannot_be_mailed_fails_alone_and_in_place() -> None:
    with talking() as (api, client, _):
        readers = [a_recipient(1), a_recipient(2, address="nobody"), a_recipient(3)]
        outcomes = client.send_batch(a_content(), readers)

    assert [outcome.state for outcome in outcomes] == ["accepted", "failed", "accepted"]
    assert "address" in outcomes[1].detail
    assert api.mailed == [PEOPLE[0], PEOPLE[2]]


def test_nothing_is_asked_when_nobody_can_be_mailed() -> None:
    with talking() as (api, client, _):
        assert states(client.send_batch(a_content(), [a_recipient(address="x")])) == {"failed"}
        assert client.send_batch(a_content(), []) == []
        with pytest.raises(Refused):
            client.send_batch(a_content(subject=""), recipients(1))

    assert api.connections == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_refusal_stops_with_the_words_of_the_api(status: int) -> None:
    said = (("The from address does not match a verified Sender Identity.", "from"),)
    with (
        talking(Answer(status, said)) as (api, client, time),
        pytest.raises(DeliveryError) as error,
    ):
        send(client)

    assert f"{status} {said[0][0]} (from)" in error.value.line()
    assert api.url in error.value.line()
    assert KEY not in error.value.line()
    assert not error.value.temporary
    assert len(api.requests) == 1
    assert time.slept == []


def test_a_refusal_names_the_delivery_and_shows_no_address() -> None:
    said = (("Not for ann@example.net", "personalizations.1.substitutions"),)
    readers = [a_recipient(1, address="x"), a_recipient(2), a_recipient(3)]
    with talking(Answer(400, said)) as (_, client, _), pytest.raises(DeliveryError) as error:
        client.send_batch(a_content(), readers)

    assert "delivery opaque-3" in error.value.line()
    assert "ann@" not in error.value.line()


@pytest.mark.parametrize("field", ["personalizations.1.to.0.email", "personalizations[1].to[0]"])
def test_an_address_that_the_api_refuses_fails_alone(field: str) -> None:
    said = (("Does not contain a valid address: ann@example.net", field),)
    readers = [a_recipient(1, address="x"), *recipients(4)[1:]]
    with talking(Answer(400, said)) as (api, client, _):
        outcomes = client.send_batch(a_content(), readers)

    assert [outcome.state for outcome in outcomes] == ["failed", "accepted", "failed", "accepted"]
    assert outcomes[2].detail.startswith("400 Does not contain a valid address")
    assert "ann@" not in outcomes[2].detail
    assert len(api.requests) == 2
    assert api.mailed[3:] == ["reader2@example.net", "reader4@example.net"]


@pytest.mark.parametrize(
    "fields",
    [
        ("personalizations.0.to.0.email", "from.email"),
        ("personalizations.0.to.0.email", None),
        ("personalizations.3.to.0.email",),
        ("personalizations.0.token",),
        ("personalizations.99999999.to",),
    ],
)
def test_a_refusal_that_is_not_about_addresses_alone_stops(fields: tuple[str | None, ...]) -> None:
    said = tuple(("no", field) for field in fields)
    with talking(Answer(400, said)) as (_, client, _), pytest.raises(DeliveryError):
        send(client)


def test_one_try_waits_for_nothing_and_says_how_long_to_wait() -> None:
    headers = (("X-RateLimit-Reset", "1800000042"),)
    with talking(Answer(429, BUSY, headers)) as (api, client, time), pytest.raises(NotYet) as busy:
        client.try_batch(a_content(), recipients(2))
    with Client(api.url, KEY) as client, pytest.raises(NotYet) as broken:  # it is gone
        client.try_batch(a_content(), recipients(2))

    assert (busy.value.busy, busy.value.wait(1)) == (True, 42.0)
    assert (broken.value.busy, broken.value.wait(2)) == (False, WAITS[1])
    assert time.slept == []
    with pytest.raises(DeliveryError, match="too many requests"):
        busy.value.wait(len(WAITS) + 1)


@pytest.mark.parametrize(
    "body",
    [b"<html>no</html>", b"[]", b"{", b'{"errors": 3}', b'{"errors": [7]}', b"\xff" * 9,
     b"[" * 60_000],
)  # fmt: skip
def test_a_refusal_without_words_is_told_as_well(body: bytes) -> None:
    with talking(Answer(403, body=body)) as (_, client, _):
        with pytest.raises(DeliveryError, match="refuses with 403"):
            send(client)
        assert states(send(client)) == {"accepted"}  # the connection was not left in disorder


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    with talking(Answer(202, body=b"x" * 3_000_000)) as (api, client, _):
        assert states(send(client)) == {"accepted"}
        assert states(send(client)) == {"accepted"}

    assert api.connections == 2


def test_a_redirect_is_not_followed() -> None:
    elsewhere = (("Location", "https://elsewhere.example/"),)
    redirected = talking(Answer(301, headers=elsewhere))
    with redirected as (api, client, _), pytest.raises(DeliveryError, match="301"):
        send(client)

    assert len(api.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_after_a_fault_of_the_api_the_batch_is_unknown_and_not_sent_again(status: int) -> None:
    with talking(Answer(status, (("internal error", None),))) as (api, client, time):
        outcomes = send(client)

    assert outcomes == [Outcome("unknown", f"answered {status} internal error")] * 3
    assert len(api.mailed) == 3
    assert time.slept == []


@pytest.mark.parametrize("status", [200, 204])
def test_an_answer_that_promises_nothing_leaves_the_batch_unknown(status: int) -> None:
    with talking(Answer(status)) as (_, client, _):
        assert states(send(client)) == {"unknown"}


def test_when_the_api_is_busy_it_is_asked_again_at_the_time_that_it_names() -> None:
    busy = Answer(429, BUSY, headers=(("X-RateLimit-Reset", "1800000042"),))
    with talking(busy) as (api, client, time):
        assert states(send(client)) == {"accepted"}

    assert time.slept == [42.0]
    assert len(api.requests) == 2
    assert api.connections == 1


@pytest.mark.parametrize("reset", ["", "soon", "-5", "1e9", "1", "1799999999", "²"])
def test_when_it_names_no_time_to_come_the_waits_grow(reset: str) -> None:
    headers = (("X-RateLimit-Reset", reset.encode().decode("latin-1")),)
    with talking(*[Answer(429, BUSY, headers=headers)] * 3) as (_, client, time):
        assert states(send(client)) == {"accepted"}

    assert time.slept == list(WAITS[:3])


@pytest.mark.parametrize("answers", [[429], [429] * (len(WAITS) + 1)])
def test_who_is_busy_for_too_long_is_left_until_later(answers: list[int]) -> None:
    reset = f"{1_800_000_000 + LONGEST_WAIT + 1:.0f}" if len(answers) == 1 else ""
    script = [Answer(status, BUSY, headers=(("X-RateLimit-Reset", reset),)) for status in answers]
    with talking(*script) as (api, client, _), pytest.raises(DeliveryError) as error:
        send(client)

    assert error.value.temporary
    assert "too many requests" in error.value.line()
    assert len(api.requests) == len(answers)


@pytest.mark.parametrize("key", ["", "SG.x\r\nX-Evil: 1", "SG. x", "schlüssel"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_at_once(key: str) -> None:
    with pytest.raises(ConfigError, match="SENDGRID_API_KEY") as error:
        Client("https://api.sendgrid.com", key)
    assert "Evil" not in error.value.line()


def test_a_batch_id_is_made_and_cancelled() -> None:
    with talking() as (api, client, _):
        batch_id = client.new_batch_id()
        client.cancel(batch_id)

    assert batch_id == "HkJ5yLYULb7Rj8GK"
    assert [(path, body) for path, _, body in api.requests] == [
        ("/v3/mail/batch", {}),
        ("/v3/user/scheduled_sends", {"batch_id": batch_id, "status": "cancel"}),
    ]


@pytest.mark.parametrize(
    ("answer", "temporary"),
    [
        (Answer(401, (("no", None),)), False),
        (Answer(500), True),
        (Answer(cut="read"), True),
        (Answer(201, body=b'{"batch_id": 7}'), True),
        (Answer(201, body=b"no"), True),
    ],
)
def test_a_batch_id_that_cannot_be_had_is_an_error(answer: Answer, temporary: bool) -> None:
    with talking(answer) as (_, client, _), pytest.raises(DeliveryError) as error:
        client.new_batch_id()

    assert error.value.temporary is temporary
