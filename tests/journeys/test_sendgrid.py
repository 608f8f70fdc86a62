"""An issue by SendGrid's API, against the local one: each mail once, and what nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.config.keys import Keys
from digest.models import Delivery, Issue
from digest.pipeline.deliver import send_issue
from digest.project.settings import KEYS
from tests.builders import NOW, a_config, a_subscriber, an_approved_issue
from tests.delivery.sendgrid.api import Answer, Api, sendgrid_api

pytestmark = pytest.mark.django_db

READERS = [f"reader{n}@example.net" for n in range(1, 6)]
WITH_KEY = Keys(KEYS.secret_key, KEYS.data_key, KEYS.hash_key, sendgrid_api_key="SG.x")


@pytest.fixture(autouse=True)
def issue() -> Issue:
    """Approved, with five readers."""
    for address in READERS:
        a_subscriber(address)
    return an_approved_issue()


def send(folder: Path, api: Api) -> dict[str, int]:
    """Only the states that occur."""
    config = a_config(folder, transport={"kind": "sendgrid", "api_url": api.url})
    counts = send_issue(1, config, WITH_KEY, now=lambda: NOW)
    return {state: rows for state, rows in counts.items() if rows}


def test_each_reader_gets_one_mail_of_their_own_over_one_connection(tmp_path: Path) -> None:
    with sendgrid_api() as api:
        assert send(tmp_path, api) == {"accepted": 5}
        assert send(tmp_path, api) == {"accepted": 5}
    assert api.mailed == READERS
    assert api.connections == 1
    assert Issue.objects.get().state == "sent"
    bodies = [body for _, _, body in api.requests]
    leave = {body["personalizations"][0]["headers"]["List-Unsubscribe"] for body in bodies}
    assert len(leave) == 5
    for body in bodies:
        link = body["personalizations"][0]["headers"]["List-Unsubscribe"].strip("<>")
        assert all(link in part["value"] for part in body["content"])
    assert b"__DIGEST_" not in repr(bodies).encode()


def test_a_request_without_an_answer_is_unknown_and_never_sent_again(tmp_path: Path) -> None:
    with sendgrid_api(Answer(), Answer(cut="read")) as api:
        assert send(tmp_path, api) == {"accepted": 4, "unknown": 1}
        assert send(tmp_path, api) == {"accepted": 4, "unknown": 1}
    assert api.mailed == READERS  # it did come in, as it happens
    row = Delivery.objects.select_related("subscriber").get(state="unknown")
    assert row.subscriber is not None
    assert row.subscriber.address == READERS[1]
    assert "not answered" in row.detail
