"""Prism, a mock server that is not ours, runs our description of SendGrid's API and takes what our
client sends; what is broken it refuses, so the description is one that others read as we do."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import tests.delivery.sendgrid
from digest.delivery.sendgrid.client import SEND, Client
from digest.delivery.sendgrid.payload import request_body
from digest.errors import DeliveryError
from tests.delivery.sendgrid.api import a_content, a_recipient, recipients
from tests.delivery.sendgrid.test_described import FAULTS, a_body
from tests.outside.conftest import from_npm, program

DESCRIPTION = Path(tests.delivery.sendgrid.__file__).with_name("mail_send.yaml")
PRISM = "@stoplight/prism-cli/dist/index.js"
KEY = "SG.not-a-real-key"
STARTED_WITHIN = 60  # seconds; two are usual
# Rules of SendGrid's that no schema can tell; our own fake has them in Python.
BEYOND_A_SCHEMA = {"stands twice", "more than 10,000", "does not come first"}


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    """Where it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = [program("node"), str(from_npm(PRISM)), "mock", "-h", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen([*serve, str(DESCRIPTION)], stdout=subprocess.DEVNULL) as mock:
        try:
            wait_for(port, mock)
            yield f"http://127.0.0.1:{port}"
        finally:
            mock.kill()


def wait_for(port: int, mock: subprocess.Popen[bytes]) -> None:
    """Until it listens."""
    deadline = time.monotonic() + STARTED_WITHIN
    while mock.poll() is None and time.monotonic() < deadline:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("Prism does not start")


@pytest.fixture
def client(prism: str) -> Iterator[Client]:
    with Client(prism, KEY) as client:
        yield client


def answer(prism: str, body: Any, key: str = KEY) -> httpx.Response:
    """What Prism says to a request that is not our client's."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.post(f"{prism}{SEND}", json=body, headers=headers, timeout=60)


def test_a_thousand_readers_go_in_one_request_with_all_that_we_send(client: Client) -> None:
    content = a_content(
        headers=(("List-Id", "<updates.example.org>"), ("Feedback-ID", "1:updates:digest:abc")),
        batch_id=client.new_batch_id(),
    )
    readers = [a_recipient(n, unsubscribe_mailto="leave@example.org") for n in range(999)]
    readers.append(a_recipient(999, address="ann@müller.example", name="Müller, Ann; Ü"))
    body = json.loads(request_body(content, readers))

    assert {outcome.state for outcome in client.send_batch(content, readers)} == {"accepted"}
    assert len(body["personalizations"]) == 1000  # none was left out
    assert {"batch_id", "headers", "reply_to"} <= set(body)
    assert set(body["personalizations"][0]) == {"to", "headers", "substitutions", "custom_args"}


def test_a_plain_confirmation_is_taken_too(client: Client) -> None:
    content = a_content(text="Please confirm", html="", headers=())
    reader = a_recipient(unsubscribe_url="", name="", values={})

    assert [outcome.state for outcome in client.send_batch(content, [reader])] == ["accepted"]


def test_an_order_to_cancel_is_taken(client: Client) -> None:
    client.cancel(client.new_batch_id())
    with pytest.raises(DeliveryError, match="refuses with 4"):
        client.cancel("")


def test_what_is_right_is_taken_from_anybody(prism: str) -> None:
    assert answer(prism, a_body()).status_code == 202


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in BEYOND_A_SCHEMA])
def test_a_broken_request_is_refused(prism: str, fault: str) -> None:
    body = a_body()
    FAULTS[fault](body)
    assert answer(prism, body).status_code == 400


def test_a_request_without_a_key_is_refused(prism: str) -> None:
    assert answer(prism, a_body(), key="").status_code == 401


def test_our_client_hears_a_refusal(client: Client) -> None:
    with pytest.raises(DeliveryError, match="refuses with 400") as error:
        client.send_batch(a_content(subject="x" * 999), recipients(1))
    assert not error.value.temporary
